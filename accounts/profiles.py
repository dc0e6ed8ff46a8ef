"""What a profile may hold: each field checked and brought into one form, all mistakes told at once."""

import re
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import usernames
from accounts.errors import InvalidFields
from accounts.models.people import BIO_MAX, DISPLAY_NAME_MAX, LOCATION_MAX, WEBSITE_MAX
from socialnet.kernel.errors import Invalid
from socialnet.kernel.text import clean, is_blank

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_WORDS_IN_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_HIDES_THE_HOST = re.compile(r"[\\\x00-\x20\x7f-\x9f]")  # browsers read \ as /, and drop what controls
_website = URLValidator(schemes=["http", "https"])
_email = EmailValidator()


def clean_display_name(text: str) -> str:
    name = _limited(" ".join(clean(text).split()), DISPLAY_NAME_MAX)
    if is_blank(name):
        raise Invalid(_("A name cannot be empty."))
    return name


def clean_bio(text: str) -> str:
    return _limited(clean(text), BIO_MAX)


def clean_location(text: str) -> str:
    return _limited(" ".join(clean(text).split()), LOCATION_MAX)


def clean_website(text: str) -> str:
    """An http or https address; the scheme may be left out."""
    address = clean(text)
    if not address:
        return ""
    if "://" not in address:
        address = f"https://{address}"
    try:
        if _HIDES_THE_HOST.search(address):
            raise ValidationError("backslash")
        _website(address)
    except ValidationError as error:
        raise Invalid(_("This is not the address of a website.")) from error
    scheme, rest = address.split("://", 1)
    return _limited(f"{scheme.lower()}://{rest}", WEBSITE_MAX)


def clean_language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise Invalid(_("This is not the code of a language."))
    return text


def clean_time_zone(text: str) -> str:
    if text not in zoneinfo.available_timezones():
        raise Invalid(_("This time zone is not known."))
    return text


def clean_username(text: str) -> str:
    name = text.strip()
    if not usernames.is_well_formed(name):
        raise Invalid(_("3 to 30 letters (a–z), digits and underscores, nothing else."))
    if usernames.is_reserved(name):
        raise Invalid(_("This username is reserved."))
    return name


def spoken(name: str) -> str:
    """A username or an address of a website, and after it the words that are run together in it, as one reads them."""
    return " ".join((name, *_WORDS_IN_NAME.findall(name)))


def clean_email(text: str) -> str:
    address = clean(text).lower()
    try:
        _email(address)
    except ValidationError as error:
        raise Invalid(_("This is not an e-mail address.")) from error
    return _limited(address, 254)


CLEANERS: Mapping[str, Callable[[str], str]] = {
    "display_name": clean_display_name,
    "bio": clean_bio,
    "location": clean_location,
    "website": clean_website,
    "language": clean_language,
    "time_zone": clean_time_zone,
    "username": clean_username,
    "email": clean_email,
}


def clean_fields(values: Mapping[str, Any]) -> dict[str, str]:
    """`values` in their one form; raises `InvalidFields` with the sentence of every field that cannot be kept."""
    cleaned, mistakes = {}, {}
    for field, value in values.items():
        try:
            cleaned[field] = CLEANERS[field](str(value))
        except Invalid as error:
            mistakes[field] = [error.sentence]
    if mistakes:
        raise InvalidFields(**mistakes)
    return cleaned


def _limited(text: str, limit: int) -> str:
    if (over := len(text) - limit) > 0:
        raise Invalid(
            ngettext("One character too many.", "%(over)s characters too many.", over) % {"over": over}
        )
    return text
