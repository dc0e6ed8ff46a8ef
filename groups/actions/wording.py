"""What a group may say of itself: address, name, description, rules, category, tags, privacy."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from groups.errors import InvalidGroup
from groups.models import (
    DESCRIPTION_MAX,
    NAME_MAX,
    RULES_MAX,
    SLUG_MAX,
    SLUG_MIN,
    TAG_MAX,
    TAGS_MOST,
    Category,
    Privacy,
)

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


def cleaned_slug(slug: str) -> str:
    if not (SLUG_MIN <= len(slug) <= SLUG_MAX and _SLUG.fullmatch(slug)):
        raise InvalidGroup(
            slug=[_("Three to forty small letters from a to z, digits and single hyphens between them.")]
        )
    return slug


def cleaned_fields(
    *, name: str, description: str, rules: str, category: str, tags: Sequence[str], privacy: str
) -> Any:
    errors: dict[str, list[object]] = {}
    texts = {
        "name": (name, NAME_MAX),
        "description": (description, DESCRIPTION_MAX),
        "rules": (rules, RULES_MAX),
    }
    kept = {field: text.replace("\x00", "").strip() for field, (text, _most) in texts.items()}
    for field, (_text, most) in texts.items():
        if len(kept[field]) > most:
            errors[field] = [_("At most %(most)d characters.") % {"most": most}]
    if not kept["name"]:
        errors["name"] = [_("Give the group a name.")]
    if category not in Category.values:
        errors["category"] = [_("There is no such category.")]
    if privacy not in Privacy.values:
        errors["privacy"] = [_("Choose who may see the group.")]
    words = list(dict.fromkeys(word for tag in tags if (word := tag.replace("\x00", "").strip().lstrip("#"))))
    if len(words) > TAGS_MOST or any(len(word) > TAG_MAX for word in words):
        errors["tags"] = [_("At most %(most)d tags, each a short word.") % {"most": TAGS_MOST}]
    if errors:
        raise InvalidGroup(**errors)
    return {**kept, "category": category, "privacy": privacy, "tags": words}
