"""What is asked before something that a person wrote is kept, and what the answer says: see `accounts.hooks.screen`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Writing:
    """Words that somebody wants to be seen: a `post`, a `comment`, what a profile says of its `user`, what a `group`
    says of itself, or the `name` of somebody who joins.

    `target_id`: what says it from now on; None while it is not there yet. `beside` stands by the text and leads
    nowhere: a warning, what is to be seen on pictures. `author` is an `accounts.models.User`, without a row while they
    join. `fields` are those of a profile or a group that change. A name never changes, so it cannot wait: what would
    be held is refused.
    """

    kind: str
    author: Any
    text: str
    beside: str = ""
    target_id: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        return self.target_id is None

    @property
    def whole(self) -> str:
        """All that can be read of it."""
        return "\n".join(filter(None, (self.beside, self.text)))


def _nothing_to_keep(_target_id: int) -> None:
    return None


@dataclass(frozen=True)
class Verdict:
    """It may be seen; or, with `is_held`, by its author alone until moderators looked.

    `keep` is called with the id of what was written, in the transaction that writes it.
    """

    is_held: bool = False
    keep: Callable[[int], None] = _nothing_to_keep


def allow(_writing: Writing) -> Verdict:
    return Verdict()
