"""How long the job of trends takes on whatever data is loaded, a crowd talking and liking at this moment included."""

import random
import sys
import time
from argparse import Namespace
from datetime import timedelta
from statistics import median

from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.models import User
from bench import town
from bench.report import Report
from discovery.trends import counting, job
from feeds import stored
from feeds.events import PostsLoaded
from feeds.models import Hashtag, Post
from socialnet.outbox.actions import emit
from socialnet.outbox.ids import id_at
from socialnet.outbox.inline import make_due

TAGS, USES, LIKES = 2_000, 20_000, 100_000
HOURS = 48
_POSTS = """
INSERT INTO feeds_post (id, author_id, content, html, visibility, language)
SELECT * FROM unnest(%(ids)s::bigint[], %(authors)s::bigint[], %(texts)s::text[]) p (id, author, text),
    LATERAL (SELECT p.text AS html, 'public' AS visibility, '' AS language) rest
"""
_USES = """
INSERT INTO feeds_posthashtag (hashtag_id, post_id)
SELECT * FROM unnest(%(tags)s::bigint[], %(ids)s::bigint[])
"""
_COUNTS = "INSERT INTO feeds_postcounts (post_id, likes, comments, shares) SELECT unnest(%(ids)s::bigint[]), 0, 0, 0"
_LIKES = """
INSERT INTO interactions_like (user_id, post_id, is_active, place)
SELECT *, true, socialnet_next_id() - (random() * 24 * 3600 * 1000)::bigint * 4096
FROM unnest(%(people)s::bigint[], %(posts)s::bigint[]) ON CONFLICT DO NOTHING
"""
# What the counts must be, so that the invariants hold.
_COUNT = """
UPDATE feeds_postcounts c SET likes = (
    SELECT count(*) FROM interactions_like l WHERE l.post_id = c.post_id AND is_active)
WHERE c.post_id = ANY(%(ids)s)
"""
_POST_COUNTS = """
UPDATE accounts_personcounts c SET posts = (
    SELECT count(*) FROM feeds_post p WHERE p.author_id = c.user_id AND p.deleted_at IS NULL)
"""


def run(report: Report, options: Namespace) -> None:
    town.load(options.graph, sys.stderr)
    crowd()
    measure(report, rounds=options.rounds)


def measure(report: Report, *, rounds: int = 3) -> None:
    """Counting again from PostgreSQL, then the jobs; for whoever loaded data by other means, too."""
    began = time.perf_counter()
    news = counting.rebuild()
    rebuilding = time.perf_counter() - began
    tags_and_posts, people, found = [], [], {}
    for _round in range(rounds):
        began = time.perf_counter()
        found = job.take_snapshots(even_if_quiet=True)
        tags_and_posts.append(time.perf_counter() - began)
        began = time.perf_counter()
        found["person"] = job.take_snapshot_of_people()
        people.append(time.perf_counter() - began)
    report.add(
        f"The jobs of trends, median of {rounds} rounds, seconds",
        **{
            "posts": Post.objects.count(),
            "accounts": User.objects.count(),
            "counted": news,
            "counting again": round(rebuilding, 2),
            "tags and posts": round(median(tags_and_posts), 2),
            "people": round(median(people), 2),
            "found": ", ".join(f"{many} {kind}" for kind, many in found.items()),
        },
    )


def crowd() -> None:
    """Two days in which people write with tags, few of which very many use, and like what others wrote."""
    dice = random.Random(7)
    people = list(User.objects.values_list("pk", flat=True)[:20_000])
    Hashtag.objects.bulk_create(
        [Hashtag(name=f"bench{number}", display=f"Bench{number}") for number in range(TAGS)],
        ignore_conflicts=True,
    )
    tags = list(Hashtag.objects.filter(name__startswith="bench").order_by("pk").values_list("pk", flat=True))
    now = timezone.now()
    ids = [
        id_at(now - timedelta(hours=HOURS * dice.random() ** 2), sequence=number % 4096)
        for number in range(USES)
    ]
    ids = sorted(set(ids))
    chosen = [tags[min(int(dice.paretovariate(0.6)) - 1, TAGS - 1)] for _id in ids]
    posts = {
        "ids": ids,
        "authors": [dice.choice(people) for _id in ids],
        "texts": [f"Something about the day, number {number}" for number in range(len(ids))],
    }
    likes = {
        "people": [dice.choice(people) for _like in range(LIKES)],
        "posts": [ids[-min(int(dice.paretovariate(0.5)), len(ids))] for _like in range(LIKES)],
    }
    with connection.cursor() as cursor:
        cursor.execute(_POSTS, posts)
        cursor.execute(_COUNTS, {"ids": ids})
        cursor.execute(_USES, {"tags": chosen, "ids": ids})
        cursor.execute(_LIKES, likes)
        cursor.execute(_COUNT, {"ids": ids})
        cursor.execute(_POST_COUNTS)
    for first in range(0, len(people), 200):
        stored.fill(people[first : first + 200])
    with transaction.atomic():
        emit(PostsLoaded(first_author_id=min(people), last_author_id=max(people)))
    make_due()
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
