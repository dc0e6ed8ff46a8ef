"""How rules are set, with what came of them beside each; and what they found."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.errors import InvalidFields
from accounts.models import User
from moderation.screening import actions
from moderation.screening.models import Outcome, ScreeningResult, ScreeningRule
from moderation.screening.rules import CLASSIFIER, RULES, WITH_ENTRIES, meaning_of, name_of, said_of
from moderation.screening.selectors import Numbers, numbers
from socialnet.kernel.admin import ReadOnlyAdmin

_NUMBERS = ("threshold", "minutes")


class RuleForm(forms.ModelForm):
    class Meta:
        model = ScreeningRule
        fields = ["mode", "outcome", "threshold", "minutes", "entries"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "outcome" in self.fields:
            able = actions.OUTCOMES[self.instance.pk]
            self.fields["outcome"].choices = [pair for pair in Outcome.choices if pair[0] in able]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        row = ScreeningRule(id=self.instance.pk, **{**_said(self.instance), **cleaned})
        try:
            actions.check_rule(row)
        except InvalidFields as error:
            for field, sentences in error.errors.items():
                self.add_error(field if field in self.fields else None, sentences)
        return cleaned


def _said(row: ScreeningRule) -> dict[str, Any]:
    return {name: getattr(row, name) for name in RuleForm.Meta.fields}


@admin.register(ScreeningRule)
class ScreeningRuleAdmin(ModelAdmin):
    """A handful of rows; each change is on the record. What a rule found is judged by what moderators decided."""

    list_display = [
        "name",
        "mode",
        "outcome",
        "threshold",
        "minutes",
        "found",
        "in_shadow",
        "judged",
        "precision",
    ]
    list_display_links = ["name"]
    form = RuleForm
    list_before_template = "moderation/admin/rules.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScreeningRule]:
        self._numbers = numbers() if request.resolver_match and not request.resolver_match.kwargs else {}
        return super().get_queryset(request)

    def get_fieldsets(self, request: HttpRequest, obj: ScreeningRule | None = None) -> Any:
        """Only what this rule has, under what it means."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        usual = actions.usual_row(obj.pk)
        fields = ["mode", "outcome", *(name for name in _NUMBERS if getattr(usual, name))]
        if obj.pk in WITH_ENTRIES:
            fields.append("entries")
        return [(name_of(obj.pk), {"fields": fields, "description": meaning_of(obj.pk)})]

    def save_model(self, request: HttpRequest, obj: ScreeningRule, form: RuleForm, change: bool) -> None:
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        actions.change_rule(rule=obj.pk, actor=request.user, **changed)  # type: ignore[arg-type]  # staff

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        facts = {
            "screening": settings.SCREENING,
            "results_url": reverse("admin:moderation_screeningresult_changelist"),
        }
        return super().changelist_view(request, {**(extra_context or {}), **facts})

    # --- columns ---------------------------------------------------------------------------------------------

    def _of(self, row: ScreeningRule) -> Numbers:
        return self._numbers.get(row.pk, Numbers())

    @admin.display(description=_("rule"), ordering="id")
    def name(self, row: ScreeningRule) -> str:
        return name_of(row.pk)

    @admin.display(description=_("found"))
    def found(self, row: ScreeningRule) -> int:
        return self._of(row).found

    @admin.display(description=_("in shadow"))
    def in_shadow(self, row: ScreeningRule) -> int:
        return self._of(row).in_shadow

    @admin.display(description=_("right / wrong"))
    def judged(self, row: ScreeningRule) -> str:
        return f"{self._of(row).right} / {self._of(row).wrong}"

    @admin.display(description=_("precision"))
    def precision(self, row: ScreeningRule) -> str:
        precision = self._of(row).precision
        if precision is None:
            return "–"
        said = f"{precision:.0%}"
        return format_html(
            '<meter min="0" max="1" value="{}" aria-label="{}"></meter> {}', precision, said, said
        )


class OutcomeFilter(admin.SimpleListFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(Outcome.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(outcome=self.value()) if self.value() else queryset


class RuleFilter(admin.SimpleListFilter):
    title = _("rule")
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [(rule, name_of(rule)) for rule in (*RULES, CLASSIFIER)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(hits__contains=[{"rule": self.value()}]) if self.value() else queryset


@admin.register(ScreeningResult)
class ScreeningResultAdmin(ReadOnlyAdmin):
    """What rules found, and what came of it; never what was written."""

    list_display = ["created_at", "author", "target_kind", "outcome", "rules", "said", "decided"]
    list_filter = [OutcomeFilter, RuleFilter]
    list_select_related = ["author", "case"]
    ordering = ["-id"]
    search_fields = ["author__username"]
    search_help_text = _("The username of who wrote it, whole.")
    fields = ["created_at", "author", "target_kind", "target_id", "outcome", "rules", "said", "decided"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ScreeningResult], search_term: str
    ) -> tuple[QuerySet[ScreeningResult], bool]:
        """By the unique index on Lower, not by a scan."""
        term = search_term.strip().removeprefix("@")
        return (queryset.filter(author__in=User.objects.named(term)) if term else queryset), False

    @admin.display(description=_("written"), ordering="id")
    def created_at(self, row: ScreeningResult) -> object:
        return row.created_at

    @admin.display(description=_("rules"))
    def rules(self, row: ScreeningResult) -> str:
        return ", ".join(said_of(hit) for hit in row.hits)

    @admin.display(description=_("classifier"), ordering="signal")
    def said(self, row: ScreeningResult) -> str:
        return "" if row.signal is None else f"{row.signal:.2f}"

    @admin.display(description=_("decision"))
    def decided(self, row: ScreeningResult) -> SafeString | str:
        if row.case is None:
            return ""
        url = reverse("admin:moderation_case_change", args=[row.case.pk])
        return format_html('<a href="{}">{}</a>', url, row.case.get_outcome_display() or _("open"))
