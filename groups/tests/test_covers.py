"""Covers: put there by page and API, drawn anew, seen by those who may know of the group, gone with it."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from accounts.tests.factories import Api, page_of
from groups import actions, covers, tasks
from groups.models import Category, Group
from groups.tests.factories import a_group, is_in
from socialnet.celery import app
from socialnet.kernel import storage
from socialnet.kernel.invariants import broken
from socialnet.kernel.links import absolute
from socialnet.kernel.pictures import MAX_BYTES
from socialnet.kernel.storage import StorageFull
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)
SECRET_PLACE = "52.5200 N"


def picture(width: int = 900, height: int = 600, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET_PLACE
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind, exif=exif)
    return out.getvalue()


def by_page(client: Client, group: Group, data: bytes | None = None, **fields: Any) -> Any:
    form = {
        "name": group.name, "category": group.category, "privacy": group.privacy, "cover_alt": "", **fields,
    }  # fmt: skip
    if data is not None:
        form["cover"] = SimpleUploadedFile("holiday.jpg", data)
    return client.post(f"/g/{group.slug}/settings", form)


def by_api(client: Client, group: Group, data: bytes, **fields: str) -> Any:
    """Multipart by PATCH, which Django's client does not make by itself."""
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    body = encode_multipart(BOUNDARY, {"cover": SimpleUploadedFile("a.jpg", data), **fields})
    return client.patch(f"/api/v1/groups/{group.slug}", body, content_type=MULTIPART_CONTENT)


def covered(owner: User, privacy: str = "public", alt: str = "") -> Group:
    group = a_group(owner, privacy)
    return actions.change_group(group=group, actor=owner, cover=io.BytesIO(picture()), cover_alt=alt)


def stored(settings: Any) -> list[str]:
    return sorted(str(path.relative_to(settings.MEDIA_ROOT)) for path in settings.MEDIA_ROOT.rglob("*.*"))


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_cover_is_cut_to_two_sizes_without_metadata(door: str, ada: User, settings: Any) -> None:
    group = a_group(ada)
    if door == "page":
        assert by_page(page_of(ada), group, picture(), cover_alt=" A lake ").status_code == 302
    else:
        assert by_api(page_of(ada), group, picture(), cover_alt=" A lake ").status_code == 200
    told = Api()("GET", f"groups/{group.slug}").json()
    assert told["cover_url"] == told["cover"]["url"]
    assert (told["cover"]["width"], told["cover"]["height"], told["cover"]["alt"]) == (1500, 500, "A lake")
    assert len(told["cover"]["blurhash"]) == 28
    sizes = set()
    for name in stored(settings):
        data = (settings.MEDIA_ROOT / name).read_bytes()
        assert SECRET_PLACE.encode() not in data
        with Image.open(io.BytesIO(data)) as drawn:
            assert drawn.format == "WEBP"
            sizes.add(drawn.size)
    assert sizes == {(1500, 500), (480, 160)}
    for url in (told["cover"]["url"], told["cover"]["small_url"]):
        served = Client().get(url)
        assert (served.status_code, served["Content-Type"]) == (200, "image/webp")
        assert b"".join(served.streaming_content)  # type: ignore[attr-defined]
        served.close()


def test_it_stands_on_the_page_in_lists_in_search_and_on_cards(ada: User, cleo: User) -> None:
    group = covered(ada, alt="Loaves <on> a board")
    page = Client().get(f"/g/{group.slug}").content.decode()
    assert f'src="{group.cover_url}"' in page and 'alt="Loaves &lt;on&gt; a board"' in page
    assert f'property="og:image" content="{absolute(group.cover_url)}"' in page
    assert 'property="og:image:width" content="1500"' in page
    for path in ("/groups/discover", "/groups"):
        viewer = cleo if "discover" in path else ada
        assert group.cover_small_url in page_of(viewer).get(path).content.decode(), path
    shut = covered(ada, "private")
    page = page_of(ada).get(f"/g/{shut.slug}").content.decode()
    assert f'src="{shut.cover_url}"' in page and f'content="{absolute(shut.cover_url)}"' not in page
    assert 'name="robots" content="noindex"' in page


@pytest.mark.parametrize(
    ("privacy", "outsider", "cached"),
    [
        ("public", 200, "public, max-age=3600, immutable"),
        ("private", 200, "private, max-age=0"),
        ("invite", 404, "private, max-age=0"),
    ],
)
def test_who_may_know_of_the_group_sees_its_cover(
    privacy: str, outsider: int, cached: str, ada: User, ben: User, cleo: User
) -> None:
    group = covered(ada, privacy)
    is_in(group, ben)
    for url in (group.cover_url, group.cover_small_url):
        for viewer, status in ((ada, 200), (ben, 200), (cleo, outsider), (None, outsider)):
            answer = page_of(viewer).get(url)
            assert answer.status_code == status, viewer
            if status == 200:
                assert answer["Cache-Control"] == cached
            answer.close()
    actions.ban_person(group=group, actor=ada, person=ben)
    if privacy == "invite":
        assert page_of(ben).get(group.cover_url).status_code == 404
    other = a_group(ada)
    name = group.cover_url.rpartition("/")[2]
    for path in (
        f"/g/{other.slug}/cover/{name}",
        f"/g/{group.slug}/cover/none.webp",
        f"/g/{group.slug}/cover/p",
    ):
        assert page_of(ada).get(path).status_code == 404
    assert page_of(ada).post(group.cover_url).status_code == 405


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"no picture", 400, "unreadable_picture"),
        (b"", 400, "unreadable_picture"),
        (b"\xff\xd8\xff" + b"x" * 100, 400, "unreadable_picture"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * MAX_BYTES, 413, "picture_too_large"),
    ],
    ids=["text", "empty", "broken", "too large"],
)
def test_what_is_no_picture_changes_nothing(
    data: bytes, status: int, code: str, ada: User, settings: Any
) -> None:
    group = covered(ada)
    before = stored(settings)
    answer = by_api(page_of(ada), group, data, name="Another name")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "cover" in answer.json()["errors"]
    page = by_page(page_of(ada), group, data, name="Another name", description="My words")
    assert page.status_code == status and "My words" in page.content.decode()
    again = Group.objects.get(pk=group.pk)
    assert (again.name, again.cover) == (group.name, group.cover)
    assert stored(settings) == before


def test_a_change_that_cannot_be_kept_leaves_no_files(ada: User, settings: Any) -> None:
    group = a_group(ada)
    answer = by_api(page_of(ada), group, picture(), cover_alt="x" * 501)
    assert answer.status_code == 400 and "cover_alt" in answer.json()["errors"]
    assert stored(settings) == []


def test_only_owners_change_it(ada: User, ben: User, cleo: User, settings: Any) -> None:
    group = a_group(ada)
    is_in(group, ben, role="moderator")
    for other in (ben, cleo):
        assert by_api(page_of(other), group, picture()).status_code == 403
        assert by_page(page_of(other), group, picture()).status_code == 403
    assert by_api(Client(), group, picture()).status_code in (401, 403)
    assert stored(settings) == []


def test_the_old_files_go_with_the_old_cover(ada: User, settings: Any) -> None:
    group = covered(ada, alt="The first")
    first = stored(settings)
    assert by_page(page_of(ada), group, picture(300, 900)).status_code == 302
    second = stored(settings)
    assert len(second) == 2 and not set(first) & set(second)
    again = Group.objects.get(pk=group.pk)
    assert again.cover_alt == "" and page_of(ada).get(group.cover_url).status_code == 404
    assert Api(ada)("PATCH", f"groups/{group.slug}", {"cover_alt": "Words"}).json()["cover"]["alt"] == "Words"
    assert by_page(page_of(ada), again, None, cover_alt="Words", without_cover="on").status_code == 302
    assert stored(settings) == [] and Group.objects.get(pk=group.pk).cover_alt == ""
    assert Api(ada)("PATCH", f"groups/{group.slug}", {"cover_alt": "Of nothing"}).json()["cover"] is None


def test_it_is_removed_by_the_api_and_goes_with_the_group(ada: User, settings: Any) -> None:
    group = covered(ada)
    removed = Api(ada)("PATCH", f"groups/{group.slug}", {"cover": None})
    assert (removed.status_code, removed.json()["cover_url"]) == (200, None)
    assert stored(settings) == []
    other = covered(ada)
    actions.delete_group(group=other, actor=ada)
    assert stored(settings) == []
    assert Group.objects.get(pk=other.pk).cover == ""


def test_a_full_disk_is_said_and_keeps_what_was_typed(
    ada: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = a_group(ada)
    save = storage.save

    def full(name: str, data: bytes) -> None:
        if "small" in name:
            raise StorageFull
        save(name, data)

    monkeypatch.setattr(storage, "save", full)
    answer = by_page(page_of(ada), group, picture(), description="My words")
    assert answer.status_code == 503 and "My words" in answer.content.decode()
    assert stored(settings) == []


def test_files_that_no_group_names_are_swept_once_they_are_old(
    ada: User, time_machine: Any, settings: Any
) -> None:
    group = covered(ada)
    storage.save("groups/ab/orphan.webp", b"x")
    assert covers.sweep_orphans() == 0
    time_machine.move_to(timezone.now() + timedelta(days=2))
    tasks.sweep_covers()
    assert not storage.exists("groups/ab/orphan.webp")
    assert storage.exists(group.cover) and storage.exists(group.cover_small)
    assert "groups.tasks.sweep_covers" in {job["task"] for job in app.conf.beat_schedule.values()}


def test_a_cover_that_lost_a_file_is_noticed(ada: User) -> None:
    group = covered(ada)
    drain()
    assert broken() == []
    storage.delete(group.cover_small)
    assert broken() == ["31 pictures have their files, without location or other metadata: 1"]


def test_the_table_wants_both_files_or_none(ada: User) -> None:
    group = covered(ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Group.objects.filter(pk=group.pk).update(cover_small="")
    with pytest.raises(IntegrityError), transaction.atomic():
        Group.objects.filter(pk=a_group(ada).pk).update(cover_alt="Of nothing")


def test_uploads_of_covers_are_limited_as_others_are(ada: User) -> None:
    group = a_group(ada)
    client = page_of(ada)
    statuses = [by_api(client, group, b"no picture").status_code for _each in range(21)]
    assert statuses[:20] == [400] * 20 and statuses[20] == 429
    page = by_page(client, group, b"no picture", description="My words")
    assert page.status_code == 429 and "My words" in page.content.decode()


def test_its_category_and_tags_lead_to_groups_like_it(ada: User, cleo: User) -> None:
    group = a_group(ada)
    Api(ada)(
        "PATCH", f"groups/{group.slug}", {"category": "food", "tags": ["rye & more"], "rules": "Be kind."}
    )
    page = page_of(cleo).get(f"/g/{group.slug}/about").content.decode()
    assert 'href="/groups/discover?category=food"' in page and "Be kind." in page
    assert 'href="/search?type=groups&amp;q=rye%20%26%20more"' in page
    drain()
    found = page_of(cleo).get("/search?type=groups&q=rye").content.decode()
    assert f'href="/g/{group.slug}"' in found


# --- by category --------------------------------------------------------------------------------------------


def test_groups_of_one_category(ada: User, cleo: User, django_assert_num_queries: Any) -> None:
    food, hidden, sport = a_group(ada), a_group(ada, "invite"), a_group(ada)
    Group.objects.filter(pk__in=[food.pk, hidden.pk]).update(category=Category.FOOD)
    Group.objects.filter(pk=sport.pk).update(category=Category.SPORT)
    found = Api(cleo)("GET", "groups?category=food").json()["results"]
    assert [one["slug"] for one in found] == [food.slug]
    page = page_of(cleo).get("/groups/discover?category=food").content.decode()
    assert f'href="/g/{food.slug}"' in page and f'href="/g/{sport.slug}"' not in page
    assert f'href="/g/{sport.slug}"' in page_of(cleo).get("/groups/discover").content.decode()
    assert "Nothing in this category" in page_of(cleo).get("/groups/discover?category=art").content.decode()
    assert Api(cleo)("GET", "groups?category=none").status_code == 400
    assert Api(cleo)("GET", "groups?category=food&mine=1").status_code == 400
    assert page_of(cleo).get("/groups/discover?category=none").status_code == 400


def test_a_long_category_is_paged(ada: User, cleo: User) -> None:
    ids = [a_group(ada).pk for _each in range(25)]
    Group.objects.filter(pk__in=ids[:23]).update(category=Category.FOOD)
    first = page_of(cleo).get("/groups/discover?category=food").content.decode()
    (more,) = re.findall(r'rel="next" href="([^"]*)"', first)
    second = page_of(cleo).get("/groups/discover" + more.replace("&amp;", "&")).content.decode()
    assert first.count('href="/g/') == 20 and second.count('href="/g/') == 3
