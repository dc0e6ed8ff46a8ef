"""How trends are made, with the numbers of the code itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from discovery.trends import counting, job, scoring


@require_safe
def help_trends(request: HttpRequest) -> HttpResponse:
    context = {
        "scoring": scoring,
        "windows": [
            {"hours": hours, "share": share, "spike": scoring.SPIKES[hours]}
            for hours, share in scoring.WINDOWS.items()
        ],
        "flagged": round(scoring.FLAGGED_SHARE * 100),
        "alike": round(scoring.ALIKE_SHARE * 100),
        "even": round(scoring.EVEN_SPREAD * 100),
        "sleepers": round(scoring.SLEEPERS_SHARE * 100),
        "place": round(scoring.PLACE_SHARE * 100),
        "days": counting.POST_DAYS,
        "quiet": job.QUIET_SECONDS // 60,
    }
    return render(request, "help/trends.html", context)
