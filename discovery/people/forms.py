"""What people say of themselves so that others can be suggested to them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from discovery.people.topics import TOPICS


class InterestsForm(forms.Form):
    interests = forms.MultipleChoiceField(
        label=_("What do you like to read about?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["interests"].choices = [(slug, topic.label) for slug, topic in TOPICS.items()]  # type: ignore[attr-defined]


class PlaceForm(forms.Form):
    by_place = forms.BooleanField(
        label=_("Suggest me to people of the same place, and them to me"),
        required=False,
        help_text=_(
            "By the place in your profile, and only to people who chose this, too. It is off unless you choose it."
        ),
    )
