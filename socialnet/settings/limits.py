"""How often anybody may do something: the one table, from which settings, the help page and the admin are made."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PERSON = _("person, or address of a visitor")
ADDRESS = _("address")
ADDRESS_AND_ACCOUNT = _("address and account")


@dataclass(frozen=True)
class Row:
    """One rule. `usual` is like "5/15m"; the environment may say otherwise in `RATE_LIMIT_<NAME>`.

    A rule `x_address` is counted together with `x`, for the address that asks.
    """

    name: str
    usual: str
    what: Promise
    whom: Promise = PERSON

    @property
    def variable(self) -> str:
        return f"RATE_LIMIT_{self.name.upper()}"


TABLE = (
    Row("sign_in", "5/15m", _("Signing in, and giving one's password"), ADDRESS_AND_ACCOUNT),
    Row("sign_in_address", "50/15m", _("Signing in to any account"), ADDRESS),
    Row("register", "3/h", _("Signing up"), ADDRESS),
    Row("password_reset", "5/h", _("Asking for a new password, following links of letters")),
    Row("publish", "10/h", _("Posting and sharing")),
    Row("comment", "30/15m", _("Commenting")),
    Row("upload", "20/h", _("Uploading pictures")),
    Row("follow", "60/h", _("Following people")),
    Row("feed", "100/m", _("Reading home by the API")),
    Row("feed_address", "1000/m", _("Reading home by the API, everybody together"), ADDRESS),
    Row("report", "30/h", _("Reporting something to the moderators")),
    Row("search", "30/m", _("Searching")),
    Row("suggest", "240/m", _("Suggestions while typing")),
    Row("read", "600/m", _("Reading anything else by the API")),
    Row("write", "300/5m", _("Anything that changes something, likes too")),
)
