"""Posts and feeds through the HTML door: what people see, what outsiders do not, what bad input meets."""

import re

import pytest
from django.urls import reverse

from accounts import actions as people
from accounts.models import User
from feeds.actions import delete_post, publish_post
from feeds.models import Post
from socialnet.kernel import redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> dict[str, User]:
    """ada writes; ben follows her; cleo is a stranger; dora is blocked by ada."""
    names = ("ada", "ben", "cleo", "dora")
    found = {
        name: User.objects.create_user(name, f"{name}@example.org", None, display_name=name.title())
        for name in names
    }
    people.follow_user(follower=found["ben"], followee=found["ada"])
    people.block_user(blocker=found["ada"], blocked=found["dora"])
    drain()
    return found


@pytest.fixture
def page(client):
    """`page(person, address)`: the answer that this person gets; None for a visitor."""

    def get(person: User | None, address: str, **options):
        client.logout()
        if person is not None:
            client.force_login(person)
        return client.get(address, **options)

    return get


@pytest.fixture
def send(client):
    def post(person: User | None, address: str, data: dict[str, object], **options):
        client.logout()
        if person is not None:
            client.force_login(person)
        return client.post(address, data, **options)

    return post


def test_what_ada_writes_is_at_home_for_her_at_once_and_for_ben_after_fanout(cast, page, send):
    answer = send(cast["ada"], "/posts", {"content": "Fog in the valley", "visibility": "public"})
    assert (answer.status_code, answer.url) == (302, "/")
    assert "Fog in the valley" in page(cast["ada"], "/").content.decode()
    drain()
    home = page(cast["ben"], "/")
    assert "Fog in the valley" in home.content.decode()
    assert (home["X-Feed-Tier"], home["Cache-Control"]) == ("1", home["Cache-Control"])
    assert "no-store" in home["Cache-Control"]
    assert "Fog in the valley" not in page(cast["cleo"], "/").content.decode()


AUDIENCES = {
    "public": {"ada", "ben", "cleo", None},
    "followers": {"ada", "ben"},
    "friends": {"ada"},
    "private": {"ada"},
}


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("name", ["ada", "ben", "cleo", "dora", None])
def test_a_post_is_on_its_page_and_the_profile_for_its_audience_only(cast, page, audience, name):
    post = publish_post(author=cast["ada"], content="A sentence of its own", visibility=audience)
    viewer = cast[name] if name else None
    expected = name in AUDIENCES[audience]
    assert page(viewer, post.get_absolute_url()).status_code == (200 if expected else 404)
    assert ("A sentence of its own" in page(viewer, "/@ada").content.decode()) is expected


def test_hidden_and_absent_look_identical(cast, page):
    post = publish_post(author=cast["ada"], content="Only mine", visibility="private")
    hidden, absent = (page(cast["cleo"], f"/@ada/{ident}") for ident in (post.pk, 12345))
    unlike = re.compile(rb"[0-9a-f]{32}|csrf\w+|value=\"[^\"]*\"|%s|12345" % str(post.pk).encode())
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert unlike.sub(b"", hidden.content) == unlike.sub(b"", absent.content)


@pytest.mark.parametrize("ident", ["0", "9" * 16, "1" + "0" * 30, "-1", "x", "9" * 5000])
def test_ids_that_no_post_can_have_are_not_found(cast, page, ident):
    assert page(cast["ben"], f"/@ada/{ident}").status_code == 404


def test_a_post_under_another_name_is_not_found_and_another_spelling_is_sent_on(cast, page):
    post = publish_post(author=cast["ada"], content="Here")
    assert page(cast["ben"], f"/@ben/{post.pk}").status_code == 404
    assert page(cast["ben"], f"/@ADA/{post.pk}").url == post.get_absolute_url()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "Write something first."),
        (" \n\t ", "Write something first."),
        ("\u200b\u200d", "Write something first."),
        ("x" * 2001, "at most 2000 characters"),
        ("a\x00b", "Null characters are not allowed"),
        ("a\x07b", "cannot be kept"),
    ],
)
def test_what_cannot_be_kept_comes_back_with_a_sentence_and_the_text(cast, send, content, sentence):
    answer = send(cast["ada"], "/posts", {"content": content, "visibility": "followers"})
    assert answer.status_code == 400
    assert sentence in answer.content.decode().replace("&#x27;", "'")
    assert '<option value="followers" selected>' in answer.content.decode()
    assert not Post.objects.exists()


def test_an_unknown_audience_is_refused(cast, send):
    answer = send(cast["ada"], "/posts", {"content": "Hello", "visibility": "everyone"})
    assert answer.status_code == 400
    assert not Post.objects.exists()


def test_two_thousand_characters_of_emoji_are_kept_whole(cast, send):
    text = "👩‍👩‍👧" * 400  # five code points each
    assert send(cast["ada"], "/posts", {"content": text}).status_code == 302
    assert Post.objects.get().content == text


def test_the_same_form_sent_twice_publishes_once(cast, send):
    form = {
        "content": "Once",
        "visibility": "public",
        "idempotency_key": "5b1c7a1e-0000-4000-8000-000000000001",
    }
    first, second = send(cast["ada"], "/posts", form), send(cast["ada"], "/posts", form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert Post.objects.count() == 1


def test_only_the_author_deletes_and_it_is_gone_everywhere_at_once(cast, page, send):
    post = publish_post(author=cast["ada"], content="Short-lived")
    drain()
    address = post.get_absolute_url()
    assert "Short-lived" in page(cast["ben"], "/").content.decode()
    assert send(cast["ben"], f"{address}/delete", {}).status_code == 403
    assert page(cast["ada"], f"{address}/delete").status_code == 200
    assert send(cast["ada"], f"{address}/delete", {}).status_code == 302
    for viewer in ("ada", "ben"):
        assert page(cast[viewer], address).status_code == 404
        assert "Short-lived" not in page(cast[viewer], "/").content.decode()
    assert "Short-lived" not in page(None, "/@ada").content.decode()


def test_visitors_are_asked_to_sign_in_to_write(send, page):
    assert send(None, "/posts", {"content": "x"}).url.startswith(reverse("account_login"))
    assert page(None, "/home/new").url.startswith(reverse("account_login"))


def test_a_private_account_shows_strangers_no_post(cast, page):
    publish_post(author=cast["ada"], content="For followers now")
    people.set_privacy(user=cast["ada"], is_private=True)
    assert "For followers now" in page(cast["ben"], "/@ada").content.decode()
    for name in ("cleo", None):
        answer = page(cast[name] if name else None, "/@ada")
        assert answer.status_code == 200
        assert "For followers now" not in answer.content.decode()
    assert "For followers now" not in page(None, "/").content.decode()


def test_a_muted_author_leaves_home_and_stays_on_the_profile(cast, page):
    publish_post(author=cast["ada"], content="Loud")
    drain()
    people.mute_user(muter=cast["ben"], muted=cast["ada"])
    assert "Loud" not in page(cast["ben"], "/").content.decode()
    assert "Loud" in page(cast["ben"], "/@ada").content.decode()
    people.unmute_user(muter=cast["ben"], muted=cast["ada"])
    assert "Loud" in page(cast["ben"], "/").content.decode()


def test_no_html_of_a_person_reaches_a_page(cast, page):
    publish_post(
        author=cast["ada"], content='<script>alert(1)</script><img src=x onerror="y"> javascript:alert(1)'
    )
    shown = page(cast["ben"], "/@ada").content.decode()
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert 'href="javascript' not in shown


def test_older_posts_is_a_real_link_through_everything_once(cast, page):
    made = [publish_post(author=cast["ada"], content=f"post {number}").pk for number in range(45)]
    drain()
    seen, address = [], "/"
    while address:
        html = page(cast["ben"], address).content.decode()
        seen += [int(ident) for ident in re.findall(r'data-post-id="(\d+)"', html)]
        link = re.search(r'rel="next" href="([^"]+)"', html)
        address = f"/{link[1]}" if link else ""
    assert seen == sorted(made, reverse=True)
    assert "reached the end" in html


def test_endless_scroll_gets_the_items_alone(cast, page):
    publish_post(author=cast["ada"], content="One")
    drain()
    answer = page(cast["ben"], "/", headers={"X-Partial": "items"})
    assert "<html" not in answer.content.decode()
    assert "One" in answer.content.decode()


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "ä", "9" * 3000])
@pytest.mark.parametrize("address", ["/", "/@ada"])
def test_a_damaged_cursor_is_a_clear_400(cast, page, address, cursor):
    answer = page(cast["ben"], f"{address}?cursor={cursor}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "address"), [("post", "/"), ("put", "/posts"), ("delete", "/@ada"), ("post", "/home/new")]
)
def test_wrong_methods_are_405(cast, client, method, address):
    client.force_login(cast["ada"])
    assert getattr(client, method)(address).status_code == 405


def test_home_costs_the_same_for_one_post_and_for_twenty(cast, client, django_assert_num_queries):
    for number in range(20):
        publish_post(author=cast["ada"], content=f"post {number}")
    drain()
    client.force_login(cast["ben"])
    redis._client().flushall()  # as some seconds after the follow, when relations may be kept again
    for _ in range(2):  # cold, then what stands in is looked after
        client.get("/", headers={"X-Partial": "items"})
    with django_assert_num_queries(1):  # the facts of the page
        client.get("/", headers={"X-Partial": "items"})


def test_a_deleted_post_that_is_still_in_a_timeline_costs_no_error(cast, page):
    post = publish_post(author=cast["ada"], content="Going")
    drain()
    delete_post(post=post, actor=cast["ada"])
    publish_post(author=cast["ada"], content="Staying")
    drain()
    home = page(cast["ben"], "/").content.decode()
    assert "Staying" in home
    assert "Going" not in home
