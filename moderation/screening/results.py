"""What was found, before and after it is a row."""

from dataclasses import dataclass

from moderation.screening.classifier import digest
from moderation.screening.models import ScreeningResult
from moderation.screening.rules import Hit, compact


@dataclass(frozen=True, kw_only=True)
class Found:
    author_id: int | None
    kind: str
    hits: tuple[Hit, ...]
    signal: float | None
    outcome: str

    @property
    def target_kind(self) -> str:
        """Of what is found in the name of who joins, the profile."""
        return "user" if self.kind == "name" else self.kind

    def row(self, *, text: str, target_id: int | None) -> ScreeningResult:
        """`target_id` is the author's where they join."""
        return ScreeningResult(
            author_id=self.author_id or (target_id if self.target_kind == "user" else None),
            target_kind=self.target_kind,
            target_id=target_id,
            outcome=self.outcome,
            hits=[hit.row() for hit in self.hits],
            signal=self.signal,
            text_hash=digest(compact(text)),
        )
