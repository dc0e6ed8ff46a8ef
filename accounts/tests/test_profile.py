"""Editing the profile, its picture, privacy; blocks and mutes in settings."""

import io
import os
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts import actions, cards
from accounts.models import User
from accounts.tests.factories import Api, page_of
from socialnet.kernel import storage
from socialnet.outbox.models import AuditEntry, Event
from socialnet.outbox.testing import drain

pillow_heif.register_heif_opener()

GOOD = {
    "display_name": "Ada L.",
    "bio": "I count.",
    "website": "ada.example",
    "location": "London",
    "time_zone": "Europe/London",
    "version": "1",
}


def picture(size: tuple[int, int] = (640, 480), format: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, format, **options)
    return out.getvalue()


def upload(data: bytes, name: str = "me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def files(settings: Any) -> list[Path]:
    return sorted(Path(settings.MEDIA_ROOT).rglob("*.webp"))


def patch_avatar(api: Api, data: bytes, name: str = "me.jpg") -> Any:
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    body = encode_multipart(BOUNDARY, {"avatar": upload(data, name)})
    return api.client.generic("PATCH", "/api/v1/me", body, MULTIPART_CONTENT, headers=api.headers)


def test_the_page_saves_and_shows(ada: User) -> None:
    browser = page_of(ada)
    answer = browser.post("/settings/profile", GOOD)
    assert (answer.status_code, answer["Location"]) == (302, "/settings/profile")
    ada.refresh_from_db()
    assert (ada.display_name, ada.bio, ada.website, ada.version) == (
        "Ada L.",
        "I count.",
        "https://ada.example",
        2,
    )
    html = browser.get("/@ada").content.decode()
    assert "I count." in html and "https://ada.example" in html
    assert Event.objects.filter(name="accounts.profile_changed").count() == 1


def test_the_api_changes_only_what_is_sent(ada: User) -> None:
    answer = Api(ada)("PATCH", "me", {"bio": "I count.", "version": 1})
    assert answer.status_code == 200
    assert (answer.json()["bio"], answer.json()["display_name"], answer.json()["version"]) == (
        "I count.",
        "Ada",
        2,
    )
    again = Api(ada)("PATCH", "me", {"bio": "I count."})
    assert again.json()["version"] == 2  # what did not change costs no version


def test_two_tabs_cannot_overwrite_each_other(ada: User) -> None:
    browser, api = page_of(ada), Api(ada)
    api("PATCH", "me", {"bio": "From the phone.", "version": 1})
    refused = api("PATCH", "me", {"bio": "From the desk.", "version": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "edit_conflict")
    page = browser.post("/settings/profile", {**GOOD, "bio": "From the desk."})
    html = page.content.decode()
    assert page.status_code == 409
    assert "From the phone." in html and "From the desk." in html  # both are shown
    ada.refresh_from_db()
    assert ada.bio == "From the phone."
    assert 'name="version" value="2"' in html
    assert browser.post("/settings/profile", {**GOOD, "version": "2"}).status_code == 302


BAD = [
    ("display_name", ""), ("display_name", "   "), ("display_name", "x" * 101), ("display_name", "\u200b"),
    ("display_name", "a\u202eb"), ("bio", "x" * 501), ("bio", "a\x00b"), ("website", "javascript:alert(1)"),
    ("website", "ftp://ada.example"), ("website", "not a site"), ("website", "https://" + "x" * 300),
    ("website", "http://evil.example\\@ok.example/"), ("website", "http:\\\\evil.example"),
    ("website", "https://ok.example/\\x"), ("website", "https://ok.example/\x7fx"),
    ("website", "https://ok.example/a b"), ("website", "evil.example\\@ok.example"),
    ("location", "x" * 101), ("time_zone", "Europe/Atlantis"), ("time_zone", "../../etc/passwd"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), BAD, ids=[f"{field} {value[:12]!r}" for field, value in BAD])
def test_what_cannot_be_kept_is_said_beside_its_field(ada: User, field: str, value: str) -> None:
    answer = Api(ada)(
        "PATCH", "me", {field: value, "location" if field != "location" else "bio": "half-written?"}
    )
    assert answer.status_code == 400 and field in answer.json()["errors"]
    page = page_of(ada).post("/settings/profile", {**GOOD, field: value})
    assert page.status_code == 400
    ada.refresh_from_db()
    assert (ada.version, ada.location, ada.bio) == (1, "", "")


def test_lone_surrogates_are_refused(ada: User) -> None:
    api = Api(ada)
    answer = api.client.generic(
        "PATCH", "/api/v1/me", rb'{"bio": "\ud800"}', content_type="application/json", headers=api.headers
    )
    assert answer.status_code == 400 and "bio" in answer.json()["errors"]


def test_any_script_and_joined_emoji_are_kept(ada: User) -> None:
    for bio in ("שלום עולם", "👩‍👩‍👧‍👦 family", "नमस्ते", "line\nbreak", "e\u0301"):
        answer = Api(ada)("PATCH", "me", {"bio": bio})
        assert answer.json()["bio"] in (bio, "é")
    assert "<script>" not in page_of(ada).get("/@ada").content.decode().split("<main")[-1]


@pytest.mark.parametrize("field", ["username", "is_staff", "email", "version2"])
def test_what_may_not_be_changed_stays(ada: User, field: str) -> None:
    Api(ada)("PATCH", "me", {field: "x"})
    fresh = User.objects.get(pk=ada.pk)
    assert (fresh.username, fresh.is_staff, fresh.email) == ("ada", False, "ada@example.com")


def test_visitors_have_no_me(db: None) -> None:
    assert Client().get("/api/v1/me").status_code == 401
    for page in ("profile", "privacy", "account", "sessions", "blocked"):
        assert Client().get(f"/settings/{page}").status_code == 302


# --- the picture --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["page", "api"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF"])
def test_a_picture_becomes_two_squares(ada: User, settings: Any, door: str, format: str) -> None:
    data = picture(format=format)
    if door == "page":
        assert page_of(ada).post("/settings/profile", {**GOOD, "avatar": upload(data)}).status_code == 302
    else:
        assert patch_avatar(Api(ada), data).status_code == 200
    sizes = sorted(Image.open(path).size for path in files(settings))
    assert sizes == [(96, 96), (400, 400)]
    ada.refresh_from_db()
    assert "ada" not in ada.avatar.name and "me" not in Path(ada.avatar.name).stem[:2]
    assert cards.author_cards([ada.pk])[ada.pk].avatar_url == ada.avatar_small_url


def test_metadata_goes_and_orientation_is_applied(ada: User, settings: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "SECRET PLACE"
    face = Image.new("RGB", (200, 100), "red")
    face.paste("blue", (0, 0, 100, 100))  # upright: blue above red
    out = io.BytesIO()
    face.save(out, "JPEG", exif=exif, comment=b"SECRET WORD", quality=95)
    actions.change_avatar(user=ada, upload=io.BytesIO(out.getvalue()))
    assert len(files(settings)) == 2
    for path in files(settings):
        assert b"SECRET" not in path.read_bytes() and b"EXIF" not in path.read_bytes()
        drawn = Image.open(path).convert("RGB")
        top, bottom = (
            drawn.getpixel((drawn.width // 2, 5)),
            drawn.getpixel((drawn.width // 2, drawn.height - 5)),
        )
        assert top[2] > 150 > top[0] and bottom[0] > 150 > bottom[2]


def test_old_files_go_with_the_new_or_without(ada: User, settings: Any) -> None:
    first = actions.change_avatar(user=ada, upload=io.BytesIO(picture()))
    before = set(files(settings))
    actions.change_avatar(user=ada, upload=io.BytesIO(picture((300, 300))))
    assert len(files(settings)) == 2 and not before & set(files(settings))
    assert page_of(ada).post("/settings/profile", {**GOOD, "without_avatar": "on"}).status_code == 302
    assert files(settings) == []
    assert first.version == 1


def bomb() -> bytes:
    """A few kilobytes that claim 100 megapixels."""
    out = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")
    return out.getvalue()


BROKEN = {
    "empty": b"",
    "text": b"hello",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<html><script>alert(1)</script></html>",
    "cut": picture((2000, 2000))[:3000],
    "header": b"\xff\xd8\xff\xe0" + b"\x00" * 200,
    "png header": b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
    "pdf": b"%PDF-1.4 ...",
    "tiff": picture(format="TIFF"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_picture_is_refused_with_a_sentence(ada: User, settings: Any, kind: str) -> None:
    answer = patch_avatar(Api(ada), BROKEN[kind])
    assert answer.status_code == 400 and "avatar" in answer.json()["errors"]
    page = page_of(ada).post("/settings/profile", {**GOOD, "avatar": upload(BROKEN[kind])})
    assert page.status_code == 400
    assert 'value="Ada L."' in page.content.decode()  # what was typed is kept
    ada.refresh_from_db()
    assert (ada.version, ada.display_name, files(settings)) == (1, "Ada", [])


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(ada: User, settings: Any) -> None:
    answer = patch_avatar(Api(ada), bomb(), "me.png")
    assert (answer.status_code, answer.json()["code"]) == (413, "picture_too_large")
    assert files(settings) == []


@pytest.mark.parametrize("megabytes", [10.5, 50])
def test_a_file_with_too_many_bytes_is_refused(ada: User, settings: Any, megabytes: float) -> None:
    data = b"\xff\xd8\xff\xe0" + b"\x00" * int(megabytes * 1024 * 1024)
    assert patch_avatar(Api(ada), data).status_code == 413
    assert page_of(ada).post("/settings/profile", {**GOOD, "avatar": upload(data)}).status_code == 413
    assert files(settings) == []


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_full_disk_leaves_neither_file_nor_row(
    ada: User, settings: Any, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    written: list[int] = []

    def fsync(handle: int) -> None:
        written.append(handle)
        if len(written) > 2:  # the first picture and its folder's entry fit
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    if door == "api":
        answer = patch_avatar(Api(ada), picture())
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    else:
        page = page_of(ada).post("/settings/profile", {**GOOD, "avatar": upload(picture())})
        assert page.status_code == 503 and "no room for pictures" in page.content.decode()
    ada.refresh_from_db()
    assert (ada.version, bool(ada.avatar), files(settings)) == (1, False, [])


def test_files_that_cannot_be_reached_cost_a_sentence_only(
    ada: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    answer = patch_avatar(Api(ada), picture())
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")
    storage.breaker.close()
    assert files(settings) == []


# --- privacy, blocks, mutes ---------------------------------------------------------------------------------


def test_privacy_by_page_and_api_is_recorded(ada: User) -> None:
    assert page_of(ada).post("/settings/privacy", {"is_private": "on"}).status_code == 302
    assert Api(ada)("PATCH", "me", {"is_private": False}).json()["is_private"] is False
    changes = AuditEntry.objects.filter(act="accounts.privacy").order_by("id").values_list("after", flat=True)
    assert list(changes) == [{"is_private": True}, {"is_private": False}]


def test_a_changed_name_reaches_the_author_card_at_once(ada: User) -> None:
    assert cards.author_cards([ada.pk])[ada.pk].display_name == "Ada"
    Api(ada)("PATCH", "me", {"display_name": "Ada L."})
    assert cards.author_cards([ada.pk])[ada.pk].display_name == "Ada L."
    drain()
    assert cards.author_cards([ada.pk])[ada.pk].display_name == "Ada L."


def test_cards_come_in_one_query_and_absent_ones_are_remembered(
    ada: User, ben: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        found = cards.author_cards([ada.pk, ben.pk, 10**9])
    assert set(found) == {ada.pk, ben.pk}
    with django_assert_num_queries(0):
        assert set(cards.author_cards([ada.pk, ben.pk, 10**9])) == {ada.pk, ben.pk}
