"""Founding a group with a cover: by page and API, and what is left when something is wrong."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from accounts.tests.factories import page_of, person
from groups import actions
from groups.models import Group
from groups.tests.factories import a_group
from groups.tests.test_covers import picture
from socialnet.kernel import storage
from socialnet.kernel.errors import Invalid

pytestmark = pytest.mark.django_db(transaction=True)
TYPED = {"name": "Bakers", "slug": "bakers", "category": "food", "privacy": "public", "tags": "bread, rye"}


@pytest.fixture
def ada() -> User:
    return person("ada")


def files() -> list[str]:
    return list(storage.names("groups/", older_than=timedelta(0)))


def chosen(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("oven.jpg", data)


def found(client: Client, **fields: Any) -> Any:
    return client.post("/groups/new", {**TYPED, **fields})


def test_the_page_takes_a_cover(ada: User) -> None:
    client = page_of(ada)
    form = client.get("/groups/new").content.decode()
    assert 'enctype="multipart/form-data"' in form and 'name="cover"' in form and 'name="cover_alt"' in form
    answer = found(client, cover=chosen(picture()), cover_alt="An oven")
    assert answer.status_code == 302
    group = Group.objects.get()
    assert group.cover_alt == "An oven" and set(files()) >= {group.cover, group.cover_small}
    assert client.get(group.cover_url).status_code == 200


def test_nobody_has_to_have_one(ada: User) -> None:
    assert found(page_of(ada)).status_code == 302
    assert Group.objects.get().cover == "" and Group.objects.get().cover_alt == ""


def test_a_mistake_keeps_what_was_typed_and_no_file(ada: User) -> None:
    a_group(ada, slug="bakers")
    before = files()
    answer = found(page_of(ada), cover=chosen(picture()), cover_alt="An oven")
    page = answer.content.decode()
    assert answer.status_code == 400 and "This address is taken already." in page
    assert 'value="Bakers"' in page and "An oven" in page and "bread, rye" in page
    assert "Choose the picture again" in page and files() == before
    assert Group.objects.count() == 1


def test_what_is_no_picture_founds_nothing(ada: User) -> None:
    before = files()
    answer = found(page_of(ada), cover=chosen(b"no picture"))
    assert answer.status_code == 400 and 'value="Bakers"' in answer.content.decode()
    assert not Group.objects.exists() and files() == before


def test_too_long_words_for_the_cover_are_refused_first(ada: User) -> None:
    with pytest.raises(Invalid):
        actions.create_group(owner=ada, slug="bakers", name="Bakers", cover_alt="x" * 5_000)
    assert not Group.objects.exists()


def test_the_api_takes_it_as_multipart_and_without_as_json(ada: User) -> None:
    client = page_of(ada)
    made = client.post(
        "/api/v1/groups", {"name": "B", "slug": "b-b", "cover": chosen(picture()), "cover_alt": "Oven"}
    )
    assert made.status_code == 201 and made.json()["cover"]["alt"] == "Oven"
    plain = client.post("/api/v1/groups", {"name": "C", "slug": "c-c"}, content_type="application/json")
    assert plain.status_code == 201 and plain.json()["cover"] is None
    bad = client.post("/api/v1/groups", {"name": "D", "slug": "d-d", "cover": chosen(b"no picture")})
    assert bad.status_code == 400 and "cover" in bad.json()["errors"]
    assert not Group.objects.filter(slug="d-d").exists()
