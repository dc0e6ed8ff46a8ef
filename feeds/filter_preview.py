"""What a filter would keep away, before somebody has it: their newest posts, looked at as their home would."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from feeds.candidates import Candidates
from feeds.door import facts
from feeds.filters import Action, Compiled, Phrase
from feeds.items import FeedItem, items
from feeds.shields import Shield

LOOKED_AT = 200
EXAMPLES = 3


@dataclass(frozen=True)
class Preview:
    """`matches` of the `looked_at` newest posts of a home have the words; `examples` are the newest of them."""

    matches: int
    looked_at: int
    examples: Sequence[FeedItem]


def preview_of(*, person: User, phrase: str, whole_word: bool) -> Preview:
    """Of the newest `LOOKED_AT` posts of `person`'s home; `phrase` is checked already. Two queries, however many."""
    viewer_id = person.pk
    ids = Candidates(viewer_id, before=None).next(LOOKED_AT)
    truth = facts(viewer_id=viewer_id, post_ids=ids)
    at_home = [truth[ident] for ident in ids if ident in truth and truth[ident].at_home]
    at_home = [fact for fact in at_home if not fact.is_hidden]
    wanted = Phrase.of(phrase, whole_word=whole_word, action=Action.HIDE)
    shield = Shield(viewer_id, Compiled([wanted]))
    shield.passed(at_home, truth)
    first = [truth[ident] for ident in shield.hidden[:EXAMPLES]]
    made = items(first, truth, shield.known_of(first, truth), viewer_id=viewer_id)
    return Preview(matches=len(shield.hidden), looked_at=len(at_home), examples=made)
