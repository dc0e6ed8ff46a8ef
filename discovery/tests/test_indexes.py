"""What the jobs of trends and Explore ask can be served by indexes: none of it needs a table read whole.

Tables of a test are so small that reading them whole is quickest, so that is forbidden here.
"""

from collections.abc import Iterator

import pytest
from django.db import connection

from accounts.models import User
from discovery.explore import candidates
from discovery.tests.towns import compute, established, like, talk
from discovery.trends import evidence
from feeds.models import Hashtag
from feeds.tests.test_indexes import analyze, plans_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(ada: User) -> Iterator[User]:
    crowd = established(5)
    like(talk(crowd, "now")[0], [*crowd[1:], ada])
    compute()
    analyze()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        yield ada
        cursor.execute("RESET enable_seqscan")


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
