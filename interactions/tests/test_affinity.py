"""How close authors are: by what a person did, how long ago, and no more of them than needed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import person
from feeds import hooks
from feeds.actions import publish_post, share_post, unshare_post
from feeds.models import Post
from feeds.tests.factories import plant, plant_many, publish
from feeds.tests.test_indexes import analyze, plans_of
from feeds.tests.test_indexes import town as town
from interactions import actions, affinity
from interactions.models import Bookmark
from socialnet.outbox.ids import id_at

pytestmark = pytest.mark.django_db


def closeness(who: User) -> dict[str, float]:
    affinity.POLICY.drop(who.pk)
    found = affinity._read(who.pk)
    names = dict(User.objects.values_list("pk", "username"))
    return {names[author_id]: weight for author_id, weight in found}


def kept_days_ago(who: User, post: Post, days: float) -> None:
    moment = timezone.now() - timedelta(days=days)
    Bookmark.objects.create(pk=id_at(moment), user=who, post=post)


def test_a_stranger_to_everybody_is_close_to_nobody(ada: User) -> None:
    assert hooks.affinity(ada.pk) == {}


def test_shares_quotes_bookmarks_and_likes_count_each_with_its_weight(
    ada: User, ben: User, cleo: User, dora: User
) -> None:
    share_post(post=publish(ada), person=dora)
    publish_post(author=dora, content="Indeed", quoted=publish(ada))
    share_post(post=publish(ben), person=dora)
    actions.bookmark_post(post_id=publish(cleo).pk, person=dora)
    eve = person("eve")
    actions.like_post(post_id=publish(eve).pk, person=dora)
    found = hooks.affinity(dora.pk)
    assert list(found) == [ada.pk, ben.pk, cleo.pk, eve.pk]
    weights = {ada.pk: 6, ben.pk: 3, cleo.pk: 2, eve.pk: 1}
    assert found == {author_id: pytest.approx(weight / 6) for author_id, weight in weights.items()}
    assert hooks.affinity(ada.pk) == {}, "what others do with my posts is not of my will"


def test_it_halves_in_30_days_and_ends_after_90(ada: User, ben: User, cleo: User, dora: User) -> None:
    kept_days_ago(dora, plant(ada), 0)
    kept_days_ago(dora, plant(ben), 30)
    kept_days_ago(dora, plant(cleo), 91)
    assert closeness(dora) == {"ada": 1.0, "ben": pytest.approx(0.5, rel=1e-3)}


def test_oneself_and_what_was_undone_do_not_count(ada: User, ben: User) -> None:
    actions.bookmark_post(post_id=publish(ada).pk, person=ada)
    post = publish(ben)
    share_post(post=post, person=ada)
    unshare_post(post=post, person=ada)
    actions.like_post(post_id=post.pk, person=ada)
    actions.unlike_post(post_id=post.pk, person=ada)
    assert closeness(ada) == {}


def test_it_is_kept_for_minutes(ada: User, ben: User, django_assert_num_queries) -> None:
    post = publish(ben)
    with django_assert_num_queries(1):
        hooks.affinity(ada.pk)
    actions.bookmark_post(post_id=post.pk, person=ada)
    with django_assert_num_queries(0):
        assert hooks.affinity(ada.pk) == {}


def test_there_are_never_more_than_the_200_closest(ada: User) -> None:
    crowd = [person() for _ in range(203)]
    for rank, author in enumerate(crowd):
        kept_days_ago(ada, plant(author), rank / 10)
    found = affinity._read(ada.pk)
    assert [author_id for author_id, _weight in found] == [author.pk for author in crowd[:200]]
    assert all(0 < weight <= 1 for _author_id, weight in found)


@pytest.mark.django_db(transaction=True)
def test_each_act_is_read_by_its_index(town, ada: User, ben: User) -> None:
    originals = plant_many(ada, 50)
    for who in User.objects.exclude(pk=ada.pk):
        plant_shares(who, originals)
        Bookmark.objects.bulk_create(
            Bookmark(pk=post.pk + who.pk % 4000, user=who, post=post) for post in originals
        )
    analyze()
    plan = plans_of(lambda: affinity._read(ben.pk))
    for index in ("post_by_author", "bookmark_newest", "feeds_post_pkey"):
        assert index in plan, plan
    for table in ("feeds_post ", "interactions_bookmark "):
        assert f"Seq Scan on {table}" not in plan, plan


def plant_shares(who: User, originals: list[Post]) -> None:
    Post.objects.bulk_create(
        Post(pk=post.pk + who.pk % 4000, author=who, content="", html="", share_of=post) for post in originals
    )
