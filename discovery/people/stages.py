"""What a list is made from, by how long somebody is here: four stages, each with the weights of its parts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from discovery.models import Stage

BEGINNING_LASTS = timedelta(days=3)
LEARNING_LASTS = timedelta(days=14)
FEW_FOLLOWS = 3  # with fewer there is nothing to learn from, however long somebody is here
AWAY_AFTER = timedelta(days=14)  # without a new list: active people have one every day
RETURNING_LASTS = timedelta(days=3)


@dataclass(frozen=True)
class Weights:
    """What each part may add to a score at most; a part without weight is not asked for."""

    ties: float = 0  # second degree, and who follows them
    tastes: float = 0  # tags, likes and interests
    place: float = 0  # and groups
    rhythm: float = 0
    popular: float = 0
    new_ties: float = 1  # how much more a follow counts that began while they were away


WEIGHTS = {
    Stage.BEGINNING: Weights(ties=0.2, tastes=0.5, place=0.1, popular=0.3),
    Stage.LEARNING: Weights(ties=0.4, tastes=0.3, place=0.2, rhythm=0.1, popular=0.2),
    Stage.PERSONAL: Weights(ties=0.4, tastes=0.3, place=0.2, rhythm=0.1),
    Stage.RETURNING: Weights(ties=0.4, tastes=0.3, place=0.2, rhythm=0.1, popular=0.1, new_ties=2),
}


def stage_of(
    *, now: datetime, joined: datetime, following: int, computed: datetime | None, back_since: datetime | None
) -> Stage:
    """`computed` is when the last list was made, `back_since` when they came back last; None: never."""
    if now - joined < BEGINNING_LASTS or following < FEW_FOLLOWS:
        return Stage.BEGINNING
    if is_back(now=now, computed=computed) or (back_since and now - back_since < RETURNING_LASTS):
        return Stage.RETURNING
    return Stage.LEARNING if now - joined < LEARNING_LASTS else Stage.PERSONAL


def is_back(*, now: datetime, computed: datetime | None) -> bool:
    """Whether who looks now was away since the last list was made."""
    return computed is not None and now - computed > AWAY_AFTER
