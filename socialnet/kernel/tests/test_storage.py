"""Files on disk and in a bucket: kept whole or not at all, and what is said when there is no room or no answer."""

import ctypes
import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse

from socialnet.kernel import storage
from socialnet.kernel.errors import NotFound
from socialnet.kernel.storage import StorageAway, StorageFull
from socialnet.kernel.tests import s3
from socialnet.settings import media

NOW, HOUR, DAY = timedelta(seconds=-5), timedelta(hours=1), timedelta(days=1)
NAME = "media/ab/one.webp"


@pytest.fixture(autouse=True)
def closed_breaker() -> Iterator[None]:
    storage.breaker.close()
    yield
    storage.breaker.close()


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def bucket(settings: Any) -> Iterator[s3.Store]:
    with s3.running() as store:
        url = f"s3://key:sec%2Fret@127.0.0.1:{store.server_port}/pictures?region=eu-1&insecure=1"
        settings.STORAGES = settings.STORAGES | {"default": media.place_of(url)}
        settings.MEDIA_DELIVERY = "storage"
        yield store


@pytest.fixture(params=["root", "bucket"])
def place(request: pytest.FixtureRequest) -> Any:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)


def kept(name: str = NAME) -> bytes:
    with storage.open(name) as file:
        return bytes(file.read())


def on_disk(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


# --- what both do -------------------------------------------------------------------------------------------


def test_a_file_is_kept_under_its_name_read_and_deleted(place: Any) -> None:
    assert not storage.exists(NAME)
    storage.save(NAME, b"pixels")
    assert storage.exists(NAME) and kept() == b"pixels"
    storage.save(NAME, b"again")  # a retry whose first answer was lost
    assert kept() == b"again" and list(storage.names("media/", older_than=NOW)) == [NAME]
    storage.delete(NAME)
    storage.delete(NAME)
    assert not storage.exists(NAME)
    with pytest.raises(FileNotFoundError):
        storage.open(NAME)
    assert storage.breaker.snapshot()["failures"] == 0 or not storage.breaker.is_open


def test_names_are_those_below_the_prefix_and_old_enough(place: Any) -> None:
    wanted = [f"media/{number}/x.webp" for number in range(8)]  # more than a page of a listing
    for name in [*wanted, "avatars/a.webp", "media/new.webp"]:
        storage.save(name, b"x")
    for name in [*wanted, "avatars/a.webp"]:
        if isinstance(place, Path):
            os.utime(place / name, (time.time() - 7200,) * 2)
        else:
            place.age(name, by=2 * HOUR)
    assert sorted(storage.names("media/", older_than=HOUR)) == wanted
    assert list(storage.names("media/", older_than=DAY)) == []
    assert list(storage.names("nothing/", older_than=HOUR)) == []


@pytest.mark.parametrize("name", ["../out.webp", "/etc/passwd", "media/../../out.webp"])
def test_nobody_climbs_out(place: Any, name: str) -> None:
    for act in (lambda: storage.save(name, b"x"), lambda: storage.open(name)):
        with pytest.raises((SuspiciousFileOperation, NotFound, FileNotFoundError)):
            act()


def test_pages_name_an_address_of_ours(place: Any) -> None:
    assert storage.url("avatars/a b.webp") == "/media/avatars/a%20b.webp"
    assert "Signature" not in default_storage.url(NAME)


# --- the disk -----------------------------------------------------------------------------------------------


def test_readers_never_see_half_a_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda _handle: seen.append(on_disk(root)))
    storage.save(NAME, b"x" * 100_000)
    (part,) = seen[0]
    assert part.startswith(".one.webp.") and part.endswith(".part")
    assert on_disk(root) == ["one.webp"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("step", ["fsync", "mkdir"])
def test_a_full_disk_is_said_and_leaves_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    def full(*_args: Any, **_options: Any) -> None:
        raise OSError(number, "no room")

    monkeypatch.setattr(*((os, "fsync", full) if step == "fsync" else (Path, "mkdir", full)))
    with pytest.raises(StorageFull) as refused:
        storage.save(NAME, b"pixels")
    assert (refused.value.status, refused.value.code) == (503, "storage_full")
    assert "text is kept" in str(refused.value.sentence)
    assert on_disk(root) == []


@pytest.fixture
def tiny_disk(root: Path) -> Iterator[Path]:
    """A real file system of 64 kB."""
    root.mkdir()
    mount = ctypes.CDLL(None, use_errno=True).mount if sys.platform == "linux" else None
    if mount is None or os.geteuid() != 0 or mount(b"tmpfs", bytes(root), b"tmpfs", 0, b"size=64k") != 0:
        pytest.skip("only root may mount")
    yield root
    subprocess.run(["umount", str(root)], check=True)


def test_a_disk_that_is_really_full(tiny_disk: Path) -> None:
    storage.save("media/first.webp", b"x" * 30_000)
    for _ in range(5):  # a full disk answers: the breaker stays closed
        with pytest.raises(StorageFull):
            storage.save("media/second.webp", b"x" * 60_000)
    assert on_disk(tiny_disk) == ["first.webp"] and kept("media/first.webp") == b"x" * 30_000
    storage.save("media/third.webp", b"x" * 10_000)
    assert on_disk(tiny_disk) == ["first.webp", "third.webp"]


def test_a_disk_that_fails_is_away(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(os, "fsync", broken)
    for _ in range(3):
        with pytest.raises(StorageAway):
            storage.save(NAME, b"pixels")
    assert on_disk(root) == [] and storage.breaker.is_open
    monkeypatch.undo()
    with pytest.raises(StorageAway):  # not asked for a while
        storage.save(NAME, b"pixels")
    storage.breaker.close()
    storage.save(NAME, b"pixels")


def test_what_a_killed_writer_left_is_among_the_names(root: Path) -> None:
    storage.save(NAME, b"pixels")
    (root / "media/ab/.two.webp.1234.part").write_bytes(b"half")
    assert set(storage.names("media/", older_than=NOW)) == {NAME, "media/ab/.two.webp.1234.part"}
    storage.delete("media/ab/.two.webp.1234.part")
    assert on_disk(root) == ["one.webp"]


# --- the bucket ---------------------------------------------------------------------------------------------


def test_what_is_sent_is_signed_and_says_what_it_is(bucket: s3.Store) -> None:
    storage.save(NAME, b"pixels")
    (method, path, headers) = bucket.requests[-1]
    assert (method, path) == ("PUT", f"/pictures/{NAME}")
    assert "Credential=key/" in headers["Authorization"] and "/eu-1/s3/" in headers["Authorization"]
    assert bucket.files[NAME][:2] == (b"pixels", "image/webp")
    assert "x-amz-acl" not in {name.lower() for name in headers}  # private is what a bucket is by itself


@pytest.mark.parametrize(
    ("status", "code"),
    [(507, "XMinioStorageFull"), (403, "QuotaExceeded"), (400, "XMinioAdminBucketQuotaExceeded")],
)
def test_a_bucket_without_room_is_full(bucket: s3.Store, status: int, code: str) -> None:
    bucket.refusal = (status, code)
    for _ in range(4):
        with pytest.raises(StorageFull):
            storage.save(NAME, b"pixels")
    assert not storage.breaker.is_open and not bucket.files


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalError"), (503, "SlowDown"), (403, "AccessDenied"), (404, "NoSuchBucket")],
)
def test_a_bucket_that_refuses_is_away(bucket: s3.Store, status: int, code: str) -> None:
    bucket.refusal = (status, code)
    for act in (
        lambda: storage.save(NAME, b"x"),
        lambda: storage.open(NAME),
        lambda: list(storage.names("media/", older_than=NOW)),
    ):
        with pytest.raises(StorageAway) as refused:
            act()
        assert "key" not in str(refused.value.sentence)
    assert storage.breaker.is_open
    asked = len(bucket.requests)
    with pytest.raises(StorageAway):
        storage.save(NAME, b"pixels")
    assert len(bucket.requests) == asked


def test_a_bucket_that_is_gone_is_away(bucket: s3.Store) -> None:
    bucket.shutdown()
    bucket.server_close()
    with pytest.raises(StorageAway):
        storage.save(NAME, b"pixels")


def test_a_bucket_that_hangs_is_given_up(bucket: s3.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    client = default_storage._client  # type: ignore[attr-defined]
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (2, 5)
    bucket.delay = 30  # and then it would answer
    with pytest.raises(StorageAway):
        storage.save(NAME, b"pixels")
    assert storage.breaker.snapshot()["timeouts"] >= 1


# --- on the way to people -----------------------------------------------------------------------------------


def assert_harmless(response: Any) -> None:
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert response["Content-Disposition"] == "inline"


def test_django_reads_the_file(place: Any, settings: Any) -> None:
    settings.MEDIA_DELIVERY = "django"
    storage.save(NAME, b"pixels")
    response = storage.serve(NAME)
    assert isinstance(response, FileResponse) and b"".join(response) == b"pixels"  # type: ignore[arg-type]
    assert response["Content-Type"] == "image/webp" and response["Content-Length"] == "6"
    assert response["Cache-Control"] == "private, max-age=3600"
    assert_harmless(response)
    for absent in ("media/none.webp", "media", "../x"):
        with pytest.raises(NotFound):
            storage.serve(absent)


def test_nginx_is_told_where_it_is(root: Path, settings: Any) -> None:
    settings.MEDIA_DELIVERY = "nginx"
    response = storage.serve("media/a b%.webp", max_age=60)
    assert response["X-Accel-Redirect"] == "/protected-media/media/a%20b%25.webp"
    assert (response["Content-Type"], response["Cache-Control"]) == ("image/webp", "private, max-age=60")
    assert_harmless(response)


def test_a_bucket_gives_a_link_that_ends_soon(bucket: s3.Store) -> None:
    storage.save(NAME, b"pixels")
    response = storage.serve(NAME)
    link = urlsplit(response["Location"])
    assert response.status_code == 302 and link.path == f"/pictures/{NAME}"
    assert parse_qs(link.query)["X-Amz-Expires"] == ["60"] and "sec/ret" not in response["Location"]
    assert response["Cache-Control"] == "private, max-age=30"
    assert_harmless(response)
    with urlopen(response["Location"], timeout=5) as file:
        assert (file.read(), file.headers["Content-Type"]) == (b"pixels", "image/webp")


def test_faces_may_be_kept_for_ever(root: Path) -> None:
    storage.save("avatars/a.webp", b"pixels")
    response = storage.serve("avatars/a.webp", max_age=31_536_000, public=True)
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"


# --- settings -----------------------------------------------------------------------------------------------


def test_a_bucket_is_reached_by_https_unless_told_otherwise() -> None:
    assert media.origin_of("s3://k:s@files.example/bucket") == "https://files.example"
    assert media.origin_of("s3://k:s@files.example:9000/bucket?insecure=1") == "http://files.example:9000"
    options: Any = media.place_of("s3://k%2B:s%2F@files.example/bucket?region=x")["OPTIONS"]
    assert (options["access_key"], options["secret_key"], options["region_name"]) == ("k+", "s/", "x")


@pytest.mark.parametrize(
    "url",
    [
        "s3://host/bucket",
        "s3://k:secret@/bucket",
        "s3://k:secret@host/",
        "s3://k:secret@host/a/b",
        "gs://k:s@h/b",
    ],
)
def test_a_wrong_address_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        media.place_of(url)
    assert "MEDIA_STORAGE_URL" in str(refused.value) and "secret@" not in str(refused.value).replace(
        "key:secret@", ""
    )


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "find_spec", lambda _name: None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-prod\.txt"):
        media.place_of("s3://k:s@host/bucket")


BUCKET = "s3://k:s@host/bucket"


@pytest.mark.parametrize(
    ("wanted", "url", "serve_media", "found"),
    [
        ("", "", True, "django"),
        ("", "", False, "nginx"),
        ("", BUCKET, True, "storage"),
        ("django", BUCKET, True, "django"),
        ("nginx", "", True, "nginx"),
    ],
)
def test_the_delivery_that_fits(wanted: str, url: str, serve_media: bool, found: str) -> None:
    assert media.delivery_of(wanted, url=url, serve_media=serve_media) == found


@pytest.mark.parametrize(("wanted", "url"), [("storage", ""), ("nginx", BUCKET), ("apache", "")])
def test_a_delivery_that_cannot_be_is_refused(wanted: str, url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MEDIA_DELIVERY"):
        media.delivery_of(wanted, url=url, serve_media=True)


def test_settings_with_a_bucket_show_its_pictures() -> None:
    lines = (
        "from django.conf import settings as s; "
        "print(s.MEDIA_DELIVERY, s.SERVE_MEDIA, s.CONTENT_SECURITY_POLICY['DIRECTIVES']['img-src'][-1])"
    )
    told = subprocess.run(
        [sys.executable, "-c", lines],
        env=os.environ
        | {"MEDIA_STORAGE_URL": "s3://k:s@files.example/b", "DJANGO_SETTINGS_MODULE": "socialnet.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["storage", "True", "https://files.example"]
