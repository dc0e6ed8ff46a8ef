"""A claim: that somebody might be told that somebody did something. Whether it is so is asked when it is settled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from notifications.registry import KINDS, Kind


class Key(NamedTuple):
    """What a row of an inbox is about: people who do the same to the same target join one row."""

    recipient_id: int
    kind: str
    target_id: int


@dataclass(frozen=True, kw_only=True)
class Claim:
    """`actor_id` did something of `kind` that `recipient_id` may hear of; None where nobody did it.

    `target_id` is what is done to: a post, a comment, or the other person. `post_id` and `comment_id` are what the news
    leads to. `words` are facts that stand nowhere else. What `is_undone` was taken back: it can only go out of inboxes,
    never come in, whatever else is true by now. `unless` are kinds that tell of the same act better: it comes in only
    where its recipient wants to hear of none of them.
    """

    kind: str
    recipient_id: int
    actor_id: int | None
    target_id: int
    post_id: int | None = None
    comment_id: int | None = None
    words: Mapping[str, str] = field(default_factory=dict, compare=False)
    is_undone: bool = False
    unless: tuple[str, ...] = field(default=(), compare=False)

    @property
    def key(self) -> Key:
        return Key(self.recipient_id, self.kind, self.target_id)

    @property
    def registered(self) -> Kind:
        return KINDS[self.kind]
