"""Forms of the pages: they parse; what may be kept is decided by the actions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from moderation.models import DETAILS_MAX, WORDS_MAX, Reason


class ReportForm(forms.Form):
    reason = forms.ChoiceField(label=_("What is wrong?"), choices=Reason.choices, widget=forms.RadioSelect)
    details = forms.CharField(
        label=_("What should moderators know?"),
        max_length=DETAILS_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class GroupedReportForm(ReportForm):
    """Of what is said in a group."""

    to_site = forms.BooleanField(
        label=_("Tell the site's moderators, not those of the group"),
        help_text=_("The group's own moderators see what is reported and why, never by whom."),
        required=False,
    )


class AppealForm(forms.Form):
    appeal = forms.CharField(
        label=_("Why should moderators look again?"),
        max_length=WORDS_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
