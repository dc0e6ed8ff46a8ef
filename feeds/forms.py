"""What the composer sends."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.conf.locale import LANG_INFO
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from feeds.door import Audience
from feeds.models import ALT_MAX, CONTENT_MAX, MEDIA_MOST, WARNING_MAX, Draft, Media
from feeds.schedule import ScheduleField
from groups.models import SLUG_MAX, Group

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
_GROUP = re.compile(rf"group:[a-z0-9-]{{1,{SLUG_MAX}}}", re.ASCII)


def audience_of(visibility: str, group: Group | None) -> str:
    """What the composer's list says of an audience: that of a group with the group's address."""
    return f"group:{group.slug}" if group else visibility


class AudienceField(forms.ChoiceField):
    """One of the audiences, or `group:` and the address of any group: which one may be is not for a form to say."""

    def valid_value(self, value: Any) -> bool:
        return super().valid_value(value) or bool(_GROUP.fullmatch(str(value)))


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
    visibility = AudienceField(label=_("Who may see it"), choices=AUDIENCES, initial="public", required=False)
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
    place = forms.ChoiceField(
        required=False, choices=[("group", "group")]
    )  # where it stands, to return there

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows: list[PictureRow] = []
        self.groups: list[tuple[str, str]] | None = None  # None: the page asks for them when they are wanted

    @classmethod
    def of_draft(cls, draft: Draft) -> "PostForm":
        """The composer as it was left."""
        form = cls(
            initial={
                "content": draft.content,
                "visibility": audience_of(draft.visibility, draft.group),
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

    @classmethod
    def within(cls, group: Group) -> "PostForm":
        """The composer on the page of a group."""
        form = cls(initial={"visibility": audience_of(Audience.GROUP, group), "place": "group"})
        form.offer([group])
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

    def offer(self, groups: Sequence[Group]) -> None:
        """Let `groups` be chosen, too. One that is chosen already stays, whatever has become of it."""
        self.groups = [(audience_of(Audience.GROUP, group), group.name) for group in groups]
        chosen = str(self["visibility"].value())
        if _GROUP.fullmatch(chosen) and chosen not in dict(self.groups):
            self.groups.insert(0, (chosen, chosen.partition(":")[2]))

    @property
    def slug(self) -> str:
        """The address of the group that is chosen; only after `is_valid`."""
        audience, _colon, slug = self.cleaned_data["visibility"].partition(":")
        return slug if audience == Audience.GROUP else ""

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
        """What publishing and keeping have in common, but the group; only after `is_valid`."""
        data = self.cleaned_data
        return {
            "content": data["content"],
            "visibility": data["visibility"] or "public",
            "language": data["language"],
            "reply_policy": data["reply_policy"] or "everyone",
            "content_warning": data["content_warning"],
            "media_ids": [row.media.pk for row in self.rows],
        }
