"""The moderators' queue: cases with what they need beside them; sanctions, appeals, templates of answers."""

from typing import Any

from django import forms
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
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from moderation import actions, selectors, targets
from moderation.charts import chart_of
from moderation.models import WORDS_MAX, AnswerTemplate, Case, Measure, Reason, Sanction, TargetKind
from moderation.screening.admin import ScreeningResultAdmin, ScreeningRuleAdmin
from moderation.screening.selectors import results_of
from moderation.thread import around
from socialnet.kernel.admin import ReadOnlyAdmin
from socialnet.kernel.errors import DomainError

__all__ = [
    "AnswerTemplateAdmin",
    "CaseAdmin",
    "SanctionAdmin",
    "ScreeningResultAdmin",
    "ScreeningRuleAdmin",
]
DAYS = 30


class StateFilter(admin.SimpleListFilter):
    """What is open, unless something else is asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [
            ("mine", _("open, mine")),
            ("free", _("open, nobody's")),
            ("groups", _("open, with moderators of groups")),
            ("closed", _("closed")),
            ("all", _("all")),
        ]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("open")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "mine":
                return queryset.open().filter(assigned_to=request.user.pk)
            case "free":
                return queryset.open().with_site().filter(assigned_to=None)
            case "groups":
                return queryset.with_groups()
            case "closed":
                return queryset.exclude(closed_at=None).order_by("-closed_at")
            case "all":
                return queryset
        return queryset.open().with_site()


class KindFilter(admin.SimpleListFilter):
    title = _("about")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(TargetKind.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(target_kind=self.value()) if self.value() else queryset


class ReasonFilter(admin.SimpleListFilter):
    title = _("first reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(Reason.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class ScreenedFilter(admin.SimpleListFilter):
    title = _("from screening")
    parameter_name = "screened"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(is_screened=True) if self.value() == "yes" else queryset


_DECISIONS = [
    (Case.Outcome.NOTHING, _("leave it as it is")),
    (Case.Outcome.WARN, _("warn the person")),
    (Case.Outcome.HIDE, _("hide the content")),
    (Case.Outcome.LIMIT, _("limit the person")),
    (Case.Outcome.SUSPEND, _("suspend the person")),
    (Case.Outcome.BAN, _("ban the person")),
    (Case.Outcome.GONE, _("nothing: it is gone meanwhile")),
]


class DecisionForm(forms.Form):
    """What is done about a case, or about many."""

    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=_DECISIONS,
        widget=forms.RadioSelect,
        initial=Case.Outcome.NOTHING,
    )
    words = forms.CharField(
        label=_("Words for the person"),
        max_length=WORDS_MAX,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    answer = forms.CharField(
        label=_("Answer to who reported it"),
        max_length=WORDS_MAX,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    until = forms.DateTimeField(
        label=_("Until (limit, suspension)"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )


class AppealForm(forms.Form):
    granted = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("", _("choose")), ("1", _("grant: the decision ends")), ("0", _("the decision stands"))],
        coerce=lambda value: value == "1",
        widget=UnfoldAdminSelectWidget,
    )
    words = forms.CharField(
        label=_("Words for the person"),
        max_length=WORDS_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class SanctionForm(forms.Form):
    """What is done about a person without a case."""

    measure = forms.ChoiceField(
        label=_("Decision"),
        choices=[choice for choice in Measure.choices if choice[0] != Measure.HIDE],
        widget=UnfoldAdminSelectWidget,
    )
    words = forms.CharField(
        label=_("Words for the person"),
        max_length=WORDS_MAX,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    until = forms.DateTimeField(
        label=_("Until (limit, suspension)"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )


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
        for sentence in sorted({_sentence(error) for error in errors}):
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
            _add_errors(form, error)
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
            "waits": case.is_open and case.is_screened and targets.is_held(case.target_kind, case.target_id),
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


def _sentence(error: DomainError) -> str:
    lines = [line for lines in error.errors.values() for line in lines]
    return lines[0] if lines else str(error.sentence)


def _add_errors(form: forms.Form, error: DomainError) -> None:
    for field, sentences in (error.errors or {"": [str(error.sentence)]}).items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)


class ForceFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("appealed", _("appeals that wait")), ("in_force", _("in force")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "appealed":
                return queryset.filter(answered_at=None, appealed_at__isnull=False).order_by("appealed_at")
            case "in_force":
                return queryset.in_force()
            case "over":
                return queryset.exclude(ended_at=None)
        return queryset


@admin.register(Sanction)
class SanctionAdmin(ReadOnlyAdmin):
    """What was decided about people; ended here, and appeals answered."""

    list_display = [
        "id",
        "person",
        "measure",
        "until",
        "made_by",
        "made",
        "ended_at",
        "appealed_at",
        "granted",
    ]
    list_filter = [ForceFilter]
    list_select_related = ["person", "made_by"]
    ordering = ["-id"]
    actions = ["end"]
    search_fields = ["person__username"]
    search_help_text = _("The username of whom it is about, whole.")
    change_form_template = "moderation/admin/sanction.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.person_view)
        return [path("person/<int:user_id>/", view, name="moderation_sanction_person"), *super().get_urls()]

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("moderation.change_sanction"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Sanction], search_term: str
    ) -> tuple[QuerySet[Sanction], bool]:
        term = search_term.strip().removeprefix("@")
        if not term:
            return queryset, False
        return queryset.filter(person__in=User.objects.named(term)), False

    @admin.display(description=_("made"), ordering="id")
    def made(self, sanction: Sanction) -> object:
        return sanction.created_at

    @admin.action(description=_("End it now"), permissions=["moderate"])
    def end(self, request: HttpRequest, chosen: QuerySet[Sanction]) -> None:
        ended = 0
        for sanction_id in chosen.in_force().order_by("pk").values_list("pk", flat=True):  # type: ignore[attr-defined]
            try:
                actions.end_sanction(sanction_id=sanction_id, actor=request.user)  # type: ignore[arg-type]  # staff
                ended += 1
            except DomainError as error:
                self.message_user(request, str(error.sentence), messages.WARNING)
        said = ngettext("%(many)d decision has ended.", "%(many)d decisions have ended.", ended)
        self.message_user(request, said % {"many": ended}, messages.SUCCESS)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        sanctions = Sanction.objects.select_related("person", "made_by", "case")
        sanction = sanctions.filter(pk=object_id).first() if object_id.isdecimal() else None
        if sanction is None:
            raise Http404
        waits = sanction.appealed_at is not None and sanction.answered_at is None
        is_mine = sanction.person_id == request.user.pk
        may_answer = waits and self.has_moderate_permission(request) and not is_mine
        form = AppealForm(request.POST or None)
        if request.method == "POST":
            if not may_answer:
                raise PermissionDenied
            if form.is_valid() and self._answer(request, sanction, form):
                return redirect("admin:moderation_sanction_change", sanction.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": str(sanction),
            "opts": self.opts,
            "media": self.media,
            "sanction": sanction,
            "form": form,
            "may_answer": may_answer,
            "is_mine": is_mine,
        }
        status = 400 if form.errors else 200
        return TemplateResponse(request, self.change_form_template, context, status=status)

    def person_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """What was decided about one person, and the place to decide more, or to let them in again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        person = User.objects.filter(pk=user_id, is_active=True).first()
        if person is None:
            raise Http404
        form = SanctionForm(
            request.POST if request.method == "POST" and "let_in" not in request.POST else None
        )
        if request.method == "POST":
            if not self.has_moderate_permission(request):
                raise PermissionDenied
            if self._decided(request, person, form):
                return redirect("admin:moderation_sanction_person", person.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": str(person),
            "opts": self.opts,
            "media": self.media,
            "person": person,
            "sanctions": selectors.sanctions_of(person=person).items,
            "form": form,
            "may_decide": self.has_moderate_permission(request) and person.pk != request.user.pk,
            "is_mine": person.pk == request.user.pk,
        }
        status = 400 if form.errors else 200
        return TemplateResponse(request, "moderation/admin/person.html", context, status=status)

    def _decided(self, request: HttpRequest, person: User, form: SanctionForm) -> bool:
        if form.is_bound and not form.is_valid():
            return False
        try:
            if form.is_bound:
                actions.impose_sanction(person=person, actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]  # staff
                said = gettext("It is in force, and the person is told.")
            else:
                actions.let_in(person=person, actor=request.user)  # type: ignore[arg-type]  # staff
                said = gettext("They may come in again.")
        except DomainError as error:
            _add_errors(form, error)
            return False
        self.message_user(request, said, messages.SUCCESS)
        return True

    def _answer(self, request: HttpRequest, sanction: Sanction, form: AppealForm) -> bool:
        try:
            actions.answer_appeal(sanction_id=sanction.pk, actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]  # staff
        except DomainError as error:
            _add_errors(form, error)
            return False
        self.message_user(request, gettext("The person is told."), messages.SUCCESS)
        return True


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(ModelAdmin):
    list_display = ["name", "measure"]
