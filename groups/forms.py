"""What the pages of groups send."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.models import DESCRIPTION_MAX, NAME_MAX, RULES_MAX, SLUG_MAX, Category, Group, Privacy


class GroupForm(forms.Form):
    """Shape only; what may be kept is decided by the action."""

    name = forms.CharField(label=_("Name"), max_length=NAME_MAX)
    description = forms.CharField(
        label=_("What it is about"),
        max_length=DESCRIPTION_MAX,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    rules = forms.CharField(
        label=_("Rules"), max_length=RULES_MAX, required=False, widget=forms.Textarea({"rows": 4})
    )
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices, initial=Category.OTHER)
    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=300,
        help_text=_("At most five words, with commas between."),
    )
    privacy = forms.ChoiceField(label=_("Who may see it"), choices=Privacy.choices, initial=Privacy.PUBLIC)

    @classmethod
    def of(cls, group: Group) -> "GroupForm":
        return cls(
            initial={
                "name": group.name,
                "description": group.description,
                "rules": group.rules,
                "category": group.category,
                "tags": ", ".join(group.tags),
                "privacy": group.privacy,
            }
        )

    def given(self) -> dict[str, Any]:
        """What the actions take; only after `is_valid`."""
        return {**self.cleaned_data, "tags": self.cleaned_data["tags"].split(",")}


class NewGroupForm(GroupForm):
    slug = forms.CharField(
        label=_("Address"),
        max_length=SLUG_MAX,
        help_text=_("Small letters, digits and hyphens. It stays as it is."),
    )
    field_order = ["name", "slug"]
