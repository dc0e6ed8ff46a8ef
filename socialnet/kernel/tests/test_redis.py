"""The door to Redis: a Redis that takes nothing counts as one that is away."""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from accounts.models import User
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.redis import _client, breaker, door


@pytest.fixture
def full(redis_process: object) -> Iterator[Redis]:
    """Its memory is used up: what changes anything is refused."""
    client = _client()
    client.config_set("maxmemory", 1)
    yield client
    client.config_set("maxmemory", 0)


@pytest.mark.parametrize("way", ["command", "pipeline", "transaction", "script"])
def test_a_full_redis_is_away(full: Redis, way: str) -> None:
    with pytest.raises(RedisAway), door() as client:
        if way == "command":
            client.set("key", b"1", ex=9)
        elif way == "script":
            client.register_script("return redis.call('SET', KEYS[1], '1')")(keys=["key"])
        else:
            with client.pipeline(transaction=way == "transaction") as pipe:
                pipe.set("key", b"1", ex=9)
                pipe.execute()


def test_a_redis_that_cannot_save_is_away(redis_process: object) -> None:
    with pytest.raises(RedisAway), door():
        raise ResponseError(
            "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk."
        )


def test_a_mistake_in_a_command_is_ours(redis_process: object) -> None:
    for _ in range(5):
        with pytest.raises(ResponseError), door() as client:
            client.execute_command("NONSENSE")
    assert not breaker.is_open


@pytest.mark.django_db
def test_with_a_full_redis_people_read_and_post(client, full: Redis) -> None:  # type: ignore[no-untyped-def]
    ada = User.objects.create_user("ada", "ada@example.org", "a calm sea 42")
    client.force_login(ada)
    assert client.post("/posts", {"content": "Still here."}).status_code == 302
    assert b"Still here." in client.get("/").content
    assert client.get("/api/v1/feed").status_code == 200
