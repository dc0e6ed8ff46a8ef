"""Trends in the admin: each with all parts of its score; moderators hold or allow them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.addresses import profile_url
from accounts.models import User
from discovery.actions import rule_on_trend
from discovery.models import Trend, TrendKind, TrendRuling, TrendSnapshot
from feeds.models import Hashtag, Post
from feeds.text import tag_name, tag_url
from socialnet.kernel.admin import ReadOnlyAdmin

Verdict = TrendRuling.Verdict


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(TrendKind.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(snapshot__kind=self.value()) if self.value() else queryset


@admin.register(Trend)
class TrendAdmin(ReadOnlyAdmin):
    """The last snapshots; what waits for a moderator first."""

    list_display = ["rank", "kind", "what", "score", "is_flagged", "verdict", "people", "taken_at"]
    list_filter = [KindFilter, "is_flagged"]
    list_select_related = ["snapshot"]
    ordering = ["-is_flagged", "-snapshot__kind", "rank"]
    fields = ["kind", "what", "taken_at", "rank", "score", "is_flagged", "verdict", "made_of"]
    readonly_fields = fields
    actions = ["hold", "allow", "take_back"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trend]:
        latest = TrendSnapshot.objects.order_by().values("kind").annotate(last=Max("pk")).values("last")
        rows: QuerySet[Trend] = super().get_queryset(request)
        rulings = TrendRuling.objects.about(OuterRef("snapshot__kind"), OuterRef("subject_id"))
        found = rows.filter(snapshot__in=latest).annotate(ruled=Subquery(rulings.values("verdict")))
        return _with_names(found)

    def has_rule_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("discovery.change_trendruling"))

    @admin.action(description=_("Hold: show it in no list of trends"), permissions=["rule"])
    def hold(self, request: HttpRequest, chosen: QuerySet[Trend]) -> None:
        self._rule(request, chosen, Verdict.HELD)

    @admin.action(description=_("Allow: show it although it waits"), permissions=["rule"])
    def allow(self, request: HttpRequest, chosen: QuerySet[Trend]) -> None:
        self._rule(request, chosen, Verdict.ALLOWED)

    @admin.action(description=_("Take the decision back"), permissions=["rule"])
    def take_back(self, request: HttpRequest, chosen: QuerySet[Trend]) -> None:
        self._rule(request, chosen, "")

    def _rule(self, request: HttpRequest, chosen: QuerySet[Trend], verdict: str) -> None:
        subjects = list(chosen.order_by("pk").values_list("snapshot__kind", "subject_id"))
        for kind, subject_id in subjects:
            rule_on_trend(kind=kind, subject_id=subject_id, verdict=verdict, actor=request.user)  # type: ignore[arg-type]  # staff
        said = ngettext("%(many)d trend is decided.", "%(many)d trends are decided.", len(subjects))
        self.message_user(request, said % {"many": len(subjects)}, messages.SUCCESS)

    @admin.display(description=_("kind"), ordering="snapshot__kind")
    def kind(self, trend: Trend) -> str:
        return str(TrendKind(trend.snapshot.kind).label)

    @admin.display(description=_("of"))
    def what(self, trend: Trend) -> str:
        return _named(trend, trend.snapshot.kind)

    @admin.display(description=_("verdict"))
    def verdict(self, trend: Trend) -> str:
        ruled = trend.ruled  # type: ignore[attr-defined]  # annotated above
        return str(Verdict(ruled).label) if ruled else ""

    @admin.display(description=_("people"))
    def people(self, trend: Trend) -> int:
        windows = trend.parts.get("windows")
        return int(windows["24"]["people"] if windows else trend.parts["people"])

    @admin.display(description=_("taken"))
    def taken_at(self, trend: Trend) -> object:
        return trend.snapshot.taken_at

    @admin.display(description=_("made of"))
    def made_of(self, trend: Trend) -> str:
        rows = format_html_join(
            "", "<tr><th scope='row' class='text-left pr-4'>{}</th><td>{}</td></tr>", _flat(trend.parts)
        )
        return format_html("<table>{}</table>", rows)


@admin.register(TrendRuling)
class TrendRulingAdmin(ReadOnlyAdmin):
    """What stands; the record of acts has what stood before. Taken back here, also of what trends no more."""

    list_display = ["kind", "what", "verdict", "decided_by", "decided_at"]
    list_filter = ["kind", "verdict"]
    list_select_related = ["decided_by"]
    ordering = ["-decided_at"]
    fields = list_display
    readonly_fields = fields
    actions = ["take_back"]

    def has_rule_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("discovery.change_trendruling"))

    @admin.display(description=_("of"))
    def what(self, ruling: TrendRuling) -> str:
        return _named(ruling, ruling.kind)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrendRuling]:
        return _with_names(super().get_queryset(request))

    @admin.action(description=_("Take the decision back"), permissions=["rule"])
    def take_back(self, request: HttpRequest, chosen: QuerySet[TrendRuling]) -> None:
        for ruling in list(chosen):
            rule_on_trend(kind=ruling.kind, subject_id=ruling.subject_id, verdict="", actor=request.user)  # type: ignore[arg-type]  # staff


def _with_names(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Each row with the tag, the author of the post, and the person of its number; its kind says which it is about."""
    subject = OuterRef("subject_id")
    return rows.annotate(
        tag_name=Subquery(Hashtag.objects.filter(pk=subject).values("display")),
        author_name=Subquery(Post.objects.filter(pk=subject).values("author__username")),
        person_name=Subquery(User.objects.filter(pk=subject).values("username")),
    )


def _named(row: Any, kind: str) -> str:
    if kind == TrendKind.TAG and row.tag_name:
        return format_html('<a href="{}">#{}</a>', tag_url(tag_name(row.tag_name)), row.tag_name)
    if kind == TrendKind.POST and row.author_name:
        url = reverse("post", args=[row.author_name, row.subject_id])
        return format_html('<a href="{}">@{} · {}</a>', url, row.author_name, row.subject_id)
    if kind == TrendKind.PERSON and row.person_name:
        return format_html('<a href="{}">@{}</a>', profile_url(row.person_name), row.person_name)
    return str(row.subject_id)


def _flat(parts: dict[str, Any], path: str = "") -> list[tuple[str, Any]]:
    """Parts within parts as one table: `windows · 1 · people`."""
    rows: list[tuple[str, Any]] = []
    for name, value in parts.items():
        here = f"{path} · {name}" if path else name
        rows += _flat(value, here) if isinstance(value, dict) else [(here, value)]
    return rows
