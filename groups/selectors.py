"""Reads: groups as somebody may know of them, and who is in them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When
from django.db.models.query import QuerySet
from django.utils.translation import gettext as _

from accounts.access import BLOCKED_BY_VIEWER
from accounts.models import Block, User, Viewer
from accounts.selectors import PersonRow, Profile, get_user_or_404, relations_of
from groups import hooks
from groups.errors import BannedFromGroup, GroupIsPrivate, HiddenGroup, InvalidGroup, NotAMember
from groups.models import Category, Group, GroupCounts, Membership, Privacy
from groups.screening import SAID
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page

Status = Membership.Status


def _columns(model: type[models.Model], of: str) -> tuple[list[str], str]:
    names = [column.attname for column in model._meta.concrete_fields]
    return names, ", ".join(f"{of}.{column.column}" for column in model._meta.concrete_fields)


(_GROUP, _of_group), (_COUNTS, _of_counts) = _columns(Group, "g"), _columns(GroupCounts, "c")
_MEMBERSHIP, _of_membership = _columns(Membership, "m")
_HEAD = f"""
SELECT {_of_group}, {_of_counts}, {_of_membership}{{facts}}
FROM groups_group g JOIN groups_groupcounts c ON c.group_id = g.id
LEFT JOIN groups_membership m ON m.group_id = g.id AND m.user_id = %(viewer)s
WHERE g.slug = %(slug)s AND g.deleted_at IS NULL
"""


@dataclass(frozen=True)
class SeenGroup:
    """A group, and what its viewer is in it."""

    group: Group
    membership: Membership | None
    facts: Mapping[str, Any] = field(
        default_factory=dict
    )  # `hooks.head_facts`, where it was read by its address

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
    def is_invited(self) -> bool:
        return self.my_status == Status.INVITED

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
    def is_held(self) -> bool:
        """Whether moderators look at it before others see it."""
        return self.group.held_at is not None

    @property
    def may_post(self) -> bool:
        return self.is_member and not self.is_held

    @property
    def held_changes(self) -> Mapping[str, Any]:
        """What it shall say once moderators have looked; nothing for who does not own it."""
        return hooks.held_changes(self.group.pk) if self.is_owner else {}

    @property
    def held_words(self) -> list[str]:
        held = self.held_changes
        said = [held[field] for field in SAID if held.get(field)]
        return [", ".join(words) if isinstance(words, list) else words for words in said]

    @property
    def is_owner(self) -> bool:
        return self.my_role == Membership.Role.OWNER

    @cached_property
    def is_last_owner(self) -> bool:
        """Whether its viewer owns it and nobody else can: they cannot leave. One query, for owners alone."""
        if self.membership is None or not self.is_owner:
            return False
        return not Membership.objects.owning(self.group).exclude(pk=self.membership.pk).exists()


@dataclass(frozen=True, kw_only=True)
class MemberRow(PersonRow):
    """Somebody in a list of a group, as `accounts/_person.html` draws people."""

    membership: Membership

    @property
    def note(self) -> str:
        role = self.membership.role
        return "" if role == Membership.Role.MEMBER else str(self.membership.get_role_display())

    @property
    def is_apart(self) -> bool:
        """There is a block between the two: moderators see the name, and nothing else."""
        return self.relations.blocking or self.relations.blocked_by

    @property
    def profile(self) -> Profile:
        whole = super().profile
        return replace(whole, rights=BLOCKED_BY_VIEWER) if self.is_apart else whole


def membership_of(group: Group, person: Viewer) -> Membership | None:
    if not person.is_authenticated:
        return None
    return Membership.objects.filter(group=group.pk, user=person.pk).first()


def can_moderate(user: Viewer, group: Group) -> bool:
    """Whether `user` may act on what others say in `group`."""
    found = membership_of(group, user)
    return found is not None and found.is_active and found.role != Membership.Role.MEMBER


def get_person_in(seen: SeenGroup, username: str, *, viewer: Viewer) -> User:
    """Somebody on whom `viewer` acts: moderators find whoever is in the group, waits or is banned there, whatever
    block there is between the two. Raises `NotFound` as `get_user_or_404` does."""
    if seen.can_moderate:
        there = Membership.objects.filter(group=seen.group.pk, user=OuterRef("pk"))
        people = User.objects.named(username).filter(Exists(there), is_active=True, leaving_since=None)
        person: User | None = people.first()
        if person is not None:
            return person
    return get_user_or_404(username, viewer=viewer)


def get_visible_group(slug: str, *, viewer: Viewer) -> SeenGroup:
    """The group, or `NotFound` when there is none or `viewer` may not know of it: nobody can tell which.

    `HiddenGroup`, which is one, for members of a group that moderators hid.
    """
    found = _head(slug, viewer)
    if found is None:
        raise NotFound
    if found.is_held and found.is_owner:
        return found
    is_hidden = found.group.hidden_at is not None
    if is_hidden and found.is_member:
        raise HiddenGroup
    if is_hidden or not (found.group.privacy != Privacy.INVITE or found.is_member or found.is_invited):
        raise NotFound
    return found


def _head(slug: str, viewer: Viewer) -> SeenGroup | None:
    """The group and what its viewer is in it, hidden or not: one statement, written out, because making it anew for
    each page would take longer than PostgreSQL takes to answer."""
    if "\x00" in slug:  # no address has one, and PostgreSQL takes none
        return None
    facts = hooks.head_facts
    statement = _HEAD.replace("{facts}", "".join(f", {fact}" for fact in facts.values()))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"slug": slug, "viewer": viewer.pk})
        row = cursor.fetchone()
    if row is None:
        return None
    values = iter(row)
    group = Group.from_db(DEFAULT_DB_ALIAS, _GROUP, tuple(islice(values, len(_GROUP))))
    group.counts = GroupCounts.from_db(DEFAULT_DB_ALIAS, _COUNTS, tuple(islice(values, len(_COUNTS))))
    membership = Membership.from_db(DEFAULT_DB_ALIAS, _MEMBERSHIP, tuple(islice(values, len(_MEMBERSHIP))))
    return SeenGroup(group, membership if membership.pk else None, dict(zip(facts, values, strict=True)))


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


def check_may_speak(group: Group, person: Viewer, *, as_member: bool = False) -> None:
    """Raises `BannedFromGroup` for who is banned, and `NotAMember` for who else is not in a group that only members
    read, or with `as_member` in any. What is said in a group that was deleted nobody else reads: that everybody may.
    """
    if group.deleted_at is not None:
        return
    found = membership_of(group, person)
    if found and found.status == Status.BANNED:
        raise BannedFromGroup
    if (as_member or group.privacy != Privacy.PUBLIC) and not (found and found.is_active):
        raise NotAMember(_("Only members can say something in this group."))


def may_speak(slug: str, person: Viewer) -> bool:
    """Whether `check_may_speak` lets them comment; two queries."""
    group = Group.objects.filter(slug=slug).first()
    if group is None:
        return True
    try:
        check_may_speak(group, person)
    except Forbidden:
        return False
    return True


def groups_of(*, person: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[SeenGroup]:
    """What `person` is in, is invited to, or asked to join, and what waits for moderators; the latest first."""
    there = Q(group__hidden_at=None) | Q(group__held_at__isnull=False, role=Membership.Role.OWNER)
    rows = (
        Membership.objects.filter(there, user=person.pk, group__deleted_at=None)
        .exclude(status=Status.BANNED)
        .exclude(status=Status.PENDING, group__privacy=Privacy.INVITE)  # nobody may know of it by asking
        .before(cursor)
        .select_related("group__counts")
        .order_by("-id")
    )
    page: Page[Membership] = Page.of(rows, size=size)
    return Page(items=[SeenGroup(row.group, row) for row in page.items], next_cursor=page.next_cursor)


def groups_by_use(*, person: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[SeenGroup]:
    """As `groups_of`, but where `person` wrote lately first. Three queries, however many groups.

    Nobody is in more than a few hundred, and the ids of posts, by which those go, are above all ids of memberships.
    """
    mine = Membership.objects.filter(user=person.pk, group__deleted_at=None, group__hidden_at=None)
    lately = hooks.last_written(person.pk)
    places = {
        lately.get(group_id, pk): pk
        for pk, group_id in mine.exclude(status=Status.BANNED).values_list("pk", "group_id")
    }
    further = [place for place in sorted(places, reverse=True) if cursor is None or place < cursor.before]
    rows = mine.select_related("group__counts").in_bulk([places[place] for place in further[:size]])
    there = [rows[places[place]] for place in further[:size] if places[place] in rows]
    return Page(
        items=[SeenGroup(row.group, row) for row in there],
        next_cursor=Cursor(before=further[size - 1]) if len(further) > size else None,
    )


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
    """Without people of whom a block parts `viewer`; but moderators must see on whom they may have to act."""
    rows = Membership.objects.filter(
        group=seen.group.pk, status__in=statuses, user__is_active=True, user__suspended_at=None
    ).select_related("user__counts")
    if not viewer.is_authenticated or seen.can_moderate:
        return rows
    blocking = Block.objects.filter(blocker=viewer.pk, blocked=OuterRef("user"))
    blocked_by = Block.objects.filter(blocker=OuterRef("user"), blocked=viewer.pk)
    return rows.exclude(Exists(blocking)).exclude(Exists(blocked_by))


def _told(rows: Sequence[Membership], viewer: Viewer) -> list[MemberRow]:
    relations = relations_of(viewer, [row.user_id for row in rows])
    return [MemberRow(user=row.user, relations=relations[row.user_id], membership=row) for row in rows]
