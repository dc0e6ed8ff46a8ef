"""What was decided about people: ended here, appeals answered, and more decided about one person."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from moderation import actions, selectors
from moderation.admin.filters import ForceFilter
from moderation.admin.forms import AppealForm, SanctionForm, add_errors
from moderation.models import Sanction
from socialnet.kernel.admin import ReadOnlyAdmin
from socialnet.kernel.errors import DomainError


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
            add_errors(form, error)
            return False
        self.message_user(request, said, messages.SUCCESS)
        return True

    def _answer(self, request: HttpRequest, sanction: Sanction, form: AppealForm) -> bool:
        try:
            actions.answer_appeal(sanction_id=sanction.pk, actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]  # staff
        except DomainError as error:
            add_errors(form, error)
            return False
        self.message_user(request, gettext("The person is told."), messages.SUCCESS)
        return True
