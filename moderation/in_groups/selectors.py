"""Reads: what waits for the moderators of a group, and what stands beside one case. Never who reported it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count
from django.urls import reverse

from accounts.models import Viewer
from feeds.models import Post
from groups.models import Membership
from groups.selectors import SeenGroup
from moderation import targets, thread
from moderation.models import Case, Reason, Report
from moderation.targets import Target
from moderation.thread import Said
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.outbox.ids import MAX_ID

WAITING_MOST = 99  # beside the tab
_HISTORY = 10


@dataclass(frozen=True)
class Named:
    """A reason, and how many gave it."""

    reason: str
    label: str
    many: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A case as a group's moderators see it in their queue."""

    case: Case
    reasons: Sequence[Named]

    @property
    def until(self) -> datetime:
        """When the site's moderators take over."""
        return self.case.opened_at + timedelta(hours=settings.GROUP_REPORT_HOURS)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What helps to decide a case. `membership`, `post_count` and `earlier` are of whom it is about, in this group."""

    target: Target | None
    thread: Sequence[Said]
    membership: Membership | None
    post_count: int
    earlier: Sequence[Case]


def queue_of(
    *, seen: SeenGroup, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[Waiting]:
    """The open cases of the group, newest first, in two queries; not those about the viewer. Raises `NotFound` for
    whoever does not moderate it."""
    check_moderates(seen)
    cases = Case.objects.with_groups().filter(group=seen.group).exclude(person=viewer.pk)
    if cursor is not None:
        cases = cases.filter(pk__lt=cursor.before)
    page: Page[Case] = Page.of(cases.select_related("person").order_by("-id"), size=size)
    reasons = _reasons([case.pk for case in page.items])
    items = [Waiting(case=case, reasons=reasons[case.pk]) for case in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


def get_group_case(case_id: int, *, seen: SeenGroup, viewer: Viewer, or_escalated: bool = False) -> Waiting:
    """One that the group's moderators decide, or decided; with `or_escalated` also what is the site's by now, of which
    nothing is to be shown. Raises `NotFound` for others, and for whom it is about."""
    check_moderates(seen)
    case = None
    if 0 < case_id <= MAX_ID:
        cases = Case.objects.filter(group=seen.group).exclude(person=viewer.pk)
        cases = cases if or_escalated else cases.filter(escalated_at=None)
        case = cases.select_related("person").filter(pk=case_id).first()
    if case is None:
        raise NotFound
    return Waiting(case=case, reasons=_reasons([case.pk])[case.pk])


def beside(case: Case) -> Beside:
    membership, post_count, earlier = None, 0, Case.objects.none()
    if case.person_id is not None:
        membership = Membership.objects.filter(group=case.group_id, user=case.person_id).first()
        post_count = Post.objects.filter(author=case.person_id, group=case.group_id, deleted_at=None).count()
        earlier = Case.objects.filter(
            person=case.person_id, group=case.group_id, escalated_at=None, closed_at__isnull=False
        ).exclude(pk=case.pk)
    return Beside(
        target=targets.found(case.target_kind, case.target_id),
        thread=thread.around(case, with_hidden=False),
        membership=membership,
        post_count=post_count,
        earlier=list(earlier.order_by("-id")[:_HISTORY]),
    )


def waiting_in(group_id: int, moderator_id: int) -> int:
    """How many cases a moderator of the group has before them, `WAITING_MOST` at most; not those about them."""
    cases = Case.objects.with_groups().filter(group=group_id).exclude(person=moderator_id)
    return cases[:WAITING_MOST].count()


def reports_page_of(slug: str) -> str:
    return reverse("group_reports", args=[slug])


def check_moderates(seen: SeenGroup) -> None:
    """Raises `NotFound` for whoever does not moderate the group: for them it has no queue."""
    if not seen.can_moderate:
        raise NotFound


def _reasons(case_ids: Collection[int]) -> Mapping[int, list[Named]]:
    counted = Report.objects.filter(case__in=case_ids).values("case_id", "reason").annotate(many=Count("pk"))
    found: dict[int, list[Named]] = defaultdict(list)
    for row in counted.order_by("case_id", "-many", "reason"):
        label = str(Reason(row["reason"]).label)
        found[row["case_id"]].append(Named(row["reason"], label, row["many"]))
    return found
