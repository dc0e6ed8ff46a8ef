"""What the composer sends."""

from django import forms
from django.utils.translation import gettext_lazy as _

from feeds.models import CONTENT_MAX

AUDIENCES = [
    ("public", _("Everybody")),
    ("followers", _("Followers")),
    ("friends", _("Friends")),
    ("private", _("Only me")),
]


class PostForm(forms.Form):
    """Shape only; what may be kept is decided by the action."""

    content = forms.CharField(
        label=_("What do you want to say?"), strip=False, required=False, max_length=CONTENT_MAX * 5
    )
    visibility = forms.ChoiceField(
        label=_("Who may see it"), choices=AUDIENCES, initial="public", required=False
    )
    language = forms.RegexField(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$", required=False, max_length=12)
