"""The form of a decision: it parses; what may be done is decided by the action."""

from django import forms
from django.utils.translation import gettext_lazy as _

from moderation.in_groups.actions import PASS_ON
from moderation.models import WORDS_MAX, Case

OUTCOMES = [
    (Case.Outcome.NOTHING, _("Leave it as it is")),
    (Case.Outcome.HIDE, _("Hide it")),
    (Case.Outcome.REMOVE, _("Hide it, and remove its author from the group")),
    (Case.Outcome.EXCLUDE, _("Hide it, and ban its author from the group")),
    (PASS_ON, _("Pass it on to the site's moderators")),
]


class GroupDecisionForm(forms.Form):
    outcome = forms.ChoiceField(label=_("What shall be done?"), choices=OUTCOMES, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("Reason, for its author"),
        help_text=_("Needed to hide it. Its author can appeal to the site's moderators."),
        max_length=WORDS_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    answer = forms.CharField(
        label=_("Answer to who reported it"),
        max_length=WORDS_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
