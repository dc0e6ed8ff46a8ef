"""Limits are counted in Redis for all processes, in windows that slide; without Redis by each process itself."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client, RequestFactory
from redis.connection import AbstractConnection, Connection

from socialnet.kernel import ratelimit, redis
from socialnet.kernel.errors import RateLimited
from socialnet.kernel.ratelimit import Rule, address_of
from socialnet.kernel.tests.test_api_errors import problem


@pytest.fixture
def limits(settings: Any, redis_process: Any) -> dict[str, str]:
    settings.RATE_LIMITS = {
        **settings.RATE_LIMITS,
        "read": "3/h",
        "publish": "2/h",
        "register": "2/1h",
        "x": "2/1s",
        "often": "25/m",
        "together": "40/m",
    }
    return dict(settings.RATE_LIMITS)


@pytest.fixture
def without_redis(settings: Any, redis_process: Any) -> Iterator[None]:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    redis._client.cache_clear()
    yield
    redis._client.cache_clear()
    redis.breaker.close()


def test_rules_are_read_from_settings(limits: Any, settings: Any) -> None:
    settings.RATE_LIMITS = {"a": "5/15m", "b": "10/h", "c": "often"}
    assert Rule.named("a") == Rule(name="a", limit=5, seconds=900)
    assert Rule.named("b").seconds == 3600
    with pytest.raises(ValueError, match="10/h"):
        Rule.named("c")


def test_the_attempt_after_the_last_one_is_refused(limits: Any) -> None:
    assert [ratelimit.check("publish", who=1).remaining for _ in range(2)] == [1, 0]
    with pytest.raises(RateLimited) as caught:
        ratelimit.check("publish", who=1)
    assert 3590 < caught.value.retry_after <= 3600
    assert ratelimit.check("publish", who=2).remaining == 1


def test_refused_attempts_do_not_prolong_the_window(limits: Any) -> None:
    for _ in range(10):
        ratelimit.count("publish", who=1)
    with redis.door() as client:
        (key,) = client.keys("limit:{all}:publish:*")
        assert client.zcard(key) == 2
        client.delete(key)
    assert ratelimit.check("publish", who=1).remaining == 1


def test_the_window_slides(limits: Any) -> None:
    """Two at its very end do not open the door for two more at once, as they would with windows that stand."""
    assert ratelimit.count("x", who=1).passed
    time.sleep(0.6)
    assert ratelimit.count("x", who=1).passed
    time.sleep(0.5)  # the first is over a second old, the second is not
    assert [ratelimit.count("x", who=1).passed for _ in range(2)] == [True, False]


def test_reset_says_when_a_place_gets_free(limits: Any) -> None:
    ratelimit.count("publish", who=1)
    with redis.door() as client:
        (key,) = client.keys("limit:{all}:publish:*")
        ((member, score),) = client.zrange(key, 0, -1, withscores=True)
        client.zadd(key, {member: score - 3000 * 1_000_000})
    ratelimit.count("publish", who=1)
    refused = ratelimit.count("publish", who=1)
    assert not refused.passed and 595 <= refused.reset <= 600


def test_several_rules_are_one_question_and_all_or_none_count(limits: Any, monkeypatch: Any) -> None:
    asked: list[Any] = []
    send = Connection.send_packed_command
    monkeypatch.setattr(
        AbstractConnection, "send_packed_command", lambda *args, **kw: asked.append(1) or send(*args, **kw)
    )
    ratelimit.count("read", "somebody else")  # the script is known from now on
    asked.clear()
    both = ratelimit.count_all(("publish", 1), ("read", "address"))
    assert len(asked) == 1 and both.passed and (both.limit, both.remaining) == (2, 1)
    for _ in range(4):
        refused = ratelimit.count_all(("publish", 1), ("read", "address"))
    assert not refused.passed and refused.limit == 2
    assert ratelimit.count("read", "address").remaining == 0  # two of the pair, and this one


def test_who_is_counted_stands_nowhere_in_redis(limits: Any) -> None:
    ratelimit.check("sign_in", who="Ada@Example.com")
    ratelimit.check("sign_in", who="ada@example.com")
    with redis.door() as client:
        (key,) = client.keys("limit:{all}:sign_in:*")
    assert b"ada" not in key and client.pttl(key) > 0


def test_many_at_once_get_no_more_than_the_limit(limits: Any) -> None:
    with ThreadPoolExecutor(16) as pool:
        passed = list(pool.map(lambda _: ratelimit.count("often", who=9).passed, range(80)))
    assert sum(passed) == 25


def test_many_at_once_with_two_rules_count_alike(limits: Any) -> None:
    with ThreadPoolExecutor(16) as pool:
        pairs = [(("often", n % 2), ("together", "all")) for n in range(120)]
        passed = list(pool.map(lambda pair: ratelimit.count_all(*pair).passed, pairs))
    assert sum(passed) == 40
    lefts = [ratelimit.count("often", who=n).remaining for n in (0, 1)]
    assert sum(lefts) == 50 - 40 - 2  # whom the second rule refused, the first did not count


def test_many_at_once_without_redis(limits: Any, without_redis: None) -> None:
    with ThreadPoolExecutor(16) as pool:
        passed = list(pool.map(lambda _: ratelimit.count("often", who=9).passed, range(80)))
    assert sum(passed) == 25


def test_answers_say_what_is_left(browser: Client, limits: Any) -> None:
    lefts = [browser.get("/api/v1/things")["RateLimit-Remaining"] for _ in range(3)]
    assert lefts == ["2", "1", "0"]
    refused = browser.get("/api/v1/things")
    problem(refused, 429, "rate_limited")
    assert 3590 < int(refused["Retry-After"]) <= 3600
    assert (refused["RateLimit-Limit"], refused["RateLimit-Remaining"]) == ("3", "0")


def test_a_view_may_have_its_own_rule_and_people_their_own_count(signed_in: Client, limits: Any) -> None:
    assert [signed_in.post("/api/v1/mine").status_code for _ in range(3)] == [201, 201, 429]
    assert signed_in.get("/api/v1/mine").status_code == 200
    assert Client().get("/api/v1/things").status_code == 200


def test_wrong_tokens_are_limited_by_address(browser: Client, limits: Any, db: Any) -> None:
    wrong = {"Authorization": "Bearer nonsense"}
    codes = [browser.get("/api/v1/things", headers=wrong).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]


def test_pages_say_it_in_words(browser: Client, limits: Any) -> None:
    assert [browser.post("/probe/limited").status_code for _ in range(3)] == [302, 302, 429]
    page = browser.post("/probe/limited", {"name": "ada"})
    assert "Retry-After" in page and "You can do this again in" in page.content.decode()


def test_limits_can_be_switched_off(browser: Client, limits: Any, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    responses = [browser.get("/api/v1/things") for _ in range(5)]
    assert {response.status_code for response in responses} == {200}
    assert "RateLimit-Limit" not in responses[0]


def test_without_redis_people_go_on_and_each_process_counts_for_itself(
    browser: Client, limits: Any, without_redis: None
) -> None:
    responses = [browser.get("/api/v1/things") for _ in range(4)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429]
    assert [response["RateLimit-Remaining"] for response in responses] == ["2", "1", "0", "0"]


def test_without_redis_windows_slide_too(limits: Any, without_redis: None) -> None:
    assert [ratelimit.count("x", who=1).passed for _ in range(3)] == [True, True, False]
    time.sleep(1.05)
    assert ratelimit.count("x", who=1).passed


def test_without_redis_guessing_stays_limited(limits: Any, without_redis: None) -> None:
    assert [ratelimit.count("register", who="a").passed for _ in range(3)] == [True, True, False]
    assert ratelimit.count("register", who="b").passed


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (1, "10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "<script>", "unknown"),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        (0, "::ffff:203.0.113.9", "", "203.0.113.9"),
        (0, "", "", "unknown"),
        (1, "10.0.0.1", "203.0.113.9:5555", "203.0.113.9"),
        (1, "10.0.0.1", "198.51.100.1:80, 203.0.113.9:5555", "203.0.113.9"),
        (1, "10.0.0.1", "[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::"),
        (1, "10.0.0.1", "[::ffff:203.0.113.9]:443", "203.0.113.9"),
        (0, "[2001:db8:1:2::1]", "", "2001:db8:1:2::"),
        (0, "::1", "", "::"),
        (1, "10.0.0.1", "203.0.113.9:", "unknown"),
        (1, "10.0.0.1", "203.0.113:80", "unknown"),
        (1, "10.0.0.1", "[x]:80", "unknown"),
    ],
)
def test_the_address_is_the_clients(
    settings: Any, proxies: int, remote: str, forwarded: str, expected: str
) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert address_of(request) == expected
