"""Reads about people: pages, relations, what a viewer may see of whom."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from accounts.access import (
    STRANGER,
    Access,
    Lists,
    ProfileLevel,
    Relation,
    access_by,
    may_find,
    viewer_id,
)
from accounts.errors import ListHidden, PrivateAccount
from accounts.factors import KINDS
from accounts.models import (
    ApiToken,
    Block,
    Export,
    Follow,
    FoundBy,
    Mute,
    PersonCounts,
    Session,
    User,
    Viewer,
)
from accounts.text import bio_html
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.outbox.ids import id_at
from socialnet.outbox.models import AuditEntry

_RELATIONS = """
SELECT person.id,
       mine.status = 'active', mine.status = 'pending', theirs.status = 'active', theirs.status = 'pending',
       block.id IS NOT NULL, blocked_by.id IS NOT NULL, mute.id IS NOT NULL, mine.notify
FROM unnest(%(people)s::bigint[]) AS person (id)
LEFT JOIN accounts_follow mine ON mine.follower_id = %(viewer)s AND mine.followee_id = person.id
LEFT JOIN accounts_follow theirs ON theirs.follower_id = person.id AND theirs.followee_id = %(viewer)s
LEFT JOIN accounts_block block ON block.blocker_id = %(viewer)s AND block.blocked_id = person.id
LEFT JOIN accounts_block blocked_by ON blocked_by.blocker_id = person.id AND blocked_by.blocked_id = %(viewer)s
LEFT JOIN accounts_mute mute ON mute.muter_id = %(viewer)s AND mute.muted_id = person.id
     AND (mute.until IS NULL OR mute.until > now())
"""
_DRIFT = """
SELECT user_id, followers, following, right_followers, right_following FROM (
    SELECT counts.user_id, counts.followers, counts.following,
           (SELECT count(*) FROM accounts_follow WHERE followee_id = user_id AND {counting}) right_followers,
           (SELECT count(*) FROM accounts_follow WHERE follower_id = user_id AND {counting}) right_following
    FROM accounts_personcounts counts WHERE user_id = ANY(%(people)s)
) counted
WHERE (followers, following) <> (right_followers, right_following) ORDER BY user_id
""".replace("{counting}", "status = 'active' AND is_counted")
_BLOCKED_PAIRS = """
SELECT one, other FROM unnest(%(ones)s::bigint[], %(others)s::bigint[]) AS pair (one, other)
WHERE EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = one AND blocked_id = other)
    OR EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = other AND blocked_id = one)
"""
_RELATION_FIELDS = (
    "following",
    "follow_requested",
    "followed_by",
    "requested_by",
    "blocking",
    "blocked_by",
    "muting",
    "notify",
)


_FOLLOW_ACTS = ("accounts.follow", "accounts.unfollow", "accounts.accept_follow")
_CARD = ("bio", "avatar_url")
_COUNTS = ("followers", "following", "posts")
_DETAILS = ("website", "location", "created_at")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A person as `access` lets one viewer see them."""

    user: User
    counts: PersonCounts
    relation: Relation
    rights: Access

    @property
    def access(self) -> ProfileLevel:
        """full, basic, stub or suspended."""
        return self.rights.profile

    @property
    def is_self(self) -> bool:
        return self.relation.is_self

    @cached_property
    def shown(self) -> dict[str, Any]:
        """What this viewer may see beyond the name; None for the rest."""
        shown: dict[str, Any] = dict.fromkeys(_CARD + _COUNTS + _DETAILS)
        if self.access in (ProfileLevel.FULL, ProfileLevel.BASIC):
            shown |= {name: getattr(self.user, name) or None for name in _CARD}
            shown |= {name: getattr(self.counts, name) for name in _COUNTS}
        if self.access is ProfileLevel.FULL:
            shown |= {name: getattr(self.user, name) or None for name in _DETAILS}
        return shown

    @cached_property
    def bio_html(self) -> str:
        """The bio as this viewer may see it; one query when it names somebody."""
        return bio_html(self.shown["bio"] or "", by=self.user.pk)

    @property
    def state(self) -> str:
        """What the follow button says: self, blocked, following, requested or none."""
        return self.relation.state


@dataclass(frozen=True, kw_only=True)
class CountDrift:
    """Counts of a person that differ from the rows: what stands, and what would be right."""

    user_id: int
    followers: int
    following: int
    right_followers: int
    right_following: int


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """One person in a list, with what the viewer's button says; `until` is the end of a mute."""

    user: User
    relations: Relation = STRANGER
    until: datetime | None = None

    @property
    def relation(self) -> str:
        return self.relations.state

    @property
    def bio(self) -> str:
        return self.user.bio

    @property
    def profile(self) -> Profile:
        rights = access_by(self.user, self.relations)
        return Profile(user=self.user, counts=self.user.counts, relation=self.relations, rights=rights)


def get_user_or_404(username: str, *, viewer: Viewer) -> User:
    """The person of that name, with counts; `NotFound` when absent, deleted, or when they blocked `viewer`."""
    people = User.objects.select_related("counts").named(username).visible_to(viewer)
    person: User | None = people.first()
    if person is None:
        raise NotFound
    return person


def get_blocked_or_404(username: str, *, blocker: User) -> User:
    """As `get_user_or_404`, and also whoever `blocker` blocked, though they blocked back."""
    person = User.objects.named(username).filter(is_active=True, blocks_met__blocker=blocker).first()
    return person or get_user_or_404(username, viewer=blocker)


def relations_of(viewer: Viewer, people: Iterable[int]) -> dict[int, Relation]:
    """What stands between `viewer` and each of `people` (ids), in one query; none for a visitor."""
    wanted = set(people)
    me = viewer_id(viewer)
    if me is None or not wanted:
        return dict.fromkeys(wanted, STRANGER)
    with connection.cursor() as cursor:
        cursor.execute(_RELATIONS, {"viewer": me, "people": list(wanted)})
        rows = cursor.fetchall()
    return {
        person: Relation(is_self=person == me, **dict(zip(_RELATION_FIELDS, map(bool, facts), strict=True)))
        for person, *facts in rows
    }


def hiding_from(viewer: Viewer, people: Iterable[int]) -> set[int]:
    """Those of `people` (ids) who do not let `viewer` come across them; one query where nobody hides."""
    choices = User.objects.filter(pk__in=set(people)).exclude(found_by=FoundBy.EVERYONE)
    shy = dict(choices.values_list("pk", "found_by"))
    relations = relations_of(viewer, shy)
    return {person for person, found_by in shy.items() if not may_find(found_by, relations[person])}


def relation_of(viewer: Viewer, person: User) -> Relation:
    return relations_of(viewer, [person.pk])[person.pk]


def access_to(person: User, viewer: Viewer) -> Access:
    """What `viewer` may see of `person`; one query for who is signed in, none for a visitor."""
    return access_by(person, relation_of(viewer, person))


def profile_of(user: User, *, viewer: Viewer) -> Profile:
    relation = relation_of(viewer, user)
    return Profile(user=user, counts=user.counts, relation=relation, rights=access_by(user, relation))


def block_exists_between(one: User, other: User) -> bool:
    either_way = Q(blocker=one, blocked=other) | Q(blocker=other, blocked=one)
    return Block.objects.filter(either_way).exists()


def blocked_pairs(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of `pairs` (ids of two people) between whom there is a block, either way, in one query."""
    wanted = set(pairs)
    if not wanted:
        return set()
    ones, others = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED_PAIRS, {"ones": list(ones), "others": list(others)})
        return set(cursor.fetchall())


def followers_of(
    *, user: User, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[PersonRow]:
    """Active followers, newest first; raises `PrivateAccount` or `ListHidden` where the matrix says so."""
    follows = Follow.objects.active().filter(followee=user)
    return _follow_page(follows, "follower", user=user, viewer=viewer, cursor=cursor, size=size)


def following_of(
    *, user: User, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[PersonRow]:
    """Whom `user` follows, newest first; raises as `followers_of` does."""
    follows = Follow.objects.active().filter(follower=user)
    return _follow_page(follows, "followee", user=user, viewer=viewer, cursor=cursor, size=size)


def follow_requests_of(*, user: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[PersonRow]:
    """Who asks to follow `user`, newest first."""
    follows = Follow.objects.pending().filter(followee=user)
    return _people_page(
        _seen_by(follows, "follower", user), "follower", viewer=user, cursor=cursor, size=size
    )


def pending_request_count(user: User, *, cap: int = 100) -> int:
    """How many ask to follow `user`, counted no further than `cap`."""
    follows = Follow.objects.pending().filter(followee=user)
    return len(_seen_by(follows, "follower", user).values_list("pk")[:cap])


def blocks_of(*, user: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[PersonRow]:
    """Whom `user` blocked, newest first."""
    blocks = Block.objects.filter(blocker=user, blocked__is_active=True)
    return _people_page(blocks, "blocked", viewer=user, cursor=cursor, size=size)


def mutes_of(*, user: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[PersonRow]:
    """Whom `user` mutes at present, newest first, each with its end."""
    mutes = _seen_by(Mute.objects.in_force().filter(muter=user), "muted", user)
    return _people_page(mutes, "muted", viewer=user, cursor=cursor, size=size)


def sessions_of(user: User, *, current: str | None = None) -> list[Session]:
    """The browsers in which `user` is signed in, newest first; the one with the key `current` knows that it is it."""
    sessions = list(Session.objects.in_force().filter(account=user).order_by("-created_at"))
    for session in sessions:
        session.is_current = session.session_key == current
    return sessions


def export_of(user: User) -> Export | None:
    """The archive of `user`, unless its time is over."""
    return Export.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), user=user.pk).first()


def tokens_of(user: User) -> list[ApiToken]:
    return list(ApiToken.objects.in_force().filter(user=user).order_by("-id"))


def has_second_factor(user_id: int) -> bool:
    """Whether signing in asks for more than the password."""
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=KINDS).exists())


@dataclass(frozen=True)
class Factors:
    """The second factors of one person; `passkeys` oldest first, `codes_left` of the recovery codes."""

    app: Authenticator | None
    passkeys: list[Authenticator]
    codes_left: int

    @property
    def is_on(self) -> bool:
        return bool(self.app or self.passkeys)


def factors_of(user: User) -> Factors:
    found = list(Authenticator.objects.filter(user=user).order_by("pk"))
    by_kind: dict[str, list[Authenticator]] = {}
    for factor in found:
        by_kind.setdefault(factor.type, []).append(factor)
    codes = by_kind.get(Authenticator.Type.RECOVERY_CODES, [])
    return Factors(
        app=next(iter(by_kind.get(Authenticator.Type.TOTP, [])), None),
        passkeys=by_kind.get(Authenticator.Type.WEBAUTHN, []),
        codes_left=len(codes[0].wrap().get_unused_codes()) if codes else 0,
    )


def find_by_login(login: str) -> User | None:
    """Who signs in with this username or e-mail address, each through its unique index on Lower."""
    people = User.objects.filter(is_active=True)
    found: User | None = (people.with_email(login) if "@" in login else people.named(login)).first()
    return found


def count_drift(people: Iterable[int]) -> list[CountDrift]:
    """Whose follower or following count among `people` (ids) differs from the rows, in id order."""
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT, {"people": list(people)})
        names = [field.name for field in fields(CountDrift)]
        return [CountDrift(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def people_touched_since(moment: datetime) -> list[int]:
    """Whose follows changed since `moment`, by the record of acts."""
    acts = AuditEntry.objects.filter(pk__gte=id_at(moment), act__in=_FOLLOW_ACTS)
    return sorted({ident for pair in acts.values_list("actor_id", "target_id") for ident in pair if ident})


def is_ahead(moment: datetime) -> bool:
    """Whether the database's clock has yet to reach `moment`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s > now()", [moment])
        return bool(cursor.fetchone()[0])


def _follow_page(
    follows: QuerySet[Follow], side: str, *, user: User, viewer: Viewer, cursor: Cursor | None, size: int
) -> Page[PersonRow]:
    access = access_to(user, viewer)
    _check_lists_shown(user, access)
    seen = _seen_by(follows, side, viewer)
    if access.lists is Lists.FILTERED:
        followed = Follow.objects.active().filter(follower_id=viewer.pk, followee=OuterRef(side))
        seen = seen.filter(Q(**{f"{side}__is_private": False}) | Q(**{side: viewer.pk}) | Exists(followed))
    return _people_page(seen, side, viewer=viewer, cursor=cursor, size=size)


def _check_lists_shown(user: User, access: Access) -> None:
    if access.profile is ProfileLevel.HIDDEN:
        raise NotFound
    if access.lists is Lists.HIDDEN:
        raise PrivateAccount if access.profile is ProfileLevel.BASIC else ListHidden


def _seen_by(rows: QuerySet[Any], side: str, viewer: Viewer) -> QuerySet[Any]:
    """`rows` whose person at `side` stands and has no block with `viewer`."""
    rows = rows.filter(**{f"{side}__is_active": True, f"{side}__suspended_at": None})
    if not viewer.is_authenticated:
        return rows
    blocking = Block.objects.filter(blocker=viewer.pk, blocked=OuterRef(side))
    blocked_by = Block.objects.filter(blocker=OuterRef(side), blocked=viewer.pk)
    return rows.exclude(Exists(blocking)).exclude(Exists(blocked_by))


def _people_page(
    rows: QuerySet[Any], side: str, *, viewer: Viewer, cursor: Cursor | None, size: int
) -> Page[PersonRow]:
    ordered = rows.before(cursor).select_related(f"{side}__counts").order_by("-id")  # type: ignore[attr-defined]
    page: Page[Any] = Page.of(ordered, size=size)
    person: Callable[[Any], User] = attrgetter(side)
    relations = relations_of(viewer, [person(row).pk for row in page.items])
    items = [
        PersonRow(user=person(row), relations=relations[person(row).pk], until=getattr(row, "until", None))
        for row in page.items
    ]
    return Page(items=items, next_cursor=page.next_cursor)
