"""What stands first on a profile: up to five, in the author's order, whatever is pressed at once."""

import random
from typing import Any

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, follows, page_of, person
from accounts.tests.test_follow_races import at_once
from feeds.actions import delete_post, edit_post, move_pin, pin_post, share_post, unpin_post
from feeds.errors import TooManyPins
from feeds.models import Pin, Post
from feeds.selectors import pinned_posts, profile_posts
from feeds.tests.factories import plant, plant_many, publish
from socialnet.kernel.errors import Forbidden, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(ada, ben, cleo, dora) -> dict[str | None, User | None]:
    follows(ben, ada)
    people.block_user(blocker=ada, blocked=dora)
    return {"ada": ada, "ben": ben, "cleo": cleo, "dora": dora, None: None}


def pins_of(user: User) -> list[int]:
    return list(Pin.objects.filter(user=user).order_by("position").values_list("post_id", flat=True))


def places_of(user: User) -> list[int]:
    return list(Pin.objects.filter(user=user).order_by("position").values_list("position", flat=True))


# --- the order ------------------------------------------------------------------------------------------------


def test_posts_are_pinned_in_order_and_moved(ada) -> None:
    one, two, three = posts = plant_many(ada, 3)
    assert [pin_post(post=post, actor=ada) for post in posts] == [1, 2, 3]
    assert pin_post(post=two, actor=ada) == 2  # pinned already
    assert pin_post(post=three, actor=ada, position=1) == 1
    assert pins_of(ada) == [three.pk, one.pk, two.pk]
    assert pin_post(post=three, actor=ada, position=5) == 3
    assert move_pin(post=three, actor=ada, by=-1) == 2
    assert pins_of(ada) == [one.pk, three.pk, two.pk]
    assert move_pin(post=one, actor=ada, by=-1) == 1
    assert move_pin(post=two, actor=ada, by=1) == 3
    assert places_of(ada) == [1, 2, 3]


def test_unpinning_closes_the_gap_and_twice_is_harmless(ada) -> None:
    posts = plant_many(ada, 3)
    for post in posts:
        pin_post(post=post, actor=ada)
    for _ in range(2):
        unpin_post(post=posts[0], actor=ada)
    assert (pins_of(ada), places_of(ada)) == ([posts[1].pk, posts[2].pk], [1, 2])
    assert move_pin(post=posts[0], actor=ada, by=1) is None


def test_five_are_the_most_and_a_deleted_one_makes_room(ada) -> None:
    posts = [publish(ada) for _ in range(6)]
    for post in posts[:5]:
        pin_post(post=post, actor=ada)
    with pytest.raises(TooManyPins):
        pin_post(post=posts[5], actor=ada)
    assert pin_post(post=posts[4], actor=ada, position=1) == 1  # moving is no sixth
    delete_post(post=posts[1], actor=ada)
    assert pin_post(post=posts[5], actor=ada) == 5
    assert places_of(ada) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_pressed_the_order_is_as_if_done_by_hand(ada, seed: int) -> None:
    chance, posts, expected = random.Random(seed), plant_many(ada, 7), list[int]()
    for _ in range(30):
        post, act = chance.choice(posts), chance.choice(["pin", "place", "up", "down", "unpin"])
        there = post.pk in expected
        if act == "unpin":
            unpin_post(post=post, actor=ada)
            expected = [ident for ident in expected if ident != post.pk]
        elif act in ("up", "down"):
            move_pin(post=post, actor=ada, by=-1 if act == "up" else 1)
            if there:
                place = expected.index(post.pk)
                other = max(0, min(len(expected) - 1, place + (-1 if act == "up" else 1)))
                expected[place], expected[other] = expected[other], expected[place]
        elif not there and len(expected) == 5:
            with pytest.raises(TooManyPins):
                pin_post(post=post, actor=ada)
        else:
            place = chance.randint(1, 5) if act == "place" else None
            pin_post(post=post, actor=ada, position=place)
            if place is not None or not there:
                expected = [ident for ident in expected if ident != post.pk]
                expected.insert((place or 9) - 1, post.pk)
        assert pins_of(ada) == expected
        assert places_of(ada) == list(range(1, len(expected) + 1))


# --- doors ----------------------------------------------------------------------------------------------------


def test_the_api_pins_moves_and_unpins(town) -> None:
    api, (one, two) = Api(town["ada"]), plant_many(town["ada"], 2)
    assert api("PUT", f"posts/{one.pk}/pin").json() == {"pinned": True, "position": 1}
    assert api("PUT", f"posts/{two.pk}/pin", {}).json() == {"pinned": True, "position": 2}
    assert api("PUT", f"posts/{two.pk}/pin", {"position": 1}).json() == {"pinned": True, "position": 1}
    assert api("GET", f"posts/{two.pk}").json()["pinned"] is True
    assert api("DELETE", f"posts/{two.pk}/pin").json() == {"pinned": False, "position": None}
    assert api("GET", f"posts/{two.pk}").json()["pinned"] is False
    assert pins_of(town["ada"]) == [one.pk]


def test_a_sixth_is_refused_with_a_sentence(town) -> None:
    ada = town["ada"]
    *five, sixth = plant_many(ada, 6)
    for post in five:
        pin_post(post=post, actor=ada)
    answer = Api(ada)("PUT", f"posts/{sixth.pk}/pin")
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_pins")
    assert "At most 5 posts" in answer.json()["detail"]
    page = page_of(ada).post(f"/@ada/{sixth.pk}/pin", {"next": "/@ada"}, follow=True)
    assert page.redirect_chain == [("/@ada", 302)]  # where others can be unpinned
    assert "At most 5 posts" in page.content.decode()


@pytest.mark.parametrize("body", [{"position": 0}, {"position": 6}, {"position": "first"}, {"place": 1}])
def test_positions_that_cannot_be_are_refused(ada, body) -> None:
    post = plant(ada)
    answer = Api(ada)("PUT", f"posts/{post.pk}/pin", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, list(body))
    assert not Pin.objects.exists()


@pytest.mark.parametrize(("name", "status"), [("ben", 403), ("cleo", 403), ("dora", 404), (None, 401)])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_only_the_author_pins_by_api(town, name, status, method) -> None:
    post, other = plant_many(town["ada"], 2)
    pin_post(post=other, actor=town["ada"])
    for each in (post, other):
        assert Api(town[name])(method, f"posts/{each.pk}/pin").status_code == status
    assert pins_of(town["ada"]) == [other.pk]
    assert Pin.objects.count() == 1


@pytest.mark.parametrize(("name", "status"), [("ben", 403), ("cleo", 403), ("dora", 404), (None, 302)])
@pytest.mark.parametrize("act", ["pin", "unpin", "pin/up", "pin/down"])
def test_only_the_author_pins_by_page(town, name, status, act) -> None:
    first, second = plant_many(town["ada"], 2)
    for post in (first, second):
        pin_post(post=post, actor=town["ada"])
    assert page_of(town[name]).post(f"/@ada/{second.pk}/{act}").status_code == status
    assert pins_of(town["ada"]) == [first.pk, second.pk]


def test_the_buttons_of_the_page_act_and_lead_back(town) -> None:
    first, second = plant_many(town["ada"], 2)
    browser = page_of(town["ada"])

    def press(post: Post, act: str, **data: str) -> Any:
        answer = browser.post(f"/@ada/{post.pk}/{act}", data)
        assert answer.status_code == 302
        return answer.url

    assert press(first, "pin", next="/@ada?cursor=") == "/@ada?cursor="
    assert press(second, "pin", next="https://elsewhere.example/") == second.get_absolute_url()
    press(second, "pin/up")
    assert pins_of(town["ada"]) == [second.pk, first.pk]
    press(second, "pin/down")
    press(first, "unpin")
    assert pins_of(town["ada"]) == [second.pk]


@pytest.mark.parametrize("act", ["pin", "unpin", "pin/up", "pin/down"])
def test_wrong_methods_and_wrong_names(town, act) -> None:
    post = plant(town["ada"])
    assert page_of(town["ada"]).get(f"/@ada/{post.pk}/{act}").status_code == 405
    assert page_of(town["ada"]).post(f"/@ben/{post.pk}/{act}").status_code == 404
    assert Api(town["ada"])("POST", f"posts/{post.pk}/pin", {}).status_code == 405


def test_shares_and_posts_that_are_gone_are_not_pinned(town) -> None:
    ada, ben = town["ada"], town["ben"]
    post = publish(ada)
    share = share_post(post=post, person=ben)
    answer = Api(ben)("PUT", f"posts/{share.pk}/pin")
    assert (answer.status_code, answer.json()["code"]) == (403, "cannot_pin_share")
    delete_post(post=post, actor=ada)
    assert Api(ada)("PUT", f"posts/{post.pk}/pin").status_code == 404
    with pytest.raises(NotFound):
        pin_post(post=post, actor=ada)
    with pytest.raises(Forbidden):
        pin_post(post=publish(ada), actor=ben)
    assert not Pin.objects.exists()


# --- the profile ----------------------------------------------------------------------------------------------


def test_what_is_pinned_stands_first_and_once(town) -> None:
    ada = town["ada"]
    posts = [publish(ada, f"words-{number}-end") for number in range(25)]
    for post in (posts[3], posts[0]):
        pin_post(post=post, actor=ada)
    page = page_of(town["cleo"]).get("/@ada").content.decode()
    assert page.index("words-3-end") < page.index("words-0-end") < page.index("words-24-end")
    assert page.count(f'id="post-{posts[3].pk}"') == 1
    listed = profile_posts(author=ada, viewer=town["cleo"])
    rest = profile_posts(author=ada, viewer=town["cleo"], cursor=listed.next_cursor)
    assert {posts[3].pk, posts[0].pk}.isdisjoint(item.id for item in [*listed.items, *rest.items])
    assert len(listed.items) + len(rest.items) == 23
    older = page_of(town["cleo"]).get(f"/@ada?cursor={listed.next_cursor.encode()}").content.decode()
    assert "words-3-end" not in older and "words-0-end" not in older and "words-2-end" in older


def test_a_profile_with_nothing_but_pins_is_not_called_empty(town) -> None:
    post = publish(town["ada"], "The only one")
    pin_post(post=post, actor=town["ada"])
    for name in ("ada", "cleo"):
        page = page_of(town[name]).get("/@ada").content.decode()
        assert "The only one" in page
        assert "You have not written yet" not in page and "Nothing from" not in page


def test_the_api_lists_pinned_posts_where_their_time_puts_them(town) -> None:
    posts = [publish(town["ada"]) for _ in range(5)]
    pin_post(post=posts[1], actor=town["ada"])
    found = Api(town["cleo"])("GET", "users/ada/posts").json()["results"]
    assert [item["id"] for item in found] == [str(post.pk) for post in reversed(posts)]
    assert [item["pinned"] for item in found] == [False, False, False, True, False]


@pytest.mark.parametrize("name", ["ada", "ben", "cleo", "dora", None])
def test_a_pin_shows_nobody_what_they_may_not_see(town, name) -> None:
    open_one, close = (
        publish(town["ada"], "For all to read"),
        publish(town["ada"], "For followers to read", "followers"),
    )
    pin_post(post=open_one, actor=town["ada"])
    pin_post(post=close, actor=town["ada"])
    page = page_of(town[name]).get("/@ada").content.decode()
    assert ("For all to read" in page) is (name != "dora")
    assert ("For followers to read" in page) is (name in ("ada", "ben"))


def test_a_pinned_post_that_is_narrowed_leaves_the_top_for_others(town) -> None:
    post = publish(town["ada"], "Soon for nobody")
    pin_post(post=post, actor=town["ada"])
    edit_post(post=post, actor=town["ada"], visibility="private")
    assert [item.id for item in pinned_posts(author=town["ada"], viewer=town["ada"])] == [post.pk]
    assert pinned_posts(author=town["ada"], viewer=town["ben"]) == []


def test_pins_cost_the_same_for_one_and_for_five(town, django_assert_num_queries) -> None:
    posts = [publish(town["ada"]) for _ in range(5)]
    for many, post in enumerate(posts, start=1):
        pin_post(post=post, actor=town["ada"])
        pinned_posts(author=town["ada"], viewer=town["ben"])
        with django_assert_num_queries(2):  # which, and their facts
            assert len(pinned_posts(author=town["ada"], viewer=town["ben"])) == many


# --- races ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_many_pins_five_stay(self) -> None:
        ada = person("ada")
        posts = plant_many(ada, 10)
        results = at_once(*[lambda post=post: pin_post(post=post, actor=ada) for post in posts])
        assert sorted(result for result in results if isinstance(result, int)) == [1, 2, 3, 4, 5]
        assert sum(isinstance(result, TooManyPins) for result in results) == 5
        assert places_of(ada) == [1, 2, 3, 4, 5]

    def test_one_post_pinned_many_times_is_pinned_once(self) -> None:
        ada = person("ada")
        post = plant(ada)
        assert at_once(*[lambda: pin_post(post=post, actor=ada) for _ in range(6)]) == [1] * 6
        assert pins_of(ada) == [post.pk]

    def test_pinning_moving_unpinning_and_deleting_end_in_order(self) -> None:
        ada = person("ada")
        posts = [publish(ada) for _ in range(8)]
        for post in posts[:5]:
            pin_post(post=post, actor=ada)
        at_once(
            lambda: unpin_post(post=posts[0], actor=ada),
            lambda: move_pin(post=posts[4], actor=ada, by=-1),
            lambda: delete_post(post=posts[1], actor=ada),
            lambda: pin_post(post=posts[5], actor=ada, position=1),
            lambda: pin_post(post=posts[6], actor=ada),
            lambda: pin_post(post=posts[2], actor=ada, position=1),
        )
        pinned, places = pins_of(ada), places_of(ada)
        assert len(pinned) <= 5 and posts[0].pk not in pinned and posts[1].pk not in pinned
        assert len(set(places)) == len(places) and set(places) <= {1, 2, 3, 4, 5}
        pin_post(post=posts[2], actor=ada, position=1)
        assert places_of(ada) == list(range(1, len(pinned) + 1))

    @pytest.mark.parametrize("round_", range(3))
    def test_pinning_against_deleting_leaves_no_pin(self, round_) -> None:
        ada = person("ada")
        post = publish(ada)
        at_once(lambda: pin_post(post=post, actor=ada), lambda: delete_post(post=post, actor=ada))
        assert not Pin.objects.exists()
