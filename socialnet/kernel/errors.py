"""Errors that a person reads: each has a stable code, a sentence and a status, mapped to an answer once."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

Sentence = str | Promise
OVERTAKEN = _("Somebody was faster")  # the title of what changed meanwhile


class DomainError(Exception):
    """Base of everything a person did that cannot be done; views do not catch it."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    sentence: Sentence = _("That cannot be done.")
    title: ClassVar[Sentence] = ""  # of its page, where that of its status says too little

    def __init__(
        self,
        sentence: Sentence | None = None,
        *,
        errors: Mapping[str, Sequence[Sentence]] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.sentence = sentence or self.sentence
        self.errors = {field: [str(line) for line in lines] for field, lines in (errors or {}).items()}
        self.retry_after = retry_after
        super().__init__(self.code)


class Invalid(DomainError):
    code = "invalid"
    sentence = _("Something in the form needs another look.")


class Malformed(DomainError):
    """The body cannot be read at all: broken JSON, a name twice, nested too deep, a truncated upload."""

    code = "malformed"
    sentence = _("What was sent cannot be read.")


class UnknownField(DomainError):
    """`?fields=` names something the answer does not have."""

    code = "unknown_field"
    sentence = _("There is no such field in this answer.")


class UnknownFilter(DomainError):
    """A list was asked with a query parameter that it does not have."""

    code = "unknown_filter"
    sentence = _("This list cannot be filtered like that.")


class InvalidCursor(DomainError):
    code = "invalid_cursor"
    sentence = _("This link into the list is damaged. Start again from its beginning.")


class CursorExpired(DomainError):
    """A ranked list is kept for 15 minutes as it was when its first page was read."""

    code = "cursor_expired"
    sentence = _(
        "This list was put together a while ago and is not kept any longer. Start again from its beginning."
    )


class NotSignedIn(DomainError):
    code = "not_signed_in"
    status = 401
    sentence = _("Please sign in first.")


class Forbidden(DomainError):
    code = "forbidden"
    status = 403
    sentence = _("You may see this, but not do that.")


class CsrfFailed(Forbidden):
    """The form came without its proof that our own page sent it."""

    code = "csrf_failed"
    sentence = _("This page was open for too long, or cookies are off. Please send it once more.")


class NotFound(DomainError):
    """Absent, or not visible: nobody can tell which."""

    code = "not_found"
    status = 404
    sentence = _("There is nothing here, or it is not for your eyes.")


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    status = 405
    sentence = _("That cannot be done here.")


class NotAcceptable(DomainError):
    """None of the formats in the `Accept` header is spoken here."""

    code = "not_acceptable"
    status = 406
    sentence = _("The answer is not available in the format that was asked for.")


class Conflict(DomainError):
    code = "conflict"
    status = 409
    sentence = _("Somebody was faster. Look again, then try once more.")


class TooLarge(DomainError):
    code = "too_large"
    status = 413
    sentence = _("That is too large to send.")


class UnsupportedMediaType(DomainError):
    code = "unsupported_media_type"
    status = 415
    sentence = _("This kind of content is not understood here.")


def _when_again(seconds: int | None) -> Sentence | None:
    """When it ends, if that is more than a moment."""
    if seconds is None or seconds < 60:
        return None
    minutes = -(-seconds // 60)
    return ngettext(
        "That was a lot at once. You can do this again in %(minutes)d minute.",
        "That was a lot at once. You can do this again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}


class RateLimited(DomainError):
    code = "rate_limited"
    status = 429
    sentence = _("That was a lot at once. Please wait a moment.")

    def __init__(self, sentence: Sentence | None = None, *, retry_after: int | None = None) -> None:
        super().__init__(sentence or _when_again(retry_after), retry_after=retry_after)


class Broken(DomainError):
    """A mistake of ours; the log has the details under the request id."""

    code = "server_error"
    status = 500
    sentence = _("Something broke on our side. It has been written down; please try again.")


class Unavailable(DomainError):
    """What was asked for took too long, or cannot be had just now."""

    code = "unavailable"
    status = 503
    sentence = _("This is not available for a moment. Please try again shortly.")

    def __init__(self, sentence: Sentence | None = None) -> None:
        super().__init__(sentence, retry_after=5)


class WritingPaused(DomainError):
    """PostgreSQL is away: nothing can be kept, so nothing is accepted."""

    code = "writing_paused"
    status = 503
    sentence = _("Writing is paused for a moment. What you typed is still here; try again shortly.")

    def __init__(self, sentence: Sentence | None = None) -> None:
        super().__init__(sentence, retry_after=5)


class RedisAway(Exception):
    """Redis does not answer; whoever asked goes on without it."""


class DatabaseAway(Exception):
    """PostgreSQL does not answer; readers fall back to Redis, writers say `WritingPaused`."""
