"""The composer as a plain form: everything works without JavaScript, and nothing that was sent is lost."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from accounts.tests.factories import follows, page_of
from feeds.actions import delete_post, publish_due, publish_post, save_draft, upload_picture
from feeds.models import Draft, Media, Post
from socialnet.kernel.storage import StorageFull

pytestmark = pytest.mark.django_db
KEY = "5b1c7a1e-0000-4000-8000-00000000000{}"


def file(name: str = "fig.png", colour: str = "teal") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), "image/png")


def upload(owner: User, alt: str = "") -> Media:
    return upload_picture(owner=owner, upload=file().file, alt=alt)


def shown_ids(html: str) -> list[int]:
    """The pictures of the form, in their order."""
    return [int(ident) for ident in re.findall(r'name="media_ids" value="(\d+)"', html)]


@pytest.fixture
def send(ada: User) -> Any:
    """`send(do, **fields)`: what ada's browser sends when she presses the button."""
    client = page_of(ada)

    def post(do: str = "publish", **fields: Any) -> Any:
        return client.post("/posts", {"do": do, **fields})

    return post


def body(answer: Any) -> str:
    return answer.content.decode().replace("&#x27;", "'").replace("&#39;", "'")


# --- pictures -----------------------------------------------------------------------------------------------


def test_files_are_published_in_their_order_with_warning_and_language(ada: User, send: Any) -> None:
    answer = send(
        content="Figs", pictures=[file("a.png"), file("b.png", "red")], content_warning="Fruit", language="pt"
    )
    assert (answer.status_code, answer.url) == (302, "/")
    post = Post.objects.get()
    assert (post.content, post.content_warning, post.language, post.with_media) == (
        "Figs",
        "Fruit",
        "pt",
        True,
    )
    assert [media.position for media in post.media.order_by("pk")] == [0, 1]


def test_a_picture_needs_no_words(send: Any) -> None:
    assert send(content="", pictures=[file()]).status_code == 302
    assert Post.objects.get().with_media


def test_pictures_can_be_taken_in_first_and_described_then(ada: User, send: Any) -> None:
    answer = send("attach", content="Not yet", pictures=[file("a.png"), file("b.png")])
    assert answer.status_code == 200
    assert not Post.objects.exists()
    first, second = shown_ids(body(answer))
    assert ">Not yet</textarea>" in body(answer)
    sent = send(
        content="Now", media_ids=[second, first], **{f"alt_{first}": "A fig", f"alt_{second}": "  Two figs "}
    )
    assert sent.status_code == 302
    in_order = Post.objects.get().media.order_by("position")
    assert [(media.pk, media.alt) for media in in_order] == [(second, "Two figs"), (first, "A fig")]


def test_buttons_move_and_remove_pictures(ada: User, send: Any) -> None:
    one, two, three = (upload(ada).pk for _ in range(3))
    fields = {"content": "x", "media_ids": [one, two, three], f"alt_{two}": "The middle"}
    assert shown_ids(body(send(f"earlier:{two}", **fields))) == [two, one, three]
    assert shown_ids(body(send(f"later:{two}", **fields))) == [one, three, two]
    assert shown_ids(body(send(f"earlier:{one}", **fields))) == [one, two, three]
    answer = send(f"remove:{one}", **fields)
    assert shown_ids(body(answer)) == [two, three]
    assert "The middle" in body(answer)
    assert send("remove:x", **fields).status_code == 404


def test_what_is_no_picture_is_named_and_the_rest_is_kept(send: Any) -> None:
    answer = send(
        content="Look",
        visibility="friends",
        pictures=[file("good.png"), SimpleUploadedFile("bad.png", b"no")],
    )
    assert answer.status_code == 400
    assert "bad.png: " in body(answer)
    assert len(shown_ids(body(answer))) == 1
    assert ">Look</textarea>" in body(answer)
    assert '<option value="friends" selected>' in body(answer)
    assert not Post.objects.exists()


def test_a_fifth_picture_is_refused_and_four_are_kept(ada: User, send: Any) -> None:
    there = [upload(ada).pk for _ in range(3)]
    answer = send(content="Five", media_ids=there, pictures=[file("4.png"), file("5.png")])
    assert answer.status_code == 400
    assert "at most 4 pictures" in body(answer)
    assert len(shown_ids(body(answer))) == 4


def test_a_full_disk_leaves_the_text(send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str, data: bytes) -> None:
        raise StorageFull

    monkeypatch.setattr("socialnet.kernel.storage.save", full)
    answer = send(content="Not lost", content_warning="Nor this", pictures=[file()])
    assert answer.status_code == 503
    assert ">Not lost</textarea>" in body(answer)
    assert 'value="Nor this"' in body(answer)
    assert not Media.objects.exists()


def test_pictures_of_others_are_not_there(ben: User, send: Any) -> None:
    theirs = upload(ben, alt="Mine")
    answer = send(content="Look", media_ids=[theirs.pk], **{f"alt_{theirs.pk}": "Stolen"})
    assert answer.status_code == 400
    assert shown_ids(body(answer)) == []
    theirs.refresh_from_db()
    assert (theirs.alt, theirs.post_id) == ("Mine", None)


def test_a_description_that_is_too_long_comes_back(ada: User, send: Any) -> None:
    media = upload(ada)
    answer = send(content="Look", media_ids=[media.pk], **{f"alt_{media.pk}": "x" * 1501})
    assert answer.status_code == 400
    assert "at most 1500 characters" in body(answer)
    assert not Post.objects.exists()


def test_files_sent_twice_with_one_key_are_one_post(ada: User, send: Any) -> None:
    twice = [send(content="Once", pictures=[file()], idempotency_key=KEY.format(1)) for _ in range(2)]
    assert [answer.status_code for answer in twice] == [302, 302]
    assert Post.objects.count() == 1
    other = send(content="Once", pictures=[file(colour="red")], idempotency_key=KEY.format(1))
    assert other.status_code == 409


# --- quotes -------------------------------------------------------------------------------------------------


def test_a_quote_is_shown_while_it_is_written_and_published(ada: User, ben: User, send: Any) -> None:
    original = publish_post(author=ben, content="Worth repeating")
    page = page_of(ada).get(f"/posts?quote={original.pk}")
    assert "Worth repeating" in body(page)
    assert f'name="quote" value="{original.pk}"' in body(page)
    assert send(content="Indeed", quote=original.pk).status_code == 302
    assert Post.objects.get(author=ada).share_of_id == original.pk


def test_what_is_not_for_everybody_cannot_be_quoted(ada: User, ben: User, cleo: User) -> None:
    follows(ada, ben)
    narrow = publish_post(author=ben, content="Among us", visibility="followers")
    assert page_of(ada).get(f"/posts?quote={narrow.pk}").status_code == 403
    assert page_of(cleo).get(f"/posts?quote={narrow.pk}").status_code == 404
    assert page_of(ada).get("/posts?quote=abc").status_code == 404


def test_a_quote_that_is_gone_leaves_the_words(ben: User, send: Any) -> None:
    original = publish_post(author=ben, content="Short-lived")
    delete_post(post=original, actor=ben)
    answer = send(content="About this", quote=original.pk)
    assert answer.status_code == 400
    assert ">About this</textarea>" in body(answer)
    assert "This post is not available." in body(answer)
    assert not Post.objects.filter(content="About this").exists()


@pytest.mark.parametrize("quote", ["²", "9" * 17, "9" * 5000, "-1", "١"])
def test_what_cannot_be_quoted_leaves_the_words(send: Any, quote: str) -> None:
    answer = send(content="About this", quote=quote)
    assert answer.status_code == 400
    assert ">About this</textarea>" in body(answer)


# --- drafts and times ---------------------------------------------------------------------------------------


def test_a_draft_is_kept_gone_on_with_and_published(ada: User, send: Any) -> None:
    media = upload(ada)
    answer = send(
        "draft", content="Half a", content_warning="w", visibility="friends", language="de",
        media_ids=[media.pk], **{f"alt_{media.pk}": "A fig"},
    )  # fmt: skip
    assert (answer.status_code, answer.url) == (302, "/drafts")
    draft = Draft.objects.get()
    page = body(page_of(ada).get(f"/posts?draft={draft.pk}"))
    for part in (
        ">Half a</textarea>",
        'value="w"',
        'value="friends" selected',
        'value="de" selected',
        "A fig",
    ):
        assert part in page
    assert shown_ids(page) == [media.pk]
    assert f'name="draft" value="{draft.pk}"' in page
    send(content="Half a sentence", media_ids=[media.pk], draft=draft.pk, version=draft.version)
    assert Post.objects.get().content == "Half a sentence"
    assert not Draft.objects.exists()


def test_a_draft_of_somebody_else_is_not_there(ada: User, ben: User, send: Any) -> None:
    theirs = save_draft(author=ben, content="Secret")
    assert page_of(ada).get(f"/posts?draft={theirs.pk}").status_code == 404
    send("draft", content="Mine", draft=theirs.pk, version=1)  # as if it had been deleted meanwhile
    theirs.refresh_from_db()
    assert theirs.content == "Secret"
    assert Draft.objects.get(author=ada).content == "Mine"


def test_a_draft_that_changed_elsewhere_is_not_overwritten_unasked(ada: User, send: Any) -> None:
    draft = save_draft(author=ada, content="At my desk")
    save_draft(author=ada, draft_id=draft.pk, version=draft.version, content="On the phone")
    stale = {"content": "At my desk, later", "draft": draft.pk, "version": draft.version}
    answer = send("draft", **stale)
    assert answer.status_code == 409
    assert ">At my desk, later</textarea>" in body(answer)
    assert 'name="version" value=""' in body(answer)
    draft.refresh_from_db()
    assert draft.content == "On the phone"
    assert send("draft", **{**stale, "version": ""}).status_code == 302
    draft.refresh_from_db()
    assert draft.content == "At my desk, later"


def test_a_time_is_read_in_the_persons_zone(ada: User, send: Any) -> None:
    User.objects.filter(pk=ada.pk).update(time_zone="Asia/Tokyo")  # the whole year nine hours ahead
    day = (timezone.now() + timedelta(days=30)).date()
    answer = send("schedule", content="Later", scheduled_for=f"{day}T09:30")
    assert (answer.status_code, answer.url) == (302, "/drafts")
    draft = Draft.objects.get()
    assert draft.scheduled_for is not None
    assert draft.scheduled_for.isoformat() == f"{day}T00:30:00+00:00"
    assert f'value="{day}T09:30"' in body(page_of(ada).get(f"/posts?draft={draft.pk}"))


def test_what_its_time_published_meanwhile_is_not_said_twice_unasked(ada: User, send: Any) -> None:
    draft = save_draft(author=ada, content="At nine", scheduled_for=timezone.now() + timedelta(hours=1))
    Draft.objects.update(scheduled_for=timezone.now() - timedelta(seconds=1))
    assert publish_due() == 1
    answer = send(content="At nine, sharp", draft=draft.pk, version=draft.version)
    assert [post.content for post in Post.objects.all()] == ["At nine"]
    kept = Draft.objects.get()
    assert (kept.content, kept.scheduled_for) == ("At nine, sharp", None)
    assert answer.url == f"/posts?draft={kept.pk}"
    send(content="At nine, sharp", draft=kept.pk, version=kept.version)  # it was meant
    assert Post.objects.count() == 2
    assert not Draft.objects.exists()


@pytest.mark.parametrize("moment", ["", "2001-01-01T10:00", "tomorrow", "9999-12-31T23:59"])
def test_a_time_that_cannot_be_is_said_and_the_words_stay(send: Any, moment: str) -> None:
    answer = send("schedule", content="Later", scheduled_for=moment)
    assert answer.status_code == 400
    assert 'class="errorlist"' in body(answer)
    assert ">Later</textarea>" in body(answer)
    assert not Draft.objects.exists()


# --- the language -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("zh-TW", "zh-hant"),
        ("zh-CN,zh", "zh-hans"),
        ("no", "nb"),
        ("oc", "oc"),
        ("", ""),
        ("*", ""),
        ("<script>", ""),
    ],
)
def test_the_browser_guesses_the_language(ada: User, header: str, chosen: str) -> None:
    client: Client = page_of(ada)
    page = body(client.get("/posts", headers={"Accept-Language": header}))
    select = page[page.index('name="language"') :]
    assert re.search(r'<option value="([^"]*)" selected>', select)[1] == chosen  # type: ignore[index]


def test_visitors_are_asked_to_sign_in() -> None:
    assert page_of().get("/posts").status_code == 302
    assert page_of().post("/posts", {"content": "x"}).url.startswith("/accounts/login")
