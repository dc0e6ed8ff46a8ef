"""The statements of suggestions go by indexes, whoever asks: nothing of them grows with the town."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Follow, PersonCounts
from accounts.tests.factories import person
from discovery.models import Finding, Stage, SuggestionList
from discovery.people import candidates, lists
from discovery.people.candidates import BRIDGES, REACH, find
from discovery.people.lists import due, popular_people
from discovery.selectors import suggested_people
from feeds.models import Hashtag, PostHashtag
from feeds.tests.factories import plant_many
from feeds.tests.test_indexes import analyze, plans_of
from interactions.models import Like

pytestmark = pytest.mark.django_db(transaction=True)
LARGE = ("accounts_follow", "feeds_post", "feeds_posthashtag", "interactions_like")


@pytest.fixture
def town(ada):
    """Enough rows that an index pays, and statistics that say so."""
    crowd = [ada, *(person() for _ in range(79))]
    posts = [post for author in crowd for post in plant_many(author, 60)]
    tags = Hashtag.objects.bulk_create(
        Hashtag(name=f"tag{number}", display=f"Tag{number}") for number in range(40)
    )
    PostHashtag.objects.bulk_create(
        PostHashtag(hashtag=tags[number % 40], post=post) for number, post in enumerate(posts)
    )
    Follow.objects.bulk_create(
        Follow(follower=crowd[one], followee=crowd[other])
        for one in range(80)
        for other in range(80)
        if one != other and (one + other) % 2
    )
    PersonCounts.objects.update(following=40, followers=40)
    Like.objects.bulk_create(Like(user=who, post=post) for who in crowd for post in posts[:: 40 + who.pk % 7])
    Finding.objects.bulk_create(
        Finding(user=who, by_place=True, place=f"place {number % 9}", welcomed_at=timezone.now())
        for number, who in enumerate(crowd)
    )
    SuggestionList.objects.bulk_create(
        SuggestionList(user=who, stage="personal", computed_at=timezone.now() - timedelta(hours=number))
        for number, who in enumerate(crowd)
    )
    analyze()
    return crowd


@pytest.mark.parametrize("stage", Stage)
def test_each_stage_goes_by_indexes_and_no_table_is_read_whole(town, stage):
    ada = town[0]
    popular = popular_people()
    plan = plans_of(lambda: find(ada.pk, stage=stage, tags=["tag1"], popular=popular, since=timezone.now()))
    assert "follow_following" in plan, plan
    for table in LARGE:
        assert not re.search(rf"Seq Scan on {table}\b", plan), f"{table}\n{plan}"


def test_a_hub_costs_no_more_than_the_limits(ada, monkeypatch, django_assert_num_queries):
    """Who follows more than `BRIDGES`, each of whom follows more than `REACH`: only so many rows are looked at."""
    crowd = [person() for _ in range(30)]
    Follow.objects.bulk_create(Follow(follower=ada, followee=one) for one in crowd)
    Follow.objects.bulk_create(
        Follow(follower=one, followee=other) for one in crowd for other in crowd if one != other
    )
    PersonCounts.objects.update(following=29)
    strangers = [person() for _ in range(6)]
    Follow.objects.bulk_create(Follow(follower=crowd[-1], followee=one) for one in strangers)
    monkeypatch.setitem(candidates._LIMITS, "bridges", 5)
    monkeypatch.setitem(candidates._LIMITS, "reach", 4)
    with django_assert_num_queries(1):
        found = find(ada.pk, stage=Stage.PERSONAL, tags=[], popular=[], since=timezone.now())
    assert {one.id for one in found} == {one.pk for one in strangers[-4:]}
    assert BRIDGES * REACH <= 20_000


def test_what_is_shown_and_what_is_due_go_by_indexes(town):
    ada = town[0]
    lists.make(ada.pk)
    plan = plans_of(lambda: suggested_people(ada, count=20))
    for table in LARGE:
        assert not re.search(rf"Seq Scan on {table}\b", plan), plan
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")  # eighty lists fit on one page
        cursor.execute("SET enable_sort = off")
        plan = plans_of(lambda: due(most=5))
        cursor.execute("RESET ALL")
    assert "suggestions_by_age" in plan, plan
