"""What the form under a post sends."""

from django import forms
from django.utils.translation import gettext_lazy as _

from interactions.models import COMMENT_MAX

_ID_MAX = 2**53


class CommentForm(forms.Form):
    """Shape only; what may be kept is decided by the action."""

    content = forms.CharField(
        label=_("Your comment"),
        strip=False,
        required=False,
        max_length=COMMENT_MAX * 5,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    parent_id = forms.IntegerField(required=False, min_value=1, max_value=_ID_MAX, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def clean_content(self) -> str:
        """Browsers send line ends of their own."""
        return str(self.cleaned_data["content"]).replace("\r\n", "\n")
