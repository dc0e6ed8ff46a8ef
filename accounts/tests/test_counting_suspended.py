"""Follows count while neither of the two is suspended: exactly, in pieces, whoever follows meanwhile, and undone."""

import os
import time

import pytest

from accounts import actions, handlers
from accounts.actions import standing
from accounts.diagnoses import follows_counted
from accounts.models import Follow, PersonCounts, User
from accounts.tests.factories import counts_of, follows, person
from accounts.tests.test_follow_races import at_once, follow, rounds
from socialnet.kernel.diagnosing import Case
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
slow = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def all_counts() -> dict[int, tuple[int, int]]:
    return {
        user: (followers, following)
        for user, followers, following in PersonCounts.objects.values_list("user", "followers", "following")
    }


def assert_exact() -> None:
    for counts in PersonCounts.objects.all():
        counting = Follow.objects.counting()
        assert counts.followers == counting.filter(followee=counts.pk).count()
        assert counts.following == counting.filter(follower=counts.pk).count()
    out = Follow.objects.active().filter(
        follower__suspended_at__isnull=False
    ) | Follow.objects.active().filter(followee__suspended_at__isnull=False)
    assert set(Follow.objects.active().filter(is_counted=False)) == set(out)


def test_a_suspension_takes_follows_out_of_the_counts_and_its_end_puts_them_back(
    ada: User, mod: User
) -> None:
    others = [person() for _ in range(4)]
    for other in others[:3]:
        follows(ada, other)
    for other in others[1:]:
        follows(other, ada)
    follows(others[0], ada, pending=True)
    before = all_counts()
    actions.suspend_user(user=ada, actor=mod)
    drain()
    assert [counts_of(other) for other in others] == [(0, 0)] * 4
    assert counts_of(ada) == (0, 0)
    assert_exact()
    actions.unsuspend_user(user=ada, actor=mod)
    drain()
    assert all_counts() == before
    assert broken(sample=20) == []


def test_between_two_who_are_suspended_a_follow_counts_when_both_are_back(
    ada: User, ben: User, mod: User
) -> None:
    follows(ada, ben)
    for who in (ada, ben):
        actions.suspend_user(user=who, actor=mod)
    drain()
    actions.unsuspend_user(user=ada, actor=mod)
    drain()
    assert (counts_of(ada), counts_of(ben)) == ((0, 0), (0, 0))
    actions.unsuspend_user(user=ben, actor=mod)
    drain()
    assert (counts_of(ada), counts_of(ben)) == ((0, 1), (1, 0))


def test_what_does_not_count_ends_without_counting(ada: User, ben: User, cleo: User, mod: User) -> None:
    follows(ada, ben)
    follows(ben, cleo)
    actions.suspend_user(user=ben, actor=mod)
    drain()
    actions.unfollow_user(follower=ada, followee=ben)
    actions.block_user(blocker=cleo, blocked=ben)
    assert_exact()
    actions.unsuspend_user(user=ben, actor=mod)
    drain()
    assert_exact()
    assert counts_of(ada) == counts_of(ben) == counts_of(cleo) == (0, 0)


def test_asked_before_the_suspension_and_let_in_during_it(ada: User, ben: User, mod: User) -> None:
    follows(ben, ada, pending=True)
    actions.suspend_user(user=ben, actor=mod)
    drain()
    actions.accept_follow_request(followee=ada, follower=ben)
    assert counts_of(ada) == (0, 0)
    assert_exact()
    actions.unsuspend_user(user=ben, actor=mod)
    drain()
    assert counts_of(ada) == (1, 0)


def test_pieces_may_come_twice_late_and_in_part(
    ada: User, mod: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "PIECE", 2)
    monkeypatch.setattr(handlers, "LARGE_PIECE", 3)
    fans = [person() for _ in range(7)]
    ids = [follows(fan, ada).pk for fan in fans]
    actions.suspend_user(user=ada, actor=mod)
    assert actions.count_follows_of(user_id=ada.pk, first=ids[0], last=ids[2]) == 3  # and then it died
    assert counts_of(ada) == (4, 0)
    drain()
    assert actions.count_follows_of(user_id=ada.pk, first=ids[0], last=ids[-1]) == 0
    assert [counts_of(fan) for fan in fans] == [(0, 0)] * 7
    assert_exact()


def test_what_was_suspended_before_the_update_is_found_and_mended(ada: User, ben: User) -> None:
    follows(ben, ada)
    User.objects.filter(pk=ada.pk).update(suspended_at="2026-01-01T00:00Z")
    assert [finding.ident for finding in follows_counted.look(Case())] == [ada.pk]
    actions.reconcile_all_counts()
    assert counts_of(ben) == (0, 0)
    assert list(follows_counted.look(Case())) == []
    User.objects.filter(pk=ada.pk).update(suspended_at=None)
    actions.reconcile_all_counts()
    assert counts_of(ben) == (0, 1)


class TestRaces:
    pytestmark = slow

    @rounds
    def test_counting_out_against_follows_and_unfollows(self, round_: int) -> None:
        mod, ada = person("mod", is_staff=True), person("ada")
        fans, leavers, celebrities = ([person() for _ in range(4)] for _ in range(3))
        for one in leavers:
            follows(one, ada)
        for one in celebrities:
            follows(ada, one)
        last = 2**40
        at_once(
            lambda: actions.suspend_user(user=ada, actor=mod),
            lambda: actions.count_follows_of(user_id=ada.pk, first=0, last=last),
            lambda: actions.count_follows_of(user_id=ada.pk, first=0, last=last),
            *[follow(fan, ada) for fan in fans],
            *[lambda one=one: actions.unfollow_user(follower=one, followee=ada) for one in leavers],
            *[follow(fan, one) for fan in fans for one in celebrities],
            lambda: actions.block_user(blocker=celebrities[0], blocked=ada),
        )
        drain()
        assert_exact()
        at_once(
            lambda: actions.unsuspend_user(user=ada, actor=mod),
            lambda: actions.count_follows_of(user_id=ada.pk, first=0, last=last),
            *[follow(fan, ada) for fan in leavers],
            *[lambda one=one: actions.unfollow_user(follower=one, followee=ada) for one in fans],
        )
        drain()
        assert_exact()

    def test_a_ban_of_somebody_whom_many_follow_is_counted_and_undone(self) -> None:
        """With `BAN_FOLLOWS=100000` it says what that costs."""
        many = int(os.environ.get("BAN_FOLLOWS", "1500"))
        ada, mod = person("ada"), person("mod", is_staff=True)
        fans = User.objects.bulk_create(
            [User(username=f"fan_{n}", email=f"fan_{n}@example.com", display_name="Fan") for n in range(many)]
        )
        PersonCounts.objects.bulk_create([PersonCounts(user=fan, following=1) for fan in fans])
        Follow.objects.bulk_create([Follow(follower=fan, followee=ada) for fan in fans])
        PersonCounts.objects.filter(pk=ada.pk).update(followers=many)
        for act in (actions.suspend_user, actions.unsuspend_user):
            began = time.monotonic()
            act(user=ada, actor=mod)
            acted = time.monotonic()
            drain()
            print(f"{act.__name__}: act {acted - began:.2f} s, counts {time.monotonic() - acted:.2f} s")
        assert counts_of(ada) == (many, 0)
        assert PersonCounts.objects.filter(following=1).count() == many
