"""Each search is served by the index that was made for it; asked of the planner, with the statements as sent."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from accounts.tests.factories import person
from discovery.models import SearchDocument
from discovery.search.documents import keep_people, keep_posts
from discovery.tests.finding import people, posts, suggested, tags
from feeds.models import Hashtag, Post, PostHashtag
from feeds.tests.factories import plant_many
from feeds.tests.test_indexes import analyze, plans_of
from socialnet.kernel import redis

pytestmark = pytest.mark.django_db(transaction=True)
VISITOR = AnonymousUser()


@pytest.fixture
def town(ada):
    """Enough documents that an index pays: 4,000 posts, of which few are of one word and most of another."""
    rows = plant_many(ada, 4000, content="common words")
    for number, post in enumerate(rows):
        post.content = f"common word{number % 1000}"
    Post.objects.bulk_update(rows, ["content"], batch_size=1000)
    crowd = [
        person(f"neighbour_{number}", display_name=f"Name{number} Family{number % 50}")
        for number in range(300)
    ]
    User.objects.filter(pk__in=[one.pk for one in crowd]).update(bio="a common bio")
    Hashtag.objects.bulk_create(Hashtag(name=f"tag{number}", display=f"tag{number}") for number in range(400))
    some = list(Hashtag.objects.all())
    PostHashtag.objects.bulk_create(
        PostHashtag(hashtag=tag, post=rows[number]) for number, tag in enumerate(some)
    )
    for start in range(0, len(rows), 500):
        keep_posts([post.pk for post in rows[start : start + 500]])
    keep_people([one.pk for one in crowd])
    analyze()


def plan(look, text):
    redis._client().flushall()
    return plans_of(lambda: look(text, VISITOR))


def test_words_of_posts_by_gin(town):
    assert "Index Scan on document_posts" in plan(posts, "word77")
    assert "Index Scan on document_posts" in plan(posts, '"common word77"')
    assert "Index Scan on document_posts" in plan(posts, "word77 -word78 has:media")


def test_words_that_most_posts_have_along_the_order_of_time(town):
    """Neither is all read that matches, nor is it sorted."""
    found = plan(posts, "common")
    assert "Index Scan Backward using" in found and "Sort" not in found.partition("Nested Loop")[0]


def test_posts_of_a_person_by_author(town, ada):
    assert "document_author" in plan(posts, "word77 from:neighbour_7")


def test_names_and_words_of_people_by_gin(town):
    assert "Index Scan on document_names" in plan(people, "name77")
    assert "Index Scan on document_people" in plan(people, "unheardof")
    assert "Index Scan on document_names" in plan(suggested, "@name77")


def test_slips_by_gin(town):
    assert "Index Scan on document_slips" in plan(people, "nam7e7")
    assert "Index Scan on document_slips" in plan(tags, "tga77")


def test_tags_by_gin(town):
    assert "Index Scan on document_names" in plan(tags, "tag77")


def test_every_document_has_its_row(town):
    assert SearchDocument.objects.count() == 4000 + 300 + 400
