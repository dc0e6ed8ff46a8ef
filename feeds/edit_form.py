"""What the page for editing a post sends: the text, and a row for each picture that works without JavaScript."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.conf.locale import LANG_INFO
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from feeds.actions import audiences_within, version_of
from feeds.door import Audience
from feeds.forms import AUDIENCES, REPLY_POLICIES
from feeds.models import ALT_MAX, CONTENT_MAX, MEDIA_MOST, WARNING_MAX, Media, Post
from socialnet.kernel.pictures import ACCEPT

LANGUAGES = sorted(
    ((code, info["name_local"]) for code, info in LANG_INFO.items() if "name_local" in info),
    key=lambda pair: pair[1].casefold(),
)


@dataclass
class PictureRow:
    """A picture of the form: `place` is where its author wants it, smallest first."""

    media: Media
    alt: str
    place: int
    removed: bool = False


class SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Only drawn here: whether files are pictures is found out when they are drawn anew, which the view sees to."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> None:
        return None


class EditForm(forms.Form):
    """Shape only; what may be kept is decided by the action."""

    content = forms.CharField(
        label=_("What do you want to say?"),
        strip=False,
        required=False,
        max_length=CONTENT_MAX * 5,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )
    content_warning = forms.CharField(
        label=_("Content warning"),
        required=False,
        max_length=WARNING_MAX * 5,
        help_text=_("Shown first; who wants to read on opens the post."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    visibility = forms.ChoiceField(
        label=_("Who may see it"),
        help_text=_("It can be shown to fewer people than before, not to more."),
    )
    reply_policy = forms.ChoiceField(
        label=_("Who may comment"),
        choices=REPLY_POLICIES,
        required=False,
        help_text=_("What was said already stays."),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    pictures = FilesField(
        label=_("Add pictures"),
        required=False,
        help_text=_("JPEG, PNG, WebP, GIF, AVIF or HEIC, at most 10 MB each, 4 in all."),
        widget=SeveralFiles(attrs={"accept": ACCEPT}),
    )
    version = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, files: Any = None, *, post: Post) -> None:
        super().__init__(
            data,
            files,
            initial={
                "content": post.content,
                "content_warning": post.content_warning,
                "visibility": post.visibility,
                "language": post.language,
                "reply_policy": post.reply_policy,
                "version": version_of(post.edited_at),
            },
        )
        self.rows: list[PictureRow] = []
        within = audiences_within(post.visibility)
        known = [*LANGUAGES, *([(post.language, post.language)] if post.language not in LANG_INFO else [])]
        # Any audience is taken, the narrower ones are offered: what was public a moment ago is for the action to judge.
        audiences = [*AUDIENCES, (Audience.GROUP.value, _("Its group"))]
        self.choose("visibility", audiences, offered=[pair for pair in audiences if pair[0] in within])
        self.choose("language", [("", _("Not said")), *(pair for pair in known if pair[0])])

    def clean_content(self) -> str:
        """Browsers send line ends of their own."""
        return str(self.cleaned_data["content"]).replace("\r\n", "\n")

    def choose(
        self, name: str, choices: Sequence[tuple[str, Any]], *, offered: Sequence[tuple[str, Any]] = ()
    ) -> None:
        field = cast(forms.ChoiceField, self.fields[name])
        field.choices = list(choices)
        cast(forms.Select, field.widget).choices = list(offered or choices)

    @property
    def named_ids(self) -> list[int]:
        """The pictures that the form has rows for."""
        data = cast(QueryDict, self.data)
        texts = data.getlist("media_ids")[: MEDIA_MOST * 2] if self.is_bound else []
        return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= 16]

    def show(self, pictures: Sequence[Media]) -> None:
        """Make the rows: of what was sent, or of the post as it is."""
        self.rows = [self._row(media, place) for place, media in enumerate(pictures, start=1)]

    def _row(self, media: Media, place: int) -> PictureRow:
        if not self.is_bound:
            return PictureRow(media, media.alt, place)
        wanted = self.data.get(f"order_{media.pk}", "")
        return PictureRow(
            media,
            self.data.get(f"alt_{media.pk}", media.alt)[: ALT_MAX * 5].replace("\r\n", "\n"),
            int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 4 else place,
            f"remove_{media.pk}" in self.data,
        )

    @property
    def kept(self) -> list[PictureRow]:
        return sorted((row for row in self.rows if not row.removed), key=lambda row: row.place)

    def changes(self) -> dict[str, Any]:
        """What `actions.edit_post` takes."""
        names = ("content", "content_warning", "visibility", "language", "version")
        return {name: self.cleaned_data[name] for name in names} | {
            "reply_policy": self.cleaned_data["reply_policy"] or None,
            "media_ids": [row.media.pk for row in self.kept],
            "alts": {row.media.pk: row.alt for row in self.kept},
        }
