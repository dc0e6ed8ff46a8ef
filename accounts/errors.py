"""What people cannot do with people, each with a code, a status and a sentence."""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from socialnet.kernel import pictures
from socialnet.kernel.errors import OVERTAKEN, Conflict, Forbidden, Invalid, NotFound, NotSignedIn, Sentence


class CannotFollow(NotFound):
    """A block stands between the two: to the one who was blocked, the other does not exist."""


class UnblockFirst(Forbidden):
    code = "unblock_first"
    sentence = _("You blocked this person. Unblock them first.")


class SelfFollow(Invalid):
    code = "self_follow"
    sentence = _("You cannot follow yourself.")


class SelfBlock(Invalid):
    code = "self_block"
    sentence = _("You cannot block yourself.")


class SelfMute(Invalid):
    code = "self_mute"
    sentence = _("You cannot mute yourself.")


class FollowLimit(Invalid):
    code = "follow_limit"
    sentence = _("You follow as many people as one can. Unfollow somebody first.")


class PrivateAccount(Forbidden):
    code = "private_account"
    sentence = _("This account is private. Its posts and lists are for its followers.")


class ListHidden(Forbidden):
    code = "list_hidden"
    sentence = _("This list is not shown.")


class EditConflict(Conflict):
    """Somebody, perhaps oneself in another tab, edited since; `current` is what stands now."""

    code = "edit_conflict"
    title = OVERTAKEN
    sentence = _("This was changed somewhere else in the meantime. Here are both; keep what you want.")

    def __init__(self, current: Any) -> None:
        super().__init__()
        self.current = current


class WritingRefused(Invalid):
    """Screening does not let it be kept. `note` writes down that it did not: call it where that is kept."""

    code = "writing_refused"
    sentence = _("This cannot be said here.")

    def __init__(
        self, sentence: Sentence | None = None, *, field: str = "", note: Callable[[], object] = lambda: None
    ) -> None:
        said = sentence or self.sentence
        super().__init__(said, errors={field: [said]} if field else None)
        self.note = note


class InvalidFields(Invalid):
    """Some fields cannot be kept; `errors` says which and why."""

    def __init__(self, **errors: Sequence[object]) -> None:
        super().__init__(errors={field: [str(line) for line in lines] for field, lines in errors.items()})


class EmailInUse(Conflict):
    """Where addresses must be confirmed this is never shown to who asks."""

    code = "email_in_use"
    sentence = _("This e-mail address is in use already.")


class WrongCredentials(NotSignedIn):
    code = "wrong_credentials"
    sentence = _("That name and password do not belong together.")


class EmailNotConfirmed(NotSignedIn):
    """Said only to who knows the password."""

    code = "email_not_confirmed"
    sentence = _("Please confirm your e-mail address first: the link is in your mail.")


class AccountSuspended(Forbidden):
    """Said only to who knows the password. `appeal`: the path where they read why, and appeal."""

    code = "account_suspended"
    sentence = _("This account is suspended.")

    def __init__(self, appeal: str = "") -> None:
        self.appeal = appeal
        told = _("This account is suspended. Why, and how to appeal: %(address)s")
        super().__init__(told % {"address": f"{settings.PUBLIC_URL}{appeal}"} if appeal else None)


class WrongPassword(Invalid):
    code = "wrong_password"
    sentence = _("That is not your password.")

    def __init__(self, field: str = "password") -> None:
        super().__init__(errors={field: [self.sentence]})


class MfaRequired(NotSignedIn):
    """Said only to who knows the password."""

    code = "mfa_required"
    sentence = _("This account has a second factor: send a code of your app, or a recovery code, too.")


class WrongCode(Invalid):
    code = "wrong_code"
    sentence = _("That code is not right, or it was used already.")

    def __init__(self) -> None:
        super().__init__(errors={"code": [self.sentence]})


class FactorExists(Conflict):
    code = "factor_exists"
    sentence = _("An app shows codes for this account already. Remove it first.")


class NoFactor(Conflict):
    code = "no_factor"
    sentence = _("This account has no second factor.")


class TicketOver(Invalid):
    """Between two steps of setting something up, too much time went by."""

    code = "ticket_over"
    sentence = _("This took too long. Please begin once more.")


class BrokenLink(Invalid):
    code = "broken_link"
    sentence = _("This link is used up or damaged. Ask for a new one.")


class BadPicture(pictures.UnreadablePicture):
    """The face of a profile is none."""

    code = "bad_picture"

    def __init__(self, sentence: object) -> None:
        super().__init__(errors={"avatar": [str(sentence)]})
        self.sentence = str(sentence)  # type: ignore[assignment]


class PictureTooLarge(pictures.PictureTooLarge):
    def __init__(self) -> None:
        super().__init__(errors={"avatar": [self.sentence]})


class PersonSuspended(Forbidden):
    code = "person_suspended"
    sentence = _("This account is suspended.")


class BadToken(NotSignedIn):
    code = "bad_token"
    sentence = _("This token is not known, or it was revoked.")


class ScopeMissing(Forbidden):
    code = "scope_missing"
    sentence = _("This token may not do that.")
