"""Reads: groups as somebody may know of them, and who is in them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, Exists, IntegerField, OuterRef, Value, When
from django.db.models.query import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Block, User, Viewer
from accounts.selectors import PersonRow, relations_of
from groups import hooks
from groups.errors import BannedFromGroup, GroupIsPrivate, HiddenGroup, InvalidGroup
from groups.models import Category, Group, Membership, Privacy
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page

Status = Membership.Status


@dataclass(frozen=True)
class SeenGroup:
    """A group, and what its viewer is in it."""

    group: Group
    membership: Membership | None

    @property
    def my_role(self) -> str | None:
        return self.membership.role if self.membership and self.membership.is_active else None

    @property
    def my_status(self) -> str | None:
        return self.membership.status if self.membership else None

    @property
    def my_notify(self) -> str | None:
        return self.membership.notify if self.membership and self.my_status != Status.BANNED else None

    @property
    def is_member(self) -> bool:
        return self.my_role is not None

    @property
    def can_read(self) -> bool:
        """What was said there, and who is in it."""
        return self.is_member or (self.group.privacy == Privacy.PUBLIC and self.my_status != Status.BANNED)

    @property
    def can_moderate(self) -> bool:
        return self.my_role in (Membership.Role.OWNER, Membership.Role.MODERATOR)

    @property
    def reports_page(self) -> str:
        """Where its viewer sees what was reported there; nothing for who does not moderate it."""
        return hooks.reports_page(self.group.slug) if self.can_moderate else ""

    @property
    def reports_waiting(self) -> int:
        return hooks.reports_waiting(self.group.pk, self.membership.user_id) if self.membership else 0

    @property
    def is_owner(self) -> bool:
        return self.my_role == Membership.Role.OWNER


@dataclass(frozen=True, kw_only=True)
class MemberRow(PersonRow):
    """Somebody in a list of a group, as `accounts/_person.html` draws people."""

    membership: Membership

    @property
    def note(self) -> str:
        role = self.membership.role
        return "" if role == Membership.Role.MEMBER else str(self.membership.get_role_display())


def membership_of(group: Group, person: Viewer) -> Membership | None:
    if not person.is_authenticated:
        return None
    return Membership.objects.filter(group=group.pk, user=person.pk).first()


def can_moderate(user: Viewer, group: Group) -> bool:
    """Whether `user` may act on what others say in `group`."""
    found = membership_of(group, user)
    return found is not None and found.is_active and found.role != Membership.Role.MEMBER


def get_visible_group(slug: str, *, viewer: Viewer) -> SeenGroup:
    """The group, or `NotFound` when there is none or `viewer` may not know of it: nobody can tell which.

    `HiddenGroup`, which is one, for members of a group that moderators hid.
    """
    group = Group.objects.seen_by(viewer).select_related("counts").filter(slug=slug).first()
    if group is None:
        raise HiddenGroup if _is_in_hidden(slug, viewer) else NotFound
    return SeenGroup(group, membership_of(group, viewer))


def _is_in_hidden(slug: str, viewer: Viewer) -> bool:
    if not viewer.is_authenticated:
        return False
    hidden = Group.objects.kept().exclude(hidden_at=None).filter(slug=slug)
    return Membership.objects.active().filter(group__in=hidden, user=viewer.pk).exists()


def seen_groups(group_ids: Collection[int], *, viewer: Viewer) -> dict[int, SeenGroup]:
    """Those of the groups that `viewer` may know of, by id; in two queries."""
    groups = Group.objects.seen_by(viewer).select_related("counts").in_bulk(list(group_ids))
    mine: dict[int, Membership] = {}
    if viewer.is_authenticated:
        rows = Membership.objects.filter(group__in=groups, user=viewer.pk)
        mine = {row.group_id: row for row in rows}
    return {pk: SeenGroup(group, mine.get(pk)) for pk, group in groups.items()}


def seen_by_address(slugs: Iterable[str], *, viewer: Viewer) -> dict[str, SeenGroup]:
    """As `seen_groups`, by address."""
    ids = Group.objects.filter(slug__in=set(slugs)).values_list("pk", flat=True)
    return {seen.group.slug: seen for seen in seen_groups(list(ids), viewer=viewer).values()}


def check_readable(seen: SeenGroup) -> None:
    """Raises `BannedFromGroup` or `GroupIsPrivate` for whoever sees that there is a group, and no more."""
    if seen.my_status == Status.BANNED:
        raise BannedFromGroup
    if not seen.can_read:
        raise GroupIsPrivate


def groups_of(*, person: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[SeenGroup]:
    """What `person` is in, is invited to, or asked to join, the latest first."""
    rows = (
        Membership.objects.filter(user=person.pk, group__deleted_at=None, group__hidden_at=None)
        .exclude(status=Status.BANNED)
        .before(cursor)
        .select_related("group__counts")
        .order_by("-id")
    )
    page: Page[Membership] = Page.of(rows, size=size)
    return Page(items=[SeenGroup(row.group, row) for row in page.items], next_cursor=page.next_cursor)


def member_groups(person: User) -> list[Group]:
    """All in which `person` may post, by name."""
    mine = Membership.objects.active().filter(user=person.pk, group=OuterRef("pk"))
    return list(Group.objects.standing().filter(Exists(mine)).order_by("name", "pk"))


def discoverable(
    *, viewer: Viewer, category: str = "", cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[SeenGroup]:
    """Groups that everybody may know of and `viewer` has nothing to do with yet, the newest first.

    With a `category` only those of it; raises `InvalidGroup` for one that there is not.
    """
    groups = Group.objects.standing().exclude(privacy=Privacy.INVITE)
    if category:
        if category not in Category.values:
            raise InvalidGroup(category=[_("There is no such category.")])
        groups = groups.filter(category=category)
    if viewer.is_authenticated:
        groups = groups.exclude(Exists(Membership.objects.filter(group=OuterRef("pk"), user=viewer.pk)))
    page: Page[Group] = Page.of(groups.before(cursor).select_related("counts").order_by("-id"), size=size)
    return Page(items=[SeenGroup(group, None) for group in page.items], next_cursor=page.next_cursor)


def members_of(
    *, seen: SeenGroup, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[MemberRow]:
    """Who is in the group, the latest first. Raises as `check_readable` does."""
    check_readable(seen)
    return _people(seen, [Status.ACTIVE], viewer, cursor, size)


def staff_of(*, seen: SeenGroup, viewer: Viewer) -> list[MemberRow]:
    """Its owners and moderators, owners first; raises as `check_readable` does."""
    check_readable(seen)
    rank = Case(
        When(role=Membership.Role.OWNER, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    rows = _rows(seen, [Status.ACTIVE], viewer).exclude(role=Membership.Role.MEMBER)
    return _told(list(rows.order_by(rank, "pk")[:50]), viewer)


def waiting_in(
    *,
    seen: SeenGroup,
    viewer: Viewer,
    statuses: Sequence[str] = (Status.PENDING,),
    cursor: Cursor | None = None,
    size: int = PAGE_SIZE,
) -> Page[MemberRow]:
    """Who asks to join, is invited, or banned: for moderators; raises `Forbidden` for others."""
    if not seen.can_moderate:
        raise Forbidden
    return _people(seen, statuses, viewer, cursor, size)


def _people(
    seen: SeenGroup, statuses: Sequence[str], viewer: Viewer, cursor: Cursor | None, size: int
) -> Page[MemberRow]:
    page: Page[Membership] = Page.of(
        _rows(seen, statuses, viewer).filter(**({"pk__lt": cursor.before} if cursor else {})).order_by("-id"),
        size=size,
    )
    return Page(items=_told(page.items, viewer), next_cursor=page.next_cursor)


def _rows(seen: SeenGroup, statuses: Sequence[str], viewer: Viewer) -> "QuerySet[Membership]":
    rows = Membership.objects.filter(
        group=seen.group.pk, status__in=statuses, user__is_active=True, user__suspended_at=None
    ).select_related("user__counts")
    if not viewer.is_authenticated:
        return rows
    blocking = Block.objects.filter(blocker=viewer.pk, blocked=OuterRef("user"))
    blocked_by = Block.objects.filter(blocker=OuterRef("user"), blocked=viewer.pk)
    return rows.exclude(Exists(blocking)).exclude(Exists(blocked_by))


def _told(rows: Sequence[Membership], viewer: Viewer) -> list[MemberRow]:
    relations = relations_of(viewer, [row.user_id for row in rows])
    return [MemberRow(user=row.user, relations=relations[row.user_id], membership=row) for row in rows]
