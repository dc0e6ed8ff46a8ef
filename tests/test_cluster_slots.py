"""What Redis does in one piece, a script or a transaction, touches keys of one slot: so it runs on a cluster, too."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from redis import Redis
from redis.client import Pipeline
from redis.crc import key_slot

from accounts import actions as people
from accounts.tests.factories import PASSWORD, Api, follows, person
from feeds import candidates, idle, sources, timelines, warming
from feeds.actions import delete_post, edit_post, share_post
from feeds.models import PullSource
from feeds.selectors import home_page, profile_posts, tagged_posts
from feeds.tests.factories import publish
from socialnet.kernel.redis import door
from socialnet.outbox import invariants
from socialnet.outbox.ids import id_at
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPTS = ("EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO")


class Watch:
    """Every script and every transaction that goes through this process's client, with the keys of each."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.scripts: list[list[Any]] = []
        self.transactions: list[list[Any]] = []
        execute, piece = Redis.execute_command, Pipeline._execute_transaction
        pipelined = Pipeline._execute_pipeline

        def executed(client: Any, *args: Any, **options: Any) -> Any:
            self._note(args)
            return execute(client, *args, **options)

        def in_one_piece(pipe: Any, connection: Any, commands: Any, *rest: Any) -> Any:
            self.transactions.append([key for args, _options in commands for key in keys_of(args)])
            return piece(pipe, connection, commands, *rest)

        def together(pipe: Any, connection: Any, commands: Any, *rest: Any) -> Any:
            for args, _options in commands:
                self._note(args)
            return pipelined(pipe, connection, commands, *rest)

        patch.setattr(Redis, "execute_command", executed)
        patch.setattr(Pipeline, "_execute_transaction", in_one_piece)
        patch.setattr(Pipeline, "_execute_pipeline", together)

    def _note(self, args: tuple[Any, ...]) -> None:
        if str(args[0]).upper() in SCRIPTS:
            self.scripts.append(keys_of(args))


def keys_of(args: tuple[Any, ...]) -> list[Any]:
    if str(args[0]).upper() in SCRIPTS:
        return list(args[3 : 3 + int(args[2])])
    return (
        [args[1]] if len(args) > 1 else []
    )  # every command that we send in a transaction has one key, its first


def slots_of(keys: list[Any]) -> set[int]:
    return {key_slot(key if isinstance(key, bytes) else str(key).encode()) for key in keys}


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def journey() -> None:
    """Sign-in, limits, publishing and its fan-out, follows, reading, a refresh, a return, authors merged on read."""
    ada, ben, cleo = person("ada"), person("ben"), person("cleo")
    crowd = [person() for _ in range(130)]  # more than there are buckets
    for follower in crowd:
        follows(follower, ada)
        timelines.begin_rebuild(follower.pk)
    browser = Client()
    browser.post("/accounts/login/", {"login": "ben", "password": PASSWORD})
    Client().post(
        "/api/v1/auth/token", {"login": "ben", "password": "wrong"}, content_type="application/json"
    )
    people.follow_user(follower=ben, followee=ada)
    people.follow_user(follower=ben, followee=cleo)
    drain()
    posts = [publish(ada, f"#word {number}") for number in range(3)]
    share_post(post=posts[0], person=cleo)
    edit_post(post=posts[1], actor=ada, content="#other")
    delete_post(post=posts[2], actor=ada)
    drain()
    for _ in range(2):
        browser.get("/"), browser.get("/@ada"), browser.get("/tags/word"), Api(ben)("GET", "feed")
    home_page(viewer=ben, refresh=True)
    candidates.rebuild(ben.pk)
    _merged(ada, ben)
    idle.welcome(ben.pk)
    drain()
    warming.warm_active()
    profile_posts(author=ada, viewer=cleo), tagged_posts(name="word", viewer=cleo)
    people.block_user(blocker=cleo, blocked=ben)
    drain()


def _merged(author: Any, reader: Any) -> None:
    PullSource.objects.create(
        author_id=author.pk, since_id=id_at(timezone.now()), entered_at="2026-01-01T00:00Z"
    )
    sources._ALL.drop("all")
    sources.forget_here()
    publish(author)
    drain()
    home_page(viewer=reader)
    home_page(viewer=reader)


def test_scripts_and_transactions_keep_to_one_slot(watch: Watch, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    journey()
    for kind in (watch.scripts, watch.transactions):
        for keys in kind:
            assert keys and len(slots_of(keys)) == 1, keys
    names = {_name(key) for keys in watch.scripts for key in keys}
    assert {"limit", "timeline", "viewer", "pulled"} <= names, names
    assert any(len(keys) > 1 for keys in watch.scripts)  # buckets of a fan-out
    assert {_name(key) for keys in watch.transactions for key in keys} == {"timeline"}


def _name(key: Any) -> str:
    return (key.decode() if isinstance(key, bytes) else str(key)).split(":")[0]


@pytest.mark.parametrize("kind", ["script", "transaction"])
def test_the_watch_sees_what_is_wrong(watch: Watch, kind: str) -> None:
    with door() as client:
        if kind == "script":
            client.register_script("return 1")(keys=["one", "two"])
            seen: list[list[Any]] = watch.scripts
        else:
            with client.pipeline(transaction=True) as pipe:
                pipe.set("one", 1, ex=1)
                pipe.set("two", 1, ex=1)
                pipe.execute()
            seen = watch.transactions
    assert any(len(slots_of(keys)) == 2 for keys in seen)


def test_what_a_journey_leaves_expires_and_is_not_pickled(settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    journey()
    with door() as client:
        names = {_name(key) for key in client.scan_iter()}
    assert {"active", "newest", "newest_tagged", "timeline", "card", "author", "limit"} <= names, names
    assert invariants.lasting_keys(1000) == 0
