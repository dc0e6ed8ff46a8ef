"""Groups are looked at when they are founded and changed: what is held is its owners' until moderators looked."""

from io import BytesIO
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.actions import erase_person
from accounts.models import User
from accounts.tests.factories import Api, page_of
from discovery.models import SearchDocument
from groups import actions as groups
from groups.models import Group, GroupCounts, Membership
from groups.tests.factories import a_group, is_in
from groups.tests.test_covers import picture
from moderation import actions
from moderation.models import Case, HeldGroup, Sanction, ScreeningResult
from moderation.screening.selectors import numbers, words_waiting
from moderation.tests.screened import SPAM, block_words, set_rule
from notifications.models import Notification
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
WAITING = "Waiting for review"
FORM = {"name": "Cures", "slug": "cures", "category": "other", "privacy": "public"}
QUEUE = "/admin/moderation/case/"


def found_by_page(owner: User, **fields: Any) -> Any:
    return page_of(owner).post("/groups/new", {**FORM, **fields})


def found_by_api(owner: User, **fields: Any) -> Any:
    return Api(owner)("POST", "groups", {**FORM, **fields})


def change_by_page(owner: User, group: Group, **fields: Any) -> Any:
    form = {
        "name": group.name,
        "category": group.category,
        "privacy": group.privacy,
        "cover_alt": "",
        **fields,
    }
    return page_of(owner).post(f"/g/{group.slug}/settings", form)


def change_by_api(owner: User, group: Group, **fields: Any) -> Any:
    return Api(owner)("PATCH", f"groups/{group.slug}", fields)


def html(viewer: User | None, address: str) -> str:
    return page_of(viewer).get(address).content.decode()


def decide(mod: User, outcome: str, **more: Any) -> Case:
    drain()
    case = Case.objects.open().get()
    actions.decide_case(case_id=case.pk, outcome=outcome, actor=mod, **more)
    drain()
    return case


def told(user: User) -> list[str]:
    drain()
    return [
        news.words["what"] for news in Notification.objects.standing().filter(recipient=user, kind="sanction")
    ]


# --- founding ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", [found_by_page, found_by_api])
@pytest.mark.parametrize("field", ["name", "description", "rules"])
def test_a_group_whose_words_are_held_is_there_for_its_owner_alone(
    ada: User, ben: User, cleo: User, mod: User, found: Any, field: str
) -> None:
    block_words()
    answer = found(ada, **{field: SPAM})
    assert answer.status_code in (201, 302)
    drain()
    group = Group.objects.get()
    assert group.held_at is not None and group.hidden_at is not None
    for viewer in (None, ben, mod):
        for address in ("/g/cures", "/g/cures/about", "/g/cures/members"):
            assert page_of(viewer).get(address).status_code == 404
        api = Api(viewer)
        assert api("GET", "groups/cures").json()["code"] == "not_found"
        assert "cures" not in html(viewer, "/groups/discover")
        assert api("GET", "search?q=cures&type=groups").json()["results"] == []
    assert Api(ben)("PUT", "groups/cures/membership").status_code == 404
    assert not SearchDocument.objects.exists()
    for address in ("/g/cures", "/g/cures/about", "/groups"):
        assert WAITING in html(ada, address), address
    mine = Api(ada)("GET", "groups/cures").json()
    assert mine["held"] is True and mine["my_role"] == "owner" and mine["held_changes"] == {}
    assert [one["held"] for one in Api(ada)("GET", "groups?mine=1").json()["results"]] == [True]
    assert broken(sample=20) == []

    case = decide(mod, "nothing")
    assert case.person_id == ada.pk and "miracle" not in Case.objects.get().said
    assert told(ada) == ["released"]
    for viewer in (None, ben, ada):
        assert page_of(viewer).get("/g/cures").status_code == 200
    assert WAITING not in html(ada, "/g/cures")
    assert len(Api(ben)("GET", "search?q=cures&type=groups").json()["results"]) == 1
    assert Api(ben)("PUT", "groups/cures/membership").status_code == 200
    acts = AuditEntry.objects.filter(target_type="group", target_id=group.pk)
    assert list(acts.values_list("act", "actor_id")) == [("groups.shown", mod.pk)]
    assert broken(sample=20) == []


def test_its_address_and_its_tags_are_words_too(ada: User, ben: User) -> None:
    block_words()
    assert found_by_api(ada, slug="the-miracle-cure").status_code == 201
    assert found_by_page(ben, tags="bread, miracle cure").status_code == 302
    assert Group.objects.exclude(held_at=None).count() == 2


def test_until_then_it_can_only_be_deleted(ada: User, ben: User, mod: User) -> None:
    block_words()
    found_by_api(ada, description=SPAM)
    drain()
    api, page = Api(ada), page_of(ada)
    for method, path, body in (
        ("PATCH", "groups/cures", {"name": "Bread"}),
        ("DELETE", "groups/cures/membership", None),
        ("PUT", "groups/cures/invitations/ben", None),
        ("PATCH", "groups/cures/members/ada", {"role": "member"}),
        ("POST", "posts", {"content": "Hello", "group": "cures"}),
    ):
        answer = api(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "group_waits_for_review"), path
    settings = html(ada, "/g/cures/settings")
    assert "Delete the group" in settings and "Settings of the group" not in settings
    assert change_by_page(ada, Group.objects.get(), description="Bread").status_code == 409
    assert 'name="content"' not in html(ada, "/g/cures")
    assert "cures" not in html(ada, "/posts/groups")
    assert page.post("/g/cures/delete", {"slug": "cures"}).status_code == 302
    assert page.get("/g/cures").status_code == 404
    decide(mod, "gone")
    assert broken(sample=20) == []


def test_hiding_what_is_held_is_a_sanction_and_its_end_lets_it_be_seen(
    ada: User, ben: User, mod: User
) -> None:
    block_words()
    found_by_api(ada, description=SPAM)
    decide(mod, "hide", words="No cures here")
    group = Group.objects.get()
    assert group.held_at is None and group.hidden_at is not None and told(ada) == ["hide"]
    assert Api(ada)("GET", "groups/cures").json()["code"] == "group_hidden"
    assert "cures" not in html(ada, "/groups")
    actions.end_sanction(sanction_id=Sanction.objects.get().pk, actor=mod)
    drain()
    assert Api(ben)("GET", "groups/cures").status_code == 200 and broken(sample=20) == []


@pytest.mark.parametrize("found", [found_by_page, found_by_api])
def test_what_is_refused_is_not_founded_and_what_was_typed_is_kept(ada: User, found: Any) -> None:
    block_words(outcome="refuse")
    answer = found(ada, description=f"Try our {SPAM}")
    assert answer.status_code == 400 and not Group.objects.exists()
    said = answer.content.decode()
    assert "words that cannot be used" in said
    if found is found_by_page:
        assert f"Try our {SPAM}" in said and 'value="cures"' in said
    else:
        assert answer.json()["code"] == "writing_refused"
    row = ScreeningResult.objects.get()
    assert (row.outcome, row.target_kind, row.target_id, row.author_id) == ("refuse", "group", None, ada.pk)


def test_who_leaves_leaves_no_group_that_waits(ada: User) -> None:
    block_words()
    found_by_api(ada, description=SPAM)
    drain()
    erase_person(user=ada)
    drain()
    assert not Case.objects.open().exists() and not ScreeningResult.objects.exists()
    assert Group.objects.get().held_at is None and broken(sample=20) == []


# --- changes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [change_by_page, change_by_api])
def test_a_change_that_is_held_waits_and_the_group_says_what_it_said(
    ada: User, ben: User, cleo: User, mod: User, change: Any
) -> None:
    group = a_group(ada, slug="bread")
    is_in(group, ben)
    block_words()
    answer = change(ada, group, description=SPAM, privacy="private")
    assert answer.status_code in (200, 302)
    drain()
    group.refresh_from_db()
    assert (group.description, group.privacy, group.hidden_at) == ("", "private", None)
    for viewer in (None, ben, cleo):
        assert "miracle" not in html(viewer, "/g/bread/about")
        assert not Api(viewer)("GET", "groups/bread").json()["held_changes"]
    assert Api(ada)("GET", "groups/bread").json()["held_changes"] == {"description": SPAM}
    assert WAITING in html(ada, "/g/bread/settings") and SPAM in html(ada, "/g/bread/settings")
    case = Case.objects.get()
    assert case.said == SPAM and case.person_id == ada.pk and broken(sample=20) == []
    shown = html(mod, f"{QUEUE}{case.pk}/change/")
    assert SPAM in shown and "Until then it says" in shown and "forgets it" in shown

    decide(mod, "nothing")
    group.refresh_from_db()
    assert group.description == SPAM and not HeldGroup.objects.exists() and told(ada) == ["released"]
    assert "miracle" in html(ben, "/g/bread/about") and broken(sample=20) == []


def test_a_change_is_forgotten_when_something_is_wrong_and_the_group_stands(
    ada: User, ben: User, mod: User
) -> None:
    group = a_group(ada, slug="bread")
    is_in(group, ben, role="owner")
    block_words()
    change_by_api(ben, group, rules=SPAM)
    drain()
    case = decide(mod, "warn", words="No")
    assert case.person_id == ben.pk and told(ben) == ["warn"] and told(ada) == []
    group.refresh_from_db()
    assert group.rules == "" and group.hidden_at is None and not HeldGroup.objects.exists()


def test_who_wrote_a_change_hears_that_it_is_seen(ada: User, ben: User, mod: User) -> None:
    group = a_group(ada, slug="bread")
    is_in(group, ben, role="owner")
    block_words()
    change_by_api(ben, group, rules=SPAM)
    decide(mod, "nothing")
    assert told(ben) == ["released"] and told(ada) == []


def test_hiding_the_group_forgets_what_it_waits_to_say(ada: User, mod: User) -> None:
    group = a_group(ada, slug="bread")
    block_words()
    change_by_api(ada, group, rules=SPAM)
    decide(mod, "hide", words="No")
    group.refresh_from_db()
    assert group.hidden_at and not HeldGroup.objects.exists() and broken(sample=20) == []


def test_the_last_wish_for_a_group_counts(ada: User, mod: User) -> None:
    group = a_group(ada, slug="bread")
    block_words()
    change_by_api(ada, group, rules=SPAM)
    change_by_api(ada, group, rules="Be kind")
    group.refresh_from_db()
    assert group.rules == "Be kind" and not HeldGroup.objects.exists()
    change_by_api(ada, group, tags=["miracle cure"], name="Cures")
    drain()
    assert words_waiting("group", group.pk) == "Cures\nmiracle cure"
    assert "miracle cure" in html(ada, "/g/bread/settings")
    decide(mod, "nothing")
    group.refresh_from_db()
    assert group.tags == ["miracle cure"] and group.rules == "Be kind"


@pytest.mark.parametrize("change", [change_by_page, change_by_api])
def test_a_change_that_is_refused_changes_nothing(ada: User, change: Any) -> None:
    group = a_group(ada, slug="bread")
    block_words(outcome="refuse")
    answer = change(ada, group, description=SPAM, privacy="private")
    assert answer.status_code == 400 and "words that cannot be used" in answer.content.decode()
    if change is change_by_page:
        assert SPAM in answer.content.decode()
    group.refresh_from_db()
    assert (group.description, group.privacy) == ("", "public")


@pytest.mark.django_db(transaction=True)
def test_what_is_to_be_seen_on_a_cover_waits_and_the_cover_does_not(ada: User, mod: User) -> None:
    group = a_group(ada, slug="bread")
    block_words()
    groups.change_group(group=group, actor=ada, cover=BytesIO(picture()), cover_alt=SPAM)
    group.refresh_from_db()
    assert group.cover and group.cover_alt == ""
    decide(mod, "nothing")
    group.refresh_from_db()
    assert group.cover_alt == SPAM


def test_words_for_a_cover_that_went_meanwhile_are_forgotten(ada: User, mod: User) -> None:
    group = a_group(ada, slug="bread")
    groups.say_what_waited(group_id=group.pk, fields={"cover_alt": SPAM, "rules": "Be kind"})
    group.refresh_from_db()
    assert (group.cover_alt, group.rules) == ("", "Be kind")


def test_what_waits_goes_with_the_group_and_with_its_editor(ada: User, ben: User, mod: User) -> None:
    group, other = a_group(ada, slug="bread"), a_group(ada, slug="cake")
    is_in(other, ben, role="owner")
    block_words()
    change_by_api(ada, group, rules=SPAM)
    change_by_api(ben, other, rules=SPAM)
    drain()
    groups.delete_group(group=group, actor=ada)
    erase_person(user=ben)
    drain()
    assert not HeldGroup.objects.filter(group=other).exists()
    decide(mod, "gone")
    assert broken(sample=20) == []


def test_each_decision_says_whether_the_rules_were_right(ada: User, ben: User, mod: User) -> None:
    block_words()
    found_by_api(ada, description=SPAM)
    decide(mod, "nothing")
    found_by_api(ben, description=SPAM, slug="more-cures")
    decide(mod, "hide")
    words = numbers()["blocked_words"]
    assert (words.found, words.right, words.wrong) == (2, 1, 1)


def test_a_rule_in_shadow_changes_nothing(ada: User) -> None:
    block_words(mode="shadow")
    set_rule("links_new_account", "shadow", threshold=1)
    found_by_api(ada, description=f"{SPAM} https://cure.example")
    assert Group.objects.get().hidden_at is None
    row = ScreeningResult.objects.get()
    assert row.outcome == "allow" and {hit["rule"] for hit in row.hits} == {
        "blocked_words",
        "links_new_account",
    }


def test_what_reporters_asked_about_is_decided_with_it(ada: User, ben: User, mod: User) -> None:
    group = a_group(ada, slug="bread")
    actions.report_target(kind="group", ident="bread", reporter=ben, reason="spam")
    block_words()
    change_by_api(ada, group, rules=SPAM)
    drain()
    assert Case.objects.get().is_screened
    decide(mod, "nothing")
    assert Notification.objects.standing().filter(recipient=ben, kind="report_outcome").count() == 1
    assert GroupCounts.objects.get(pk=group.pk).members == Membership.objects.filter(group=group).count() == 1


def test_what_moderators_did_not_see_is_not_released(ada: User, mod: User) -> None:
    group = a_group(ada, slug="bread")
    block_words()
    change_by_api(ada, group, rules=SPAM)
    drain()
    case = Case.objects.get()
    change_by_api(ada, group, rules=f"{SPAM}, and worse")
    actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod)
    group.refresh_from_db()
    assert group.rules == "" and HeldGroup.objects.exists()
    decide(mod, "nothing")
    group.refresh_from_db()
    assert group.rules == f"{SPAM}, and worse" and broken(sample=20) == []


def test_what_waits_in_no_case_is_found(ada: User) -> None:
    sentence = "what is held waits in an open case of the queue"
    group = a_group(ada, slug="bread")
    assert not any(sentence in line for line in broken())
    HeldGroup.objects.create(group=group, editor=ada, fields={"rules": "x"})
    assert any(sentence in line for line in broken())
    HeldGroup.objects.all().delete()
    Group.objects.update(hidden_at=Now(), held_at=Now())
    assert any(sentence in line for line in broken())
