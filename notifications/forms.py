"""The form of the page of preferences: everything in one, so that it is saved at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from notifications import choices
from notifications.models import Digest, FromWhom
from notifications.preferences import Wishes
from notifications.registry import KINDS, PACE_LABELS, WAY_LABELS, Group, Kind, Way

GROUP_LABELS: dict[str, Promise] = {
    Group.TALK: _("Conversations"),
    Group.LIKES: _("Likes and shares"),
    Group.FOLLOWS: _("Followers"),
    Group.REQUESTS: _("Requests"),
    Group.OTHER: _("Everything else"),
}


@dataclass(frozen=True)
class Cell:
    """One way of one kind; without a field it cannot be chosen, and `is_on` says how it is."""

    way: Way
    label: Promise
    field: BoundField | None
    is_on: bool = True


@dataclass(frozen=True)
class Row:
    """One kind. `default` says in words what holds without a choice; empty where that is what holds."""

    kind: Kind
    cells: list[Cell]
    from_whom: BoundField | None
    pace: BoundField | None
    default: str

    @property
    def errors(self) -> list[str]:
        fields = [self.from_whom, self.pace, *(cell.field for cell in self.cells)]
        return [str(error) for field in fields if field for error in field.errors]


class WishesForm(forms.Form):
    is_on = forms.BooleanField(
        label=_("Tell me outside the inbox"),
        required=False,
        help_text=_("Without it you are told only of what concerns the safety of your account."),
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    loud_pass = forms.BooleanField(label=_("Mentions and replies may break through"), required=False)
    hourly_cap = forms.IntegerField(
        label=_("At most so many times an hour"),
        min_value=1,
        max_value=choices.CAP_MOST,
        help_text=_("What is more comes as one summary when there is room again."),
    )
    digest = forms.ChoiceField(
        label=_("Summary by mail"),
        choices=Digest.choices,
        help_text=_("Of what you have not looked at; never an empty one."),
    )

    def __init__(self, *args: Any, wishes: Wishes, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _initial(wishes))
        super().__init__(*args, **kwargs)
        self.wishes, self.usual = wishes, choices.defaults(wishes)
        for kind in KINDS.values():
            self._add(kind)

    def _add(self, kind: Kind) -> None:
        """The fields of one kind, named `like-pace` and so on."""
        usual, now = choices.of_kind(self.usual, kind.name), choices.of_kind(self.wishes, kind.name)
        for way in choices.ways_of(kind):
            self.fields[f"{kind.name}-{way}"] = forms.BooleanField(required=False)
        for name, labels in (
            ("pace", [(str(pace), PACE_LABELS[pace]) for pace in kind.paces]),
            ("from_whom", [each for each in FromWhom.choices if each[0] in choices.from_whom_of(kind)]),
        ):
            if len(labels) > 1:
                marked = [
                    (value, _marked(label, value == usual[name] != now[name])) for value, label in labels
                ]
                field = forms.ChoiceField(choices=marked)
                what = _now("When") if name == "pace" else _now("From whom")
                field.widget.attrs["aria-label"] = f"{what}: {kind.label}"
                self.fields[f"{kind.name}-{name}"] = field

    @property
    def groups(self) -> Iterator[tuple[str, Promise, list[Row]]]:
        """The kinds by the tabs of the inbox."""
        for group in Group:
            rows = [self._row(kind) for kind in KINDS.values() if kind.group is group]
            yield str(group), GROUP_LABELS[group], rows

    def _row(self, kind: Kind) -> Row:
        def field(name: str) -> BoundField | None:
            full = f"{kind.name}-{name}"
            return self[full] if full in self.fields else None

        cells = [Cell(way, WAY_LABELS[way], field(way), way in kind.ways) for way in choices.WAYS]
        is_usual = choices.of_kind(self.wishes, kind.name) == choices.of_kind(self.usual, kind.name)
        return Row(kind, cells, field("from_whom"), field("pace"), "" if is_usual else self._usually(kind))

    def _usually(self, kind: Kind) -> str:
        usual = choices.of_kind(self.usual, kind.name)
        ways = ", ".join(str(WAY_LABELS[way]) for way in (Way.INBOX, *usual["ways"]))
        return f"{ways}; {PACE_LABELS[usual['pace']]}"

    @property
    def settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in choices.SETTINGS}

    @property
    def kinds(self) -> dict[str, dict[str, Any]]:
        return {kind.name: self._chosen(kind) for kind in KINDS.values() if not kind.urgent}

    def _chosen(self, kind: Kind) -> dict[str, Any]:
        data = self.cleaned_data
        chosen: dict[str, Any] = {
            name: data[f"{kind.name}-{name}"]
            for name in ("pace", "from_whom")
            if f"{kind.name}-{name}" in self.fields
        }
        chosen["ways"] = [str(way) for way in choices.WAYS if data[f"{kind.name}-{way}"]]
        return chosen


def _marked(label: Any, is_left: bool) -> str:
    """With a word where it is the default that something else was chosen over."""
    return _now("%(choice)s (default)") % {"choice": label} if is_left else str(label)


def _initial(wishes: Wishes) -> dict[str, Any]:
    initial = choices.of_settings(wishes.settings)
    for kind in KINDS:
        chosen = choices.of_kind(wishes, kind)
        initial |= {f"{kind}-{way}": True for way in chosen["ways"]}
        initial |= {f"{kind}-{name}": chosen[name] for name in ("pace", "from_whom")}
    return initial
