"""The welcome of who is new: once, in steps that can be skipped, without JavaScript, with a home that is not empty."""

import pytest

from accounts.actions import delete_person, follow_user
from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, blocks, page_of, person
from discovery import actions
from discovery.models import Finding, Interest, SuggestionDismissal, SuggestionList
from discovery.people import first_posts, lists
from discovery.people.topics import TOPICS
from discovery.selectors import interests_of, suggested_people
from feeds.selectors import home_page
from feeds.tests.factories import publish
from interactions.actions import like_post
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
NEW = {"username": "nora", "email": "nora@example.org", "display_name": "Nora", "password1": PASSWORD}


def sign_up():
    browser = page_of()
    return browser, browser.post("/accounts/signup/", NEW)


@pytest.fixture
def writers(db) -> list[User]:
    """Twelve people with a public post each, the first of them about bread."""
    people = [person(f"writer_{number}") for number in range(12)]
    for number, writer in enumerate(people):
        publish(writer, "Fresh #bread" if number == 0 else f"Words, {number}")
    return people


def test_from_sign_up_over_interests_and_people_to_a_full_home(settings, writers):
    settings.ACCOUNT_EMAIL_VERIFICATION = settings.EMAIL_VERIFICATION = "optional"
    browser, answer = sign_up()
    assert answer["Location"] == "/welcome"
    page = browser.get("/welcome")
    assert all(str(topic.label).replace("&", "&amp;") in page.content.decode() for topic in TOPICS.values())
    answer = browser.post("/welcome", {"interests": ["food", "music"]})
    assert answer["Location"] == "/welcome/people"
    assert interests_of(User.objects.get(username="nora")) == ["food", "music"]
    page = browser.get("/welcome/people").content.decode()
    assert "/@writer_0/follow" in page and "Writes about #bread" in page
    answer = browser.post("/welcome/end")
    assert answer["Location"] == "/"
    home = browser.get("/").content.decode()
    assert home.count("<article") >= 10
    assert "Popular here; follow people and this becomes yours" in home
    assert "You like to read about this: Food and cooking" in home


def test_it_does_not_come_again_once_it_is_over(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = settings.EMAIL_VERIFICATION = "optional"
    browser, _answer = sign_up()
    drain()
    browser.logout()
    credentials = {"login": "nora", "password": PASSWORD}
    assert browser.post("/accounts/login/", credentials)["Location"] == "/welcome"  # not over yet
    browser.post("/welcome/end")
    browser.logout()
    assert browser.post("/accounts/login/", credentials)["Location"] == "/"
    assert browser.get("/welcome").status_code == 200  # from the settings it can be reached
    assert "/welcome" in browser.get("/settings/interests").content.decode()
    drain()
    assert Finding.objects.get().welcomed_at


def test_whoever_signs_in_to_somewhere_goes_there(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = settings.EMAIL_VERIFICATION = "optional"
    browser, _answer = sign_up()
    drain()
    browser.logout()
    answer = browser.post("/accounts/login/?next=/bookmarks", {"login": "nora", "password": PASSWORD})
    assert answer["Location"] == "/bookmarks"


def test_who_was_here_before_is_not_welcomed(ada):
    answer = page_of().post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_who_joined_by_api_is_welcomed_in_the_browser():
    from accounts.actions import register_person

    register_person(username="nora", email="nora@example.org", password=PASSWORD)
    drain()
    assert Finding.objects.get().welcomed_at is None
    actions.expect_welcome(user_ids=[Finding.objects.get().pk])  # twice is once
    assert Finding.objects.count() == 1


def test_skipping_saves_nothing(ada):
    browser = page_of(ada)
    assert browser.get("/welcome/people").status_code == 200
    browser.post("/welcome/end")
    assert not Interest.objects.exists() and Finding.objects.get().welcomed_at


def test_an_unknown_topic_is_refused(ada):
    answer = page_of(ada).post("/welcome", {"interests": ["food", "gossip"]})
    assert answer.status_code == 400 and not Interest.objects.exists()
    assert page_of(ada).get("/welcome/end").status_code == 405
    assert page_of(ada).post("/welcome/people").status_code == 405


# --- interests ----------------------------------------------------------------------------------------------


def test_interests_by_api(ada):
    api = Api(ada)
    answer = api("PUT", "me/interests", {"interests": ["sea", "food"]}).json()
    assert answer["interests"] == ["food", "sea"] and answer["by_place"] is False
    assert len(answer["topics"]) == len(TOPICS)
    answer = api("PUT", "me/interests", {"interests": ["sea"], "by_place": True}).json()
    assert answer["interests"] == ["sea"] and answer["by_place"] is True
    answer = api("PUT", "me/interests", {"interests": []}).json()
    assert answer["interests"] == [] and answer["by_place"] is True
    for wrong in ({"interests": ["gossip"]}, {}, {"interests": "food"}):
        assert api("PUT", "me/interests", wrong).status_code == 400
    assert api("POST", "me/interests", {}).status_code == 405


def test_interests_by_page(ada):
    browser = page_of(ada)
    browser.post("/settings/interests", {"interests": ["food"]})
    text = browser.get("/settings/interests").content.decode()
    assert text.count("checked") == 1
    browser.post("/settings/interests", {})
    assert not Interest.objects.exists()


def test_the_place_is_chosen_under_privacy(ada):
    User.objects.filter(pk=ada.pk).update(location="Porto, Portugal")
    browser = page_of(ada)
    assert "Your profile says: Porto, Portugal." in browser.get("/settings/privacy").content.decode()
    browser.post("/settings/privacy/place", {"by_place": "on"})
    assert Finding.objects.get().place == "porto"
    browser.post("/settings/privacy/place", {})
    assert Finding.objects.get().place == "" and not Finding.objects.get().by_place


def test_what_a_person_chose_goes_with_them(ada, ben):
    actions.save_interests(person=ada, topics=["food"])
    actions.be_found_by_place(person=ada, by_place=True)
    actions.dismiss_suggestion(viewer=ada, person=ben)
    actions.dismiss_suggestion(viewer=ben, person=ada)
    suggested_people(ada)
    delete_person(user=ada, password=PASSWORD)
    drain()
    for model in (Interest, Finding, SuggestionDismissal, SuggestionList):
        assert not model.objects.exists(), model


# --- what a home begins with ----------------------------------------------------------------------------------


def shown(viewer: User) -> list[str]:
    return [item.content for item in home_page(viewer=viewer).items]


def test_a_home_without_others_shows_what_is_popular_with_the_reason(ada, writers):
    assert shown(ada) == []
    for who in writers[:3]:
        like_post(post_id=writers[5].posts.get().pk, person=who)
    first_posts.compute()
    page = home_page(viewer=ada)
    assert page.is_beginning and len(page.items) >= 10 and page.next_cursor is None
    assert page.items[0].content == "Words, 5"
    assert {item.reason.label for item in page.items} == {"Popular here"}
    answer = Api(ada)("GET", "feed").json()
    assert answer["results"][0]["reason"]["kind"] == "popular"


def test_interests_come_first(ada, writers):
    actions.save_interests(person=ada, topics=["food"])
    first_posts.INTERESTS.drop(ada.pk)
    first_posts.compute()
    first = home_page(viewer=ada).items[0]
    assert first.content == "Fresh #bread" and first.reason.kind == "interest"


def test_own_posts_stand_above_them(ada, writers):
    first_posts.compute()
    publish(ada, "My first")
    assert shown(ada)[0] == "My first" and len(shown(ada)) >= 10


def test_with_the_first_post_of_somebody_followed_home_is_ones_own(ada, writers):
    first_posts.compute()
    follow_user(follower=ada, followee=writers[3])
    drain()
    assert shown(ada) == ["Words, 3"] and not home_page(viewer=ada).is_beginning


def test_only_what_this_person_may_see(ada, writers):
    first_posts.compute()
    blocks(writers[1], ada)
    blocks(ada, writers[2])
    from accounts.actions import mute_user, set_privacy, suspend_user
    from feeds.actions import delete_post

    mute_user(muter=ada, muted=writers[3])
    set_privacy(user=writers[4], is_private=True)
    suspend_user(user=writers[5], actor=None)
    delete_post(post=writers[6].posts.get(), actor=writers[6])
    assert not {f"Words, {number}" for number in range(1, 7)} & set(shown(ada))
    assert "Words, 7" in shown(ada)


def test_who_only_compares_does_not_get_them(ada, writers):
    first_posts.compute()
    assert home_page(viewer=ada, is_visit=False).items == []


def test_what_is_not_public_is_never_among_them(ada):
    publish(person(), "For followers", audience="followers")
    closed = person(is_private=True)
    publish(closed, "Behind a door")
    first_posts.compute()
    assert shown(ada) == []


def test_new_interests_make_a_new_list(ada, writers, django_capture_on_commit_callbacks):
    suggested_people(ada)
    with django_capture_on_commit_callbacks(execute=True):
        actions.save_interests(person=ada, topics=["food"])
    lists.RECOMMENDATIONS.forget_here()
    assert suggested_people(ada)[0].user.username == "writer_0"
