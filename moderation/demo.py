"""The demo community is not always nice: reports that wait, a post that waits for review, a decision, and an appeal
against it."""

from collections.abc import Iterable, Mapping

from accounts.models import User
from feeds.actions import publish_post
from feeds.models import Post
from moderation.actions import appeal_sanction, decide_case, impose_sanction, report_target
from moderation.models import (
    AnswerTemplate,
    Case,
    HeldGroup,
    HeldProfile,
    Measure,
    Reason,
    Report,
    Sanction,
    ScreeningResult,
    ScreeningRule,
    TargetKind,
)
from moderation.screening.actions import change_rule, open_case_of
from moderation.screening.models import Mode, Outcome

_REPORTS = (
    ("tobias_k", "ben", Reason.SPAM, "The same link under three of my posts."),
    ("tobias_k", "cleo", Reason.SPAM, ""),
    ("tobias_k", "yuki_tanaka", Reason.HARASSMENT, "They keep writing to me after I asked them to stop."),
    ("wei_zhang", "greta_h", Reason.FALSE, "This trail is closed, people may get hurt."),
)
_IN_GROUPS = (  # these wait for the group's own moderators
    ("bread-and-butter", "greta_h", "henrik_dahl", Reason.OTHER, "She said no rye in this group."),
    ("bread-and-butter", "luzmarina", "camille_r", Reason.SPAM, ""),
    ("bread-and-butter", "luzmarina", "henrik_dahl", Reason.FALSE, ""),
)
_BLOCKED = "miracle cure\nget rich quick\nno prescription needed"
_HELD = (
    (
        "wei_zhang",
        "The book is called Get rich quick, and it is about compost. Recommended!",
        Case.Outcome.NOTHING,
    ),
    ("joao_batista", "No prescription needed, just write to me.", Case.Outcome.HIDE),
    (
        "tobias_k",
        "My back is as good as new! It was this miracle cure, write to me and I tell you where to get it.",
        None,
    ),
)
_FOUND = (
    ("links_new_account", ("1 link, account of 0 d",) * 4),
    ("same_text", ("4 times in 60 min", "5 times in 60 min")),
    ("mass_mentions", ("12 people",)),
)
_TEMPLATES = (
    ("Spam", Measure.HIDE, "This looked like advertising nobody asked for, so we hid it."),
    ("Be kind", Measure.WARN, "Please argue about things, not about people."),
    ("A week off", Measure.SUSPEND, "We asked before. Take a break, and come back kinder."),
)


def keep_order(people: Mapping[str, User], _posts: Mapping[str, Post]) -> None:
    """Posts and people are reported by the actions that anybody uses."""
    for name, measure, words in _TEMPLATES:
        AnswerTemplate.objects.get_or_create(name=name, defaults={"measure": measure, "words": words})
    for author, reporter, reason, details in _REPORTS:
        post = Post.objects.published().filter(author=people[author], visibility="public").first()
        if post is not None:
            report_target(
                kind=TargetKind.POST,
                ident=str(post.pk),
                reporter=people[reporter],
                reason=reason,
                details=details,
            )
    for slug, author, reporter, reason, details in _IN_GROUPS:
        post = Post.objects.published().filter(author=people[author], group__slug=slug).first()
        if post is not None:
            report_target(
                kind=TargetKind.POST,
                ident=str(post.pk),
                reporter=people[reporter],
                reason=reason,
                details=details,
            )
    _screen(people)
    report_target(
        kind=TargetKind.USER,
        ident="joao_batista",
        reporter=people["camille_r"],
        reason=Reason.IMPERSONATION,
        details="This is my cousin's picture.",
    )
    warning = impose_sanction(
        person=people["dora"],
        measure=Measure.WARN,
        actor=people["mod"],
        words="Please argue about things, not about people.",
    )
    appeal_sanction(
        sanction_id=warning.pk, person=people["dora"], words="It was a joke between friends. Ask them!"
    )


def _screen(people: Mapping[str, User]) -> None:
    """A list of words, somebody who used one and waits, and what rules found until now."""
    change_rule(rule="blocked_words", actor=people["mod"], entries=_BLOCKED)
    for author, content, decision in _HELD:
        post = publish_post(author=people[author], content=content)
        if decision:
            found = ScreeningResult.objects.get(target_kind=TargetKind.POST, target_id=post.pk)
            open_case_of(found.pk)
            case = Case.objects.open().get(target_kind=TargetKind.POST, target_id=post.pk)
            decide_case(case_id=case.pk, outcome=decision, actor=people["mod"])
    for rule, outcomes in _FOUND:
        ScreeningResult.objects.bulk_create(
            ScreeningResult(
                author=people["tobias_k"],
                target_kind=TargetKind.POST,
                outcome=Outcome.ALLOW,
                hits=[{"rule": rule, "mode": Mode.SHADOW, "outcome": Outcome.HOLD, "because": because}],
                text_hash="",
            )
            for because in outcomes
        )


def forget_people(user_ids: Iterable[int]) -> None:
    ids = list(user_ids)
    Sanction.objects.filter(person__in=ids).delete()
    Report.objects.filter(reporter__in=ids).delete()
    ScreeningResult.objects.filter(author__in=ids).delete()
    HeldProfile.objects.filter(person__in=ids).delete()
    HeldGroup.objects.filter(editor__in=ids).delete()
    Case.objects.filter(person__in=ids).delete()
    ScreeningRule.objects.filter(pk="blocked_words", entries=_BLOCKED).update(entries="")
