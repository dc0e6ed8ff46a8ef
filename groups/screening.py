"""What a group says of itself is looked at before others read it: see `accounts.hooks.screen` (ADR 83)."""

from collections.abc import Mapping
from typing import Any

from accounts import hooks
from accounts.models import User
from accounts.screening import Verdict, Writing
from groups.models import Group

SAID = ("name", "description", "rules", "tags", "cover_alt")
_TEXTS = ("name", "description", "rules")


def of_new(owner: User, *, slug: str, fields: Mapping[str, Any]) -> Verdict:
    """Of a group that is founded, its address too. Raises `WritingRefused`."""
    beside = "\n".join(filter(None, [slug.replace("-", " "), fields.get("cover_alt", "")]))
    return hooks.screen(_writing(owner, fields, beside=beside))


def let_through(group: Group, actor: User, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What may be changed now of `changes`, in their one form; what it says else waits, all of it, if any is held.

    Raises `WritingRefused`.
    """
    said = {
        field: value for field, value in changes.items() if field in SAID and value != getattr(group, field)
    }
    if not said:
        return dict(changes)
    verdict = hooks.screen(_writing(actor, said, beside=said.get("cover_alt", ""), group_id=group.pk))
    verdict.keep(group.pk)
    return {field: value for field, value in changes.items() if not (verdict.is_held and field in said)}


def _writing(person: User, said: Mapping[str, Any], *, beside: str, group_id: int | None = None) -> Writing:
    lines = [*(said.get(field, "") for field in _TEXTS), ", ".join(said.get("tags", ()))]
    text = "\n".join(filter(None, lines))
    return Writing(kind="group", author=person, text=text, beside=beside, target_id=group_id, fields=said)
