"""Follow, ask, accept, refuse, withdraw: through the pages and through the API."""

import pytest
from django.test import Client

from accounts import actions
from accounts.models import Follow, User
from accounts.tests.factories import Api, blocks, counts_of, follows, page_of, person
from socialnet.outbox.models import AuditEntry, Event
from socialnet.outbox.testing import drain


def events() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_following_a_public_account_counts_tells_and_records(ada: User, ben: User) -> None:
    answer = page_of(ben).post("/@ADA/follow", {"next": "/@ada/followers"})
    assert (answer.status_code, answer["Location"]) == (302, "/@ada/followers")
    assert Follow.objects.active().filter(follower=ben, followee=ada).exists()
    assert (counts_of(ada), counts_of(ben)) == ((1, 0), (0, 1))
    assert events() == ["accounts.user_followed"]
    entry = AuditEntry.objects.get(act="accounts.follow")
    assert (entry.actor_id, entry.target_id) == (ben.pk, ada.pk)


def test_repeating_it_changes_nothing(ada: User, ben: User) -> None:
    api = Api(ben)
    for _ in range(3):
        answer = api("PUT", "users/ada/follow")
        assert answer.status_code == 200
        assert answer.json()["relation"]["following"] is True
    assert (counts_of(ada), counts_of(ben)) == ((1, 0), (0, 1))
    assert events().count("accounts.user_followed") == 1


def test_the_bell_is_set_and_kept(ada: User, ben: User) -> None:
    api = Api(ben)
    api("PUT", "users/ada/follow", {"notify": True})
    api("PUT", "users/ada/follow")
    assert Follow.objects.get().notify is True
    api("PUT", "users/ada/follow", {"notify": False})
    assert Follow.objects.get().notify is False


def test_unfollowing_by_page_and_api(ada: User, ben: User, cleo: User) -> None:
    follows(ben, ada)
    follows(cleo, ada)
    assert page_of(ben).post("/@ada/unfollow").status_code == 302
    answer = Api(cleo)("DELETE", "users/ada/follow")
    assert answer.json()["relation"]["following"] is False
    assert Api(cleo)("DELETE", "users/ada/follow").status_code == 200
    assert (counts_of(ada), counts_of(ben), counts_of(cleo)) == ((0, 0), (0, 0), (0, 0))
    assert events() == ["accounts.user_unfollowed"] * 2


def test_a_private_account_is_asked_first(ada: User, ben: User) -> None:
    actions.set_privacy(user=ada, is_private=True)
    relation = Api(ben)("PUT", "users/ada/follow").json()["relation"]
    assert (relation["following"], relation["follow_requested"]) == (False, True)
    assert (counts_of(ada), counts_of(ben)) == ((0, 0), (0, 0))
    page = page_of(ada).get("/follow-requests").content.decode()
    assert "@ben" in page
    assert [row["username"] for row in Api(ada)("GET", "me/follow-requests").json()["results"]] == ["ben"]
    assert events()[-1] == "accounts.follow_requested"


def test_accepting_lets_in_once(ada: User, ben: User) -> None:
    ada = actions.set_privacy(user=ada, is_private=True)
    actions.follow_user(follower=ben, followee=ada)
    assert page_of(ada).post("/follow-requests/ben/accept").status_code == 302
    assert Api(ada)("PUT", "me/follow-requests/ben").status_code == 200
    assert (counts_of(ada), counts_of(ben)) == ((1, 0), (0, 1))
    assert events().count("accounts.user_followed") == 1


def test_refusing_is_silent_and_spares_followers(ada: User, ben: User, cleo: User) -> None:
    follows(ben, ada, pending=True)
    follows(cleo, ada)
    assert Api(ada)("DELETE", "me/follow-requests/ben").status_code == 200
    assert page_of(ada).post("/follow-requests/cleo/refuse").status_code == 302
    assert list(Follow.objects.values_list("follower__username", flat=True)) == ["cleo"]
    assert counts_of(ada) == (1, 0)


def test_withdrawing_a_request_counts_nothing(ada: User, ben: User) -> None:
    follows(ben, ada, pending=True)
    assert Api(ben)("DELETE", "users/ada/follow").status_code == 200
    assert not Follow.objects.exists()
    assert events() == ["accounts.follow_request_ended"]


def test_accepting_what_nobody_asked_is_not_found(ada: User, ben: User) -> None:
    assert Api(ada)("PUT", "me/follow-requests/ben").status_code == 404
    assert page_of(ada).post("/follow-requests/ben/accept").status_code == 404
    assert not Follow.objects.exists()


def test_opening_the_account_lets_in_everybody_who_waits(ada: User, ben: User, cleo: User) -> None:
    ada = actions.set_privacy(user=ada, is_private=True)
    for follower in (ben, cleo):
        actions.follow_user(follower=follower, followee=ada)
    actions.set_privacy(user=ada, is_private=False)
    drain()
    assert Follow.objects.active().filter(followee=ada).count() == 2
    assert counts_of(ada) == (2, 0)


def test_closing_it_again_in_between_lets_nobody_in(ada: User, ben: User) -> None:
    ada = actions.set_privacy(user=ada, is_private=True)
    actions.follow_user(follower=ben, followee=ada)
    actions.set_privacy(user=ada, is_private=False)
    actions.set_privacy(user=ada, is_private=True)
    drain()
    assert Follow.objects.get().is_active is False


def test_nobody_follows_themselves(ada: User) -> None:
    answer = Api(ada)("PUT", "users/ada/follow")
    assert (answer.status_code, answer.json()["code"]) == (400, "self_follow")
    assert page_of(ada).post("/@ada/follow").status_code == 400


def test_the_limit_counts_requests_too(ada: User, ben: User, settings: object) -> None:
    settings.FOLLOW_LIMIT = 2  # type: ignore[attr-defined]
    follows(ben, ada)
    follows(ben, person(), pending=True)
    answer = Api(ben)("PUT", f"users/{person().username}/follow")
    assert (answer.status_code, answer.json()["code"]) == (400, "follow_limit")
    assert Api(ben)("PUT", "users/ada/follow").status_code == 200


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_block_stands_between_both(ada: User, dora: User, door: str) -> None:
    blocks(ada, dora)

    def follow(who: User, whom: User) -> int:
        if door == "page":
            return page_of(who).post(f"/@{whom.username}/follow").status_code
        return Api(who)("PUT", f"users/{whom.username}/follow").status_code

    assert follow(dora, ada) == 404
    assert follow(ada, dora) == 403
    assert not Follow.objects.exists()


def test_a_suspended_person_gets_no_followers(ada: User, ben: User, mod: User) -> None:
    actions.suspend_user(user=ada, actor=mod)
    assert Api(ben)("PUT", "users/ada/follow").json()["code"] == "person_suspended"


def test_visitors_sign_in_first(ada: User) -> None:
    answer = Client().post("/@ada/follow")
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    assert Api()("PUT", "users/ada/follow").status_code == 401


def test_reading_does_not_follow(ada: User, ben: User) -> None:
    assert page_of(ben).get("/@ada/follow").status_code == 405
    assert Api(ben)("POST", "users/ada/follow").status_code == 405
    assert not Follow.objects.exists()


def test_another_site_cannot_be_the_next_page(ada: User, ben: User) -> None:
    answer = page_of(ben).post("/@ada/follow", {"next": "https://evil.example/"})
    assert answer["Location"] == "/@ada"


def test_a_form_sent_twice_acts_once(ada: User, ben: User) -> None:
    page = page_of(ben)
    for _ in range(2):
        assert page.post("/@ada/follow", {"idempotency_key": "k-1"}).status_code == 302
    assert events() == ["accounts.user_followed"]
