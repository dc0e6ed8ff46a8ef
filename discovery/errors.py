"""What cannot be found, each with a code, a sentence and a status."""

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import DomainError


class SearchPaused(DomainError):
    """Nothing can be looked for: the database is away, or far too slow."""

    code = "search_paused"
    status = 503
    sentence = _("Search is taking a rest. Everything else works; please try again in a moment.")

    def __init__(self) -> None:
        super().__init__(retry_after=10)
