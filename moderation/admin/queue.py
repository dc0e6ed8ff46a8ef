"""The queue of cases, and the page of one with what helps to decide it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from moderation import actions, selectors, targets
from moderation.admin.filters import KindFilter, ReasonFilter, ScreenedFilter, StateFilter
from moderation.admin.forms import DecisionForm, add_errors, sentence_of
from moderation.charts import chart_of
from moderation.models import AnswerTemplate, Case, TargetKind
from moderation.screening.selectors import results_of, words_waiting
from moderation.thread import around
from socialnet.kernel.admin import ReadOnlyAdmin
from socialnet.kernel.errors import DomainError

DAYS = 30


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """The queue: what most people reported first. The page of a case has all that helps to decide it."""

    list_display = [
        "what",
        "reports",
        "first_reason",
        "is_screened",
        "whose",
        "in_group",
        "assigned_to",
        "opened",
        "decided",
    ]
    list_filter = [StateFilter, KindFilter, ReasonFilter, ScreenedFilter]
    list_select_related = ["person", "group", "assigned_to"]
    ordering = ["-reports", "id"]
    actions = ["take", "leave", "hide", "gone"]
    search_fields = ["person__username"]
    search_help_text = _("The username of whom it is about, whole.")
    list_before_template = "moderation/admin/days.html"
    change_form_template = "moderation/admin/case.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [path("<int:case_id>/decide/", view(self.decide_view), name="moderation_case_decide")]
        return own + super().get_urls()

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("moderation.change_case"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """By the unique index on Lower, not by a scan."""
        term = search_term.strip().removeprefix("@")
        if not term:
            return queryset, False
        return queryset.filter(person__in=User.objects.named(term)), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        charts = chart_of(selectors.days(today=timezone.now().date(), many=DAYS))
        return super().changelist_view(request, (extra_context or {}) | {"charts": charts})

    # --- columns ---------------------------------------------------------------------------------------------

    @admin.display(description=_("about"))
    def what(self, case: Case) -> str:
        said = Truncator(case.said).chars(60) if case.target_kind == TargetKind.USER else ""
        return f"{case.get_target_kind_display()} · {said}" if said else str(case.get_target_kind_display())

    @admin.display(description=_("first reason"), ordering="reason")
    def first_reason(self, case: Case) -> str:
        return str(case.get_reason_display())

    @admin.display(description=_("person"))
    def whose(self, case: Case) -> str:
        return f"@{case.person.username}" if case.person else ""

    @admin.display(description=_("group"))
    def in_group(self, case: Case) -> str:
        return case.group.name if case.group else ""

    @admin.display(description=_("open since"), ordering="id")
    def opened(self, case: Case) -> object:
        return case.opened_at

    @admin.display(description=_("decision"))
    def decided(self, case: Case) -> str:
        return str(case.get_outcome_display()) if case.outcome else ""

    # --- many at once ----------------------------------------------------------------------------------------

    @admin.action(description=_("I look after them"), permissions=["moderate"])
    def take(self, request: HttpRequest, chosen: QuerySet[Case]) -> None:
        taken = 0
        for case_id in chosen.open().order_by("pk").values_list("pk", flat=True):  # type: ignore[attr-defined]
            try:
                actions.assign_case(case_id=case_id, to=request.user, actor=request.user)  # type: ignore[arg-type]  # staff
                taken += 1
            except DomainError as error:
                self.message_user(request, str(error.sentence), messages.WARNING)
        said = ngettext("%(many)d case is yours.", "%(many)d cases are yours.", taken)
        self.message_user(request, said % {"many": taken}, messages.SUCCESS)

    @admin.action(description=_("Close: leave it as it is"), permissions=["moderate"])
    def leave(self, request: HttpRequest, chosen: QuerySet[Case]) -> None:
        self._close(request, chosen, Case.Outcome.NOTHING)

    @admin.action(description=_("Close: hide the content"), permissions=["moderate"])
    def hide(self, request: HttpRequest, chosen: QuerySet[Case]) -> None:
        self._close(request, chosen, Case.Outcome.HIDE)

    @admin.action(description=_("Close: it is gone meanwhile"), permissions=["moderate"])
    def gone(self, request: HttpRequest, chosen: QuerySet[Case]) -> None:
        self._close(request, chosen, Case.Outcome.GONE)

    def _close(self, request: HttpRequest, chosen: QuerySet[Case], outcome: str) -> None:
        ids = list(chosen.open().values_list("pk", flat=True))  # type: ignore[attr-defined]
        done, errors = actions.decide_cases(case_ids=ids, outcome=outcome, actor=request.user)  # type: ignore[arg-type]  # staff
        said = ngettext("%(many)d case is closed.", "%(many)d cases are closed.", done)
        self.message_user(request, said % {"many": done}, messages.SUCCESS if done else messages.WARNING)
        for sentence in sorted({sentence_of(error) for error in errors}):
            self.message_user(request, sentence, messages.WARNING)

    # --- one case --------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, _case(self, request, object_id), DecisionForm())

    def decide_view(self, request: HttpRequest, case_id: int) -> HttpResponse:
        if request.method != "POST":
            return redirect("admin:moderation_case_change", case_id)
        if not self.has_moderate_permission(request):
            raise PermissionDenied
        case = _case(self, request, str(case_id))
        if "take" in request.POST:
            return self._take(request, case)
        form = DecisionForm(request.POST)
        if not form.is_valid():
            return self._page(request, case, form, status=400)
        following = selectors.next_open(case)
        try:
            actions.decide_case(case_id=case.pk, actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]  # staff
        except DomainError as error:
            add_errors(form, error)
            return self._page(request, case, form, status=error.status)
        self.message_user(request, gettext("The case is closed."), messages.SUCCESS)
        if following is None:
            return redirect("admin:moderation_case_changelist")
        return redirect("admin:moderation_case_change", following)

    def _take(self, request: HttpRequest, case: Case) -> HttpResponse:
        try:
            actions.assign_case(case_id=case.pk, to=request.user, actor=request.user)  # type: ignore[arg-type]  # staff
        except DomainError as error:
            self.message_user(request, str(error.sentence), messages.WARNING)
        return redirect("admin:moderation_case_change", case.pk)

    def _page(
        self, request: HttpRequest, case: Case, form: DecisionForm, *, status: int = 200
    ) -> HttpResponse:
        target = targets.found(case.target_kind, case.target_id)
        if target is None or not target.is_open:
            actions.note_look_at_case(case=case, actor=request.user)  # type: ignore[arg-type]  # staff
        case.person = targets.whose(case)
        is_mine = case.person_id == request.user.pk
        waits = case.is_open and case.is_screened and targets.is_held(case.target_kind, case.target_id)
        context = {
            **self.admin_site.each_context(request),
            "title": str(case),
            "opts": self.opts,
            "media": self.media,
            "case": case,
            "target": target,
            "thread": around(case),
            "context": selectors.context_of(case),
            "screened": results_of(case) if case.is_screened else [],
            "waits": waits,
            "waiting_words": words_waiting(case.target_kind, case.target_id) if waits else "",
            "form": form,
            "answers": AnswerTemplate.objects.all(),
            "following": selectors.next_open(case),
            "may_decide": case.is_open and self.has_moderate_permission(request) and not is_mine,
            "is_mine": is_mine,
        }
        return TemplateResponse(request, self.change_form_template, context, status=status)


def _case(model_admin: CaseAdmin, request: HttpRequest, object_id: str) -> Case:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    cases = Case.objects.select_related("person__counts", "group", "assigned_to", "closed_by")
    case = cases.filter(pk=object_id).first() if object_id.isdecimal() else None
    if case is None:
        raise Http404
    return case
