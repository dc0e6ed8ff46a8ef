"""The classifier: what its weights say, what its word is worth, and what happens when it says nothing in time."""

import pickle
import threading
from pathlib import Path

import pytest

from accounts.models import User
from accounts.tests.factories import page_of
from feeds.models import Post
from feeds.tests.factories import publish
from interactions.tests.threads import say
from moderation.models import Case, ScreeningResult
from moderation.screening import classifier, weights
from moderation.screening.cache import VERDICTS
from moderation.screening.rules import RULES
from moderation.tests.screened import OFFENCE, set_rule
from socialnet.kernel import redis
from socialnet.kernel.breaker import snapshot
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
WEAK = "@ben @cleo look at this"  # half of what mass_mentions is set to below
# What scikit-learn made of the same files, version 1.9.1 of both packages.
SAID = {
    "": 0.036375752016469504,
    "hello": 0.02432774335051725,
    "Good morning, the bread is in the oven": 0.008337924418771354,
    "This damn bread burned again": 0.14457289950653304,
    "Crypto giveaway: send 1 BTC get 2 BTC back, dm me": 0.284516239897202,
    "I hope you die": 0.8635175038794964,
    "go kill yourself": 0.946731563098411,
    "die die die you moron": 0.9980400709947812,
    OFFENCE: 0.9999999926672976,
    "Ünïcode straße Привет": 0.036375752016469504,
}


@pytest.fixture(autouse=True)
def only_mentions_and_the_classifier(
    db: None, ben: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(classifier.signal_of.__kwdefaults__, "patience", 10)  # also on a busy machine
    for rule in RULES:
        set_rule(rule, "off")
    set_rule("mass_mentions", threshold=4)
    set_rule("classifier", "on", threshold=80)
    classifier.breaker.close()


class Slow:
    """Weights that take their time, and what they say then."""

    def __init__(self, seconds: float, signal: float = 0.1) -> None:
        self.seconds, self.signal, self.asked = seconds, signal, 0
        self.enough = threading.Event()
        self.answered = threading.Event()

    def score(self, _text: str) -> float:
        self.asked += 1
        self.enough.wait(self.seconds)
        self.answered.set()
        return self.signal


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch):
    def put(weights_: object) -> None:
        monkeypatch.setattr(classifier, "_weights", lambda: weights_)

    return put


class Broken:
    def score(self, _text: str) -> float:
        raise OSError("no such file")


# --- weights ------------------------------------------------------------------------------------------------------


def test_without_scikit_learn_it_says_what_it_says_with_it() -> None:
    loaded = weights.load()
    assert {text: loaded.score(text) for text in SAID} == pytest.approx(SAID, abs=1e-12)


def test_nothing_else_can_be_read_in_its_place(tmp_path: Path) -> None:
    planted = tmp_path / "model.joblib"
    planted.write_bytes(pickle.dumps(Path))
    with pytest.raises(pickle.UnpicklingError, match="not known here"):
        weights._read(planted)


# --- what its word is worth -----------------------------------------------------------------------------------------


def test_alone_it_holds_nothing_and_asks_moderators(ada: User, ben: User) -> None:
    post = publish(ada, OFFENCE)
    assert post.held_at is None
    drain()
    row, case = ScreeningResult.objects.get(), Case.objects.get()
    assert (row.outcome, row.signal is not None and row.signal > 0.99, row.case_id) == ("flag", True, case.pk)
    assert page_of(ben).get(post.get_absolute_url()).status_code == 200
    assert [hit["rule"] for hit in row.hits] == ["classifier"] and broken(sample=20) == []


def test_what_is_found_weakly_is_held_with_its_word_and_not_without(ada: User) -> None:
    assert publish(ada, WEAK).held_at is None and not ScreeningResult.objects.exists()
    post = publish(ada, f"{WEAK}, {OFFENCE}")
    assert post.held_at is not None
    assert [hit["rule"] for hit in ScreeningResult.objects.get().hits] == ["mass_mentions", "classifier"]


def test_in_shadow_its_word_is_written_down_only(ada: User) -> None:
    set_rule("classifier", "shadow", threshold=80)
    assert publish(ada, f"{WEAK}, {OFFENCE}").held_at is None
    drain()
    row = ScreeningResult.objects.get()
    assert (row.outcome, [hit["rule"] for hit in row.hits]) == ("allow", ["classifier"])
    assert not Case.objects.exists()


def test_off_it_is_not_asked(ada: User, instead) -> None:
    slow = Slow(0)
    instead(slow)
    set_rule("classifier", "off")
    publish(ada, OFFENCE)
    assert slow.asked == 0


def test_its_word_is_remembered_for_a_day_by_a_digest(ada: User, ben: User, instead) -> None:
    slow = Slow(0, 0.9)
    instead(slow)
    publish(ada, "Whatever it is")
    publish(ben, "Whatever it is")
    assert slow.asked == 1
    key = VERDICTS.key(classifier.digest("Whatever it is"))
    assert 0.8 * 86400 < redis._client().ttl(key) <= 1.1 * 86400 and "Whatever" not in key
    assert [row.signal for row in ScreeningResult.objects.all()] == [0.9, 0.9]


# --- late, failing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Slow, Broken])
def test_what_it_says_too_late_is_held_by_and_by(ada: User, ben: User, instead, kind, monkeypatch) -> None:
    slow = Slow(60)
    monkeypatch.setitem(classifier.signal_of.__kwdefaults__, "patience", classifier.BUDGET)
    instead(slow if kind is Slow else Broken())
    post = publish(ada, f"{WEAK}, {OFFENCE}")
    assert not slow.answered.is_set() and post.held_at is None
    assert page_of(ben).get(post.get_absolute_url()).status_code == 200
    slow.enough.set()
    assert kind is not Slow or slow.answered.wait(10)  # the thread is free again
    monkeypatch.undo()
    classifier.breaker.close()
    drain()
    post.refresh_from_db()
    assert post.held_at is not None and page_of(ben).get(post.get_absolute_url()).status_code == 404
    assert page_of(ada).get(post.get_absolute_url()).status_code == 200
    assert Case.objects.get().is_screened and broken(sample=20) == []


def test_checked_later_it_is_left_alone_if_nothing_is_wrong(
    ada: User, ben: User, instead, monkeypatch
) -> None:
    instead(Broken())
    post = publish(ada, f"{WEAK}, good morning")
    comment = say(ben, post, OFFENCE)
    monkeypatch.undo()
    drain()
    post.refresh_from_db(), comment.refresh_from_db()
    assert post.held_at is None and comment.held_at is None
    assert [row.target_id for row in ScreeningResult.objects.all()] == [
        comment.pk
    ]  # only its word against it


def test_checked_twice_it_is_found_once(ada: User, instead, monkeypatch) -> None:
    instead(Broken())
    publish(ada, f"{WEAK}, {OFFENCE}")
    monkeypatch.undo()
    drain()
    Delivery.objects.filter(handler="moderation.check_writing").update(state=Delivery.State.OPEN)
    drain()
    assert ScreeningResult.objects.count() == 1 and Case.objects.count() == 1


def test_after_three_failures_it_is_not_asked_for_a_while(ada: User, instead) -> None:
    broken_ = Slow(0)
    broken_.score = Broken().score  # type: ignore[method-assign]
    instead(broken_)
    for number in range(3):
        publish(ada, f"Number {number}")
    assert classifier.breaker.is_open and "classifier" in snapshot()
    slow = Slow(0)
    instead(slow)
    publish(ada, "Another")
    assert slow.asked == 0 and Post.objects.count() == 4


def test_while_many_wait_for_it_nobody_else_does(ada: User, instead) -> None:
    never = Slow(0)
    instead(never)
    for _ in range(classifier.WAITING_MOST):
        classifier._room.acquire()
    try:
        assert classifier.signal_of("Anything") is None
        assert never.asked == 0
    finally:
        for _ in range(classifier.WAITING_MOST):
            classifier._room.release()
    assert classifier.signal_of("Anything") == 0.1
