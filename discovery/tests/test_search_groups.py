"""Groups are found by their names and what they say; posts by the group they stand in; each by who may know."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import Api, page_of
from discovery.models import Kind, SearchDocument
from discovery.search import documents
from discovery.search.query import parse
from discovery.selectors.documents import Type, search_page
from feeds.actions import publish_post
from groups.actions import change_group, create_group, delete_group, join_group
from groups.models import Group
from socialnet.kernel import redis
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
VISITOR = AnonymousUser()


@pytest.fixture
def bakers(ada: User) -> Group:
    return create_group(
        owner=ada, slug="sourdough", name="Bread and butter", description="Starters, crusts and ovens."
    )


def found(text: str, viewer: object = VISITOR) -> list[str]:
    drain()
    page = search_page(parse(text), kind=Type.GROUPS, viewer=viewer)  # type: ignore[arg-type]
    return [seen.group.slug for seen in page.items]


@pytest.mark.parametrize("text", ["bread", "but", "Sourdough", "crust", "oven starters", "braed"])
def test_by_name_address_words_beginnings_and_past_a_slip(bakers: Group, text: str) -> None:
    assert found(text) == ["sourdough"]


@pytest.mark.parametrize("text", ["cake", "bread -butter", "from:ada bread", "in:sourdough", ""])
def test_not_by_anything_else(bakers: Group, text: str) -> None:
    assert found(text) == []


def test_names_come_before_descriptions_and_large_before_small(ada: User, ben: User, bakers: Group) -> None:
    create_group(owner=ada, slug="crusts", name="Crusts")
    large = create_group(owner=ada, slug="crusts-too", name="Crusts, too")
    for person in (ben, *(User.objects.exclude(pk__in=[ada.pk, ben.pk]))):
        join_group(group=large, person=person)
    drain()
    documents.keep_groups([large.pk])
    assert found("crusts")[-1] == "sourdough" and found("crusts")[0] == "crusts-too"


def test_a_hidden_group_is_found_by_its_own_people(ada: User, ben: User) -> None:
    create_group(owner=ada, slug="secret", name="Secret bakers", privacy="invite")
    assert found("bakers", ada) == ["secret"]
    assert found("bakers", ben) == found("bakers") == []


def test_a_private_one_by_everybody(ada: User) -> None:
    create_group(owner=ada, slug="closed", name="Closed bakers", privacy="private")
    assert found("bakers") == ["closed"]


def test_documents_follow(ada: User, bakers: Group) -> None:
    change_group(group=bakers, actor=ada, name="Cakes")
    assert found("cakes") == ["sourdough"] and found("bread") == []
    delete_group(group=bakers, actor=ada)
    assert found("cakes") == [] and not SearchDocument.objects.filter(kind=Kind.GROUP).exists()
    assert broken() == []


def test_what_was_missed_is_made_up_for(bakers: Group) -> None:
    drain()
    SearchDocument.objects.filter(kind=Kind.GROUP).delete()
    assert documents.tend()["groups"] == 1
    assert found("bread") == ["sourdough"]


def test_posts_in_a_group(ada: User, ben: User, bakers: Group) -> None:
    closed = create_group(owner=ada, slug="closed", name="Closed", privacy="private")
    for group in (bakers, closed):
        publish_post(author=ada, content="Rye, well done", visibility="group", group=group)
    publish_post(author=ada, content="Rye for everybody")
    drain()

    def posts(text: str, viewer: User) -> int:
        return len(search_page(parse(text), kind=Type.POSTS, viewer=viewer).items)

    assert posts("rye", ada) == 3 and posts("rye", ben) == 2
    assert posts("rye in:sourdough", ben) == 1 and posts("in:sourdough", ben) == 1
    assert posts("rye in:closed", ada) == 1 and posts("rye in:closed", ben) == 0
    assert posts("rye in:nowhere", ada) == 0 and posts("rye in:X!", ada) == 0


def test_by_page_and_api(ada: User, ben: User, bakers: Group) -> None:
    drain()
    page = page_of(ben).get("/search", {"q": "bread", "type": "groups"}).content.decode()
    assert 'href="/g/sourdough"' in page and "1</b> member" in page.replace('<b class="count">', "<b>")
    assert 'href="/g/sourdough"' in page_of(ben).get("/search", {"q": "bread"}).content.decode()
    (only,) = Api(ben)("GET", "search?q=bread&type=groups").json()["results"]
    assert only["type"] == "group" and only["group"]["slug"] == "sourdough" and only["post"] is None
    assert Api()("GET", "search?q=bread&type=groups").json()["results"][0]["group"]["my_role"] is None


def test_it_costs_the_same_for_two_and_for_twelve(ada: User, ben: User) -> None:
    def cost() -> int:
        drain()
        redis._client().flushall()
        Api(ben)("GET", "search?q=nothing")  # what is asked for anybody once
        with CaptureQueriesContext(connection) as queries:
            answer = Api(ben)("GET", "search?q=loaf&type=groups")
        assert len(answer.json()["results"]) == Group.objects.count()
        return len(queries)

    for number in range(2):
        create_group(owner=ada, slug=f"loaf-{number}", name="Loaf")
    for_two = cost()
    for number in range(2, 12):
        create_group(owner=ada, slug=f"loaf-{number}", name="Loaf")
    assert cost() <= for_two
