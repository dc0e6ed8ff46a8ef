"""Every hot read is served by the index that was made for it; asked of the planner, with the statements as sent."""

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from accounts.models import Follow
from accounts.tests.factories import person
from conftest import _as_owner as as_owner
from feeds import fanout, stored, top
from feeds.selectors import get_visible_post, newest_public, profile_posts
from feeds.tests.factories import plant, plant_many
from socialnet.kernel.pagination import Cursor

pytestmark = pytest.mark.django_db(transaction=True)
SORTED = re.compile(r"Sort Key: \S*\bid DESC")


def plans_of(read: Callable[[], Any]) -> str:
    """How PostgreSQL goes about the statements of `read`."""
    sent: list[tuple[str, Any]] = []

    def note(execute, sql, params, many, context):
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        read()
    plans = []
    with connection.cursor() as cursor:
        for sql, params in sent:
            if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)", sql):
                cursor.execute(f"EXPLAIN {sql}", params)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return "\n\n".join(plans)


@pytest.fixture
def town(ada, ben, cleo):
    """Enough rows that an index pays, and statistics that say so."""
    crowd = [ada, cleo, *(person() for _ in range(48))]
    for author in crowd:
        plant_many(author, 80)
    pairs = {(ben, ada), (ben, cleo), *((a, b) for a in crowd for b in crowd if a != b)}
    Follow.objects.bulk_create(Follow(follower=a, followee=b) for a, b in pairs)
    for author in crowd[:20]:
        stored.backfill(ben.pk, author_id=author.pk)
        stored.backfill(cleo.pk, author_id=author.pk)
    analyze()


def analyze() -> None:
    """Let the planner know what is there."""
    with closing(as_owner(connection.settings_dict["NAME"])) as owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE")


def inside_facts(viewer_id: int, ids: list[int]) -> None:
    """The statements inside of the function that the door asks; plans do not show them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'feeds_page_facts'")
        source = cursor.fetchone()[0].replace("asked_by", "%(viewer)s").replace("asked_for", "%(ids)s")
        shared = source.partition("ARRAY(")[2].partition(");")[0]
        page = source.partition("RETURN QUERY")[2].partition(";")[0].replace("wanted", "%(ids)s")
        for statement in (shared, page):
            assert "SELECT" in statement
            cursor.execute(statement, {"viewer": viewer_id, "ids": ids})


def test_hot_reads_use_the_indexes_made_for_them(town, ada, ben):
    post, before = plant(ada), Cursor(before=2**52)
    ids = [post.pk for post in plant_many(ada, 20)]
    by_author = {
        f"profile for {viewer}": lambda viewer=viewer: profile_posts(author=ada, viewer=viewer, cursor=before)
        for viewer in (ada, ben, AnonymousUser())
    }
    in_order: dict[str, tuple[str, Callable[[], Any]]] = {
        **{name: ("post_by_author", read) for name, read in by_author.items()},
        "landing page": ("post_public_newest", newest_public),
        "stored timeline": (
            "feeds_feedentry_pkey",
            lambda: stored.entries(ben.pk, before=before.before, count=20),
        ),
    }
    for name, (index, read) in in_order.items():
        plan = plans_of(read)
        assert index in plan and not SORTED.search(plan), f"{name}\n{plan}"
    found: dict[str, tuple[str, Callable[[], Any]]] = {
        "one post": ("feeds_post_pkey", lambda: get_visible_post(post.pk, viewer=ben)),
        "facts": ("feeds_post_pkey", lambda: inside_facts(ben.pk, ids)),
        "relations in facts": ("follow_once", lambda: inside_facts(ben.pk, ids)),
        "weighed for Top": ("feeds_post_pkey", lambda: top._weighed(ids, {})),
        "counts for Top": ("feeds_postcounts_pkey", lambda: top._weighed(ids, {})),
        "lateral": ("post_by_author", lambda: stored.followed_posts(ben.pk, before=before.before, count=20)),
        "backfill": ("post_by_author", lambda: stored.backfill(ben.pk, author_id=ada.pk)),
        "clear": ("feeds_feedentry_pkey", lambda: stored.clear(ben.pk, author_id=ada.pk)),
        "ranges": ("follow_", lambda: fanout.ranges(post)),
        "fan-out": ("follow_", lambda: fanout._store(post, fanout.Range(7, 2**40))),
    }
    for name, (index, read) in found.items():
        plan = plans_of(read)
        assert index in plan, f"{name}\n{plan}"
        for table in ("feeds_post ", "feeds_postcounts ", "feeds_feedentry ", "accounts_follow "):
            assert f"Seq Scan on {table}" not in plan, f"{name}\n{plan}"
