"""Previews of links: asked for once, in the background; who sees them; what becomes of them."""

import io
from datetime import timedelta
from typing import Any

import pytest
import structlog
from django.db.models import F
from django.db.models.functions import Now
from PIL import Image

from accounts import actions as people
from accounts.events import PersonDeleted
from accounts.tests.factories import Api, blocks, follows, page_of, person
from accounts.tests.test_follow_races import at_once
from feeds import previews, tasks
from feeds.actions import delete_post, edit_post, publish_post
from feeds.events import LinkWanted
from feeds.models import LinkPreview, Post
from feeds.tests.factories import publish
from socialnet.kernel import outside, storage
from socialnet.kernel.invariants import broken
from socialnet.kernel.outside import Answer, OutsideAway, OutsideRefused
from socialnet.outbox.actions import emit
from socialnet.outbox.models import Delivery, Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
LINK, OTHER = "https://news.example/one", "https://news.example/two"
HEAD = "<meta property=og:title content='A title'><meta name=description content='Said here'>"


def picture(width: int = 1200, height: int = 630, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind, **options)
    return out.getvalue()


class Web:
    """The world outside: what lies where, or the error that asking for it ends with."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.asked: list[str] = []

    def get(self, url: str, *, most_bytes: int, accept: Any) -> Answer:
        self.asked.append(url)
        found = self.pages.get(url, OutsideRefused("status_404"))
        if callable(found):
            found = found()
        if isinstance(found, Exception):
            raise found
        if isinstance(found, Answer):
            return found
        kind = "text/html" if isinstance(found, str) else "image/png"
        if kind not in accept:
            raise OutsideRefused("content_type")
        body = found.encode() if isinstance(found, str) else found
        return Answer(url=url, content_type=kind, charset=None, body=body[:most_bytes],
                      is_whole=len(body) <= most_bytes)  # fmt: skip


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    world = Web()
    world.pages[LINK] = HEAD
    monkeypatch.setattr(outside, "get", world.get)
    return world


def shown(post: Post, viewer: Any = None) -> dict[str, Any] | None:
    """The preview as the API shows it."""
    answer = Api(viewer)("GET", f"posts/{post.pk}")
    assert answer.status_code == 200, answer.content
    return answer.json()["preview"]


def only() -> LinkPreview:
    return LinkPreview.objects.get()


def go_by(days: int) -> None:
    """Let time pass for all previews."""
    past = timedelta(days=days)
    LinkPreview.objects.update(
        asked_at=F("asked_at") - past, fetched_at=F("fetched_at") - past, linked_at=F("linked_at") - past
    )


def try_again() -> None:
    Delivery.objects.filter(state=Delivery.State.OPEN).update(leased_until=Now())
    drain(allow_failures=True)


# --- from a link to its preview ----------------------------------------------------------------------------


def test_a_post_with_a_link_shows_what_the_page_says_of_itself(ada, web):
    post = publish(ada, f"Read this: {LINK}#part and {OTHER}")
    assert shown(post) is None and web.asked == []  # publishing waits for nobody
    drain()
    assert shown(post) == {
        "url": LINK, "title": "A title", "description": "Said here", "site_name": "", "image_url": None,
    }  # fmt: skip
    assert web.asked == [LINK]
    page = page_of(ada).get(f"/@ada/{post.pk}").content.decode()
    assert "A title" in page and "news.example" in page
    assert broken() == []


def test_it_shows_where_redirects_ended_not_what_was_typed(ada, web):
    typed = "https://short.example/x"
    web.pages[typed] = Answer(
        url="https://long.example/story?from=short", content_type="text/html", charset=None, redirects=1,
        body=f"{HEAD}<link rel=canonical href=/story>".encode(),
    )  # fmt: skip
    post = publish(ada, typed)
    drain()
    assert shown(post)["url"] == "https://long.example/story"


@pytest.mark.parametrize(
    "text",
    [
        "No link at all",
        "http://127.0.0.1/ and nothing else",
        "http://localhost:8000/ http://10.0.0.1/",
        "https://news.example:8443/",
        "https://user@news.example/",
        "`https://news.example/one`",
        "https://news.example/" + "ü" * 600,  # longer than is kept, once it is spelled out
    ],
)
def test_what_may_not_be_asked_for_has_no_preview(ada, web, text):
    post = publish(ada, text)
    drain()
    assert (post.preview_id, shown(post), web.asked) == (None, None, [])
    assert not LinkPreview.objects.exists()


def test_one_address_is_one_preview_however_it_is_written(ada, ben, web):
    posts = [publish(ada, LINK), publish(ben, f"HTTPS://News.Example/one#two and {LINK}")]
    drain()
    assert len({post.preview_id for post in posts}) == 1 and web.asked == [LINK]
    assert {shown(post)["title"] for post in posts} == {"A title"}


def test_a_later_post_has_it_at_once(ada, ben, web):
    publish(ada, LINK)
    drain()
    assert shown(publish(ben, LINK))["title"] == "A title"
    assert web.asked == [LINK] and not drain_asks(web)


def drain_asks(web: Web) -> list[str]:
    """What is asked for by what is due now."""
    before = len(web.asked)
    drain()
    return web.asked[before:]


def test_pictures_and_quotes_stand_where_a_preview_would(ada, ben, web):
    quoted = publish(ada, "Something")
    quote = publish_post(author=ben, content=f"See {LINK}", quoted=quoted)
    drain()
    assert quote.preview_id is None and web.asked == []
    assert broken() == []


@pytest.mark.parametrize("audience", ["public", "followers", "private"])
def test_every_audience_has_previews(ada, web, audience):
    post = publish(ada, LINK, audience)
    drain()
    assert shown(post, ada)["title"] == "A title"


# --- what an edit does -------------------------------------------------------------------------------------


def test_an_edit_changes_the_link(ada, web):
    web.pages[OTHER] = "<title>Another</title>"
    post = publish(ada, LINK)
    drain()
    edit_post(post=post, actor=ada, content=f"Rather {OTHER}")
    assert shown(post) is None
    drain()
    assert shown(post)["title"] == "Another"
    edit_post(post=post, actor=ada, content="Rather nothing")
    assert shown(post) is None
    drain()
    assert web.asked == [LINK, OTHER] and broken() == []


def test_an_edit_around_the_link_asks_nobody(ada, web):
    post = publish(ada, LINK)
    drain()
    edit_post(post=post, actor=ada, content=f"Look: {LINK}")
    assert drain_asks(web) == [] and shown(post)["title"] == "A title"


# --- what goes wrong outside -------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [OutsideRefused("status_404"), "<p>No title", ""])
def test_a_page_without_anything_to_show_shows_nothing(ada, web, answer):
    web.pages[LINK] = answer
    post = publish(ada, LINK)
    drain()
    assert (shown(post), only().state) == (None, "none")
    publish(ada, LINK)
    assert drain_asks(web) == []  # for a week


def test_who_wants_no_snippet_shows_a_title_only(ada, web):
    web.pages[LINK] = HEAD + "<meta name=robots content=nosnippet><meta property=og:image content=/p.png>"
    post = publish(ada, LINK)
    drain()
    assert (shown(post)["title"], shown(post)["description"], shown(post)["image_url"]) == (
        "A title",
        "",
        None,
    )
    assert web.asked == [LINK]


def test_who_is_away_is_asked_again_a_few_times_and_then_given_up(ada, web):
    web.pages[LINK] = OutsideAway("timeout")
    post = publish(ada, LINK)
    drain(allow_failures=True)
    for pause in previews.PAUSES:
        delivery = Delivery.objects.get(state=Delivery.State.OPEN)
        left = Delivery.objects.filter(pk=delivery.pk, leased_until__gt=Now() + timedelta(seconds=pause - 5))
        assert left.exists() and delivery.attempts == 0  # no dead letter comes of it
        assert only().state == "waiting" and broken() == []
        try_again()
    assert (only().state, shown(post)) == ("none", None)
    assert len(web.asked) == 1 + len(previews.PAUSES)
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()


def test_who_comes_back_is_shown(ada, web):
    web.pages[LINK] = OutsideAway("paused")
    post = publish(ada, LINK)
    drain(allow_failures=True)
    web.pages[LINK] = HEAD
    try_again()
    assert shown(post)["title"] == "A title"


def test_a_page_that_breaks_the_reader_takes_nobody_along(ada, web):
    web.pages[LINK] = "<meta property=og:title content='&#" + "9" * 5000 + ";'>" + "<![" * 9
    publish(ada, LINK)
    drain()
    assert only().state == "none"


def test_a_delivery_made_twice_asks_once(ada, web):
    publish(ada, LINK)
    drain()
    previews.fetch(only().pk)
    assert web.asked == [LINK]
    previews.fetch(only().pk + 1)  # one that is gone


# --- a week later ------------------------------------------------------------------------------------------


def test_an_old_one_is_shown_while_it_is_asked_for_anew(ada, ben, web):
    first = publish(ada, LINK)
    drain()
    go_by(days=8)
    assert drain_asks(web) == []  # only when somebody links there again
    web.pages[LINK] = "<title>News</title>"
    second = publish(ben, LINK)
    assert shown(second)["title"] == "A title"
    drain()
    assert shown(first)["title"] == shown(second)["title"] == "News"
    assert (shown(second)["description"], len(web.asked)) == ("", 2)


def test_an_old_one_stays_when_nothing_answers_and_goes_when_the_page_did(ada, ben, web):
    post = publish(ada, LINK)
    drain()
    go_by(days=8)
    web.pages[LINK] = OutsideAway("timeout")
    publish(ben, LINK)
    drain(allow_failures=True)
    for _pause in previews.PAUSES:
        try_again()
    assert shown(post)["title"] == "A title" and broken() == []
    go_by(days=8)
    web.pages[LINK] = OutsideRefused("status_410")
    publish(ben, LINK)
    drain()
    assert shown(post) is None


# --- pictures ----------------------------------------------------------------------------------------------


@pytest.fixture
def illustrated(ada, web) -> Post:
    web.pages[LINK] = HEAD + "<meta property=og:image content=/p.png>"
    web.pages["https://news.example/p.png"] = picture()
    post = publish(ada, LINK, "followers")
    drain()
    return post


def test_the_picture_is_drawn_anew_and_served_by_us(ada, ben, illustrated, web):
    people.follow_user(follower=ben, followee=ada)
    drain()
    address = shown(illustrated, ben)["image_url"]
    assert address.endswith(f"/media/links/{only().pk}.webp")
    answer = page_of(ben).get(f"/media/links/{only().pk}.webp")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert "private" in answer["Cache-Control"]
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as drawn:
        assert (drawn.format, drawn.size) == ("WEBP", (640, 336))
    assert (only().image_width, only().image_height) == (640, 336)
    assert broken() == []


def test_only_who_sees_a_post_with_it_sees_the_picture(ada, ben, cleo, dora, mod, illustrated):
    follows(ben, ada)
    blocks(ada, dora)
    path = f"/media/links/{only().pk}.webp"
    seen = {who.username: page_of(who).get(path).status_code for who in (ada, ben, cleo, dora, mod)}
    assert seen == {"ada": 200, "ben": 200, "cleo": 404, "dora": 404, "mod": 404}
    assert page_of().get(path).status_code == 404
    publish(cleo, LINK)  # to all
    assert page_of().get(path).status_code == 200
    assert page_of(cleo).post(path).status_code == 405
    for wrong in ("0", str(only().pk + 1), "9" * 30, "x"):
        assert page_of(ada).get(f"/media/links/{wrong}.webp").status_code == 404


def test_with_its_last_post_the_picture_is_out_of_sight(ada, illustrated):
    delete_post(post=illustrated, actor=ada)
    assert page_of(ada).get(f"/media/links/{only().pk}.webp").status_code == 404


@pytest.mark.parametrize(
    "found",
    [
        OutsideRefused("address"),
        OutsideAway("timeout"),
        b"no picture",
        picture(1, 1),
        picture(600, 20),
        picture(5000, 5000),  # more pixels than a preview needs
        picture(200, 200) + b"\0" * previews.PICTURE_BYTES,
        picture(200, 200, "WEBP", save_all=True, append_images=[Image.new("RGB", (200, 200), "red")]),
        "<title>a page</title>",
    ],
    ids=["refused", "away", "broken", "dot", "strip", "pixels", "bytes", "moving", "page"],
)
def test_without_a_fitting_picture_words_are_enough(ada, web, found):
    web.pages[LINK] = HEAD + "<meta property=og:image content=/p.png>"
    web.pages["https://news.example/p.png"] = found
    post = publish(ada, LINK)
    drain()
    assert (shown(post)["title"], shown(post)["image_url"]) == ("A title", None)
    assert list(storage.names(previews.FOLDER, older_than=timedelta())) == []


@pytest.mark.parametrize("error", [storage.StorageAway, storage.StorageFull])
def test_without_a_storage_words_are_enough(ada, web, error, monkeypatch):
    def save(name: str, data: bytes) -> None:
        raise error

    monkeypatch.setattr(storage, "save", save)
    web.pages[LINK] = HEAD + "<meta property=og:image content=/p.png>"
    web.pages["https://news.example/p.png"] = picture()
    post = publish(ada, LINK)
    drain()
    assert shown(post)["image_url"] is None and broken() == []


# --- switched off ------------------------------------------------------------------------------------------


def test_switched_off_nobody_is_asked_and_nothing_is_shown(ada, ben, illustrated, web, settings):
    waiting = publish(ben, OTHER)
    settings.LINK_PREVIEWS = False
    assert drain_asks(web) == []  # also what was wanted before
    assert shown(illustrated, ada) is None
    assert "A title" not in page_of(ada).get(f"/@ada/{illustrated.pk}").content.decode()
    assert page_of(ada).get(f"/media/links/{illustrated.preview_id}.webp").status_code == 404
    assert publish(ada, LINK).preview_id is None
    settings.LINK_PREVIEWS = True
    assert shown(illustrated, ada)["title"] == "A title"  # cached all the time
    web.pages[OTHER] = "<title>Another</title>"
    publish(ada, OTHER)
    assert drain_asks(web) == [OTHER] and shown(waiting)["title"] == "Another"


# --- upkeep ------------------------------------------------------------------------------------------------


def test_what_no_post_links_to_goes_after_a_month_with_its_picture(ada, ben, illustrated, web):
    name = only().image_name
    go_by(days=31)
    assert previews.forget_unlinked() == 0  # a post links there
    delete_post(post=illustrated, actor=ada)
    tasks.forget_link_previews()
    assert not LinkPreview.objects.exists()
    assert Post.objects.get(pk=illustrated.pk).preview_id is None
    assert storage.exists(name)  # a young file may be about to get its row
    assert sweep_old() == 1 and not storage.exists(name)


def sweep_old() -> int:
    """As the nightly job, a day later."""
    patch = pytest.MonkeyPatch()
    names = storage.names
    patch.setattr(storage, "names", lambda prefix, older_than: names(prefix, older_than=timedelta()))
    try:
        return previews.sweep_pictures()
    finally:
        patch.undo()


def test_the_sweep_leaves_what_is_needed_and_takes_what_is_not(ada, illustrated):
    for name in (f"links/{only().pk}-0000.webp", "links/odd.webp", "links/999-1.webp"):
        storage.save(name, b"old")
    assert sweep_old() == 3
    assert storage.exists(only().image_name)


def test_a_young_one_without_posts_stays_for_who_links_there_next(ada, illustrated):
    delete_post(post=illustrated, actor=ada)
    assert previews.forget_unlinked() == 0


def test_what_only_a_deleted_person_linked_to_goes_with_them(ada, ben, web):
    web.pages[OTHER] = "<title>Another</title>"
    publish(ada, LINK)
    publish(ada, OTHER)
    kept = publish(ben, OTHER)
    drain()
    emit(PersonDeleted(user_id=ada.pk))
    drain()
    assert [preview.pk for preview in LinkPreview.objects.all()] == [kept.preview_id]


# --- many at once, and what is said of it ------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_same_link_by_many_at_once_is_asked_for_once(web):
    authors = [person() for _ in range(6)]
    posts = at_once(*[lambda who=author: publish(who, f"{LINK} #tag") for author in authors])
    drain()
    assert web.asked == [LINK] and len({post.preview_id for post in posts}) == 1
    go_by(days=8)
    at_once(*[lambda who=author: publish(who, LINK) for author in authors])
    drain()
    assert web.asked == [LINK, LINK] and broken() == []
    assert Event.objects.filter(name=LinkWanted.name).count() == 2  # one fetch each, whoever else links there


@pytest.mark.django_db(transaction=True)
def test_upkeep_and_a_new_link_at_once_lose_nothing(web):
    authors = [person() for _ in range(3)]
    for _round in range(5):
        LinkPreview.objects.all().delete()
        LinkPreview.objects.bulk_create([LinkPreview(key=LinkPreview.key_of(LINK), url=LINK)])
        go_by(days=31)
        posts = at_once(previews.forget_unlinked, *[lambda who=who: publish(who, LINK) for who in authors])[
            1:
        ]
        drain()
        assert {shown(post)["title"] for post in posts} == {"A title"}
        Post.objects.update(preview=None)
    assert broken() == []


def test_logs_say_why_and_never_where(ada, web):
    web.pages[LINK] = OutsideAway("timeout")
    web.pages[OTHER] = OutsideRefused("address")
    with structlog.testing.capture_logs() as logs:
        publish(ada, LINK)
        publish(ada, OTHER)
        drain(allow_failures=True)
    said = str(logs)
    assert "timeout" in said and "'address'" in said
    assert "news.example" not in said and "one" not in {
        str(value) for entry in logs for value in entry.values()
    }


def test_without_redis_the_page_is_not_asked_twice(ada, web, monkeypatch):
    from socialnet.kernel.errors import RedisAway

    def away(*_ids: int) -> None:
        raise RedisAway

    publish(ada, LINK)
    with monkeypatch.context() as patch:
        patch.setattr("feeds.cards.surely_drop", away)
        drain(allow_failures=True)
    try_again()
    assert web.asked == [LINK] and only().state == "ready"
