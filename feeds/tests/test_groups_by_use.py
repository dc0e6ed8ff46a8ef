"""My groups in the order in which I wrote there."""

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import Api, person
from feeds.actions import publish_post
from groups import selectors
from groups.tests.factories import a_group, is_in


@pytest.fixture
def ada(db: Any) -> User:
    return person("ada")


def slugs(ada: User, query: str) -> list[str]:
    return [group["slug"] for group in Api(ada)("GET", f"groups?mine=1&{query}").json()["results"]]


def test_where_i_wrote_lately_comes_first(ada: User) -> None:
    ben = person("ben")
    first, second, third = (a_group(ben) for _ in range(3))
    for group in (first, second, third):
        is_in(group, ada)
    for group in (second, first, second):
        publish_post(author=ada, content=f"In {group.pk}", group=group)
    publish_post(author=ben, content="Of another", group=third)
    assert slugs(ada, "order=recent") == [second.slug, first.slug, third.slug]
    assert slugs(ada, "order=newest") == slugs(ada, "") == [third.slug, second.slug, first.slug]


def test_its_pages_follow_each_other(ada: User) -> None:
    groups = [a_group(ada) for _ in range(5)]
    for group in groups[1:3]:
        publish_post(author=ada, content="Hello", group=group)
    wanted = [groups[place].slug for place in (2, 1, 4, 3, 0)]
    found: list[str] = []
    cursor = ""
    while True:
        page = Api(ada)("GET", f"groups?mine=1&order=recent&limit=2{cursor}").json()
        found += [group["slug"] for group in page["results"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == wanted


def test_it_is_mine_alone_and_nothing_else_is_an_order(ada: User) -> None:
    a_group(person("ben"))
    assert slugs(ada, "order=recent") == []
    for query in ("groups?order=recent", "groups?mine=1&order=biggest"):
        answer = Api(ada)("GET", query)
        assert answer.status_code == 400 and "order" in answer.json()["errors"]
    assert Api()("GET", "groups?mine=1&order=recent").status_code == 400


def test_it_costs_the_same_for_one_group_and_for_many(ada: User, django_assert_num_queries: Any) -> None:
    for _ in range(2):
        for _ in range(5):
            publish_post(author=ada, content="Hello", group=a_group(ada))
        with django_assert_num_queries(3):
            assert selectors.groups_by_use(person=ada).items
