"""What was found, before and after it is a row."""

from dataclasses import dataclass

from moderation.screening.classifier import digest
from moderation.screening.models import ScreeningResult
from moderation.screening.rules import Hit, compact


@dataclass(frozen=True, kw_only=True)
class Found:
    author_id: int
    kind: str
    hits: tuple[Hit, ...]
    signal: float | None
    outcome: str

    def row(self, *, text: str, target_id: int | None) -> ScreeningResult:
        return ScreeningResult(
            author_id=self.author_id,
            target_kind=self.kind,
            target_id=target_id,
            outcome=self.outcome,
            hits=[hit.row() for hit in self.hits],
            signal=self.signal,
            text_hash=digest(compact(text)),
        )
