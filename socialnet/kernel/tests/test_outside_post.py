"""What is posted to the outside goes through the same guard; its answer is a status."""

import pytest

from socialnet.kernel import outside
from socialnet.kernel.breaker import Breaker
from socialnet.kernel.outside import OutsideAway, OutsideRefused, Receipt
from socialnet.kernel.outside.errors import OutsideTimeout
from socialnet.kernel.tests.test_outside import drip, endless, hurried, net, redirect

__all__ = ["hurried", "net"]


@pytest.fixture
def through() -> Breaker:
    return Breaker("posted", failures=2, pause=30, counts=outside.is_unreachable)


def test_what_is_said_is_what_was_given(net, through):
    server = net.serve(b"HTTP/1.1 201 Created\r\nRetry-After: 7\r\n\r\nignored")
    receipt = outside.post("http://page.example/a?b", b"body", headers={"TTL": "60"}, through=through)
    assert receipt == Receipt(status=201, retry_after=7)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        "POST /a?b HTTP/1.1",
        "Host: page.example",
        "TTL: 60",
        "Content-Length: 4",
        "Connection: close",
    ]
    assert body in (b"body", b"")  # the server reads no further than the head


@pytest.mark.parametrize("status", [200, 204, 400, 404, 410, 429, 500, 503])
def test_every_status_is_an_answer(net, through, status):
    net.serve(f"HTTP/1.1 {status} Said\r\n\r\n".encode())
    assert outside.post("http://page.example/", b"", headers={}, through=through).status == status


def test_no_redirect_is_followed(net, through):
    server = net.serve(redirect("http://other.example/"))
    assert outside.post("http://page.example/", b"", headers={}, through=through).status == 302
    assert len(server.requests) == 1 and net.lookups == ["page.example"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("-1", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("9" * 20, None), ("²", None)],
)
def test_pauses_are_read_in_seconds(net, through, value, seconds):
    net.serve(f"HTTP/1.1 429 Wait\r\nRetry-After: {value}\r\n\r\n".encode())
    assert outside.post("http://page.example/", b"", headers={}, through=through).retry_after == seconds


def test_the_inside_is_not_asked(net, through):
    server = net.serve(b"HTTP/1.1 201 Created\r\n\r\n")
    net.names["page.example"] = ["10.0.0.1"]
    with pytest.raises(OutsideRefused, match="address"):
        outside.post("http://page.example/", b"", headers={}, through=through)
    with pytest.raises(OutsideRefused, match="host"):
        outside.post("http://127.0.0.1/", b"", headers={}, through=through)
    assert server.requests == []


def test_of_a_long_answer_only_the_head_is_read(net, through):
    talk, sent = endless(b"HTTP/1.1 201 Created\r\n\r\n", b"a" * 10_000)
    net.serve(talk)
    assert outside.post("http://page.example/", b"", headers={}, through=through).status == 201
    assert sent[0] < 20_000_000


def test_silence_opens_the_breaker_of_the_caller_alone(net, hurried, through):
    net.serve(drip(b"", b""))
    for _ in range(2):
        with pytest.raises(OutsideTimeout):
            outside.post("http://page.example/", b"", headers={}, through=through)
    with pytest.raises(OutsideAway, match="paused"):
        outside.post("http://page.example/", b"", headers={}, through=through)
    assert through.is_open and not outside.breaker.is_open
