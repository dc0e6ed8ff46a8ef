"""What people and moderators write about a case."""

from django.utils.translation import gettext as _

from accounts.errors import InvalidFields
from moderation.models import WORDS_MAX
from socialnet.kernel.text import clean


def words_of(text: str, *, field: str, most: int = WORDS_MAX, needed: bool = False) -> str:
    said = clean(text).strip()
    if len(said) > most:
        raise InvalidFields(**{field: [_("At most %(most)d characters.") % {"most": most}]})
    if needed and not said:
        raise InvalidFields(**{field: [_("Write something first.")]})
    return said
