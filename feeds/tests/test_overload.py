"""While too much is going on: homes are exact though bulk fan-out waits, what can wait is refused, text goes out."""

import random

import pytest

from accounts import actions as people
from accounts.models import Activity, User
from accounts.tests.factories import Api, follows, page_of, person
from accounts.tests.test_profile import GOOD, patch_avatar
from accounts.tests.test_profile import picture as face
from accounts.tests.test_profile import upload as face_file
from feeds import candidates, invariants, previews, sources, timelines
from feeds.actions import delete_post, version_of
from feeds.models import LinkPreview, Media, Post, PullSource
from feeds.selectors import head_of, home_page
from feeds.tests.factories import ids_at_home, plant_many, publish
from feeds.tests.test_compose import body, file
from feeds.tests.test_media import by_form, picture
from socialnet.kernel import overload
from socialnet.kernel.invariants import broken
from socialnet.kernel.overload import State
from socialnet.outbox import deliveries
from socialnet.outbox.errors import NotYet
from socialnet.outbox.handlers import handlers
from socialnet.outbox.models import Delivery
from socialnet.outbox.relay import lease
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
BULK = {one.name: one.batch for one in handlers() if one.queue == "fanout_bulk"}


def say(level: int, *, bulk_waits: bool = True) -> None:
    overload.publish(State(level=level, why=("deliveries",), bulk_waits=bulk_waits))
    overload.forget_here()


def deliver_all_but_bulk() -> None:
    """What relay and workers do meanwhile."""
    batches = {one.name: one.batch for one in handlers() if one.name not in BULK}
    while leased := lease(batches, limit=1000):
        for name, ids in leased.items():
            deliveries.run(name, ids)


@pytest.fixture
def star(ada: User, settings) -> User:
    """Ada, whose four followers are a large audience, in pieces of two."""
    settings.TIER_HYBRID = 2
    ada.fans = [person(f"fan_{number}") for number in range(4)]
    for fan in ada.fans:
        follows(fan, ada)
    drain()
    return ada


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr("feeds.fanout.CHUNK", 2)


def exact(*users: User) -> None:
    for user in users:
        home = invariants.walked(user)
        assert home == invariants.expected_walk(user)
        assert head_of(viewer=user) == home[:20]


# --- homes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("warm", [True, False])
def test_homes_are_exact_while_bulk_waits_and_complete_after_it(star, ben, warm):
    follows(ben, star)
    before = publish(star)
    drain()
    if warm:
        for fan in star.fans:
            home_page(viewer=fan)
    say(1)
    during = publish(star)
    deliver_all_but_bulk()
    assert Delivery.objects.filter(handler__in=BULK, state=0).exists()
    page = home_page(viewer=star.fans[0])
    assert [item.id for item in page.items] == [during.pk, before.pk]
    assert (page.tier, page.cache) == (candidates.STORED, "miss")
    exact(*star.fans, ben, star)
    say(0)
    assert Delivery.objects.filter(handler__in=BULK, state=0).exists()
    exact(*star.fans)
    drain()
    say(0, bulk_waits=False)
    page = home_page(viewer=star.fans[0])
    assert [item.id for item in page.items] == [during.pk, before.pk] and page.tier == candidates.WARM
    exact(*star.fans, ben, star)
    assert broken() == []


def test_a_home_reads_as_before_once_nothing_waits(star):
    publish(star)
    drain()
    say(2, bulk_waits=False)
    assert home_page(viewer=star.fans[0]).tier == candidates.WARM


def test_nothing_becomes_warm_from_a_store_that_lacks_something(star):
    say(1)
    publish(star)
    deliver_all_but_bulk()
    home_page(viewer=star.fans[0])
    assert timelines.contents(star.fans[0].pk) is None


def test_headers_say_where_it_came_from(star):
    say(1)
    for answer in (Api(star.fans[0])("GET", "feed"), page_of(star.fans[0]).get("/")):
        assert (answer["X-Feed-Tier"], answer["X-Cache"]) == ("2", "miss")


def test_deep_homes_are_walked_to_their_end(star, ben):
    follows(star.fans[0], ben)
    posts = plant_many(star, 30) + plant_many(ben, 30)
    say(1)
    assert ids_at_home(star.fans[0], size=7) == sorted((post.pk for post in posts), reverse=True)


def test_authors_merged_on_read_come_once(star, settings):
    settings.TIER_PULL = 3
    sources.review()
    PullSource.objects.update(entered_at="2020-01-01T00:00Z")
    sources.forget_here()
    sources._ALL.surely_drop("all")
    publish(star)
    drain()
    say(1)
    publish(star)
    exact(*star.fans)


def test_who_was_away_reads_their_home_and_is_caught_up_later(star):
    fan = star.fans[0]
    Activity.objects.filter(pk=fan.pk).update(state="idle", last_active_on="2020-01-01")
    publish(star)
    drain()
    say(1)
    exact(fan)
    home_page(viewer=fan)
    say(0, bulk_waits=False)
    home_page(viewer=fan)
    drain()
    assert Activity.objects.get(pk=fan.pk).state == "live"
    exact(fan)


def test_a_town_in_motion_is_exact_all_the_while(star, ben, cleo):
    """Whatever people do meanwhile, in any order; then everything is delivered."""
    dice = random.Random(7)
    everybody = [star, ben, cleo, *star.fans]
    say(1)
    for _ in range(40):
        who, whom = dice.sample(everybody, 2)
        match dice.randrange(6):
            case 0 | 1:
                publish(who, audience=dice.choice(["public", "followers", "friends", "private"]))
            case 2:
                people.follow_user(follower=who, followee=whom)
            case 3:
                people.unfollow_user(follower=who, followee=whom)
            case 4 if post := Post.objects.filter(author=who, deleted_at=None).first():
                delete_post(post=post, actor=who)
            case 5:
                deliver_all_but_bulk()
        exact(*dice.sample(everybody, 2))
    deliver_all_but_bulk()
    exact(*everybody)
    say(0)
    drain()
    say(0, bulk_waits=False)
    exact(*everybody)
    assert broken() == []


# --- what can wait -----------------------------------------------------------------------------------------


def test_pictures_are_refused_and_posts_of_text_are_not(ada):
    say(3)
    refused = by_form(page_of(ada), picture())
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert int(refused["Retry-After"]) > 0 and "text" in refused.json()["detail"]
    assert Api(ada)("POST", "posts", {"content": "Words"}).status_code == 201
    say(2)
    assert by_form(page_of(ada), picture()).status_code == 201


def test_the_composer_keeps_what_was_typed(ada):
    say(3)
    browser = page_of(ada)
    refused = browser.post("/posts", {"do": "publish", "content": "My words", "pictures": [file()]})
    page = body(refused)
    assert refused.status_code == 503 and int(refused["Retry-After"]) > 0
    assert "My words" in page and "Too much is going on for that just now" in page
    assert not Media.objects.exists() and not Post.objects.exists()
    assert browser.post("/posts", {"do": "publish", "content": "My words"}).status_code == 302
    assert Post.objects.get().content == "My words"


def test_an_edit_takes_no_new_pictures_but_words(ada):
    post = publish(ada, "Before")
    say(3)
    browser = page_of(ada)
    fields = {"content": "After", "visibility": "public", "version": version_of(post.edited_at)}
    address = f"/@ada/{post.pk}/edit"
    refused = browser.post(address, {**fields, "pictures": [file()]})
    assert refused.status_code == 503 and "Too much is going on" in body(refused)
    assert browser.post(address, fields).status_code == 302
    post.refresh_from_db()
    assert post.content == "After"


def test_a_new_face_waits_and_the_rest_of_the_profile_does_not(ada):
    say(3)
    browser = page_of(ada)
    refused = browser.post("/settings/profile", {**GOOD, "avatar": face_file(face())})
    assert refused.status_code == 503 and "Too much is going on" in body(refused)
    assert browser.post("/settings/profile", GOOD).status_code == 302
    assert patch_avatar(Api(ada), face()).json()["code"] == "overloaded"
    assert Api(ada)("PATCH", "me", {"avatar": None}).status_code == 200


def test_what_is_refused_uses_up_no_limit(ada, settings, monkeypatch):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "upload": "1/h"}
    say(3)
    for _ in range(3):
        assert by_form(page_of(ada), picture()).status_code == 503
    say(0)
    assert by_form(page_of(ada), picture()).status_code == 201


# --- what makes things nicer -------------------------------------------------------------------------------


def test_nobody_outside_is_asked_meanwhile_and_no_try_is_lost(ada):
    publish(ada, "Look: https://example.org/page")
    preview = LinkPreview.objects.get()
    say(2)
    with pytest.raises(NotYet):  # and the outside is not asked: that would fail here
        previews.fetch(preview.pk)
    preview.refresh_from_db()
    assert (preview.tries, preview.state) == (0, "waiting")
