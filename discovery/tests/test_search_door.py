"""Nothing is found that is not for who looks: every relationship, every audience, every surface of search."""

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, given, settings

from accounts import actions
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from discovery.search.documents import keep_people, keep_posts
from discovery.tests.finding import known, people, posts, said, suggested, tags
from feeds.door import OWN_AUDIENCES
from feeds.models import Hashtag, PostHashtag
from feeds.tests.test_door import FULL, MATRIX, NAMES, PRIVATE_ACCOUNT, Built, towns
from socialnet.kernel import redis

pytestmark = pytest.mark.django_db
RELATIONS = ("outsider", "follower", "friend", "asked", "blocked", "blocker")


@pytest.fixture
def relations(ada):
    keep_people([ada.pk])
    people_of = {name: person(name) for name in RELATIONS}
    follows(people_of["follower"], ada)
    follows(people_of["friend"], ada)
    follows(ada, people_of["friend"])
    follows(people_of["asked"], ada, pending=True)
    blocks(ada, people_of["blocked"])
    blocks(people_of["blocker"], ada)
    return [AnonymousUser(), *people_of.values(), ada]


def page_finds(what: str, viewer: User | AnonymousUser, url: str) -> bool:
    browser = page_of(viewer if viewer.is_authenticated else None)
    return f'href="{url}"' in browser.get("/search", {"q": what, "type": "posts"}).content.decode()


def api_finds(what: str, viewer: User | AnonymousUser, ident: int) -> bool:
    answer = Api(viewer if viewer.is_authenticated else None)("GET", f"search?q={what}&type=posts")
    return str(ident) in [found["post"]["id"] for found in answer.json()["results"]]


@pytest.mark.parametrize("audience", OWN_AUDIENCES)
@pytest.mark.parametrize("is_private", [False, True])
def test_posts_and_tags_in_each_cell_of_the_matrix(ada, relations, audience, is_private):
    User.objects.filter(pk=ada.pk).update(is_private=is_private)
    post = said(ada, "unheardof #unheardtag", visibility=audience)
    tag = Hashtag.objects.create(name="unheardtag", display="UnheardTag")
    PostHashtag.objects.create(hashtag=tag, post=post)
    keep_posts([post.pk])
    expected = [cell == "yes" for cell in (PRIVATE_ACCOUNT if is_private else MATRIX)[audience].split()]
    for text in ("unheardof", "from:ada", "tag:unheardtag", '"unheardof unheardtag"'):
        assert [bool(posts(text, viewer)) for viewer in relations] == expected
    assert [bool(tags("unheardtag", viewer)) for viewer in relations] == expected
    assert [bool(suggested("#unheard", viewer)) for viewer in relations] == expected
    assert [page_finds("unheardof", viewer, post.get_absolute_url()) for viewer in relations] == expected
    assert [api_finds("unheardof", viewer, post.pk) for viewer in relations] == expected


@pytest.mark.parametrize("is_private", [False, True])
def test_people_in_each_cell_of_the_matrix(ada, relations, is_private):
    """A private account shows its name and what it says of itself to strangers, its place to nobody by search."""
    User.objects.filter(pk=ada.pk).update(is_private=is_private, bio="glassblower", location="Reykjavik")
    keep_people([ada.pk])
    expected = [cell == "yes" for cell in MATRIX["public"].split()]
    for look, text in ((people, "ada"), (people, "glassblower"), (people, "adda"), (suggested, "ad")):
        assert [look(text, viewer) == ["ada"] for viewer in relations] == expected
    for text in ("reykjavik", "glassblower reykjavik"):
        assert [people(text, viewer) == ["ada"] for viewer in relations] == [
            cell and not is_private for cell in expected
        ]


def test_what_is_left_out_tells_nothing_of_a_place_either(ada):
    User.objects.filter(pk=ada.pk).update(is_private=True, bio="glassblower", location="Reykjavik")
    keep_people([ada.pk])
    assert people("glassblower -reykjavik", AnonymousUser()) == ["ada"]


@pytest.mark.parametrize("state", ["deleted_at", "hidden_at"])
def test_deleted_and_hidden_posts_are_nobodys(ada, relations, state):
    from feeds.models import Post
    from feeds.tests.town import LONG_AGO

    post = said(ada, "unheardof")
    Post.objects.filter(pk=post.pk).update(**{state: LONG_AGO})
    assert not any(posts("unheardof", viewer) for viewer in relations)


CHANGES = {
    "blocked": lambda ada, ben: actions.block_user(blocker=ada, blocked=ben),
    "blocking": lambda ada, ben: actions.block_user(blocker=ben, blocked=ada),
    "suspended": lambda ada, ben: actions.suspend_user(user=ada, actor=None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_lost_right_is_lost_at_once_though_the_list_is_kept(ada, ben, change):
    keep_people([ada.pk])
    said(ada, "unheardof")
    assert posts("unheardof", ben) and people("ada", ben) and suggested("ada", ben)
    CHANGES[change](ada, ben)
    assert not posts("unheardof", ben) and not people("ada", ben) and not suggested("ada", ben)


def test_going_private_shuts_strangers_out_at_once(ada, ben, cleo):
    follows(ben, ada)
    said(ada, "unheardof")
    assert posts("unheardof", ben) and posts("unheardof", cleo) and posts("unheardof", AnonymousUser())
    actions.set_privacy(user=ada, is_private=True)
    assert (
        posts("unheardof", ben) and not posts("unheardof", cleo) and not posts("unheardof", AnonymousUser())
    )


def test_what_one_person_found_is_not_served_to_another(ada, ben, cleo):
    follows(ben, ada)
    post = said(ada, "unheardof", visibility="followers")
    assert posts("unheardof", ben) == [post.pk]
    assert posts("unheardof", cleo) == [] == posts("unheardof", AnonymousUser())
    assert posts("unheardof", ben) == [post.pk]


def test_a_page_of_results_is_void_for_anybody_else(ada, ben, cleo):
    for _ in range(3):
        said(ada, "unheardof")
    first = Api(ben)("GET", "search?q=unheardof&limit=1").json()
    assert Api(ben)("GET", f"search?q=unheardof&limit=1&cursor={first['next_cursor']}").status_code == 200
    for asked, who in (("unheardof", cleo), ("unheardof", None), ("another", ben)):
        answer = Api(who)("GET", f"search?q={asked}&limit=1&cursor={first['next_cursor']}")
        assert answer.status_code == 400 and answer.json()["code"] == "invalid_cursor"
    answer = Api(ben)("GET", f"search?q=unheardof&type=users&cursor={first['next_cursor']}")
    assert answer.json()["code"] == "invalid_cursor"


@pytest.fixture
def built(db) -> Built:
    return Built([known(name) for name in NAMES])


@settings(
    max_examples=300 if FULL else 25,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(town=towns)
def test_search_finds_what_the_rules_in_plain_words_allow(built, town):
    rows, shares = built.build(town)
    redis._client().flushall()
    keep_posts([post.pk for post in [*rows, *shares]])
    keep_people([user.pk for user in built.users])
    for viewer, user in [(None, AnonymousUser()), *enumerate(built.users)]:
        if viewer in town.suspended | town.left:
            continue  # is not signed in
        expected = {
            post.pk
            for post, said_so in zip(rows, town.posts, strict=True)
            if town.may_see(viewer, *said_so) and said_so[0] not in town.left
        }
        assert set(_all_posts("x", user)) == expected
        for number, other in enumerate(built.users):
            met = number in town.suspended | town.left or (
                viewer is not None and ((viewer, number) in town.blocks or (number, viewer) in town.blocks)
            )
            assert (people(other.username, user) == [other.username]) == (not met)


def _all_posts(text, viewer):
    from discovery.search.query import parse
    from discovery.selectors.documents import Type, search_page

    page = search_page(parse(text), kind=Type.POSTS, viewer=viewer, size=100)
    assert page.next_cursor is None
    return [item.id for item in page.items]
