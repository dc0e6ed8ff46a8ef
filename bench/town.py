"""What is measured on: a real graph, made-up crowds, and the people who look and post."""

from pathlib import Path

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction

from accounts.models import PersonCounts, User
from accounts.sessions import SessionStore
from feeds import candidates
from feeds.graph import load_graph
from feeds.graph.progress import Progress

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


def load(graph: Path, out) -> None:  # type: ignore[no-untyped-def]  # a text stream
    print(f"Loading {graph.name} …", file=out, flush=True)
    loaded = load_graph(graph, posts_per_person=5, progress=Progress(out))
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
