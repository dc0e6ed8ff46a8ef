"""How posts and people look from outside: only what every visitor may see, under one address."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import follows, page_of
from feeds.actions import publish_post, share_post
from feeds.tests.factories import picture, plant, publish
from feeds.tests.test_profile_tabs import with_pictures
from socialnet.kernel import redis

pytestmark = pytest.mark.django_db
HOME = "https://social.example"


@pytest.fixture(autouse=True)
def public_address(settings: Any) -> None:
    settings.PUBLIC_URL = HOME
    settings.ALLOWED_HOSTS = ["*"]


def face_of(path: str, viewer: User | None = None, **options: Any) -> dict[str, str]:
    """The meta tags of a page by name, its canonical address, its title."""
    answer = page_of(viewer).get(path, **options)
    head = answer.content.decode().split("</head>")[0]
    found = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', head))
    found["canonical"] = re.findall(r'<link rel="canonical" href="([^"]*)">', head)[0]
    found["title"] = re.findall(r"<title>(.*?)</title>", head, re.S)[0]
    found["header"] = answer.get("X-Robots-Tag", "")
    return found


def test_a_public_post(ada: User) -> None:
    post = publish(ada, 'Fog & **sun** over "Wien" #wien')
    face = face_of(f"{post.get_absolute_url()}?utm=1", headers={"host": "other.example"})
    assert face["canonical"] == face["og:url"] == f"{HOME}/@ada/{post.pk}"
    assert face["og:type"] == "article"
    assert face["og:title"] == "Ada on socialnet"
    assert face["og:description"] == face["description"] == "Fog &amp; sun over &quot;Wien&quot; #wien"
    assert face["twitter:card"] == "summary"
    assert face["og:image"] == f"{HOME}/static/img/og.png"
    assert face["article:published_time"].endswith("Z")
    assert "robots" not in face and face["header"] == ""


def test_a_picture_is_on_the_card(ada: User) -> None:
    post = with_pictures(ada, 2, alts=("A <red> boat",), content="Look")
    face = face_of(post.get_absolute_url())
    assert face["twitter:card"] == "summary_large_image"
    assert re.fullmatch(rf"{HOME}/media/\d+/large\.webp", face["og:image"])
    assert (face["og:image:width"], face["og:image:height"]) == ("800", "600")
    assert face["og:image:alt"] == "A &lt;red&gt; boat"


def test_a_post_of_pictures_only_is_described_by_them(ada: User) -> None:
    post = plant(ada, with_media=True, content="")
    assert face_of(post.get_absolute_url())["description"] == "A picture"
    picture(ada, post=post, alt="A red\n boat", is_stored=False)
    post.refresh_from_db()
    people.edit_profile(user=ada, display_name="Ada of Lisbon")
    other = plant(ada, with_media=True, content="")
    picture(ada, post=other, alt="A red\n boat", is_stored=False)
    face = face_of(other.get_absolute_url())
    assert face["description"] == "A red boat"
    assert face["og:image"].endswith("og.png")  # the picture is still on its way
    assert face["og:title"] == "Ada of Lisbon on socialnet"


def test_a_warning_stands_for_words_and_pictures(ada: User) -> None:
    post = with_pictures(
        ada, 1, alts=("A big spider",), content="It has eight legs", content_warning="Spiders"
    )
    face = face_of(post.get_absolute_url())
    assert face["og:description"] == "Content warning: Spiders"
    assert face["twitter:card"] == "summary" and face["og:image"].endswith("og.png")
    told = " ".join(face.values())
    assert "legs" not in told and "big spider" not in told


@pytest.mark.parametrize("audience", ["followers", "friends", "private", "private account"])
def test_what_is_not_for_everybody_is_neutral(ada: User, audience: str) -> None:
    if audience == "private account":
        people.set_privacy(user=ada, is_private=True)
    post = publish(ada, "Between us", audience="public" if audience == "private account" else audience)
    face = face_of(post.get_absolute_url(), ada)
    assert (face["og:title"], face["og:type"]) == ("socialnet", "website")
    assert face["robots"] == face["header"] == "noindex"
    told = {name: value for name, value in face.items() if name not in ("title", "canonical", "og:url")}
    assert "Between us" not in str(told) and "Ada" not in str(told)


def test_a_share_has_the_face_and_the_address_of_what_it_shares(ada: User, ben: User) -> None:
    post = publish(ada, "The words")
    share = share_post(post=post, person=ben)
    face = face_of(share.get_absolute_url())
    assert face["canonical"] == f"{HOME}/@ada/{post.pk}"
    assert (face["og:title"], face["og:description"]) == ("Ada on socialnet", "The words")


def test_long_words_are_shortened(ada: User) -> None:
    post = publish_post(author=ada, content="word " * 200)
    face = face_of(post.get_absolute_url())
    assert len(face["og:description"]) == 200 and face["og:description"].endswith("…")


def test_a_profile(ada: User) -> None:
    people.edit_profile(user=ada, bio="Paints <boats>\nin the harbour")
    for path in ("/@ada", "/@ada/media"):
        face = face_of(f"{path}?cursor=")
        assert face["canonical"] == f"{HOME}{path}"
        assert (face["og:type"], face["og:title"]) == ("profile", "Ada (@ada)")
        assert face["og:description"] == "Paints &lt;boats&gt; in the harbour"
        assert face["og:image"].endswith("og.png")
    User.objects.filter(pk=ada.pk).update(avatar="avatars/x.webp")
    assert face_of("/@ada")["og:image"] == f"{HOME}/media/avatars/x.webp"


def test_a_private_profile_shows_what_a_visitor_sees_and_offers_no_feed(ada: User) -> None:
    rss = 'type="application/rss+xml"'
    assert rss in page_of().get("/@ada").content.decode()
    people.set_privacy(user=ada, is_private=True)
    page = page_of(ada).get("/@ada").content.decode()
    assert rss not in page and "Ada (@ada)" in page


def test_a_suspended_account_has_no_face(ada: User) -> None:
    people.edit_profile(user=ada, bio="Paints boats")
    people.suspend_user(user=ada, actor=None)
    face = face_of("/@ada")
    assert face["og:title"] == "socialnet" and face["robots"] == face["header"] == "noindex"
    assert "boats" not in str(face)


@pytest.mark.parametrize(
    ("choice", "asked"),
    [
        ({"may_be_indexed": False}, "noindex"),
        ({"may_be_archived": False}, "noarchive, nosnippet"),
        ({"may_be_indexed": False, "may_be_archived": False}, "noindex, noarchive, nosnippet"),
    ],
)
def test_what_a_person_asks_of_robots_stands_on_all_their_pages(
    ada: User, ben: User, choice: dict[str, bool], asked: str
) -> None:
    post, of_ben = publish(ada, "#word"), publish(ben, "Mine #word")
    share = share_post(post=post, person=ben)
    people.set_privacy(user=ada, **choice)
    for path in (post.get_absolute_url(), share.get_absolute_url(), "/@ada", "/@ada/media"):
        face = face_of(path)
        assert face["robots"] == face["header"] == asked, path
    assert Client().get("/@ada/rss")["X-Robots-Tag"] == asked
    for path in (of_ben.get_absolute_url(), "/@ben", "/tags/word"):  # left out of nothing else
        assert "robots" not in face_of(path)
    assert "word" in Client().get("/tags/word/rss").content.decode()


def test_the_choice_costs_no_query(ada: User, django_assert_num_queries: Any) -> None:
    post = publish(ada)
    people.set_privacy(user=ada, may_be_indexed=False)
    redis._client().flushall()  # as some seconds after the choice, when the card may be kept again
    client = Client()
    client.get(post.get_absolute_url())
    with django_assert_num_queries(2):  # the facts, and the order of the thread
        client.get(post.get_absolute_url())
    with django_assert_num_queries(4):  # the person, the ids, the facts, what is pinned
        client.get("/@ada")


def test_other_pages_are_neutral_under_the_public_address(ada: User, ben: User) -> None:
    follows(ben, ada)
    for viewer, path in ((None, "/"), (ada, "/"), (ada, "/bookmarks")):
        face = face_of(f"{path}?x=1", viewer)
        assert face["canonical"] == face["og:url"] == f"{HOME}{path}"
        assert face["og:title"] == "socialnet"


def test_an_address_in_another_script_is_written_as_links_are(ada: User) -> None:
    publish(ada, "#東京")
    face = face_of("/tags/%E6%9D%B1%E4%BA%AC")
    assert face["canonical"] == f"{HOME}/tags/%E6%9D%B1%E4%BA%AC"
    assert face["og:title"] == "#東京"


def test_robots_txt() -> None:
    answer = Client().get("/robots.txt")
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"].startswith("text/plain")
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /admin/", "Disallow: /settings/", "Disallow: /api/"} <= set(lines)
    assert "http" not in answer.content.decode()
    assert Client().post("/robots.txt").status_code == 405
