"""Block and mute through both doors, their lists, and that the others never learn of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import actions
from accounts.models import Block, Follow, Mute, User
from accounts.selectors import mutes_of
from accounts.tests.factories import Api, blocks, counts_of, follows, page_of
from socialnet.outbox.models import AuditEntry, Event


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_block_ends_follows_and_requests_both_ways(ada: User, dora: User, door: str) -> None:
    follows(ada, dora)
    follows(dora, ada, pending=True)
    if door == "page":
        assert page_of(ada).post("/@dora/block").status_code == 302
    else:
        assert Api(ada)("PUT", "users/dora/block").json()["relation"]["blocking"] is True
    assert not Follow.objects.exists()
    assert (counts_of(ada), counts_of(dora)) == ((0, 0), (0, 0))
    names = set(Event.objects.values_list("name", flat=True))
    assert names == {
        "accounts.user_blocked",
        "accounts.user_unfollowed",
        "accounts.follow_request_ended",
    }
    assert AuditEntry.objects.filter(act="accounts.block", actor_id=ada.pk, target_id=dora.pk).count() == 1


def test_blocking_twice_is_blocking_once(ada: User, dora: User) -> None:
    for _ in range(2):
        assert Api(ada)("PUT", "users/dora/block").status_code == 200
    assert Block.objects.count() == 1
    assert Event.objects.filter(name="accounts.user_blocked").count() == 1


@pytest.mark.parametrize("door", ["page", "api"])
def test_unblocking(ada: User, dora: User, door: str) -> None:
    blocks(ada, dora)
    if door == "page":
        assert (
            page_of(ada).post("/@dora/unblock", {"next": "/settings/blocked"})["Location"]
            == "/settings/blocked"
        )
    else:
        assert Api(ada)("DELETE", "users/dora/block").json()["relation"]["blocking"] is False
    assert not Block.objects.exists()
    assert Api(dora)("GET", "users/ada").status_code == 200


def test_who_was_blocked_back_can_still_be_unblocked(ada: User, dora: User) -> None:
    blocks(ada, dora)
    blocks(dora, ada)
    assert Api(ada)("GET", "users/dora").status_code == 404
    assert "@dora" in page_of(ada).get("/settings/blocked").content.decode()
    assert Api(ada)("DELETE", "users/dora/block").status_code == 200
    assert list(Block.objects.values_list("blocker", flat=True)) == [dora.pk]


def test_nobody_blocks_or_mutes_themselves(ada: User) -> None:
    assert Api(ada)("PUT", "users/ada/block").json()["code"] == "self_block"
    assert Api(ada)("PUT", "users/ada/mute").json()["code"] == "self_mute"


def test_the_blocked_learn_nothing(ada: User, dora: User) -> None:
    blocks(ada, dora)
    for method, path in (("PUT", "follow"), ("PUT", "block"), ("PUT", "mute"), ("DELETE", "follow")):
        assert Api(dora)(method, f"users/ada/{path}").status_code == 404
    for path in ("", "/followers", "/following"):
        assert page_of(dora).get(f"/@ada{path}").status_code == 404


@pytest.mark.parametrize(
    ("period", "days"), [("day", 1), ("week", 7), ("always", None), ("", None), ("x", None)]
)
def test_muting_by_page(ada: User, cleo: User, period: str, days: int | None) -> None:
    assert page_of(ada).post("/@cleo/mute", {"for": period}).status_code == 302
    until = Mute.objects.get().until
    if days is None:
        assert until is None
    else:
        assert abs(until - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)
    assert page_of(ada).post("/@cleo/unmute").status_code == 302
    assert not Mute.objects.exists()


def test_muting_by_api_with_and_without_an_end(ada: User, cleo: User) -> None:
    api = Api(ada)
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    assert api("PUT", "users/cleo/mute", {"until": soon}).json()["relation"]["muting"] is True
    assert Mute.objects.get().until is not None
    assert api("PUT", "users/cleo/mute").status_code == 200
    assert Mute.objects.get().until is None
    assert api("DELETE", "users/cleo/mute").json()["relation"]["muting"] is False
    assert "muting" not in str(Api(cleo)("GET", "users/ada").json()["bio"])


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "yesterday", 7, "9999999-01-01T00:00:00Z"])
def test_ends_that_cannot_be(ada: User, cleo: User, until: Any) -> None:
    answer = Api(ada)("PUT", "users/cleo/mute", {"until": until})
    assert answer.status_code == 400 and "until" in answer.json()["errors"]
    assert not Mute.objects.exists()


def test_a_mute_ends_by_the_clock_of_the_database(ada: User, cleo: User) -> None:
    actions.mute_user(muter=ada, muted=cleo)
    Mute.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert Api(ada)("GET", "users/cleo").json()["relation"]["muting"] is False
    assert mutes_of(user=ada).items == []
    assert actions.forget_expired()["mutes"] == 1


def test_lists_of_blocks_and_mutes_are_ones_own(ada: User, cleo: User, dora: User) -> None:
    blocks(ada, dora)
    actions.mute_user(muter=ada, muted=cleo)
    api = Api(ada)
    assert [row["username"] for row in api("GET", "me/blocks").json()["results"]] == ["dora"]
    assert [row["username"] for row in api("GET", "me/mutes").json()["results"]] == ["cleo"]
    html = page_of(ada).get("/settings/blocked").content.decode()
    assert "@dora" in html and "@cleo" in html
    assert Api(dora)("GET", "me/blocks").json()["results"] == []
