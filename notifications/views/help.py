"""How people are told, with the numbers of the code itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from notifications import choices
from notifications.channels.mail.digest import AWAY_DAYS
from notifications.clock import MORNING
from notifications.registry import (
    DAY,
    HOUR,
    HOURLY_CAP,
    KINDS,
    MINUTE,
    PACE_LABELS,
    PACE_SECONDS,
    WAY_LABELS,
    Kind,
)
from notifications.texts import STORM


@require_safe
def help_notifications(request: HttpRequest) -> HttpResponse:
    context = {
        "kinds": [_described(kind) for kind in KINDS.values()],
        "loud": [kind.label for kind in KINDS.values() if kind.loud],
        "cap": HOURLY_CAP,
        "morning": MORNING,
        "storm": STORM,
        "away_days": AWAY_DAYS,
    }
    return render(request, "help/notifications.html", context)


def _described(kind: Kind) -> dict[str, object]:
    default = kind.paces[0]
    return {
        "kind": kind,
        "delay": _duration(kind.delay),
        "window": _duration(PACE_SECONDS[default]),
        "pause": _duration(kind.cooldown),
        "ways": [WAY_LABELS[way] for way in choices.WAYS if way in kind.ways],
        "default": PACE_LABELS[default],
        "paces": [PACE_LABELS[pace] for pace in kind.paces],
    }


def _duration(seconds: int) -> str:
    """In the largest unit that fits; a dash for none."""
    if not seconds:
        return "–"
    if seconds % DAY == 0:
        return ngettext("%(many)d day", "%(many)d days", seconds // DAY) % {"many": seconds // DAY}
    if seconds % HOUR == 0:
        return ngettext("%(many)d hour", "%(many)d hours", seconds // HOUR) % {"many": seconds // HOUR}
    if seconds % MINUTE == 0:
        many = seconds // MINUTE
        return ngettext("%(many)d minute", "%(many)d minutes", many) % {"many": many}
    return ngettext("%(many)d second", "%(many)d seconds", seconds) % {"many": seconds}
