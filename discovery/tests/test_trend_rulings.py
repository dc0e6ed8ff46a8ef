"""Moderators see what a score is made of, hold and allow; it holds at once, and who decided is recorded."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from accounts.tests.test_follow_races import at_once
from discovery.actions import rule_on_trend
from discovery.models import Trend, TrendKind, TrendRuling
from discovery.tests.towns import accounts, compute, established, talk
from feeds.models import Hashtag
from socialnet.outbox.models import AuditEntry

pytestmark = pytest.mark.django_db
LIST = "admin:discovery_trend_changelist"


def names() -> list[str]:
    return [tag["name"] for tag in Api()("GET", "trending/hashtags").json()["results"]]


def act(mod: User, action: str, tag: str) -> Any:
    trend = Trend.objects.get(subject_id=Hashtag.objects.get(name=tag).pk)
    return page_of(mod).post(reverse(LIST), {"action": action, "_selected_action": [trend.pk]}, follow=True)


def test_a_held_tag_appears_nowhere_in_trends_at_once(ada: User, mod: User) -> None:
    talk(established(5), "rude")
    talk(established(4), "kind")
    compute()
    browser = page_of(ada)
    assert names() == ["rude", "kind"] and "#Rude" in browser.get("/explore").content.decode()
    assert act(mod, "hold", "rude").status_code == 200
    assert names() == ["kind"]
    for page in (browser.get("/explore"), browser.get(ada.get_absolute_url()), page_of().get("/")):
        assert "#Rude" not in page.content.decode() and "#Kind" in page.content.decode()
    ruling = TrendRuling.objects.get()
    assert (ruling.verdict, ruling.decided_by) == ("held", mod)
    entry = AuditEntry.objects.get(act="discovery.rule_on_trend")
    assert (entry.actor_id, entry.before, entry.after) == (mod.pk, {"verdict": ""}, {"verdict": "held"})
    compute()
    assert names() == ["kind"]
    act_again = page_of(mod).post(
        reverse("admin:discovery_trendruling_changelist"),
        {"action": "take_back", "_selected_action": [ruling.pk]},
        follow=True,
    )
    assert act_again.status_code == 200
    assert names() == ["rude", "kind"]


def test_what_waits_is_shown_when_it_is_allowed(mod: User) -> None:
    talk(accounts(30, days=2), "newcomers")
    compute()
    assert names() == []
    html = page_of(mod).get(reverse(LIST)).content.decode()
    assert "#Newcomers" in html
    act(mod, "allow", "newcomers")
    assert names() == ["newcomers"]


def test_each_part_of_a_score_is_shown(mod: User) -> None:
    talk(established(5), "open")
    compute()
    trend = Trend.objects.get(snapshot__kind=TrendKind.TAG)
    html = page_of(mod).get(reverse("admin:discovery_trend_change", args=[trend.pk])).content.decode()
    for part in (
        "windows · 1 · people",
        "usual_per_hour",
        "damped · identical_texts",
        "new_accounts",
        "decay",
    ):
        assert part in html


def test_staff_without_the_right_only_looks(ada: User) -> None:
    talk(established(5), "tag")
    compute()
    staff = person("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_trend"))
    assert "#Tag" in page_of(staff).get(reverse(LIST)).content.decode()
    act(staff, "hold", "tag")
    assert names() == ["tag"]
    assert page_of(ada).get(reverse(LIST)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_once_leave_one_decision(mod: User) -> None:
    talk(established(4), "both")
    compute()
    subject = Hashtag.objects.get(name="both").pk

    def rule(verdict: str) -> None:
        rule_on_trend(kind=TrendKind.TAG, subject_id=subject, verdict=verdict, actor=mod)

    at_once(lambda: rule("held"), lambda: rule("allowed"))
    assert TrendRuling.objects.count() == 1
    assert names() == ([] if TrendRuling.objects.get().verdict == "held" else ["both"])
