"""From ties to a town: people, follows, posts and stored timelines, by COPY, in one transaction."""

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from feeds import stored
from feeds.events import PostsLoaded
from feeds.graph import writing
from feeds.graph.copy import copy
from feeds.graph.errors import GraphError
from feeds.graph.people import Newcomer, newcomers
from feeds.graph.progress import Progress, Stage
from feeds.graph.ties import Ties, read_ties
from socialnet.outbox.actions import emit
from socialnet.outbox.ids import id_at

DAYS = 90  # over which the posts are spread
PEOPLE_AT_ONCE = 500  # whose timelines one statement fills
SEED = 20260101

_USER_COLUMNS = [
    "id",
    "password",
    "is_superuser",
    "username",
    "email",
    "display_name",
    "bio",
    "avatar",
    "avatar_small",
    "website",
    "location",
    "language",
    "time_zone",
    "is_private",
    "is_staff",
    "is_active",
    "version",
    "created_at",
]
_RESERVE_IDS = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
_TAKEN_NAMES = "SELECT username FROM accounts_user WHERE lower(username) = ANY(%s) LIMIT 3"
_TAKEN_IDS = "SELECT id FROM feeds_post WHERE id = ANY(%s)"


@dataclass(frozen=True)
class Loaded:
    people: int
    follows: int
    posts: int
    entries: int


@dataclass(frozen=True)
class Town:
    """The people of the graph with the ids that the database gave them, in the order of its nodes."""

    ties: Ties
    people: list[Newcomer]
    ids: list[int]
    now: datetime


def load_graph(path: Path, *, posts_per_person: int, progress: Progress, seed: int = SEED) -> Loaded:
    """All of it or nothing; raises `GraphError` when the file is no graph, or was loaded before."""
    ties = read_ties(path)
    people = newcomers(ties.nodes, file_name=path.name, seed=seed)
    chance = random.Random(seed)
    with transaction.atomic():
        _be_patient()
        _refuse_taken([person.username for person in people])
        town = Town(ties, people, _reserve("accounts_user", len(people)), _now())
        with progress.stage("people", total=len(people)) as stage:
            _copy_people(town, posts_per_person, stage)
        with progress.stage("follows", total=2 * len(ties)) as stage:
            _copy_follows(town, stage)
        with progress.stage("posts", total=len(people) * posts_per_person) as stage:
            posts = _copy_posts(town, posts_per_person, chance, stage)
        with progress.stage("timelines", total=len(people)) as stage:
            entries = _fill_timelines(town.ids, stage)
        emit(PostsLoaded(first_author_id=min(town.ids), last_author_id=max(town.ids)))
        with progress.stage("checked", total=1) as stage:
            _check_references()
            stage.step()
    return Loaded(people=len(people), follows=2 * len(ties), posts=posts, entries=entries)


def _be_patient() -> None:
    """The role's time limit is meant for the web."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")


def _refuse_taken(usernames: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN_NAMES, [list(usernames)])
        taken = ", ".join(f"@{row[0]}" for row in cursor.fetchall())
    if taken:
        raise GraphError(f"This graph was loaded before: there are {taken} … already. Nothing was changed.")


def _reserve(table: str, many: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE_IDS, [table, many])
        return [row[0] for row in cursor.fetchall()]


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _copy_people(town: Town, posts: int, stage: Stage) -> None:
    password = make_password(secrets.token_urlsafe())  # hashed once; nobody signs in with it
    joined = town.now - timedelta(days=DAYS)
    with_ids = list(zip(town.ids, town.people, strict=True))
    degrees = town.ties.degrees()
    copy(
        "accounts_user",
        _USER_COLUMNS,
        (_user_row(user_id, person, password, joined) for user_id, person in with_ids),
        stage=stage,
    )
    copy(
        "accounts_personcounts",
        ("user_id", "followers", "following", "posts"),
        ((user_id, many, many, posts) for user_id, many in zip(town.ids, degrees, strict=True)),
    )
    copy("accounts_activity", ("user_id", "state"), ((user_id, "live") for user_id in town.ids))
    copy(
        "account_emailaddress",
        ("email", "verified", '"primary"', "user_id"),
        ((_email(person), True, True, user_id) for user_id, person in with_ids),
    )


def _user_row(user_id: int, person: Newcomer, password: str, joined: datetime) -> Sequence[object]:
    blank = ""
    return (
        user_id, password, False, person.username, _email(person), person.display_name, blank, blank, blank, blank,
        blank, person.language, "UTC", person.is_private, False, True, 1, joined,
    )  # fmt: skip


def _email(person: Newcomer) -> str:
    return f"{person.username}@graph.example"


def _copy_follows(town: Town, stage: Stage) -> None:
    """By follower and followee: the unique index then grows at its end."""
    pairs = list(zip(town.ties.ones, town.ties.others, strict=True))
    both_ways = sorted([*pairs, *((other, one) for one, other in pairs)])
    rows = ((town.ids[one], town.ids[other], "active", False) for one, other in both_ways)
    copy("accounts_follow", ("follower_id", "followee_id", "status", "notify"), rows, stage=stage)


def _copy_posts(town: Town, per_person: int, chance: random.Random, stage: Stage) -> int:
    post_ids = _free_ids(len(town.people) * per_person, town.now, chance)
    neighbours = _neighbours(town)
    ids = iter(post_ids)

    def rows() -> Iterator[tuple[int, int, str, str, str, str]]:
        for place, (author_id, author) in enumerate(zip(town.ids, town.people, strict=True)):
            for _ in range(per_person):
                piece = writing.write(chance, language=author.language, mention=neighbours[place])
                audience = writing.audience(chance)
                yield next(ids), author_id, piece.text, piece.html, audience, author.language

    copy("feeds_post", ("id", "author_id", "content", "html", "visibility", "language"), rows(), stage=stage)
    copy(
        "feeds_postcounts",
        ("post_id", "likes", "comments", "shares"),
        ((ident, 0, 0, 0) for ident in post_ids),
    )
    return len(post_ids)


def _free_ids(many: int, now: datetime, chance: random.Random) -> list[int]:
    """Ids of random moments of the last `DAYS` days that no post has."""
    moments = range(id_at(now - timedelta(days=DAYS)), id_at(now - timedelta(minutes=1)))
    ids = chance.sample(moments, many)
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN_IDS, [ids])
        taken = {row[0] for row in cursor.fetchall()}
    if not taken:
        return ids
    return _free_ids(many, now, chance)


def _neighbours(town: Town) -> list[str]:
    """For each person the username of somebody they are tied to."""
    names = [""] * len(town.people)
    for one, other in zip(town.ties.ones, town.ties.others, strict=True):
        names[one], names[other] = town.people[other].username, town.people[one].username
    return names


def _fill_timelines(ids: Sequence[int], stage: Stage) -> int:
    entries = 0
    for start in range(0, len(ids), PEOPLE_AT_ONCE):
        some = ids[start : start + PEOPLE_AT_ONCE]
        entries += stored.fill(some)
        stage.step(len(some))
    return entries


def _check_references() -> None:
    """Now, where the bar is seen, instead of silently in the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
