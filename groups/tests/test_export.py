"""The archive names one's own groups, and nobody else's."""

import pytest

from accounts.models import User
from groups.actions import choose_news
from groups.export import parts
from groups.tests.factories import a_group, is_in

pytestmark = pytest.mark.django_db


def test_the_archive_has_the_groups_that_one_is_in(ada: User, ben: User) -> None:
    group, other = a_group(ada, slug="bread"), a_group(ada)
    is_in(group, ben)
    choose_news(group=group, person=ben, notify="all")
    part, _declined = parts(ben.pk)
    (row,) = part.rows
    assert part.name == "groups.json" and set(row) == {
        "slug",
        "name",
        "role",
        "status",
        "notify",
        "created_at",
    }
    assert (row["slug"], row["role"], row["status"], row["notify"]) == ("bread", "member", "active", "all")
    part, _declined = parts(ada.pk)
    assert [row["slug"] for row in part.rows] == ["bread", other.slug]
