"""People to follow: who is suggested to whom, why, in which variety, and who never is."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import (
    accept_follow_request,
    follow_user,
    mute_user,
    refuse_follow_request,
    set_privacy,
    suspend_user,
    unfollow_user,
)
from accounts.models import Follow, PersonCounts, User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from discovery import actions
from discovery.models import Finding, Source, SuggestionDismissal, SuggestionList
from discovery.people import lists, numbers, upkeep
from discovery.people.candidates import Candidate
from discovery.people.stages import stage_of
from discovery.people.variety import varied
from discovery.selectors import suggested_people
from feeds.actions import delete_post
from feeds.tests.factories import publish
from groups.actions import create_group, invite_person, join_group, leave_group
from interactions.actions import like_post
from socialnet.kernel import overload, redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_noted() -> None:
    numbers.forget_noted_here()


def names(viewer: User, *, count: int = 30) -> list[str]:
    """Whom `viewer` is shown, from a list made anew."""
    lists.forget(viewer.pk)
    return [one.user.username for one in suggested_people(viewer, count=count)]


def reasons(viewer: User) -> dict[str, str]:
    lists.forget(viewer.pk)
    return {one.user.username: one.reason for one in suggested_people(viewer, count=30)}


def joined(user: User, *, days: int) -> User:
    User.objects.filter(pk=user.pk).update(created_at=timezone.now() - timedelta(days=days))
    return user


@pytest.fixture
def town(ada: User, ben: User, cleo: User) -> dict[str, User]:
    """Ada is here for long and follows three, who all follow Gus, and one of whom follows Hana."""
    joined(ada, days=100)
    eve, gus, hana = person("eve"), person("gus"), person("hana")
    for friend in (ben, cleo, eve):
        follows(ada, friend)
        follows(friend, gus)
    follows(ben, hana)
    return {"ada": ada, "ben": ben, "cleo": cleo, "eve": eve, "gus": gus, "hana": hana}


def test_people_come_through_people_most_mutual_first_and_say_so(town):
    assert names(town["ada"]) == ["gus", "hana"]
    assert reasons(town["ada"]) == {
        "gus": "Followed by Cleo and 2 others you follow",
        "hana": "Followed by Ben",
    }


def test_two_followers_are_both_named(town):
    unfollow_user(follower=town["eve"], followee=town["gus"])
    assert reasons(town["ada"])["gus"] == "Followed by Cleo and Ben"


def test_who_follows_everybody_says_less(town):
    busy, known_by_busy = person("busy"), person("known_by_busy")
    follows(town["ada"], busy)
    follows(busy, known_by_busy)
    PersonCounts.objects.filter(pk=busy.pk).update(following=4000)
    assert names(town["ada"])[-1] == "known_by_busy"


def test_who_follows_one_is_suggested(town):
    follows(fan := person("fan"), town["ada"])
    assert reasons(town["ada"])[fan.username] == "Follows you"


def test_tags_and_likes(town):
    ada = town["ada"]
    publish(ada, "Today #fog")
    publish(person("misty"), "More #fog")
    liked = publish(person("liked"), "Something good")
    fellow = person("fellow")
    for who in (ada, fellow):
        like_post(post_id=liked.pk, person=who)
    found = reasons(ada)
    assert found["misty"] == "Writes about #fog"
    assert found["liked"] == "You liked what they wrote"
    assert found["fellow"] == "Likes what you like"


def test_what_is_not_public_hints_at_nobody(town):
    publish(town["ada"], "Today #fog")
    publish(person("secret"), "More #fog", audience="followers")
    closed = person("closed")
    publish(closed, "Also #fog")
    set_privacy(user=closed, is_private=True)
    assert {"secret", "closed"}.isdisjoint(names(town["ada"]))


def test_interests_and_popular_people_for_who_is_new(ada):
    publish(baker := person("baker"), "Fresh #bread")
    star = person("star")
    publish(star, "Hello")
    assert reasons(ada)["star"] == "New here"  # where hardly anybody follows anybody
    for _fan in range(3):
        follows(person(), star)
    assert reasons(ada)["star"] == "New here and popular"
    joined(star, days=60)
    actions.save_interests(person=ada, topics=["food"])
    found = reasons(ada)
    assert found[baker.username] == "Writes about #bread" and next(iter(found)) == baker.username
    assert found["star"] == "Many people here follow them"


def test_a_place_counts_only_between_two_who_chose_it(ada, ben):
    for one in (ada, ben):
        User.objects.filter(pk=one.pk).update(location="Lisbon, Portugal" if one == ada else "LISBON (PT)")
    actions.be_found_by_place(person=ada, by_place=True)
    assert "ben" not in names(ada)
    actions.be_found_by_place(person=ben, by_place=True)
    assert reasons(ada)["ben"] == "In the same place as you"
    assert reasons(ben)["ada"] == "In the same place as you"
    lists.of_person(ada.pk)
    actions.be_found_by_place(person=ben, by_place=False)
    assert [one.user.username for one in suggested_people(ada)] == []  # also from the list that was kept
    assert Finding.objects.get(pk=ben.pk).place == ""


def test_who_is_in_the_same_group_is_found_by_it_small_ones_first(ada, ben, cleo):
    joined(ada, days=100)
    small, large = (create_group(owner=ada, slug=slug, name=slug.title()) for slug in ("small", "large"))
    for group, people in ((small, [ben, cleo]), (large, [cleo, *(person() for _ in range(8))])):
        for one in people:
            join_group(group=group, person=one)
    set_privacy(user=ben, is_private=True)  # members see each other
    found = reasons(ada)
    assert found["ben"] == found["cleo"] == "In Small, as you are"
    assert list(found)[:2] == ["cleo", "ben"]
    leave_group(group=small, person=ben)
    assert "ben" not in [one.user.username for one in suggested_people(ada, count=30)]
    assert "ada" in names(cleo) and "ada" not in names(ben)


def test_a_hidden_group_tells_its_members_alone(ada, ben, cleo):
    group = create_group(owner=ada, slug="hidden", name="Hidden", privacy="invite")
    invite_person(group=group, actor=ada, person=ben)
    assert "In Hidden, as you are" not in [*reasons(ada).values(), *reasons(ben).values()]
    join_group(group=group, person=ben)
    assert reasons(ada)["ben"] == "In Hidden, as you are"
    assert "In Hidden, as you are" not in reasons(cleo).values()


def test_a_place_follows_the_profile(ada, ben):
    from accounts.actions import edit_profile

    for one in (ada, ben):
        actions.be_found_by_place(person=one, by_place=True)
        edit_profile(user=one, location="Oslo")
    drain()
    assert "ben" in names(ada)
    edit_profile(user=ben, location="Bergen")
    drain()
    assert "ben" not in names(ada)


NEVER = {
    "already followed": lambda ada, gus: follows(ada, gus),
    "asked": lambda ada, gus: follows(ada, gus, pending=True),
    "blocked": lambda ada, gus: blocks(ada, gus),
    "blocks": lambda ada, gus: blocks(gus, ada),
    "muted": lambda ada, gus: mute_user(muter=ada, muted=gus),
    "suspended": lambda ada, gus: suspend_user(user=gus, actor=None),
    "deleted": lambda ada, gus: User.objects.filter(pk=gus.pk).update(is_active=False),
    "dismissed": lambda ada, gus: actions.dismiss_suggestion(viewer=ada, person=gus),
}


@pytest.mark.parametrize("what", NEVER)
def test_who_is_never_suggested(town, what):
    ada, gus = town["ada"], town["gus"]
    assert "gus" in names(ada)
    NEVER[what](ada, gus)
    kept = [one.user.username for one in suggested_people(ada, count=30)]  # the list is older than that
    assert "gus" not in kept and "hana" in kept
    assert "gus" not in names(ada)


def test_oneself_is_never_suggested(town):
    follows(town["ben"], town["ada"])
    assert "ada" not in names(town["ada"])


def test_a_mute_that_is_over_is_none(town):
    mute = mute_user(muter=town["ada"], muted=town["gus"])
    assert "gus" not in names(town["ada"])
    mute.until = timezone.now() - timedelta(minutes=1)
    mute.save()
    assert "gus" in names(town["ada"])


def test_who_refused_is_not_suggested_again_and_who_asks_does_not_learn_why(town):
    ada, gus = town["ada"], town["gus"]
    set_privacy(user=gus, is_private=True)
    follow_user(follower=ada, followee=gus)
    refuse_follow_request(followee=gus, follower=ada)
    drain()
    assert "gus" not in names(ada)
    assert SuggestionDismissal.objects.get().why == "request_ended"


def test_who_was_unfollowed_is_not_suggested_again(town):
    ada, gus = town["ada"], town["gus"]
    follow_user(follower=ada, followee=gus)
    unfollow_user(follower=ada, followee=gus)
    drain()
    assert "gus" not in names(ada)
    follow_user(follower=ada, followee=gus)
    unfollow_user(follower=ada, followee=gus)
    drain()
    assert SuggestionDismissal.objects.count() == 1


def test_a_private_account_is_suggested_only_where_its_follower_may_be_named(town):
    ada, gus, hana = town["ada"], town["gus"], town["hana"]
    for one in (gus, hana, town["ben"]):
        User.objects.filter(pk=one.pk).update(is_private=True)
    found = reasons(ada)
    assert found["gus"] == "Followed by Cleo and Eve"  # ben's list does not show gus to ada
    assert "hana" not in found


def test_a_follower_who_left_is_not_named_any_more(town):
    names(town["ada"])
    unfollow_user(follower=town["ben"], followee=town["gus"])
    unfollow_user(follower=town["ada"], followee=town["cleo"])
    shown = {one.user.username: one.reason for one in suggested_people(town["ada"], count=30)}
    assert shown == {"gus": "Followed by Eve", "hana": "Followed by Ben"}


def test_a_follow_makes_a_new_list(town):
    ada, ina, jo = town["ada"], person("ina"), person("joe")
    follows(ina, jo)
    assert "joe" not in names(ada)
    follow_user(follower=ada, followee=ina)
    drain()
    assert "joe" in [one.user.username for one in suggested_people(ada, count=30)]


def test_an_accepted_request_does_so_too(town):
    ada, ina, jo = town["ada"], person("ina", is_private=True), person("joe")
    follows(ina, jo)
    names(ada)
    follow_user(follower=ada, followee=ina)
    accept_follow_request(followee=ina, follower=ada)
    drain()
    assert "joe" in [one.user.username for one in suggested_people(ada, count=30)]


def test_lists_of_active_people_are_made_anew_every_day(town):
    names(town["ada"])
    SuggestionList.objects.update(computed_at=timezone.now() - timedelta(hours=25))
    assert upkeep.renew_lists() == 1
    assert SuggestionList.objects.get().computed_at > timezone.now() - timedelta(minutes=1)
    assert upkeep.renew_lists() == 0


def test_the_last_list_is_served_while_none_can_be_made(town, monkeypatch):
    ada = town["ada"]
    names(ada)
    SuggestionList.objects.update(computed_at=timezone.now() - timedelta(days=20))
    lists.RECOMMENDATIONS.drop(ada.pk)
    monkeypatch.setattr(lists, "MILLISECONDS", 1)
    monkeypatch.setattr("discovery.people.candidates.statement", lambda _stage: "SELECT pg_sleep(1)")
    assert [one.user.username for one in suggested_people(ada)] == ["gus", "hana"]
    assert suggested_people(town["gus"]) == []  # who has none sees none, and the page stands


def test_who_could_not_be_given_a_list_is_asked_for_again_soon_and_keeps_nobody_waiting(town, monkeypatch):
    ada, gus = town["ada"], town["gus"]
    for one in (ada, gus):
        names(one)
    SuggestionList.objects.update(computed_at=timezone.now() - timedelta(hours=25))
    with monkeypatch.context() as slow:
        slow.setattr(lists, "MILLISECONDS", 1)
        slow.setattr("discovery.people.candidates.statement", lambda _stage: "SELECT pg_sleep(1)")
        assert upkeep.renew_lists() == 0
    assert SuggestionList.objects.filter(failed_at=None).count() < 2
    SuggestionList.objects.filter(pk=gus.pk).update(failed_at=None)
    lists.breaker.close()
    assert upkeep.renew_lists() == 1  # of those for whom it does not take too long
    SuggestionList.objects.filter(pk=ada.pk).update(failed_at=timezone.now() - timedelta(hours=2))
    assert upkeep.renew_lists() == 1
    assert not SuggestionList.objects.exclude(failed_at=None).exists()


def test_a_tag_is_no_reason_once_the_post_is_gone(town):
    ada = town["ada"]
    publish(ada, "Today #fog")
    post = publish(misty := person("misty"), "More #fog")
    assert reasons(ada)["misty"] == "Writes about #fog"
    delete_post(post=post, actor=misty)
    assert "misty" not in [one.user.username for one in suggested_people(ada, count=30)]


def test_of_a_private_person_only_followers_are_counted_who_may_be_seen(town):
    ada, gus = town["ada"], town["gus"]
    for number in range(6):
        follows(ada, bridge := person(f"bridge_{number}"))
        follows(bridge, gus)
    assert reasons(ada)["gus"].endswith("and 8 others you follow")
    User.objects.filter(pk=gus.pk).update(is_private=True)
    User.objects.filter(username__startswith="bridge_").update(is_private=True)
    found = {one.user.username: one.reason for one in suggested_people(ada, count=30)}
    assert "others" not in found.get("gus", "") or "2 others" in found["gus"]


def test_whoever_leaves_leaves_nothing_in_redis(town):
    ada = town["ada"]
    actions.save_interests(person=ada, topics=["food"])
    names(ada)
    page_of(ada).get("/explore")
    numbers.note_shown(ada.pk, [(town["gus"].pk, "ties", "cleo")])
    actions.forget_of_deleted(user_ids=[ada.pk])
    kept = {key.decode().split(":v")[0] for key in redis._client().scan_iter()}
    assert not [key for key in kept if key.startswith((f"explored:{ada.pk}", f"suggested:{ada.pk}:"))]


def test_while_too_much_is_going_on_nobody_is_looked_for(town):
    def say(level: int) -> None:
        overload.publish(overload.State(level=level, why=("deliveries",)))
        overload.forget_here()

    assert names(town["ada"])
    say(2)
    assert suggested_people(town["ada"]) == []
    say(1)
    assert suggested_people(town["ada"])


def test_looking_costs_two_queries_at_most(town, django_assert_num_queries):
    ada = town["ada"]
    names(ada)
    lists.RECOMMENDATIONS.forget_here()
    with django_assert_num_queries(1):
        assert len(suggested_people(ada, count=30)) == 2
    for number in range(20):
        follows(town["cleo"], person(f"more_{number}"))
    names(ada)
    with django_assert_num_queries(1):
        assert len(suggested_people(ada, count=30)) > 10


NOW = timezone.now()


@pytest.mark.parametrize(
    ("age", "following", "computed_days_ago", "stage"),
    [
        (1, 50, None, "beginning"),
        (400, 2, 0, "beginning"),
        (5, 10, 0, "learning"),
        (15, 10, 0, "personal"),
        (400, 10, 1, "personal"),
        (400, 10, 15, "returning"),
        (400, 10, None, "personal"),
    ],
)
def test_stages(age, following, computed_days_ago, stage):
    computed = None if computed_days_ago is None else NOW - timedelta(days=computed_days_ago)
    facts = {"now": NOW, "joined": NOW - timedelta(days=age), "following": following, "computed": computed}
    assert stage_of(**facts, back_since=None) == stage


def test_who_comes_back_catches_up_for_three_days(town):
    ada = town["ada"]
    names(ada)
    assert SuggestionList.objects.get().stage == "personal"
    Follow.objects.update(created_at=timezone.now() - timedelta(days=60))
    follows(town["cleo"], late := person("late"))
    SuggestionList.objects.update(computed_at=timezone.now() - timedelta(days=20))
    lists.RECOMMENDATIONS.drop(ada.pk)
    assert late.username in [one.user.username for one in suggested_people(ada)][:2]  # before hana
    assert SuggestionList.objects.get().stage == "returning"
    lists.make(ada.pk)
    assert SuggestionList.objects.get().stage == "returning"
    SuggestionList.objects.update(back_since=timezone.now() - timedelta(days=4))
    lists.make(ada.pk)
    assert SuggestionList.objects.get().stage == "personal"


# --- variety ------------------------------------------------------------------------------------------------


def through(ident: int, *bridges: int) -> Candidate:
    return Candidate(id=ident, score=1000 - ident, source=Source.TIES, through=bridges, many=len(bridges))


def test_seven_of_ten_are_found_through_somebody_else():
    of_one_circle = [through(number, 1) for number in range(100, 130)]
    others = [through(200 + number, 10 + number) for number in range(20)]
    chosen = varied([*of_one_circle, *others], most=10)
    leads = [lead for _candidate, lead in chosen]
    assert len(chosen) == 10 and len(set(leads)) >= 7 and leads.count("person:1") == 2
    assert chosen[0][0].id == 100  # the best stays the first


def test_of_several_leads_the_least_used_counts():
    chosen = varied([through(100, 1), through(101, 1, 2), through(102, 1, 2, 3)], most=10)
    assert [lead for _candidate, lead in chosen] == ["person:1", "person:2", "person:3"]


def test_few_from_one_circle_are_better_than_none_and_more_come_later():
    chosen = varied([through(number, 1) for number in range(100, 130)], most=30)
    assert len(chosen) >= 10


def test_lists_are_more_varied_while_few_follow(town, monkeypatch):
    for number in range(12):
        follows(town["ben"], person(f"circle_{number}"))
    lists.make(town["ada"].pk)
    usual = [row["lead"] for row in SuggestionList.objects.get().people[:10]]
    monkeypatch.setattr(numbers, "is_low", lambda: True)
    lists.make(town["ada"].pk)
    strict = [row["lead"] for row in SuggestionList.objects.get().people[:4]]
    assert len(usual) - len(set(usual)) >= len(strict) - len(set(strict))


# --- doors --------------------------------------------------------------------------------------------------


def test_the_page_has_people_with_reasons_and_buttons(town):
    page = page_of(town["ada"]).get("/explore/people")
    text = page.content.decode()
    assert "Followed by Cleo and 2 others you follow" in text
    assert "/@gus/follow" in text and "/explore/people/gus/dismiss" in text
    assert page["Cache-Control"].startswith("max-age=0") or "no-store" in page["Cache-Control"]


def test_the_page_of_who_has_nobody_to_follow_says_so(ada):
    assert "Nobody to suggest just now" in page_of(ada).get("/explore/people").content.decode()


def test_dismissed_by_the_page(town):
    browser = page_of(town["ada"])
    answer = browser.post("/explore/people/gus/dismiss", {"next": "/"}, follow=True)
    assert answer.redirect_chain[0][0] == "/"
    assert "gus" not in names(town["ada"])


def test_home_shows_them_beside_the_posts(town):
    publish(town["ada"])
    text = page_of(town["ada"]).get("/").content.decode()
    assert "People to follow" in text and "/explore/people/gus/dismiss" in text


def test_visitors_are_asked_to_sign_in():
    browser = page_of()
    for path in ("/explore/people", "/settings/interests", "/welcome", "/welcome/people"):
        assert browser.get(path)["Location"].startswith("/accounts/login/")
    assert browser.post("/explore/people/gus/dismiss")["Location"].startswith("/accounts/login/")
    assert Api()("GET", "recommendations/users").status_code == 401
    assert Api()("DELETE", "recommendations/users/gus").status_code == 401
    assert Api()("GET", "me/interests").status_code == 401


def test_by_api(town):
    api = Api(town["ada"])
    answer = api("GET", "recommendations/users").json()
    assert [one["username"] for one in answer["results"]] == ["gus", "hana"]
    assert answer["results"][0]["reason"] == {
        "kind": "ties",
        "label": "Followed by Cleo and 2 others you follow",
    }
    assert answer["results"][0]["relation"]["following"] is False
    assert answer["next_cursor"] is None and answer["has_more"] is False
    assert len(api("GET", "recommendations/users?limit=1").json()["results"]) == 1
    assert api("DELETE", "recommendations/users/gus").status_code == 204
    assert api("DELETE", "recommendations/users/gus").status_code == 204
    assert [one["username"] for one in api("GET", "recommendations/users").json()["results"]] == ["hana"]
    assert api("DELETE", "recommendations/users/nobody_here").status_code == 404
    assert api("POST", "recommendations/users").status_code == 405


def test_a_private_person_shows_the_card_alone_by_api(town):
    User.objects.filter(pk=town["gus"].pk).update(is_private=True, location="Somewhere")
    (gus,) = [
        one
        for one in Api(town["ada"])("GET", "recommendations/users").json()["results"]
        if one["username"] == "gus"
    ]
    assert gus["access"] == "basic" and gus["location"] is None


def test_a_list_by_api_costs_the_same_for_two_and_for_twenty(town, django_assert_num_queries):
    api = Api(town["ada"])
    api("GET", "recommendations/users")
    with django_assert_num_queries(3):  # who may be seen; people with counts; relations
        assert len(api("GET", "recommendations/users").json()["results"]) == 2
    for number in range(25):
        follows(list(town.values())[number % 3 + 1], person(f"more_{number}"))
    lists.make(town["ada"].pk)
    api("GET", "recommendations/users")
    with django_assert_num_queries(3):
        assert len(api("GET", "recommendations/users").json()["results"]) > 5


# --- numbers ------------------------------------------------------------------------------------------------


def counted(source: str) -> tuple[int, ...]:
    from discovery.models import SuggestionDay

    numbers.write_down()
    numbers.write_down()  # twice is once
    row = SuggestionDay.objects.filter(source=source).first()
    return (row.shown, row.leads, row.followed, row.dismissed) if row else (0, 0, 0, 0)


def test_shown_followed_and_dismissed_are_counted_once(town):
    ada = town["ada"]
    for _look in range(3):
        suggested_people(ada)
        numbers.forget_noted_here()
    assert counted("ties") == (2, 2, 0, 0) or counted("ties") == (2, 1, 0, 0)
    follow_user(follower=ada, followee=town["gus"])
    drain()
    unfollow_user(follower=ada, followee=town["gus"])
    follow_user(follower=ada, followee=town["gus"])
    drain()
    assert counted("ties")[2] == 1


def test_dismissals_are_counted(town, django_capture_on_commit_callbacks):
    suggested_people(town["ada"])
    with django_capture_on_commit_callbacks(execute=True):
        actions.dismiss_suggestion(viewer=town["ada"], person=town["gus"])
    assert counted("ties")[3] == 1


def test_a_follow_of_somebody_who_was_not_shown_is_not_counted(town):
    follow_user(follower=town["ada"], followee=town["gus"])
    drain()
    assert counted("ties")[2] == 0


def test_a_request_counts_and_its_acceptance_does_not_again(town):
    ada, gus = town["ada"], town["gus"]
    set_privacy(user=gus, is_private=True)
    suggested_people(ada)
    follow_user(follower=ada, followee=gus)
    drain()
    accept_follow_request(followee=gus, follower=ada)
    drain()
    assert counted("ties")[2] == 1


def plant_day(**sums: Any) -> None:
    from discovery.models import SuggestionDay

    SuggestionDay.objects.create(day=timezone.now().date(), source="ties", **sums)
    numbers.RATE.drop("low")


def test_below_five_per_cent_a_warning_and_more_variety(mod, caplog):
    plant_day(shown=1000, leads=800, followed=49, dismissed=3)
    assert numbers.last_days().is_low and numbers.is_low()
    text = page_of(mod).get("/admin/discovery/suggestionday/").content.decode()
    assert 'role="alert"' in text and "<polyline" in text and "4.9%" in text


def test_above_it_none(mod):
    plant_day(shown=1000, leads=800, followed=90, dismissed=3)
    assert not numbers.last_days().is_low
    text = page_of(mod).get("/admin/discovery/suggestionday/").content.decode()
    assert 'role="alert"' not in text and "9.0%" in text and "80%" in text


def test_few_say_nothing():
    plant_day(shown=20, followed=0)
    assert numbers.last_days().follow_rate is None and not numbers.last_days().is_low
