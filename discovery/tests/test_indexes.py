"""What the jobs of trends and Explore ask can be served by indexes: none of it needs a table read whole.

The large tables hold enough that the right index is the cheapest by far; while they fit on a page, every index costs
the same and the planner may take any. The small ones stay small: reading them whole is quickest, so that is forbidden.
"""

from collections.abc import Iterator

import pytest
from django.db import connection

from accounts.models import User
from accounts.tests.factories import person
from discovery.explore import candidates
from discovery.tests.towns import compute, established, like, talk
from discovery.trends import evidence
from feeds.models import Hashtag, PostHashtag
from feeds.tests.factories import plant_many
from feeds.tests.test_indexes import analyze, plans_of
from interactions.models import Like
from interactions.tests.threads import plant_comments

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(ada: User) -> Iterator[User]:
    crowd = established(5)
    like(talk(crowd, "now")[0], [*crowd[1:], ada])
    compute()
    fill()
    analyze()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("SET enable_bitmapscan = off")  # says each condition twice
        yield ada
        cursor.execute("RESET enable_seqscan")
        cursor.execute("RESET enable_bitmapscan")


def fill() -> None:
    """Posts, tags, likes and comments of others, so many that an index pays."""
    others = [person() for _number in range(25)]
    posts = [post for one in others for post in plant_many(one, 40)]
    tags = Hashtag.objects.bulk_create(
        Hashtag(name=f"tag{number}", display=f"Tag{number}") for number in range(50)
    )
    PostHashtag.objects.bulk_create(
        PostHashtag(hashtag=tags[number % 50], post=post) for number, post in enumerate(posts)
    )
    Like.objects.bulk_create(
        Like(user=others[(number + step) % 25], post=post, place=post.pk + step)
        for number, post in enumerate(posts)
        for step in (1, 2, 3)
    )
    for post in posts[::50]:
        plant_comments(post, others, many=50)


def test_evidence_of_tags(town: User) -> None:
    tag = Hashtag.objects.get(name="now")
    plans = plans_of(lambda: evidence.of_tags([tag.pk]))
    assert (
        "Seq Scan on" not in plans
        and plans.count("(user_id = a.id)")
        and plans.count("(author_id = a.id)") == 2
    )


def test_evidence_of_posts_and_people(town: User) -> None:
    posts = list(Hashtag.objects.get(name="now").uses.values_list("post_id", flat=True))
    plans = plans_of(lambda: evidence.of_posts(posts, days=3))
    assert "like_by_post" in plans and "post_by_shared" in plans
    assert "Seq Scan on" not in plans
    people = list(User.objects.values_list("pk", flat=True)[:5])
    plans = plans_of(lambda: evidence.of_people(people))
    assert "Seq Scan on" not in plans and "post_by_author" in plans


def test_candidates_of_explore(town: User) -> None:
    plans = plans_of(lambda: candidates.find(town.pk))
    assert "like_newest" in plans and "like_by_post" in plans
    assert "Seq Scan on" not in plans
