"""What is measured on: a real graph, made-up crowds, and the people who look and post."""

from collections.abc import Sequence
from pathlib import Path

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F

from accounts.models import Follow, PersonCounts, User
from accounts.sessions import SessionStore
from feeds import candidates, sources
from feeds.actions import publish_post
from feeds.graph import load_graph
from feeds.graph.progress import Progress
from feeds.models import PullSource

LONG_AGO = "2020-01-01T00:00Z"

_CROWD = """
WITH made AS (
    INSERT INTO accounts_user (password, is_superuser, username, email, display_name, bio, avatar, avatar_small,
        website, location, language, time_zone, is_private, is_staff, is_active, version)
    SELECT '!', false, 'crowd_' || n, 'crowd_' || n || '@bench.example', 'Crowd ' || n, '', '', '', '', '', 'en',
        'UTC', false, false, true, 1
    FROM generate_series(1, %(many)s) AS n RETURNING id
), counts AS (
    INSERT INTO accounts_personcounts (user_id, followers, following, posts) SELECT id, 0, 0, 0 FROM made
)
INSERT INTO accounts_activity (user_id, state) SELECT id, 'live' FROM made
"""
_FOLLOW = """
WITH crowd AS (SELECT id FROM accounts_user WHERE username LIKE 'crowd\\_%%' ORDER BY id LIMIT %(many)s),
made AS (
    INSERT INTO accounts_follow (follower_id, followee_id, status, notify)
    SELECT id, %(star)s, 'active', false FROM crowd
), counted AS (
    UPDATE accounts_personcounts SET following = following + 1 WHERE user_id IN (SELECT id FROM crowd)
)
UPDATE accounts_personcounts SET followers = followers + %(many)s WHERE user_id = %(star)s
"""


def load(graph: Path, out, *, posts_per_person: int = 5) -> None:  # type: ignore[no-untyped-def]  # a text stream
    print(f"Loading {graph.name} …", file=out, flush=True)
    loaded = load_graph(graph, posts_per_person=posts_per_person, progress=Progress(out))
    call_command("rebuild_search", stdout=out)  # or the workers would, while something is measured
    print(
        f"{loaded.people:,} people, {loaded.follows:,} follows, {loaded.posts:,} posts.", file=out, flush=True
    )


def author_with(followers: int) -> User:
    """Whoever has about that many."""
    above = PersonCounts.objects.filter(followers__gte=followers).order_by("followers").first()
    counts = above or PersonCounts.objects.order_by("-followers")[0]
    return User.objects.get(pk=counts.user_id)


def make_crowd(sizes: list[int]) -> dict[int, User]:
    """A star for each size, followed by that many made-up people."""
    stars = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_CROWD, {"many": max(sizes)})
        for size in sizes:
            stars[size] = User.objects.create_user(f"star_{size}", f"star_{size}@bench.example")
            cursor.execute(_FOLLOW, {"many": size, "star": stars[size].pk})
    return stars


def has_author_with(followers: int) -> bool:
    """Whether anybody has at least that many."""
    return PersonCounts.objects.filter(followers__gte=followers).exists()


def most_followers() -> int:
    return PersonCounts.objects.order_by("-followers").values_list("followers", flat=True)[0]


def make_celebrities(many: int, *, followers: int, posts: int) -> list[User]:
    """Pull sources, whose posts nobody else is written to for. `TIER_PULL` must lie at or below `followers`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_CROWD, {"many": followers})
        stars = [
            User.objects.create_user(f"celebrity_{number}", f"celebrity_{number}@bench.example")
            for number in range(many)
        ]
        for star in stars:
            cursor.execute(_FOLLOW, {"many": followers, "star": star.pk})
    sources.review()
    PullSource.objects.update(entered_at=LONG_AGO)  # every copy of the set has them
    for number in range(posts):
        for star in stars:
            publish_post(author=star, content=f"What everybody asks me, part {number + 1}.")
    return stars


def follow(people: Sequence[User], stars: Sequence[User]) -> None:
    """Each of `people` follows all of `stars`, as if they always had."""
    Follow.objects.bulk_create(Follow(follower=one, followee=star) for one in people for star in stars)
    for group, field, many in ((people, "following", len(stars)), (stars, "followers", len(people))):
        PersonCounts.objects.filter(pk__in=[one.pk for one in group]).update(**{field: F(field) + many})


def warm_followers_of(author: User) -> None:
    for user_id in author.follows_met.values_list("follower_id", flat=True):
        candidates.rebuild(user_id)


def viewers(many: int) -> list[User]:
    """People whose homes fill many pages, neither the busiest nor the loneliest."""
    with_full_homes = User.objects.filter(counts__following__gte=30).order_by("pk")
    return list(with_full_homes[: many * 3 : 3])


def session_of(user: User) -> str:
    """The cookie of somebody who signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "accounts.backends.PersonBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"sessionid={session.session_key}"
