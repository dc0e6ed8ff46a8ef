"""What the pages of groups send."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.models import (
    COVER_ALT_MAX,
    DESCRIPTION_MAX,
    NAME_MAX,
    RULES_MAX,
    SLUG_MAX,
    Category,
    Group,
    Privacy,
)
from socialnet.kernel.pictures import ACCEPT, MAX_BYTES


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

    def given(self) -> dict[str, Any]:
        """What the actions take; only after `is_valid`."""
        return {**self.cleaned_data, "tags": self.cleaned_data["tags"].split(",")}


class CoveredGroupForm(GroupForm):
    """With a cover, which nobody has to have."""

    cover = forms.FileField(
        label=_("Cover"),
        required=False,
        allow_empty_file=True,
        help_text=_(
            "JPEG, PNG, WebP, GIF, AVIF or HEIC, at most 10 MB. It is cut three times as wide as high."
        ),
        widget=forms.FileInput(
            attrs={
                "accept": ACCEPT,
                "data-most": MAX_BYTES,
                "data-too-large": _("This picture is too large: 10 MB at most, please."),
            }
        ),
    )
    cover_alt = forms.CharField(
        label=_("What is to be seen on the cover"),
        max_length=COVER_ALT_MAX,
        required=False,
        help_text=_("For people who do not see it."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


class NewGroupForm(CoveredGroupForm):
    slug = forms.CharField(
        label=_("Address"),
        max_length=SLUG_MAX,
        help_text=_("Small letters, digits and hyphens. It stays as it is."),
    )
    field_order = ["name", "slug", "description", "rules", "category", "tags", "privacy"]


class GroupSettingsForm(CoveredGroupForm):
    """Of a group that is there."""

    without_cover = forms.BooleanField(label=_("Remove the cover"), required=False)
    opens = forms.BooleanField(
        label=_("Yes, let everybody read all of it"),
        required=False,
        help_text=_("What was said in the group until now was for its members; so was who they are."),
    )
    field_order = ["cover", "cover_alt", "without_cover"]

    def __init__(self, *args: Any, group: Group, **options: Any) -> None:
        options["initial"] = self._initial(group)
        super().__init__(*args, **options)
        if not group.cover:
            del self.fields["without_cover"]
        if not self._would_open(group):
            del self.fields["opens"]

    def _would_open(self, group: Group) -> bool:
        """Whether everybody shall read what was said for members alone."""
        return group.privacy != Privacy.PUBLIC and self.data.get("privacy") == Privacy.PUBLIC

    def clean_opens(self) -> bool:
        if not self.cleaned_data["opens"]:
            raise forms.ValidationError(
                _("In a public group everybody reads all earlier posts, too: is that meant?")
            )
        return True

    def given(self) -> dict[str, Any]:
        return {name: value for name, value in super().given().items() if name != "opens"}

    @staticmethod
    def _initial(group: Group) -> dict[str, Any]:
        return {
            "name": group.name,
            "description": group.description,
            "rules": group.rules,
            "category": group.category,
            "tags": ", ".join(group.tags),
            "privacy": group.privacy,
            "cover_alt": group.cover_alt,
        }
