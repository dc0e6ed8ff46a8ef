"""What the composer sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.conf.locale import LANG_INFO
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from feeds.models import ALT_MAX, CONTENT_MAX, MEDIA_MOST, WARNING_MAX, Draft, Media
from feeds.schedule import ScheduleField

AUDIENCES = [
    ("public", _("Everybody")),
    ("followers", _("Followers")),
    ("friends", _("Friends")),
    ("private", _("Only me")),
]
REPLY_POLICIES = [
    ("everyone", _("Comments: everybody")),
    ("followers", _("Comments: followers")),
    ("mentioned", _("Comments: people mentioned")),
]
# Each by its own name. What a browser or a draft says beyond these is offered, too.
_CODES = (
    "ar", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "ga",
    "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "ko", "lt", "lv", "mk", "ml", "ms", "nb",
    "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur",
    "vi", "zh-hans", "zh-hant",
)  # fmt: skip
LANGUAGES = sorted(
    (
        (code, str(LANG_INFO[code]["name_local"]))
        for code in _CODES
        if "name_local" in LANG_INFO.get(code, {})
    ),
    key=lambda pair: pair[1].casefold(),
)
_ID_MAX = 2**53


@dataclass
class PictureRow:
    """A picture of the composer, with what was typed to describe it."""

    media: Media
    alt: str


class PostForm(forms.Form):
    """Shape only; what may be kept is decided by the action."""

    content = forms.CharField(
        label=_("What do you want to say?"), strip=False, required=False, max_length=CONTENT_MAX * 5
    )
    visibility = forms.ChoiceField(
        label=_("Who may see it"), choices=AUDIENCES, initial="public", required=False
    )
    reply_policy = forms.ChoiceField(
        label=_("Who may comment"), choices=REPLY_POLICIES, initial="everyone", required=False
    )
    language = forms.RegexField(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$", required=False, max_length=12)
    content_warning = forms.CharField(required=False, max_length=WARNING_MAX * 5)
    scheduled_for = ScheduleField(label=_("When to publish"), required=False)
    pictures = forms.Field(required=False, widget=forms.FileInput)  # a place for what is wrong with them
    quote = forms.IntegerField(required=False, min_value=1, max_value=_ID_MAX)
    draft = forms.IntegerField(required=False, min_value=1, max_value=_ID_MAX)
    version = forms.IntegerField(required=False, min_value=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows: list[PictureRow] = []

    @classmethod
    def of_draft(cls, draft: Draft) -> "PostForm":
        """The composer as it was left."""
        form = cls(
            initial={
                "content": draft.content,
                "visibility": draft.visibility,
                "language": draft.language,
                "reply_policy": draft.reply_policy,
                "content_warning": draft.content_warning,
                "scheduled_for": draft.scheduled_for,
                "quote": draft.share_of_id,
                "draft": draft.pk,
                "version": draft.version,
            }
        )
        form.show(draft.pictures)
        return form

    @property
    def named_ids(self) -> list[int]:
        """The pictures that were sent along by name, in their order."""
        texts = cast(QueryDict, self.data).getlist("media_ids")[: MEDIA_MOST * 2] if self.is_bound else []
        ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= 16]
        return list(dict.fromkeys(ids))

    def show(self, pictures: Sequence[Media]) -> None:
        """Make the rows of `pictures`, with the descriptions as they were typed."""
        self.rows = [PictureRow(media, self._alt_of(media)) for media in pictures]

    def _alt_of(self, media: Media) -> str:
        typed = self.data.get(f"alt_{media.pk}") if self.is_bound else None
        return media.alt if typed is None else str(typed)[: ALT_MAX * 5].replace("\r\n", "\n")

    def move(self, media_id: int, by: int) -> None:
        """Put the picture one place earlier or later; at the end of the row nothing happens."""
        at = next((place for place, row in enumerate(self.rows) if row.media.pk == media_id), None)
        if at is not None and 0 <= at + by < len(self.rows):
            self.rows.insert(at + by, self.rows.pop(at))

    def remove(self, media_id: int) -> None:
        self.rows = [row for row in self.rows if row.media.pk != media_id]

    def forget_version(self) -> None:
        """From now on this text replaces whatever version is stored."""
        self.data = cast(QueryDict, self.data).copy()
        self.data["version"] = ""

    def written(self) -> dict[str, Any]:
        """What publishing and keeping have in common; only after `is_valid`."""
        data = self.cleaned_data
        return {
            "content": data["content"],
            "visibility": data["visibility"] or "public",
            "language": data["language"],
            "reply_policy": data["reply_policy"] or "everyone",
            "content_warning": data["content_warning"],
            "media_ids": [row.media.pk for row in self.rows],
        }


class GroupPostForm(forms.Form):
    """What is said in a group from its page; pictures come by the API."""

    content = forms.CharField(
        label=_("What do you want to say to the group?"),
        strip=False,
        max_length=CONTENT_MAX * 5,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )
    content_warning = forms.CharField(label=_("Content warning"), required=False, max_length=WARNING_MAX * 5)
