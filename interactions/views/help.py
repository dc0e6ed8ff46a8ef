"""What people may want to know of how the site weighs what they do, with the numbers of the code itself."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from feeds import ranking, top
from interactions import affinity
from socialnet.kernel import snapshots


@require_safe
def help_top(request: HttpRequest) -> HttpResponse:
    context = {
        "ranking": ranking,
        "affinity": affinity,
        "candidates": top.CANDIDATES,
        "budget": settings.RANKING_BUDGET_MS,
        "failures": top.FAILURES,
        "pause": top.PAUSE_SECONDS,
        "minutes": snapshots.SECONDS // 60,
        "closest": (ranking.FLOOR + 1) / ranking.FLOOR,
        "examples": [
            {"reactions": reactions, "factor": ranking.liveliness(reactions)} for reactions in (0, 9, 99, 999)
        ],
    }
    return render(request, "help/top.html", context)
