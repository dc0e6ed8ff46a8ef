"""What people may choose of the registry, and whether what they chose can be kept."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import InvalidFields
from notifications.models import Digest, FromWhom, Preference, Settings
from notifications.preferences import Wishes
from notifications.registry import KINDS, Kind, Way

Document = Mapping[str, Any]
CAP_MOST = 500
WAYS = tuple(way for way in Way if way is not Way.INBOX)  # the inbox has everything
SETTINGS = ("is_on", "quiet_from", "quiet_until", "loud_pass", "hourly_cap", "digest")
OF_A_KIND = ("ways", "from_whom", "pace")
_NO_CHOICE = _("There is no such choice.")


def ways_of(kind: Kind) -> tuple[Way, ...]:
    """The ways that can be chosen for it: none for what is urgent, which goes out by all that the registry has."""
    return () if kind.urgent else WAYS


def from_whom_of(kind: Kind) -> list[str]:
    return list(FromWhom.values) if kind.from_whom else [FromWhom.EVERYONE]


def of_settings(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in SETTINGS}


def of_kind(wishes: Wishes, kind: str) -> dict[str, Any]:
    """What holds for a kind now, chosen or not, in the order of the registry."""
    ways = wishes.wanted_ways(kind)
    return {
        "ways": [str(way) for way in WAYS if way in ways],
        "from_whom": str(wishes.from_whom(kind)),
        "pace": str(wishes.pace(kind)),
    }


def defaults(wishes: Wishes) -> Wishes:
    """The wishes of somebody who chose nothing and lives where this person does."""
    return Wishes(Settings(user_id=wishes.settings.user_id), {}, wishes.zone)


def changed_settings(wishes: Wishes, document: Document) -> dict[str, Any]:
    """What of `document` differs from what holds now. Raises `InvalidFields`."""
    whole = {**of_settings(wishes.settings), **document}
    wrong = dict(_wrong_settings(whole))
    wrong |= {name: [_("There is no such setting.")] for name in document.keys() - set(SETTINGS)}
    if wrong:
        raise InvalidFields(**wrong)
    return {name: value for name, value in document.items() if value != getattr(wishes.settings, name)}


def _wrong_settings(whole: Document) -> list[tuple[str, list[Promise]]]:
    start, end = whole["quiet_from"], whole["quiet_until"]
    wrong: list[tuple[str, list[Promise]]] = []
    if (start is None) != (end is None):
        missing = "quiet_from" if start is None else "quiet_until"
        wrong.append((missing, [_("Quiet hours need a beginning and an end.")]))
    wrong += [
        (name, [_("This is not a time of day.")])
        for name in ("quiet_from", "quiet_until")
        if not isinstance(whole[name], time | None)
    ]
    if not 1 <= whole["hourly_cap"] <= CAP_MOST:
        wrong.append(("hourly_cap", [_("A number from 1 to 500.")]))
    if whole["digest"] not in Digest.values:
        wrong.append(("digest", [_NO_CHOICE]))
    return wrong


def changed_kinds(wishes: Wishes, document: Mapping[str, Document]) -> list[Preference]:
    """As rows, the kinds of `document` that differ from what holds now. Raises `InvalidFields`, with paths."""
    wrong: dict[str, list[Promise]] = {}
    changed = []
    for name, chosen in document.items():
        kind = KINDS.get(name)
        if kind is None:
            wrong[f"kinds.{name}"] = [_("There is no such kind.")]
            continue
        now = of_kind(wishes, name)
        whole = {**now, **chosen}
        whole["ways"] = [str(way) for way in WAYS if way in whole["ways"]]
        wrong |= {
            f"kinds.{name}.{field}": sentences
            for field, sentences in wrong_of_kind(kind, {**now, **chosen}).items()
        }
        if whole != now:
            changed.append(Preference(user_id=wishes.settings.user_id, kind=name, **whole))
    if wrong:
        raise InvalidFields(**wrong)
    return changed


def wrong_of_kind(kind: Kind, whole: Document) -> dict[str, list[Promise]]:
    """What of the choices for a kind cannot be kept, and why."""
    wrong: dict[str, list[Promise]] = {name: [_NO_CHOICE] for name in whole.keys() - set(OF_A_KIND)}
    if whole["pace"] not in kind.paces:
        wrong["pace"] = [_NO_CHOICE]
    if whole["from_whom"] not in from_whom_of(kind):
        wrong["from_whom"] = [_NO_CHOICE]
    if not set(whole["ways"]) <= set(map(str, WAYS)):
        wrong["ways"] = [_NO_CHOICE]
    elif kind.urgent and set(whole["ways"]) != set(map(str, kind.ways)):
        wrong["ways"] = [_("This cannot be switched off.")]
    return wrong
