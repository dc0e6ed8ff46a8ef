"""Explore in the admin: per day and source how much was shown, and how often something came of it."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from discovery.models import ExploreDay
from socialnet.kernel.admin import ReadOnlyAdmin

AIM = 0.2  # of what is shown; the middle of 15 to 25 percent


@admin.register(ExploreDay)
class ExploreDayAdmin(ReadOnlyAdmin):
    """The newest day first; each line has its rate as a bar, full at twice the aim."""

    list_display = ["day", "source", "shown", "engaged", "rate"]
    list_filter = ["source"]
    date_hierarchy = "day"
    ordering = ["-day", "source"]
    fields = list_display
    readonly_fields = fields

    @admin.display(description=_("rate (aim: 15–25 %)"))
    def rate(self, day: ExploreDay) -> str:
        rate = day.engaged / day.shown if day.shown else 0.0
        said = f"{rate:.1%}"
        return format_html(
            '<meter min="0" max="{}" low="{}" value="{}" aria-label="{}"></meter> {}',
            2 * AIM,
            0.15,
            rate,
            said,
            said,
        )
