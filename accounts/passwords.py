"""What a new password must not be, beside Django's own rules (`AUTH_PASSWORD_VALIDATORS`)."""

import re

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST = 1000  # characters; each costs work before anybody knows who asks
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LOOKALIKES = str.maketrans("@4301!5$7", "aaeoiisst")


class DisguisedPasswordValidator(CommonPasswordValidator):
    """Refuses a common password that only wears a year, a sign or lookalikes: guessing programs try those first.

    What is left without them must still be most of it: "sea2-orchid-lamp" is none.
    """

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > MOST:
            raise ValidationError(_("This password is too long."), code="password_too_long")
        if any(self._is_common(form) for form in _bare_forms(password.casefold().strip())):
            raise ValidationError(
                _("This is a common password with something added. Programs that guess try it early."),
                code="password_disguised",
            )

    def _is_common(self, word: str) -> bool:
        return len(word) >= 4 and word in self.passwords

    def get_help_text(self) -> str:
        return _("A common password with a year or a sign added, or with @ for a, is none.")


def _bare_forms(password: str) -> set[str]:
    bare = _AROUND.sub("", password)
    seen = {password.translate(_LOOKALIKES), bare, bare.translate(_LOOKALIKES)}
    seen |= {_AROUND.sub("", password.translate(_LOOKALIKES))}
    half = len(password) % 2 == 0 and password[: len(password) // 2]
    if half and half * 2 == password:
        seen.add(half)
    return seen
