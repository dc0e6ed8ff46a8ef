"""The sentences in which people are told: the same on the page, in letters and in push messages.

For one, two, a few and many people. Names come first, so that a sentence that is cut off still says who.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from notifications.items import InboxItem

STORM = 500  # so many that their exact number says nothing any more
FEW = 5


@dataclass(frozen=True)
class Summary:
    """What is told together: a title, a line for each piece of news, and where it leads."""

    title: str
    lines: tuple[str, ...]
    url: str


def people(names: Sequence[str], count: int) -> str:
    """Those who did it, as the subject of a sentence: `names` are the newest of `count` people."""
    if count >= STORM:
        return _("%(count)s+ people") % {"count": count // STORM * STORM}
    if not names:
        return ngettext("Somebody", "%(count)s people", max(count, 1)) % {"count": count}
    if count <= 1:
        return names[0]
    if count == 2 and len(names) > 1:
        return _("%(first)s and %(second)s") % {"first": names[0], "second": names[1]}
    if count <= FEW and len(names) > 1:
        others = count - 2
        facts = {"first": names[0], "second": names[1], "others": others}
        return (
            ngettext(
                "%(first)s, %(second)s and %(others)s other",
                "%(first)s, %(second)s and %(others)s others",
                others,
            )
            % facts
        )
    others = count - 1
    return ngettext("%(first)s and %(others)s other", "%(first)s and %(others)s others", others) % {
        "first": names[0],
        "others": others,
    }


def sentence(kind: str, *, names: Sequence[str], count: int, words: Mapping[str, str]) -> str:
    """What happened, in the active language."""
    return _SENTENCES[kind](people(names, count), max(count, 1), words)


def summary(items: Sequence["InboxItem"]) -> Summary:
    """One piece of news as it is; several under a number."""
    if len(items) == 1:
        (only,) = items
        return Summary(only.text, (only.excerpt,) if only.excerpt else (), only.url)
    many = len(items)
    title = ngettext("%(count)s new notification", "%(count)s new notifications", many) % {"count": many}
    return Summary(title, tuple(item.text for item in items), reverse("notifications"))


Sentence = Callable[[str, int, Mapping[str, str]], str]


def _did(one: Callable[[int], str]) -> Sentence:
    return lambda people, count, _words: one(count) % {"people": people}


def _of_group(one: Callable[[int], str], nameless: Callable[[int], str]) -> Sentence:
    """With the name of the group, unless its reader may not know of it any more."""

    def sentence(people: str, count: int, words: Mapping[str, str]) -> str:
        name = words.get("group")
        facts = {"people": people, "group": name}
        return (one if name else nameless)(count) % facts

    return sentence


def _security(_people: str, _count: int, words: Mapping[str, str]) -> str:
    what, device = words.get("what"), words.get("device")
    if what == "password":
        return _("Your password was changed.")
    if what == "email":
        return _("Your e-mail address was changed.")
    if device:
        return _("New sign-in to your account: %(device)s.") % {"device": device}
    return _("New sign-in to your account.")


def _report_outcome(_people: str, _count: int, words: Mapping[str, str]) -> str:
    if words.get("acted"):
        return _("Thank you for your report: moderators acted on it.")
    return _("Thank you for your report: moderators looked, and left it as it is.")


def _group_report(_people: str, _count: int, words: Mapping[str, str]) -> str:
    return _("Something was reported in %(group)s: its moderators decide.") % {"group": words["group"]}


_DECIDED: Mapping[str, Callable[[], str]] = {
    "warn": lambda: _("Moderators warn you about something you did."),
    "hide": lambda: _("Moderators hid something you wrote."),
    "limit": lambda: _("Moderators limited your account."),
    "suspend": lambda: _("Moderators suspended your account."),
    "ban": lambda: _("Moderators banned your account."),
    "ended": lambda: _("A decision of moderators about you has ended."),
    "granted": lambda: _("Your appeal was granted."),
    "refused": lambda: _("Your appeal was answered; the decision stands."),
    "released": lambda: _("Moderators looked at what you wrote: others see it now."),
}


def _sanction(_people: str, _count: int, words: Mapping[str, str]) -> str:
    return _DECIDED[words["what"]]()


_SENTENCES: Mapping[str, Sentence] = {
    "follow": _did(lambda n: ngettext("%(people)s follows you", "%(people)s follow you", n)),
    "follow_request": _did(
        lambda n: ngettext("%(people)s asks to follow you", "%(people)s ask to follow you", n)
    ),
    "request_accepted": _did(
        lambda n: ngettext("%(people)s lets you follow them", "%(people)s let you follow them", n)
    ),
    "group_invitation": _of_group(
        lambda n: ngettext(
            "%(people)s invites you to the group %(group)s", "%(people)s invite you to the group %(group)s", n
        ),
        lambda n: ngettext("%(people)s invites you to a group", "%(people)s invite you to a group", n),
    ),
    "group_request": _of_group(
        lambda n: ngettext(
            "%(people)s asks to join the group %(group)s", "%(people)s ask to join the group %(group)s", n
        ),
        lambda n: ngettext("%(people)s asks to join a group", "%(people)s ask to join a group", n),
    ),
    "group_accepted": _of_group(
        lambda n: ngettext(
            "%(people)s let you into the group %(group)s", "%(people)s let you into the group %(group)s", n
        ),
        lambda n: ngettext("%(people)s let you into a group", "%(people)s let you into a group", n),
    ),
    "like": _did(lambda n: ngettext("%(people)s likes your post", "%(people)s like your post", n)),
    "comment_like": _did(
        lambda n: ngettext("%(people)s likes your comment", "%(people)s like your comment", n)
    ),
    "comment": _did(
        lambda n: ngettext("%(people)s commented on your post", "%(people)s commented on your post", n)
    ),
    "reply": _did(
        lambda n: ngettext("%(people)s answered your comment", "%(people)s answered your comment", n)
    ),
    "mention": _did(lambda n: ngettext("%(people)s mentioned you", "%(people)s mentioned you", n)),
    "share": _did(lambda n: ngettext("%(people)s shared your post", "%(people)s shared your post", n)),
    "quote": _did(lambda n: ngettext("%(people)s quoted your post", "%(people)s quoted your post", n)),
    "new_post": _did(lambda n: ngettext("%(people)s posted", "%(people)s posted", n)),
    "group_post": _of_group(
        lambda n: ngettext("%(people)s posted in %(group)s", "%(people)s posted in %(group)s", n),
        lambda n: ngettext("%(people)s posted in a group", "%(people)s posted in a group", n),
    ),
    "post_published": lambda _people, _count, _words: _("The post that you scheduled is out."),
    "post_failed": lambda _people, _count, _words: _("A post that you scheduled could not be published."),
    "security": _security,
    "group_report": _group_report,
    "report_outcome": _report_outcome,
    "sanction": _sanction,
    "system": lambda _people, _count, words: words.get("text", ""),
}
