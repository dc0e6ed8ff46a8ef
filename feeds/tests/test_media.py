"""Pictures of posts: what is kept of an upload, who may see it, what becomes of it, and when the storage fails."""

import io
import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, follows, page_of, person
from feeds import files, upkeep
from feeds.actions import delete_post, describe_picture, discard_picture, publish_post, upload_picture
from feeds.errors import PictureInUse, TooManyPictures, UnknownPicture
from feeds.files import KEPT_FOR
from feeds.models import Media, PendingFile, Post
from feeds.selectors import get_visible_item, profile_media
from feeds.tests.factories import publish
from socialnet.kernel import storage
from socialnet.kernel.errors import NotFound
from socialnet.kernel.invariants import broken
from socialnet.kernel.storage import StorageAway, StorageFull
from socialnet.outbox.ids import id_at, time_of
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
SECRET_PLACE = b"52.5200 N"


def picture(width: int = 30, height: int = 20, kind: str = "JPEG") -> bytes:
    """A picture with a place in its EXIF."""
    exif = Image.Exif()
    exif[0x010E] = SECRET_PLACE.decode()
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind, exif=exif)
    return out.getvalue()


def upload(owner: User, alt: str = "") -> Media:
    return upload_picture(owner=owner, upload=picture(), alt=alt)


def by_form(client: Client, data: bytes, **fields: str):
    form = {"file": SimpleUploadedFile("holiday.jpg", data), **fields}
    return client.post("/api/v1/media", form)


def stored_files(settings) -> list[str]:
    return sorted(str(path.relative_to(settings.MEDIA_ROOT)) for path in settings.MEDIA_ROOT.rglob("*.*"))


def make_older(media: Media) -> int:
    """As if it had been uploaded two days ago; returns the id it has then."""
    older = id_at(time_of(media.pk) - 2 * KEPT_FOR)
    Media.objects.filter(pk=media.pk).update(id=older)
    return older


# --- uploading ---------------------------------------------------------------------------------------------


def test_an_upload_is_drawn_anew_in_two_sizes_without_metadata(ada, settings):
    answer = by_form(page_of(ada), picture(3000, 1000), alt="  A lake ")
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["width"], told["height"], told["alt"]) == (2048, 683, "A lake")
    assert told["blurhash"]
    assert len(stored_files(settings)) == 2
    for name in stored_files(settings):
        data = (settings.MEDIA_ROOT / name).read_bytes()
        assert SECRET_PLACE not in data
        with Image.open(io.BytesIO(data)) as drawn:
            assert drawn.format == "WEBP" and not drawn.getexif()
    assert broken() == []


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "unreadable_picture"),
        (b"no picture at all", 400, "unreadable_picture"),
        (picture()[:200], 400, "unreadable_picture"),
        (b"\0" * (10 * 1024 * 1024 + 1), 413, "picture_too_large"),
    ],
    ids=["empty", "text", "cut", "large"],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(ada, settings, data, status, code):
    answer = by_form(page_of(ada), data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Media.objects.exists() and stored_files(settings) == []


def test_an_upload_needs_a_file_and_a_person(ada):
    assert page_of(ada).post("/api/v1/media", {}).json()["errors"].keys() == {"file"}
    assert by_form(page_of(ada), picture(), alt="x" * 1501).json()["code"] == "alt_too_long"
    assert by_form(page_of(), picture()).status_code == 401
    assert page_of(ada).get("/api/v1/media").status_code == 405
    assert not Media.objects.exists()


def test_the_same_key_keeps_one_picture(ada, settings):
    client = page_of(ada)
    answers = [
        client.post(
            "/api/v1/media",
            {"file": SimpleUploadedFile("a.jpg", picture())},
            headers={"Idempotency-Key": "once"},
        ).json()["id"]
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert Media.objects.count() == 1


# --- on a post ---------------------------------------------------------------------------------------------


def test_a_post_has_its_pictures_in_order(ada, ben):
    first, second = upload(ada, "one"), upload(ada, "two")
    answer = Api(ada)("POST", "posts", {"content": "", "media_ids": [str(second.pk), str(first.pk)]})
    assert answer.status_code == 201, answer.content
    assert [one["alt"] for one in answer.json()["media"]] == ["two", "one"]
    shown = Api(ben)("GET", f"posts/{answer.json()['id']}").json()["media"]
    for media in shown:
        for address in (media["url"], media["small_url"]):
            path = address.partition("//")[2].partition("/")[2]
            served = page_of(ben).get(f"/{path}")
            assert (served.status_code, served["Content-Type"]) == (200, "image/webp")
            assert "private" in served["Cache-Control"]
    assert [item.id for item in profile_media(author=ada, viewer=ben).items] == [int(answer.json()["id"])]
    assert broken() == []


def test_what_is_not_ones_own_or_already_used_cannot_be_attached(ada, ben):
    mine, others, used = upload(ada), upload(ben), upload(ada)
    publish_post(author=ada, content="", media_ids=[used.pk])
    for wrong in (others.pk, used.pk, 1):
        with pytest.raises(UnknownPicture):
            publish_post(author=ada, content="Look", media_ids=[mine.pk, wrong])
    with pytest.raises(TooManyPictures):
        publish_post(author=ada, content="Look", media_ids=[upload(ada).pk for _ in range(5)])
    mine.refresh_from_db()
    assert mine.post_id is None
    assert Post.objects.count() == 1


def test_a_post_with_nothing_but_a_removed_picture_says_nothing(ada):
    media = upload(ada)
    discard_picture(media=media, actor=ada)
    answer = Api(ada)("POST", "posts", {"content": "", "media_ids": [str(media.pk)]})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_picture")
    assert Api(ada)("POST", "posts", {"content": "", "media_ids": []}).json()["code"] == "empty_post"


def test_describing_a_picture_reaches_the_card(ada, ben):
    media = upload(ada)
    post = publish_post(author=ada, content="Look", media_ids=[media.pk])
    assert get_visible_item(post.pk, viewer=ben).media[0]["alt"] == ""
    answer = Api(ada)("PATCH", f"media/{media.pk}", {"alt": "A lake at dawn"})
    assert (answer.status_code, answer.json()["alt"]) == (200, "A lake at dawn")
    assert get_visible_item(post.pk, viewer=ben).media[0]["alt"] == "A lake at dawn"
    assert Api(ben)("PATCH", f"media/{media.pk}", {"alt": "Mine"}).status_code == 403
    assert Api(ben)("DELETE", f"media/{media.pk}").status_code == 403
    assert Api(ada)("DELETE", f"media/{media.pk}").json()["code"] == "picture_in_use"
    with pytest.raises(PictureInUse):
        discard_picture(media=media, actor=ada)


# --- the door ----------------------------------------------------------------------------------------------


def sees(viewer: User | None, media: Media) -> bool:
    statuses = {
        page_of(viewer).get(f"/media/{media.pk}/{size}.webp").status_code for size in ("large", "small")
    } | {Api(viewer)("GET", f"media/{media.pk}").status_code} - {401}
    assert len(statuses) == 1
    return statuses == {200}


@pytest.mark.parametrize(
    ("audience", "seen_by"),
    [
        ("public", {"ada", "ben", "cleo", "visitor"}),
        ("followers", {"ada", "ben"}),
        ("friends", {"ada"}),
        ("private", {"ada"}),
    ],
)
def test_a_picture_is_seen_by_those_who_may_see_its_post(ada, ben, cleo, dora, audience, seen_by):
    follows(ben, ada)
    people.block_user(blocker=ada, blocked=dora)
    media = upload(ada)
    publish_post(author=ada, content="", visibility=audience, media_ids=[media.pk])
    everybody = {"ada": ada, "ben": ben, "cleo": cleo, "dora": dora, "visitor": None}
    assert {name for name, viewer in everybody.items() if sees(viewer, media)} == seen_by


def test_a_picture_goes_out_of_sight_with_its_post_at_once(ada, ben):
    media = upload(ada)
    post = publish_post(author=ada, content="", media_ids=[media.pk])
    assert sees(ben, media)
    people.block_user(blocker=ada, blocked=ben)
    assert not sees(ben, media)
    delete_post(post=post, actor=ada)
    assert not sees(ada, media)


def test_what_is_attached_to_nothing_is_its_owners_alone(ada, ben):
    media = upload(ada)
    assert sees(ada, media) and not sees(ben, media) and not sees(None, media)


@pytest.mark.parametrize(
    "path", ["0/large", "1/large", "99999999999999999999/small", "{id}/huge", "{id}/..%2fx"]
)
def test_odd_addresses_lead_nowhere(ada, path):
    media = upload(ada)
    assert page_of(ada).get(f"/media/{path.format(id=media.pk)}.webp").status_code == 404
    assert page_of(ada).post(f"/media/{media.pk}/large.webp").status_code == 405


def test_a_picture_costs_one_query(ada, ben, django_assert_num_queries):
    media = upload(ada)
    publish_post(author=ada, content="", media_ids=[media.pk])
    client = page_of(ben)
    client.get(f"/media/{media.pk}/small.webp")
    with django_assert_num_queries(1):
        client.get(f"/media/{media.pk}/small.webp")


def test_search_engines_are_asked_to_list_posts_not_their_pictures(ada):
    media = upload(ada)
    publish_post(author=ada, content="", media_ids=[media.pk])
    assert page_of().get(f"/media/{media.pk}/small.webp")["X-Robots-Tag"] == "noindex"


# --- the storage fails -------------------------------------------------------------------------------------


def test_while_the_storage_is_away_the_picture_is_coming(ada, ben, monkeypatch):
    def away(*_args):
        raise StorageAway

    with monkeypatch.context() as patch:
        patch.setattr(storage, "save", away)
        answer = by_form(page_of(ada), picture())
        assert (answer.status_code, answer.json()["url"]) == (201, None)
        post = publish_post(author=ada, content="Look", media_ids=[int(answer.json()["id"])])
        assert files.store_waiting() == 0
    assert Api(ben)("GET", f"posts/{post.pk}").json()["media"][0]["url"] is None
    assert PendingFile.objects.count() == 2
    assert files.store_waiting() == 1
    assert files.store_waiting() == 0
    assert not PendingFile.objects.exists()
    assert Api(ben)("GET", f"posts/{post.pk}").json()["media"][0]["url"]
    assert sees(ben, Media.objects.get())
    assert broken() == []


def test_a_full_disk_refuses_in_words_and_leaves_nothing(ada, settings, monkeypatch):
    save, saved = storage.save, []

    def full(name, data):
        if saved:
            raise StorageFull
        saved.append(name)
        save(name, data)

    monkeypatch.setattr(storage, "save", full)
    answer = by_form(page_of(ada), picture())
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert "room" in answer.json()["detail"]
    assert not Media.objects.exists() and stored_files(settings) == []


# --- in the background -------------------------------------------------------------------------------------


def test_uploads_that_nothing_takes_go_after_a_day(ada, settings):
    make_older(upload(ada))
    young, used = upload(ada), upload(ada)
    publish_post(author=ada, content="", media_ids=[used.pk])
    used_id = make_older(used)
    assert files.forget_unused() == 1
    assert set(Media.objects.values_list("pk", flat=True)) == {young.pk, used_id}
    assert len(stored_files(settings)) == 4
    assert files.forget_unused() == 0


def test_pictures_of_deleted_posts_go_after_a_day(ada, settings):
    media = upload(ada)
    post = publish_post(author=ada, content="", media_ids=[media.pk])
    delete_post(post=post, actor=ada)
    assert files.forget_unused() == 0
    Post.objects.update(deleted_at=time_of(post.pk) - timedelta(days=2))
    assert files.forget_unused() == 1
    assert stored_files(settings) == []


def test_files_without_a_row_are_swept_and_rows_without_files_are_counted(ada, settings, monkeypatch):
    kept, lost = upload(ada), upload(ada)
    storage.save("posts/ab/orphan.webp", b"x")
    assert files.sweep_orphans() == 0, "young files may be about to get their row"
    monkeypatch.setattr(files, "KEPT_FOR", timedelta(seconds=-5))
    assert files.sweep_orphans() == 1
    assert not storage.exists("posts/ab/orphan.webp") and storage.exists(kept.large_name)
    storage.delete(lost.small_name)
    assert files.note_lost() == 1
    assert sum(files.note_lost(night=night) for night in range(28)) == 1


def test_a_picture_taken_back_meanwhile_is_neither_lost_nor_described(ada, monkeypatch):
    media = upload(ada)

    def taken_back(_name: str) -> bool:
        discard_picture(media=media, actor=ada)
        return False

    with monkeypatch.context() as patch:
        patch.setattr(storage, "exists", taken_back)
        assert files.note_lost() == 0
    with pytest.raises(NotFound):
        describe_picture(media=media, actor=ada, alt="A fig")


def test_a_deleted_account_leaves_no_picture(ada, settings):
    publish_post(author=ada, content="", media_ids=[upload(ada).pk])
    upload(ada)
    drain()
    upkeep.forget_person(ada.pk)
    assert not Media.objects.exists() and stored_files(settings) == []


@pytest.mark.django_db(transaction=True)
def test_one_picture_goes_to_one_of_two_posts_that_want_it_at_once():
    author = person("author")
    media = upload(author)
    refused = []

    def write() -> None:
        try:
            publish_post(author=author, content="", media_ids=[media.pk])
        except UnknownPicture as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Post.objects.count(), len(refused)) == (1, 3)
    drain()
    assert broken() == []


def test_describing_takes_text_only_so_long(ada):
    media = upload(ada)
    assert Api(ada)("PATCH", f"media/{media.pk}", {"alt": "x" * 1501}).json()["code"] == "alt_too_long"
    assert Api(ada)("PATCH", f"media/{media.pk}", {}).status_code == 400
    assert describe_picture(media=media, actor=ada, alt="").alt == ""
    assert publish(ada).with_media is False
