"""A post that waits for moderators: its author is told that nobody can like, comment or share it yet."""

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from feeds.actions import hold_post, release_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions.models import Comment, Like


@pytest.fixture
def ada(db: Any) -> User:
    return person("ada")


@pytest.fixture
def held(ada: User) -> Post:
    return hold_post(post_id=publish(ada, "Wait for it").pk)


def test_its_page_offers_none_of_it_and_says_why(ada: User, held: Post) -> None:
    page = page_of(ada).get(f"/@ada/{held.pk}").content.decode()
    assert "Nobody can like, comment or share it yet." in page
    assert "Comments begin once moderators have looked at this post." in page
    for door in ("like", "share", "comments"):
        assert f'formaction="/@ada/{held.pk}/{door}"' not in page
    assert 'name="content"' not in page.split('id="comments"')[1].split("</section>")[0]
    assert "/bookmark" in page and "/delete" in page


def test_the_doors_refuse_it_and_open_once_it_is_released(ada: User, held: Post) -> None:
    api, client = Api(ada), page_of(ada)
    asked = [("PUT", "like", None), ("POST", "comments", {"content": "First!"}), ("POST", "share", None)]
    for method, door, body in asked:
        answer = api(method, f"posts/{held.pk}/{door}", body)
        refusal = (403, "cannot_share") if door == "share" else (409, "waits_for_review")
        assert (answer.status_code, answer.json()["code"]) == refusal
    assert client.post(f"/@ada/{held.pk}/like").status_code == 409
    assert client.post(f"/@ada/{held.pk}/share").status_code == 403
    assert client.post(f"/@ada/{held.pk}/comments", {"content": "First!"}).status_code == 409
    assert not Like.objects.exists() and not Comment.objects.exists()
    assert Post.objects.count() == 1
    release_post(post_id=held.pk, actor=None)
    for method, door, body in asked:
        assert api(method, f"posts/{held.pk}/{door}", body).status_code in (200, 201)


def test_a_like_from_before_can_be_taken_back(ada: User) -> None:
    post = publish(ada)
    Api(ada)("PUT", f"posts/{post.pk}/like")
    hold_post(post_id=post.pk)
    assert Api(ada)("DELETE", f"posts/{post.pk}/like").json() == {"is_liked": False, "like_count": 0}
