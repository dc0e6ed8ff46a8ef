"""What moderators fill in, and how what is wrong with it is told."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from moderation.models import WORDS_MAX, Case, Measure
from socialnet.kernel.errors import DomainError

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


def sentence_of(error: DomainError) -> str:
    lines = [line for lines in error.errors.values() for line in lines]
    return lines[0] if lines else str(error.sentence)


def add_errors(form: forms.Form, error: DomainError) -> None:
    for field, sentences in (error.errors or {"": [str(error.sentence)]}).items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)
