"""Feeds for readers elsewhere: whole posts, valid XML whatever was written, and nothing that is not for everybody."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from django.test import Client

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import blocks, follows, page_of
from feeds import cards
from feeds.actions import delete_post, pin_post, publish_post, share_post
from feeds.models import Hashtag, Post, PostHashtag
from feeds.tests.factories import picture, plant, plant_many, publish
from feeds.tests.test_profile_tabs import with_pictures

pytestmark = pytest.mark.django_db
HOME = "https://social.example"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
MEDIA = "{http://search.yahoo.com/mrss/}content"
LANGUAGE = "{http://purl.org/dc/elements/1.1/}language"
ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"


@pytest.fixture(autouse=True)
def public_address(settings: Any) -> None:
    settings.PUBLIC_URL = HOME


def feed(path: str = "/@ada/rss", viewer: User | None = None) -> ET.Element:
    answer = page_of(viewer).get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"
    channel = ET.fromstring(answer.content).find("channel")
    assert channel is not None
    return channel


def items(path: str = "/@ada/rss", viewer: User | None = None) -> list[ET.Element]:
    return feed(path, viewer).findall("item")


def words(path: str = "/@ada/rss", viewer: User | None = None) -> list[str | None]:
    return [item.findtext("description") for item in items(path, viewer)]


def test_the_feed_of_a_person(ada: User) -> None:
    people.edit_profile(user=ada, bio="Paints boats")
    post = publish_post(author=ada, content="Fog over **Wien** with @ada #wien", language="de")
    channel = feed()
    assert channel.findtext("title") == "Posts of Ada (@ada)"
    assert channel.findtext("link") == f"{HOME}/@ada"
    assert channel.findtext("description") == "Paints boats"
    assert channel.findtext("language") == "en"
    link = channel.find(ATOM_LINK)
    assert link is not None and link.attrib == {"href": f"{HOME}/@ada/rss", "rel": "self"}
    (item,) = channel.findall("item")
    assert item.findtext("title") == item.findtext("description") == "Fog over Wien with @ada #wien"
    assert item.findtext("link") == item.findtext("guid") == f"{HOME}/@ada/{post.pk}"
    assert item.find("guid").attrib.get("isPermaLink", "true") == "true"  # type: ignore[union-attr]
    assert item.findtext(CREATOR) == "Ada"
    assert item.findtext(LANGUAGE) == "de"
    assert item.findtext("pubDate", "").endswith("+0000")
    html = item.findtext(CONTENT, "")
    assert "<strong>Wien</strong>" in html
    assert f'href="{HOME}/@ada"' in html and f'href="{HOME}/tags/wien"' in html
    assert 'href="/' not in html


def test_pages_say_where_their_feed_is(ada: User) -> None:
    for page, path in (("/@ada", "/@ada/rss"), ("/tags/word", "/tags/word/rss")):
        head = Client().get(page).content.decode().split("</head>")[0]
        assert 'rel="alternate" type="application/rss+xml"' in head
        assert f'href="{HOME}{path}"' in head


def test_pictures_are_in_it_with_what_is_on_them(ada: User) -> None:
    with_pictures(ada, 2, alts=("A <red> boat & more",))
    (item,) = items()
    first, second = item.findall(MEDIA)
    assert first.attrib["url"].startswith(f"{HOME}/media/") and first.attrib["url"].endswith("/large.webp")
    assert (first.attrib["width"], first.attrib["type"]) == ("800", "image/webp")
    assert [child.text for child in first] == ["A <red> boat & more"]
    assert list(second) == []
    assert 'alt="A &lt;red&gt; boat &amp; more"' in item.findtext(CONTENT, "")


def test_a_picture_that_is_coming_is_not_there_yet(ada: User) -> None:
    picture(ada, post=plant(ada, with_media=True), is_stored=False)
    (item,) = items()
    assert item.findall(MEDIA) == [] and "<img" not in item.findtext(CONTENT, "")


def test_a_warning_stands_for_words_and_pictures(ada: User) -> None:
    with_pictures(ada, 1, content="It has eight legs", content_warning="Spiders")
    (item,) = items()
    assert item.findtext("title") == "Content warning: Spiders"
    assert "legs" not in ET.tostring(item).decode() and item.findall(MEDIA) == []


def test_a_share_leads_to_what_it_shares(ada: User, ben: User) -> None:
    post = publish(ben, "The words of Ben")
    share = share_post(post=post, person=ada)
    (item,) = items()
    assert item.findtext("title") == "Ada shared a post of Ben: The words of Ben"
    assert item.findtext("link") == f"{HOME}/@ben/{post.pk}"
    assert item.findtext("guid") == f"{HOME}/@ada/{share.pk}"


def test_a_quote_has_both_and_a_note_when_the_other_is_gone(ada: User, ben: User) -> None:
    original = publish(ben, "The first words")
    publish_post(author=ada, content="How true", quoted=original)
    (item,) = items()
    html = item.findtext(CONTENT, "")
    assert "How true" in html and f'<blockquote cite="{HOME}/@ben/{original.pk}">' in html
    assert "The first words" in html
    delete_post(post=original, actor=ben)
    (item,) = items()
    assert "not available" in item.findtext(CONTENT, "")
    assert "The first words" not in ET.tostring(item).decode()


@pytest.mark.parametrize(
    "odd",
    [
        "bell \x07 form \x0c",
        "\ufffe\uffff end",
        "]]> <![CDATA[ <x> &amp; &",
        "\u202e turned \u2067 open",
        "\x85\x9f",
        "\U0001f9d1\u200d\U0001f680",
    ],
)
def test_nothing_that_was_written_breaks_the_xml(ada: User, odd: str) -> None:
    post = plant(ada, content=odd)
    User.objects.filter(pk=ada.pk).update(display_name=f"Ada {odd}", bio=odd)
    tag = Hashtag.objects.create(name="odd", display="odd")
    PostHashtag.objects.create(hashtag=tag, post=post)
    warned = plant(ada, content_warning=odd)
    picture(ada, post=plant(ada, with_media=True), alt=odd)
    assert len(items()) == 3
    assert len(items("/tags/odd/rss")) == 1
    assert f"{HOME}/@ada/{warned.pk}" in [item.findtext("guid") for item in items()]


def test_what_only_some_may_see_is_in_no_feed_whoever_asks(ada: User, ben: User) -> None:
    follows(ben, ada)
    follows(ada, ben)
    publish(ada, "For everybody #word")
    for audience in ("followers", "friends", "private"):
        publish(ada, f"For {audience} #word", audience=audience)
    for viewer in (None, ben, ada):
        for path in ("/@ada/rss", "/tags/word/rss"):
            assert words(path, viewer) == ["For everybody #word"]


def test_deleted_and_hidden_posts_leave_it(ada: User) -> None:
    gone, hidden, _stays = publish(ada, "One"), publish(ada, "Two"), publish(ada, "Three")
    delete_post(post=gone, actor=ada)
    Post.objects.filter(pk=hidden.pk).update(hidden_at="2026-01-01T00:00Z")
    cards.drop(hidden.pk)
    assert words() == ["Three"]


@pytest.mark.parametrize("state", ["private", "suspended", "deleted", "absent"])
def test_accounts_that_are_not_open_to_all_are_not_found(ada: User, ben: User, state: str) -> None:
    follows(ben, ada)
    publish(ada)
    match state:
        case "private":
            people.set_privacy(user=ada, is_private=True)
        case "suspended":
            people.suspend_user(user=ada, actor=None)
        case "deleted":
            people.delete_person(user=ada, password="correct horse battery staple")
    path = "/@nobody/rss" if state == "absent" else "/@ada/rss"
    for viewer in (None, ben):
        answer = page_of(viewer).get(path)
        assert answer.status_code == 404 and "public" not in answer["Cache-Control"]


def test_a_block_either_way_hides_the_feed_from_who_is_known(ada: User, dora: User, cleo: User) -> None:
    blocks(ada, dora)
    blocks(cleo, ada)
    assert [page_of(viewer).get("/@ada/rss").status_code for viewer in (dora, cleo, None)] == [404, 404, 200]


def test_it_has_twenty_and_what_is_pinned_stands_in_its_time(ada: User) -> None:
    old = plant_many(ada, 3)
    recent = [publish(ada) for _ in range(18)]
    pin_post(post=old[2], actor=ada)
    ids = [int((item.findtext("guid") or "").rsplit("/", 1)[1]) for item in items()]
    assert ids == [post.pk for post in reversed([*old[1:], *recent])]


def test_who_has_it_already_gets_304(ada: User) -> None:
    publish(ada, "Once")
    first = Client().get("/@ada/rss")
    assert first["Cache-Control"] == "public, max-age=300"
    same = Client().get("/@ada/rss", headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert Client().get("/@ada/rss", headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    assert Client().get("/@ada/rss").content == first.content
    publish(ada, "Twice")
    assert Client().get("/@ada/rss", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_what_is_answered_to_somebody_is_for_no_shared_cache(ada: User, ben: User) -> None:
    assert page_of(ben).get("/@ada/rss")["Cache-Control"] == "private, max-age=300"
    assert "Cookie" in page_of(ben).get("/@ada/rss")["Vary"]


def test_an_empty_feed_is_always_the_same(ada: User) -> None:
    first, again = (Client().get("/@ada/rss") for _ in range(2))
    assert first["ETag"] == again["ETag"] and items() == []
    assert items("/tags/nothing/rss") == []
    assert Client().get("/tags/nothing/rss")["X-Robots-Tag"] == "noindex"


def test_the_feed_of_a_tag(ada: User, ben: User) -> None:
    publish(ada, "First #Wien")
    publish(ben, "Second #wien")
    channel = feed("/tags/wien/rss")
    assert channel.findtext("title") == "Posts with #Wien"
    assert channel.findtext("link") == f"{HOME}/tags/wien"
    assert [item.findtext(CREATOR) for item in channel.findall("item")] == ["Ben", "Ada"]
    assert Client().get("/tags/WIEN/rss")["Location"] == "/tags/wien/rss"
    assert Client().get("/@ADA/rss")["Location"] == "/@ada/rss"


def test_a_feed_costs_the_same_for_one_post_and_for_twenty(ada: User, django_assert_num_queries: Any) -> None:
    for number in range(21):
        publish(ada, f"{number} #word")
    for path in ("/@ada/rss", "/tags/word/rss"):
        assert len(items(path)) == 20
        with django_assert_num_queries(3):  # the person or how the tag is written, the ids, the facts
            Client().get(path)


def test_wrong_methods(ada: User) -> None:
    assert page_of(ada).post("/@ada/rss").status_code == 405
    assert Client().head("/@ada/rss").status_code == 200
