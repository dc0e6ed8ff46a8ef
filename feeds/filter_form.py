"""The form of a filter: shape only; what may be kept is decided by the action."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from feeds.models import PHRASE_MAX, FilterAction, FilterPlace, KeywordFilter
from feeds.schedule import ScheduleField


class FilterForm(forms.Form):
    phrase = forms.CharField(
        label=_("Words"),
        max_length=PHRASE_MAX * 5,
        help_text=_("A word or a phrase. Big or small letters make no difference."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off", "data-filter-phrase": ""}),
    )
    whole_word = forms.BooleanField(
        label=_("Whole words only"),
        required=False,
        initial=True,
        help_text=_("“cat” leaves “concatenate” alone."),
        widget=forms.CheckboxInput({"data-filter-whole": ""}),
    )
    action = forms.ChoiceField(
        label=_("What becomes of it"),
        choices=FilterAction.choices,
        initial=FilterAction.HIDE,
        widget=forms.RadioSelect,
    )
    where = forms.MultipleChoiceField(
        label=_("Where"),
        choices=FilterPlace.choices,
        initial=FilterPlace.values,
        widget=forms.CheckboxSelectMultiple,
    )
    expires_at = ScheduleField(
        label=_("Until"),
        required=False,
        help_text=_("Empty: until you change it."),
        widget=forms.DateTimeInput({"type": "datetime-local"}),
    )

    @classmethod
    def of(cls, row: KeywordFilter) -> "FilterForm":
        return cls(
            initial={
                "phrase": row.phrase,
                "whole_word": row.whole_word,
                "action": row.action,
                "where": row.places,
                "expires_at": row.expires_at,
            }
        )

    def written(self) -> dict[str, Any]:
        """As the actions take it; only after `is_valid`."""
        given = dict(self.cleaned_data)
        places = given.pop("where")
        return {**given, "places": places}
