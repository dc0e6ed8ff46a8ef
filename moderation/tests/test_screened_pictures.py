"""What is to be seen on pictures is looked at as the post is: when it is published, edited, and described later."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import Api, page_of
from feeds import actions as posts
from feeds.models import Media, Post
from feeds.tests.factories import picture
from feeds.tests.test_edits import form_of
from moderation import actions
from moderation.models import Case, ScreeningResult
from moderation.tests.screened import OFFENCE, SPAM, block_words, set_rule
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def wrong() -> list[str]:
    """The pictures here have no files."""
    return [line for line in broken(sample=20) if "pictures" not in line]


def shown(author: User, alt: str = "A loaf", content: str = "Good morning") -> tuple[Post, Media]:
    media = picture(author, alt=alt)
    return posts.publish_post(author=author, content=content, media_ids=[media.pk]), media


def test_a_post_is_held_for_what_is_to_be_seen_on_its_picture(ada: User, ben: User, mod: User) -> None:
    block_words()
    post, media = shown(ada, alt=SPAM)
    assert post.held_at is not None
    assert Api(ben)("GET", f"posts/{post.pk}").status_code == 404
    assert Api(ben)("GET", f"media/{media.pk}").status_code == 404
    drain()
    case = Case.objects.get()
    assert case.said == f"Good morning\n{SPAM}"
    assert SPAM in page_of(mod).get(f"/admin/moderation/case/{case.pk}/change/").content.decode()
    actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod)
    drain()
    assert SPAM in page_of(ben).get(post.get_absolute_url()).content.decode() and wrong() == []


def test_it_is_refused_by_page_and_api_with_all_that_was_typed(ada: User) -> None:
    block_words(outcome="refuse")
    media = picture(ada, alt="A loaf")
    page = page_of(ada)
    form = {
        "content": "Look",
        "media_ids": [media.pk],
        f"alt_{media.pk}": SPAM,
        "visibility": "public",
        "do": "publish",
    }
    answer = page.post(reverse("post_create"), form)
    assert answer.status_code == 400 and "words that cannot be used" in answer.content.decode()
    assert "Look" in answer.content.decode() and SPAM in answer.content.decode()
    assert Api(ada)("PATCH", f"media/{media.pk}", {"alt": SPAM}).status_code == 200  # nobody else sees it yet
    answer = Api(ada)("POST", "posts", {"content": "Look", "media_ids": [str(media.pk)]})
    assert (answer.status_code, answer.json()["code"]) == (400, "writing_refused")
    assert not Post.objects.exists()


@pytest.mark.parametrize("door", ["api", "action", "page"])
def test_describing_it_anew_holds_the_post(ada: User, ben: User, mod: User, door: str) -> None:
    post, media = shown(ada)
    drain()
    block_words()
    if door == "api":
        answer = Api(ada)("PATCH", f"media/{media.pk}", {"alt": SPAM})
    elif door == "action":
        posts.edit_post(post=post, actor=ada, alts={media.pk: SPAM})
        answer = None
    else:
        browser, address = page_of(ada), f"{post.get_absolute_url()}/edit"
        answer = browser.post(address, form_of(browser.get(address)) | {f"alt_{media.pk}": SPAM})
    assert answer is None or answer.status_code in (200, 302), answer.content
    drain()
    post.refresh_from_db()
    assert post.held_at is not None and post.edited_at is None
    assert Api(ben)("GET", f"posts/{post.pk}").status_code == 404
    answer = Api(ada)("PATCH", f"media/{media.pk}", {"alt": "A cake"})
    assert (answer.status_code, answer.json()["code"]) == (409, "waits_for_review")
    assert wrong() == []
    actions.decide_case(case_id=Case.objects.get().pk, outcome="nothing", actor=mod)
    drain()
    assert SPAM in page_of(ben).get(post.get_absolute_url()).content.decode() and wrong() == []


def test_describing_it_anew_is_refused_and_it_says_what_it_said(ada: User) -> None:
    _post, media = shown(ada)
    block_words(outcome="refuse")
    answer = Api(ada)("PATCH", f"media/{media.pk}", {"alt": SPAM})
    assert (answer.status_code, answer.json()["code"]) == (400, "writing_refused")
    media.refresh_from_db()
    assert media.alt == "A loaf"
    assert ScreeningResult.objects.get().outcome == "refuse"


def test_a_picture_that_comes_with_an_edit_brings_its_words(ada: User) -> None:
    post, media = shown(ada)
    block_words()
    other = picture(ada, alt=SPAM)
    posts.edit_post(post=post, actor=ada, media_ids=[media.pk, other.pk])
    post.refresh_from_db()
    assert post.held_at is not None


def test_what_was_looked_at_before_is_not_looked_at_again(ada: User) -> None:
    post, media = shown(ada, alt=SPAM, content="See https://cure.example")
    block_words()
    set_rule("links_new_account", threshold=100)
    posts.edit_post(post=post, actor=ada, alts={media.pk: SPAM})
    posts.edit_post(post=post, actor=ada, alts={media.pk: ""})
    posts.edit_post(post=post, actor=ada, media_ids=[])
    post.refresh_from_db()
    assert post.held_at is None and not ScreeningResult.objects.exclude(outcome="allow").exists()


def test_words_above_and_beside_a_post_are_heard_by_the_classifier(ada: User) -> None:
    set_rule("classifier", "on", threshold=80)
    shown(ada, alt=OFFENCE)
    posts.publish_post(author=ada, content="Hello", content_warning=OFFENCE)
    drain()
    assert ScreeningResult.objects.filter(outcome="flag").count() == 2
    assert {case.said for case in Case.objects.all()} == {f"Good morning\n{OFFENCE}", f"{OFFENCE}\nHello"}


def test_a_post_without_pictures_asks_nothing_about_any(ada: User) -> None:
    with CaptureQueriesContext(connection) as asked:
        posts.publish_post(author=ada, content="Hello")
    assert not [query for query in asked.captured_queries if "feeds_media" in query["sql"]]


def test_others_describe_nothing(ada: User, ben: User) -> None:
    _post, media = shown(ada)
    answer: Any = Api(ben)("PATCH", f"media/{media.pk}", {"alt": "Mine"})
    assert answer.status_code == 403
    media.refresh_from_db()
    assert media.alt == "A loaf"
