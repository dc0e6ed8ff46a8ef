"""Posts that were rendered by earlier rules are shown by those of today."""

import io

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feeds import cards
from feeds.management.commands import rerender_posts
from feeds.models import Post
from feeds.tests.factories import plant, plant_many, publish

pytestmark = pytest.mark.django_db


def rerender() -> str:
    out = io.StringIO()
    call_command("rerender_posts", stdout=out)
    return out.getvalue()


def shown(post: Post) -> str:
    return cards.hydrate({post.pk: post.author_id}).cards[post.pk]["html"]


def test_old_html_becomes_todays_in_rows_and_cards(ada, ben):
    old = plant(ada, content="Hello *@ben* @nobody")
    assert shown(old) == "Hello *@ben* @nobody"
    told = rerender()
    html = '<p dir="auto">Hello <em><a class="mention" dir="ltr" href="/@ben">@ben</a></em> @nobody</p>'
    assert (Post.objects.get(pk=old.pk).html, shown(old)) == (html, html)
    assert "Rendered 1 posts again, 1 changed" in told


def test_what_is_right_already_stays(ada):
    publish(ada, "Hello **world**")
    assert "1 posts, 0 changed" in rerender()


def test_it_goes_in_batches_with_one_look_for_people_each(ada, monkeypatch):
    monkeypatch.setattr(rerender_posts, "BATCH", 2)
    posts = plant_many(ada, 5, content="@ada @ben")
    with CaptureQueriesContext(connection) as queries:
        told = rerender()
    assert [line.split()[0] for line in told.splitlines()] == ["2", "4", "5", "Rendered"]
    assert sum("accounts_user" in query["sql"] for query in queries) == 3
    assert not Post.objects.filter(pk__in=[post.pk for post in posts], html="@ada @ben").exists()


def test_deleted_posts_are_left_alone(ada):
    gone = plant(ada, content="*a*", deleted_at="2026-01-01T00:00:00Z")
    rerender()
    assert Post.objects.get(pk=gone.pk).html == "*a*"
