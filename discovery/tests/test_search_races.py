"""Several who refresh one document at once leave the latest state in it, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from accounts.actions import edit_profile
from discovery.models import Kind, SearchDocument
from discovery.search.documents import keep_people, keep_posts
from discovery.tests.finding import people
from feeds.actions import delete_post
from feeds.models import Post
from feeds.tests.factories import plant, publish
from socialnet.kernel import redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


def apart(act, *args):
    try:
        return act(*args)
    finally:
        connection.close()


def test_edits_and_refreshes_at_once(ada):
    bios = ["amber", "birch", "cedar", "damson", "elder"]
    with ThreadPoolExecutor(6) as pool:
        jobs = []
        for bio in bios:
            jobs.append(pool.submit(apart, lambda bio=bio: edit_profile(user=ada, bio=bio)))
            jobs += [pool.submit(apart, keep_people, [ada.pk]) for _ in range(3)]
        for job in jobs:
            job.result()
    drain()
    redis._client().flushall()
    ada.refresh_from_db()
    assert [bio for bio in bios if people(bio, AnonymousUser())] == [ada.bio]


def test_deletions_and_refreshes_at_once(ada):
    posts = [publish(ada, f"post {number}") for number in range(5)]
    with ThreadPoolExecutor(6) as pool:
        jobs = []
        for post in posts:
            jobs += [pool.submit(apart, keep_posts, [other.pk for other in posts]) for _ in range(2)]
            jobs.append(pool.submit(apart, lambda post=post: delete_post(post=post, actor=ada)))
        for job in jobs:
            job.result()
    drain()
    assert not Post.objects.deliverable().exists()
    assert not SearchDocument.objects.filter(kind=Kind.POST).exists()


def test_rebuilding_beside_others_neither_waits_for_ever_nor_fails(ada, ben):
    rows = [plant(ada).pk for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(apart, keep_posts, rows if number % 2 else rows[::-1]) for number in range(12)]
        jobs += [pool.submit(apart, keep_people, [ada.pk, ben.pk]) for _ in range(4)]
        for job in jobs:
            job.result()
    assert SearchDocument.objects.filter(kind=Kind.POST).count() == 20
