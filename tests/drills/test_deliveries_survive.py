"""Real relays and workers are killed, robbed and poisoned; what was published reaches everybody all the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import transaction

from accounts.models import Activity, Follow, PersonCounts, User
from accounts.tests.factories import follows, hashed_password, person
from feeds import timelines
from feeds.models import FeedEntry, Post
from feeds.selectors import home_page
from feeds.tests.factories import publish
from socialnet.celery import app
from socialnet.embedded.engines import RunningEngine
from socialnet.kernel import redis
from socialnet.kernel.invariants import broken
from socialnet.outbox import handlers
from socialnet.outbox.actions import emit, retry_dead
from socialnet.outbox.handlers import QUEUES
from socialnet.outbox.models import Delivery, Event
from tests.stack import Stack, running, wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.xdist_group("drills"),
    pytest.mark.timeout(240),
]
FOLLOWERS, WARM = 300, 20


class Drill(Stack):
    """Processes with planted faults; several relays or workers may run side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, str] = {}

    def environment(self) -> dict[str, str]:
        return super().environment() | {"DJANGO_SETTINGS_MODULE": "tests.drills.settings"} | self.faults

    def start_another(self, name: str) -> str:
        """Start a second process of its kind; returns what it is called."""
        first = self.processes.pop(name)
        self.start(name)
        self.processes[f"{name} 2"] = self.processes.pop(name)
        self.processes[name] = first
        return f"{name} 2"

    def children_of(self, name: str) -> list[int]:
        pid = self.processes[name].pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def drill(transactional_db: None, redis_process: RunningEngine) -> Iterator[Drill]:
    drill = Drill()
    with running(stack=drill):
        yield drill


@pytest.fixture
def ada(drill: Drill) -> User:
    """Somebody with an audience; the homes of some of it are warm."""
    author = person("ada")
    readers = User.objects.bulk_create(
        User(username=f"reader_{number}", email=f"{number}@example.com", password=hashed_password())
        for number in range(FOLLOWERS)
    )
    PersonCounts.objects.bulk_create(PersonCounts(user=reader, following=1) for reader in readers)
    Activity.objects.bulk_create(Activity(user=reader) for reader in readers)
    Follow.objects.bulk_create(Follow(follower=reader, followee=author) for reader in readers)
    PersonCounts.objects.filter(pk=author.pk).update(followers=FOLLOWERS)
    for reader in readers[:WARM]:
        home_page(viewer=reader)
    return author


def stored_for(post: Post) -> int:
    return FeedEntry.objects.filter(post_id=post.pk).exclude(user_id=post.author_id).count()


def served(*posts: Post) -> bool:
    return all(stored_for(post) == FOLLOWERS for post in posts) and not open_deliveries()


def open_deliveries() -> int:
    return Delivery.objects.filter(state=Delivery.State.OPEN).count()


def waiting(queue: str = "fanout") -> int:
    with redis.door() as client:
        client.ping()
    with app.connection_or_acquire() as link:
        return link.default_channel.client.llen(queue)


def everything_holds(*posts: Post) -> None:
    """Everybody has every post once, warm and stored, and nothing that must never break is broken."""
    redis.breaker.close()
    for reader in User.objects.filter(username__startswith="reader_")[:WARM]:
        ids = [item.id for item in home_page(viewer=reader).items]
        assert ids == sorted((post.pk for post in posts), reverse=True)
        assert timelines.read(reader.pk, before=None, count=100).ids == ids
    assert broken() == []


def measured(what: str, seconds: float, record: Callable[[str, object], None]) -> None:
    record(what.replace(" ", "_"), round(seconds, 1))
    print(f"{what}: {seconds:.1f} s")


# --- Redis -------------------------------------------------------------------------------------------------


def test_redis_killed_post_written_redis_back_post_delivered(drill, ada, redis_process, record_property):
    drill.start("relay")
    drill.start("worker")
    before = publish(ada)
    wait_for(lambda: served(before), seconds=30, what="the first post")
    os.kill(redis_process.pid, signal.SIGKILL)
    redis_process.stop()
    try:
        during = publish(ada)
        time.sleep(3)
        assert drill.processes["relay"].poll() is None
    finally:
        redis_process.start()
    redis.breaker.close()
    drill.revive("worker")
    seconds = wait_for(lambda: served(before, during), seconds=40, what="the post written without Redis")
    measured("redis back to everybody served", seconds, record_property)
    after = publish(ada)
    measured(
        "a post after that",
        wait_for(lambda: served(after), seconds=15, what="a post after that"),
        record_property,
    )
    everything_holds(before, during, after)


def test_a_relay_stops_when_told_to_also_while_redis_is_away(drill, ada, redis_process, record_property):
    drill.start("relay")
    publish(ada)
    wait_for(lambda: waiting() > 0, seconds=20, what="the relay at work")
    os.kill(redis_process.pid, signal.SIGSTOP)
    try:
        time.sleep(1)
        relay = drill.processes["relay"]
        started = time.monotonic()
        relay.terminate()
        assert relay.wait(15) == 0
        measured("relay stopped beside a frozen redis", time.monotonic() - started, record_property)
    finally:
        os.kill(redis_process.pid, signal.SIGCONT)


def test_queues_and_unacknowledged_lists_deleted_everything_delivered_after_the_lease(
    drill, ada, record_property
):
    drill.faults = {"DRILL_CHUNK": "20", "DRILL_SLOW": "0.3", "DRILL_LEASE": "6"}
    drill.start("relay")
    drill.start("worker")
    posts = [publish(ada), publish(ada)]
    wait_for(lambda: stored_for(posts[0]) > 0, seconds=30, what="the first chunk")
    with app.connection_or_acquire() as link:
        client = link.default_channel.client
        lost = sum(client.llen(queue) for queue in QUEUES)
        client.delete(*QUEUES, "unacked", "unacked_index")
    assert lost and not served(*posts)
    seconds = wait_for(lambda: served(*posts), seconds=60, what="what was in the deleted queues")
    measured("queues deleted to everybody served", seconds, record_property)
    everything_holds(*posts)


# --- workers -----------------------------------------------------------------------------------------------


def test_a_worker_child_killed_in_mid_chunk_delays_its_chunk_by_seconds(drill, ada, record_property):
    drill.faults = {"DRILL_CHUNK": "20", "DRILL_SLOW": "0.3"}
    drill.start("relay")
    drill.start("worker")
    post = publish(ada)
    wait_for(lambda: 0 < stored_for(post) < FOLLOWERS, seconds=30, what="a fan-out half done")
    for child in drill.children_of("worker"):
        os.kill(child, signal.SIGKILL)
    assert not served(post)
    seconds = wait_for(lambda: served(post), seconds=10, what="the whole audience")
    measured("children killed to everybody served", seconds, record_property)
    everything_holds(post)


def test_a_killed_worker_costs_a_lease(drill, ada, record_property):
    drill.faults = {"DRILL_CHUNK": "20", "DRILL_SLOW": "0.3"}
    drill.start("relay")
    drill.start("worker")
    post = publish(ada)
    wait_for(lambda: 0 < stored_for(post) < FOLLOWERS, seconds=30, what="a fan-out half done")
    drill.kill("worker")
    assert not served(post)
    drill.start("worker")
    seconds = wait_for(lambda: served(post), seconds=30, what="the whole audience")
    measured("worker killed to everybody served", seconds, record_property)
    everything_holds(post)


def test_a_large_audience_delays_nobody_elses_post(drill, ada, record_property):
    """Its pieces wait in a queue of their own: while that crawls, and while nobody works there at all."""
    ben = person("ben")
    for reader in User.objects.filter(username__startswith="reader_")[:5]:
        follows(reader, ben)
    drill.faults = {"DRILL_CHUNK": "10", "TIER_HYBRID": str(FOLLOWERS)}
    drill.start("relay")
    drill.start("quick")
    drill.faults["DRILL_SLOW"] = "0.5"
    bulk = drill.start("bulk")
    by_ada = [publish(ada), publish(ada)]
    wait_for(lambda: stored_for(by_ada[0]) > 0, seconds=30, what="a large fan-out under way")
    first = publish(ben)
    seconds = wait_for(lambda: stored_for(first) == 5, seconds=3, what="a post beside a large fan-out")
    measured("a post beside a large fan-out", seconds, record_property)
    assert sum(map(stored_for, by_ada)) < 2 * FOLLOWERS
    os.killpg(bulk.pid, signal.SIGSTOP)
    try:
        by_ada.append(publish(ada))
        pieces = Delivery.objects.filter(
            handler="feeds.deliver_large_chunk", event__payload__post_id=by_ada[-1].pk
        )
        wait_for(lambda: pieces.exists(), seconds=10, what="pieces that nobody works at")
        second = publish(ben)
        seconds = wait_for(lambda: stored_for(second) == 5, seconds=3, what="a post while nobody works there")
        measured("a post while nobody works there", seconds, record_property)
        assert stored_for(by_ada[-1]) == 0
    finally:
        os.killpg(bulk.pid, signal.SIGCONT)
    drill.kill("bulk")
    del drill.faults["DRILL_SLOW"]
    drill.start("bulk")
    wait_for(lambda: served(*by_ada), seconds=60, what="the large audience")
    assert broken() == []


# --- relays ------------------------------------------------------------------------------------------------


def test_relays_killed_and_two_at_once_lose_nothing_and_double_nothing(drill, ada, record_property):
    drill.faults = {"DRILL_CHUNK": "50", "DRILL_LEASE": "5"}
    drill.start("worker")
    drill.start("relay")
    second = drill.start_another("relay")
    posts = []
    for round_ in range(4):
        posts += [publish(ada) for _ in range(4)]
        if round_ == 1:
            drill.kill("relay")
        if round_ == 2:
            drill.kill(second)
            drill.start("relay")
    seconds = wait_for(lambda: served(*posts), seconds=60, what="every post")
    measured("last post to everybody served", seconds, record_property)
    assert Delivery.objects.filter(attempts__gt=2).count() == 0
    everything_holds(*posts)


def test_every_task_published_twice_makes_nothing_twice(drill, ada):
    drill.faults = {"DRILL_CHUNK": "50", "DRILL_TWICE": "1"}
    drill.start("relay")
    drill.start("worker")
    posts = [publish(ada) for _ in range(5)]
    wait_for(lambda: served(*posts), seconds=30, what="every post")
    wait_for(lambda: not any(waiting(queue) for queue in QUEUES), seconds=15, what="the copies")
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()
    everything_holds(*posts)


# --- poison ------------------------------------------------------------------------------------------------


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Emit poison, with its handler known to this process for the length of the test."""
    from socialnet.outbox.handlers import _handlers, _reactions

    monkeypatch.setattr(handlers, "_handlers", dict(_handlers))
    monkeypatch.setattr(handlers, "_reactions", {name: list(names) for name, names in _reactions.items()})
    from tests.drills.planted import handlers as planted
    from tests.drills.planted.events import PoisonServed

    if "planted.swallow" not in handlers._handlers:
        handlers.on(PoisonServed, batch=20)(planted.swallow)

    def serve(*kinds: str) -> None:
        with transaction.atomic():
            for kind in kinds:
                emit(PoisonServed(kind=kind))

    return serve


def fates() -> dict[str, set[tuple[int, int]]]:
    """State and attempts of what was served, by kind."""
    found: dict[str, set[tuple[int, int]]] = {}
    for delivery in Delivery.objects.filter(handler="planted.swallow").select_related("event"):
        found.setdefault(delivery.event.payload["kind"], set()).add((delivery.state, delivery.attempts))
    return found


def is_settled() -> bool:
    return not Delivery.objects.filter(state=Delivery.State.OPEN, handler="planted.swallow").exists()


@pytest.mark.parametrize(
    ("kind", "patience"),
    [
        ("kill", 40),
        pytest.param("raise", 60, marks=pytest.mark.full),
        pytest.param("loop", 230, marks=[pytest.mark.full, pytest.mark.timeout(400)]),
    ],
)
def test_poison_is_dead_lettered_after_five_tries_and_the_others_flow(
    drill, ada, poison, record_property, kind, patience
):
    drill.start("relay")
    drill.start("worker")
    poison("nothing", kind, "nothing")
    post = publish(ada)
    seconds = wait_for(lambda: stored_for(post) == FOLLOWERS, seconds=15, what="a post beside the poison")
    measured("a post beside the poison", seconds, record_property)
    seconds = wait_for(is_settled, seconds=patience, what="the poison to be put aside")
    measured("poison put aside", seconds, record_property)
    found = fates()
    assert {state for state, _attempts in found["nothing"]} == {Delivery.State.DONE}
    ((state, attempts),) = found[kind]
    assert state == Delivery.State.DEAD
    # The sixth claim of what kills only finds that it came back from none of the five.
    assert attempts == 5 + (kind == "kill")
    Event.objects.filter(name="drill.poison_served").delete()
    everything_holds(post)


def test_a_dead_letter_that_is_retried_is_made(drill, ada, poison):
    poison("nothing")
    Delivery.objects.filter(handler="planted.swallow").update(state=Delivery.State.DEAD, attempts=5)
    retry_dead(Delivery.objects.filter(state=Delivery.State.DEAD).values_list("pk", flat=True))
    drill.start("relay")
    drill.start("worker")
    wait_for(lambda: not open_deliveries(), seconds=30, what="the retried delivery")
    assert fates() == {"nothing": {(Delivery.State.DONE, 1)}}


def test_the_web_process_never_speaks_to_the_broker(drill, ada):
    """Publishing in a process whose broker address leads nowhere."""
    script = (
        "import django; django.setup()\n"
        "from accounts.models import User\n"
        "from feeds.actions import publish_post\n"
        "publish_post(author=User.objects.get(username='ada'), content='Hello')\n"
    )
    environment = drill.environment() | {"CELERY_BROKER_URL": "redis+socket:///nowhere?virtual_host=1"}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=30)
    assert Post.objects.count() == 1 and Delivery.objects.filter(handler="feeds.deliver_posts").count() == 1
