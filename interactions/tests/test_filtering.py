"""What filters leave of threads, by page, piece and API."""

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import Api, page_of
from feeds import shields
from feeds.actions import add_filter
from feeds.models import Post
from feeds.tests.factories import publish
from interactions.tests.threads import say
from socialnet.kernel import redis

pytestmark = pytest.mark.django_db
THREADS = ["threads"]


@pytest.fixture
def post(ada: User) -> Post:
    return publish(ada, "What do you think?")


def ids(answer: Any) -> list[str]:
    return [one["id"] for one in answer.json()["results"]]


def test_hidden_comments_are_absent_with_all_that_hangs_on_them(
    ben: User, cleo: User, dora: User, post: Post
) -> None:
    fine = say(ben, post, "Fine")
    below = say(cleo, fine, "A spoiler below")
    bad = say(ben, post, "A spoiler")
    answer = say(cleo, bad, "Oh!")
    add_filter(person=dora, phrase="spoiler", places=THREADS)
    told = Api(dora)("GET", f"posts/{post.pk}/comments?sort=old")
    assert ids(told) == [str(fine.pk)] and told.json()["results"][0]["replies"] == []
    assert ids(Api(dora)("GET", f"comments/{fine.pk}/replies")) == []
    page = page_of(dora).get(post.get_absolute_url()).content.decode()
    assert f"comment-{fine.pk}" in page and "2 comments hidden by your filters." in page
    assert not any(f'id="comment-{one.pk}"' in page for one in (below, bad, answer))
    others = page_of(ben).get(post.get_absolute_url()).content.decode()
    assert "hidden by your filters" not in others and f'id="comment-{bad.pk}"' in others


def test_folded_comments_say_for_which_words(ben: User, cleo: User, post: Post) -> None:
    said = say(ben, post, "A match")
    add_filter(person=cleo, phrase="Match", action="fold", places=THREADS)
    [told] = Api(cleo)("GET", f"posts/{post.pk}/comments").json()["results"]
    assert told["id"] == str(said.pk) and told["filtered"] == {"action": "fold", "phrases": ["Match"]}
    page = page_of(cleo).get(post.get_absolute_url()).content.decode()
    assert "Filtered: <bdi>Match</bdi>" in page
    [plain] = Api(ben)("GET", f"posts/{post.pk}/comments").json()["results"]
    assert "filtered" not in plain


def test_ones_own_words_stay_and_what_they_hang_on(ben: User, cleo: User, post: Post) -> None:
    mine = say(cleo, post, "My spoiler")
    theirs = say(ben, post, "A spoiler")
    my_answer = say(cleo, theirs, "I disagree")
    add_filter(person=cleo, phrase="spoiler", places=THREADS)
    told = Api(cleo)("GET", f"posts/{post.pk}/comments?sort=old").json()["results"]
    assert [one["id"] for one in told] == [str(mine.pk), str(theirs.pk)]
    assert "filtered" not in told[0] and told[1]["filtered"]["phrases"] == ["spoiler"]
    assert [one["id"] for one in told[1]["replies"]] == [str(my_answer.pk)]


def test_what_is_opened_by_its_address_is_folded_at_most(ben: User, cleo: User, post: Post) -> None:
    above = say(ben, post, "A spoiler")
    said = say(ben, above, "Another spoiler")
    add_filter(person=cleo, phrase="spoiler", places=THREADS)
    page = page_of(cleo).get(f"{post.get_absolute_url()}?comment={said.pk}").content.decode()
    assert page.count("Filtered: <bdi>spoiler</bdi>") == 2
    told = Api(cleo)("GET", f"comments/{said.pk}").json()
    assert told["filtered"]["phrases"] == ["spoiler"]


def test_pieces_of_a_thread_obey_them(ben: User, cleo: User, post: Post) -> None:
    bad, fine = say(ben, post, "A spoiler"), say(ben, post, "Fine")
    add_filter(person=cleo, phrase="spoiler", places=THREADS)
    client, address = page_of(cleo), f"{post.get_absolute_url()}/comments"
    part = {"headers": {"X-Partial": "items"}}
    assert client.get(f"{address}/{bad.pk}", **part).status_code == 404
    assert client.get(f"{address}/{fine.pk}", **part).status_code == 200
    piece = client.get(f"{address}?sort=new", **part).content.decode()
    assert f'id="comment-{fine.pk}"' in piece and f'id="comment-{bad.pk}"' not in piece
    assert "1 comment hidden by your filters." in piece


def test_a_thread_of_hidden_comments_says_so(ben: User, cleo: User, post: Post) -> None:
    say(ben, post, "A spoiler")
    add_filter(person=cleo, phrase="spoiler", places=THREADS)
    page = page_of(cleo).get(post.get_absolute_url()).content.decode()
    assert "1 comment hidden by your filters." in page and "Nobody has said anything" not in page


def test_filters_of_home_leave_threads_alone(ben: User, cleo: User, post: Post) -> None:
    said = say(ben, post, "A spoiler")
    add_filter(person=cleo, phrase="spoiler", places=["home", "notifications"])
    assert ids(Api(cleo)("GET", f"posts/{post.pk}/comments")) == [str(said.pk)]


def test_they_cost_no_query_when_kept(
    ben: User, cleo: User, post: Post, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        say(ben, post, f"Comment {number}")
    api, path = Api(cleo), f"posts/{post.pk}/comments?sort=new"
    api("GET", path)
    with django_assert_num_queries(3):  # who asks, the door of the post, and the page
        api("GET", path)
    add_filter(person=cleo, phrase="comment", places=THREADS, action="fold")
    with redis.door() as client:
        client.delete(shields.key_of(cleo.pk))
    api("GET", path)
    with django_assert_num_queries(3):
        assert len(api("GET", path).json()["results"]) == 5
