"""Requests to the outside: what is never asked, whom it connects to, and how much and how long it takes at most."""

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialnet.kernel import outside
from socialnet.kernel.outside import OutsideAway, OutsideRefused, checked_url, ways
from socialnet.kernel.outside.errors import OutsideTimeout, OutsideUnreachable
from socialnet.kernel.outside.ways import Way
from socialnet.kernel.outside.ways import _lookup as real_lookup

MOST = 100_000
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n"
Talk = Callable[[socket.socket], None]


class Server:
    """A real server on loopback: reads a request, keeps it, and answers by the next of `talks` (the last repeats)."""

    def __init__(self, talks: list[bytes | Talk], tls: ssl.SSLContext | None = None) -> None:
        self.talks, self.tls = talks, tls
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                line, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=[line], daemon=True).start()

    def talk(self, line: socket.socket) -> None:
        with suppress(OSError), closing(line):
            if self.tls:
                line = self.tls.wrap_socket(line, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                request += line.recv(4096)
            self.requests.append(request)
            talk = self.talks[min(len(self.requests), len(self.talks)) - 1]
            if callable(talk):
                talk(line)
            else:
                line.sendall(talk)
            line.close()


class Net:
    """Names and their addresses as a test wants them; only 127.0.0.1 stands for the internet."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.port = 0
        self.lookups: list[str] = []
        self.servers: list[Server] = []

    def serve(self, *talks: bytes | Talk, tls: ssl.SSLContext | None = None) -> Server:
        server = Server(list(talks), tls)
        self.servers.append(server)
        self.port = server.port
        return server

    def lookup(self, host: str, port: int) -> list[Way]:
        self.lookups.append(host)
        return [
            Way(socket.AF_INET6, (address, self.port, 0, 0))
            if ":" in address
            else Way(socket.AF_INET, (address, self.port))
            for address in self.names.get(host, ["127.0.0.1"])
        ]


@pytest.fixture
def net(monkeypatch) -> Iterator[Net]:
    made, judge = Net(), ways._is_public
    monkeypatch.setattr(ways, "_lookup", made.lookup)
    monkeypatch.setattr(ways, "_is_public", lambda address: address == "127.0.0.1" or judge(address))
    monkeypatch.setattr(ways, "_is_near", lambda way: False)
    outside.breaker.close()
    yield made
    outside.breaker.close()
    for server in made.servers:
        server.listener.close()


@pytest.fixture
def hurried(monkeypatch) -> None:
    monkeypatch.setattr(outside, "TOTAL_SECONDS", 0.4)


def get(url: str = "http://page.example/", most_bytes: int = MOST) -> outside.Answer:
    return outside.get(url, most_bytes=most_bytes, accept=("text/html", "application/xhtml+xml"))


def reason(url: str = "http://page.example/", kind: type[Exception] = OutsideRefused) -> str:
    with pytest.raises(kind) as caught:
        get(url)
    assert "example" not in str(caught.value)
    return caught.value.reason


def redirect(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


# --- URLs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://page.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://page.example/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("//page.example/", "scheme"),
        ("page.example", "scheme"),
        ("", "scheme"),
        ("http://", "host"),
        ("http:///path", "host"),
        ("http://ada@page.example/", "credentials"),
        ("http://ada:secret@page.example/", "credentials"),
        ("http://@page.example/", "credentials"),
        ("http://page.example:22/", "port"),
        ("http://page.example:8000/", "port"),
        ("http://page.example:443/", "port"),
        ("https://page.example:80/", "port"),
        ("http://page.example:0/", "port"),
        ("http://page.example:99999/", "url"),
        ("http://page.example:x/", "url"),
        ("http://page.example/\r\nX-Evil: 1", "url"),
        ("http://page.example/%\n", "url"),
        ("http://page.ex\tample/", "url"),
        ("http://page.example\\@127.0.0.1/", "url"),
        ("http://page.example/a b", "url"),
        ("http://page.example/\x00", "url"),
        ("http://page.example/\ud800", "url"),
        ("http://[page.example/", "url"),
        ("http://page.example/" + "a" * 2048, "url"),
        # Numbers, however they are written
        ("http://127.0.0.1/", "host"),
        ("http://8.8.8.8/", "host"),
        ("http://127.1/", "host"),
        ("http://2130706433/", "host"),
        ("http://0x7f000001/", "host"),
        ("http://0x7f.1/", "host"),
        ("http://0177.0.0.1/", "host"),
        ("http://127.0.0.0x1/", "host"),
        ("http://017700000001/", "host"),
        ("http://0/", "host"),
        ("http://127.0.0.1./", "host"),
        ("http://１２７.０.０.１/", "host"),
        ("http://127。0。0。1/", "host"),
        ("http://①②⑦.0.0.1/", "host"),
        ("http://127.0.0.1%00.page.example/", "host"),
        ("http://%31%32%37.0.0.1/", "host"),
        ("http://[::1]/", "host"),
        ("http://[::ffff:127.0.0.1]/", "host"),
        ("http://[::ffff:7f00:1]/", "host"),
        ("http://[fe80::1%25eth0]/", "host"),
        ("http://[2606:4700::1111]/", "host"),
        # Names
        ("http://localhost/", "host"),
        ("http://redis/", "host"),
        ("http://redis./", "host"),
        ("http://com/", "host"),
        ("http://page.localhost/", "inside"),
        ("http://printer.local/", "inside"),
        ("http://metadata.google.internal/", "inside"),
        ("http://router.home.arpa/", "inside"),
        ("http://Router.HOME.arpa./", "inside"),
        ("http://page..example/", "host"),
        ("http://.example/", "host"),
        ("http://-page.example/", "host"),
        ("http://page.example..", "host"),
        ("http://" + "a" * 64 + ".example/", "host"),
        ("http://" + "a." * 130 + "example/", "host"),
        ("http://xn--.example/", "host"),
        ("http://straße.example/", "host"),
        ("http://pa\u200dge.example/", "host"),
        ("http://page_example/", "host"),
    ],
)
def test_such_urls_are_refused_before_anybody_is_asked(net, url, why):
    assert reason(url) == why
    assert net.lookups == []


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTP://Page.Example", "http://page.example/"),
        ("https://page.example:443/a?b=c#d", "https://page.example/a?b=c"),
        ("http://page.example:80/", "http://page.example/"),
        ("http://page.example./", "http://page.example/"),
        ("https://bücher.example/ü?q=ü&r=[1]", "https://xn--bcher-kva.example/%C3%BC?q=%C3%BC&r=%5B1%5D"),
        ("https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://page.example/%20%zz", "https://page.example/%20%zz"),
        ("https://2024.page.example/", "https://2024.page.example/"),
        ("https://my_page.example/a@b", "https://my_page.example/a@b"),
    ],
)
def test_other_urls_have_one_normal_form(url, normal):
    assert checked_url(url) == normal == checked_url(normal)


@pytest.mark.parametrize(
    "host", ["social.example", "www.friends.example", "friends.example", "SOCIAL.example."]
)
def test_our_own_pages_are_not_asked_for(net, settings, host):
    settings.PUBLIC_URL = "https://social.example"
    settings.ALLOWED_HOSTS = [".friends.example", "*"]
    assert reason(f"https://{host}/@ada") == "ours"
    assert checked_url("https://unsocial.example/")


@given(st.text(max_size=60) | st.from_regex(r"https?://[\S]{1,40}", fullmatch=True))
def test_every_text_is_a_normal_url_or_refused(text):
    try:
        normal = checked_url(text)
    except OutsideRefused:
        return
    assert normal.isascii() and normal == checked_url(normal)


# --- Addresses -------------------------------------------------------------------------------------------

INSIDE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.8.9.1 169.254.0.1
169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1
198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1
64:ff9b::169.254.169.254 64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1
2001:20::1 2001:db8::1 2002:7f00:1::1 2002:a00:1::1 2002:808:808::1 3fff::1 3ffe::5efe:10.0.0.1
2600::200:5efe:10.0.0.1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1 no-address
"""
PUBLIC = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1 192.169.0.1 223.255.255.255
64:ff9b::8.8.8.8 2606:4700:4700::1111 2a00:1450:4001:80b::200e 2001:4860:4860::8888 2400:cb00::1
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_no_address_of_the_inside_is_public(address):
    assert not ways._is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_addresses_of_the_internet_are(address):
    assert ways._is_public(address)


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["::1"], ["127.0.0.1", "10.0.0.1"], ["::1", "127.0.0.1"], ["127.0.0.1", "fe80::1"], []],
)
def test_a_name_that_leads_inside_is_refused_as_a_whole(net, addresses):
    server = net.serve(HTML + b"\r\n")
    net.names["page.example"] = addresses
    assert reason() == "address"
    assert server.requests == []


def test_loopback_by_name_is_refused_by_the_real_judgement(net, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(ways, "_lookup", net.lookup)
    server = net.serve(HTML + b"\r\n")
    assert reason() == "address"
    assert server.requests == []


def test_a_public_address_of_this_machine_is_refused(net, monkeypatch):
    monkeypatch.undo()
    assert ways._is_near(Way(socket.AF_INET, ("127.0.0.1", 80)))
    monkeypatch.setattr(ways, "_lookup", net.lookup)
    monkeypatch.setattr(ways, "_is_public", lambda address: True)
    server = net.serve(HTML + b"\r\n")
    assert reason() == "address"
    assert server.requests == []


def test_an_answer_of_the_dns_that_changes_is_not_asked_for_again(net, monkeypatch):
    server = net.serve(HTML + b"\r\nhello")
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    monkeypatch.setattr(
        ways, "_lookup", lambda host, port: [Way(socket.AF_INET, (a, net.port)) for a in next(answers)]
    )
    assert get().body == b"hello"
    assert len(server.requests) == 1
    assert reason() == "address"  # the next request looks anew, and judges anew


def test_the_other_family_is_tried_when_the_first_does_not_answer(net, monkeypatch):
    monkeypatch.setattr(ways, "_is_public", lambda address: True)
    net.serve(HTML + b"\r\nhello")
    net.names["page.example"] = ["100::1", "127.0.0.1"]  # the discard prefix: no route, or nobody
    monkeypatch.setattr(ways, "CONNECT_SECONDS", 0.2)
    assert get().body == b"hello"


@pytest.mark.parametrize(
    ("error", "kind"), [(socket.EAI_NONAME, OutsideRefused), (socket.EAI_AGAIN, OutsideUnreachable)]
)
def test_a_name_nobody_has_is_refused_and_a_silent_dns_is_away(net, monkeypatch, error, kind):
    def lookup(host, port):
        raise socket.gaierror(error, "no")

    monkeypatch.setattr(ways, "_lookup", lookup)
    assert reason(kind=kind) == "name"


def test_a_slow_dns_is_not_waited_for(net, hurried, monkeypatch):
    monkeypatch.setattr(ways, "_lookup", lambda host, port: time.sleep(3) or [])
    began = time.monotonic()
    assert reason(kind=OutsideTimeout) == "timeout"
    assert time.monotonic() - began < 1.5


def test_names_are_looked_up_absolutely(monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **kwargs: asked.append(host) or [])
    real_lookup("page.example", 80)
    assert asked == ["page.example."]


# --- What is said ----------------------------------------------------------------------------------------


def test_the_request_knows_nobody(net, settings, monkeypatch):
    settings.PUBLIC_URL = "https://social.example"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server = net.serve(HTML + b"Set-Cookie: a=b\r\n\r\nhello")
    answer = get("http://Bücher.example/a?b=c#d")
    get("http://bücher.example/")
    assert server.requests[0].decode().split("\r\n") == [
        "GET /a?b=c HTTP/1.1",
        "Host: xn--bcher-kva.example",
        "User-Agent: socialnet-preview (+https://social.example)",
        "Accept: text/html, application/xhtml+xml",
        "Accept-Encoding: gzip",
        "Connection: close",
        "",
        "",
    ]
    assert b"ookie" not in server.requests[1]
    assert answer == outside.Answer(
        url="http://xn--bcher-kva.example/a?b=c", content_type="text/html", charset="utf-8", body=b"hello"
    )


# --- Redirects -------------------------------------------------------------------------------------------


def test_redirects_are_followed_and_counted(net):
    server = net.serve(
        redirect("/two"), redirect("http://other.example/3", 308), redirect("?q=ü", 301), HTML + b"\r\nhello"
    )
    answer = get()
    assert (answer.url, answer.redirects) == ("http://other.example/3?q=%C3%BC", 3)
    assert net.lookups == ["page.example", "page.example", "other.example", "other.example"]
    assert len(server.requests) == 4


def test_a_redirect_loop_ends(net):
    server = net.serve(redirect("/"))
    assert reason() == "redirects"
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://127.0.0.1/", "host"),
        ("http://[::1]/", "host"),
        ("//2130706433/", "host"),
        ("http://inside.example/", "address"),
        ("http://page.example:22/", "port"),
        ("http://ada:secret@page.example/", "credentials"),
        ("file:///etc/passwd", "scheme"),
        ("http://page.localhost/", "inside"),
        ("http://[broken/", "redirect"),
        ("http://testserver/", "host"),
        ("", "redirect"),
    ],
)
def test_where_a_redirect_leads_is_judged_anew(net, to, why):
    server = net.serve(redirect(to))
    net.names["inside.example"] = ["10.0.0.1"]
    assert reason() == why
    assert len(server.requests) == 1


def test_a_redirect_to_ourselves_is_refused(net, settings):
    settings.ALLOWED_HOSTS = ["social.example"]
    net.serve(redirect("https://social.example/settings/"))
    assert reason() == "ours"


# --- Statuses and types ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410, 101])
def test_these_statuses_are_final(net, status):
    net.serve(f"HTTP/1.1 {status} No\r\nContent-Type: text/html\r\n\r\n".encode())
    assert reason() == f"status_{status}"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_after_these_one_may_come_again(net, status):
    net.serve(f"HTTP/1.1 {status} No\r\nContent-Type: text/html\r\n\r\n".encode())
    assert reason(kind=OutsideAway) == f"status_{status}"


@pytest.mark.parametrize("header", [b"Content-Type: video/mp4\r\n", b"Content-Type: nonsense\r\n", b""])
def test_another_type_is_refused_before_its_body(net, header):
    def talk(line):
        line.sendall(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n")
        time.sleep(3)

    net.serve(talk)
    began = time.monotonic()
    assert reason() == "content_type"
    assert time.monotonic() - began < 1.5


def test_what_robots_are_told_is_kept(net):
    net.serve(HTML + b"X-Robots-Tag: nosnippet\r\nx-robots-tag: noindex, nofollow\r\n\r\n")
    assert get().robots == ("nosnippet", "noindex, nofollow")


# --- Sizes -----------------------------------------------------------------------------------------------


def endless(start: bytes, piece: bytes) -> tuple[Talk, list[int]]:
    """A talk without end, and how many bytes of it went out."""
    sent = [0]

    def talk(line: socket.socket) -> None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        line.sendall(start)
        while True:
            line.sendall(piece)
            sent[0] += len(piece)

    return talk, sent


def test_of_a_huge_body_the_beginning_is_kept_and_the_rest_not_read(net):
    talk, sent = endless(HTML + b"\r\n", b"a" * 10_000)
    net.serve(talk)
    answer = get()
    assert (answer.body, answer.is_whole) == (b"a" * MOST, False)
    assert sent[0] < 20_000_000  # what the buffers of the system hold


@pytest.mark.parametrize("size", [0, 1, MOST - 1, MOST])
@pytest.mark.parametrize("packed", [False, True])
def test_a_body_up_to_the_limit_is_whole(net, size, packed):
    body = b"a" * size
    sent = gzip.compress(body) if packed else body
    coding = b"Content-Encoding: gzip\r\n" if packed else b""
    net.serve(HTML + coding + b"Content-Length: %d\r\n\r\n" % len(sent) + sent)
    assert (get().body, get().is_whole) == (body, True)


def test_a_gzip_bomb_stays_small(net):
    bomb = gzip.compress(bytes(60_000_000))
    assert len(bomb) < MOST
    net.serve(HTML + b"Content-Encoding: gzip\r\n\r\n" + bomb)
    tracemalloc.start()
    try:
        answer = get()
        most_memory = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(answer.body), answer.is_whole) == (MOST, False)
    assert most_memory < 3_000_000


def test_packed_bytes_count_too(net):
    nothing = b"\x00\x00\x00\xff\xff"  # an empty block: packed without end, unpacked never anything
    start = HTML + b"Content-Encoding: gzip\r\nContent-Length: 900000000\r\n\r\n" + gzip.compress(b"")[:10]
    talk, sent = endless(start, nothing * 2000)
    net.serve(talk)
    assert (get().body, get().is_whole) == (b"", False)
    assert sent[0] < 20_000_000


def test_gzip_cut_short_is_not_whole(net):
    net.serve(HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello" * 100)[:-6])
    assert get().is_whole is False


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_packings_are_refused(net, coding):
    net.serve(HTML + f"Content-Encoding: {coding}\r\n\r\nhello".encode())
    assert reason() == "encoding"


def test_broken_gzip_is_refused(net):
    net.serve(HTML + b"Content-Encoding: gzip\r\n\r\nhello")
    assert reason() == "encoding"


def test_chunks_are_joined(net):
    net.serve(HTML + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
    assert (get().body, get().is_whole) == (b"hello", True)


@pytest.mark.parametrize(
    "body",
    [
        b"-1\r\n" + b"a" * 400_000,
        b"1;" + b"x" * 60_000 + b"\r\na\r\n",
        b"0\r\n" + b"X: y\r\n" * 100_000,
        b"zz\r\n",
        b"-5\r\nhello\r\n",
        b"FFFFFFFFFFFFFFFF\r\nhello",
    ],
)
def test_broken_chunks_are_an_error_and_never_large(net, body):
    net.serve(HTML + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    with pytest.raises((OutsideRefused, OutsideAway)):
        get()


def test_headers_have_a_limit(net):
    talk, sent = endless(HTML, b"X-More: " + b"a" * 1000 + b"\r\n")
    net.serve(
        talk,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        endless(b"", b"HTTP/1.1 100 Go\r\n\r\n")[0],
    )
    assert reason() == "size"
    assert reason() == "protocol"  # more lines than http.client takes
    assert reason() == "size"
    assert sent[0] < 20_000_000


def test_a_body_shorter_than_announced_is_away(net):
    net.serve(HTML + b"Content-Length: 100\r\n\r\nhello")
    assert reason(kind=OutsideUnreachable) == "connection"


@pytest.mark.parametrize("talk", [b"SSH-2.0-OpenSSH\r\n", b"\x00\xff\r\n\r\n", b"HTTP/9 yes\r\n\r\n"])
def test_what_is_not_http_is_refused(net, talk):
    net.serve(talk)
    assert reason() == "protocol"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", HTML, HTML[:-2] + b"; charset", b"HTTP/1.1 302 A\r\nLocation: "]),
)
def test_whatever_is_answered_there_is_an_answer_or_an_error_of_ours(net, junk, start):
    server = net.serve(start + junk + b"\r\n\r\n")
    with suppress(OutsideRefused, OutsideAway):
        get()
    outside.breaker.close()
    server.listener.close()


# --- Times -----------------------------------------------------------------------------------------------


def drip(start: bytes, piece: bytes) -> Talk:
    def talk(line: socket.socket) -> None:
        line.sendall(start)
        while True:
            line.sendall(piece)
            time.sleep(0.02)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        drip(b"", b""),
        drip(b"", b"H"),
        drip(HTML, b"X: y\r\n"),
        drip(HTML + b"\r\n", b"a"),
        drip(HTML + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        drip(redirect("/")[:-2], b"X"),
    ],
    ids=["silence", "status", "headers", "body", "chunks", "redirect"],
)
def test_whoever_drips_is_left_at_the_deadline(net, hurried, talk):
    net.serve(talk)
    began = time.monotonic()
    assert reason(kind=OutsideTimeout) == "timeout"
    assert 0.3 < time.monotonic() - began < 1.5


def test_the_deadline_is_one_for_all_redirects(net, hurried):
    def slow(line: socket.socket) -> None:
        time.sleep(0.15)
        line.sendall(redirect("/"))

    net.serve(slow)
    assert reason(kind=OutsideTimeout) == "timeout"


def test_a_closed_port_is_away_and_ten_in_a_row_open_the_breaker(net):
    with socket.socket() as closed:  # bound, so that nobody else takes the port; not listening
        closed.bind(("127.0.0.1", 0))
        net.port = closed.getsockname()[1]
        for _ in range(10):
            assert reason(kind=OutsideUnreachable) == "connection"
    net.serve(HTML + b"\r\n")
    assert reason(kind=OutsideAway) == "paused"
    assert reason("http://127.0.0.1/") == "host"  # what is refused needs nobody


def test_refusals_and_statuses_leave_the_breaker_closed(net):
    net.serve(b"HTTP/1.1 500 No\r\n\r\n")
    for _ in range(12):
        assert reason(kind=OutsideAway) == "status_500"
    assert not outside.breaker.is_open


# --- TLS -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Makes server contexts for a name, and one that trusts them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    folder = tmp_path_factory.mktemp("tls")

    def certificate(subject: x509.Name, public_key, *extensions) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            name,
            subject,
            public_key,
            x509.random_serial_number(),
            now - timedelta(days=1),
            now + timedelta(days=1),
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(key, hashes.SHA256())

    def pem(made: x509.Certificate) -> bytes:
        return made.public_bytes(serialization.Encoding.PEM)

    root = certificate(
        name,
        key.public_key(),
        x509.BasicConstraints(ca=True, path_length=None),
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
    )

    def server_context(host: str) -> ssl.SSLContext:
        own = ec.generate_private_key(ec.SECP256R1())
        made = certificate(
            x509.Name([]),
            own.public_key(),
            x509.SubjectAlternativeName([x509.DNSName(host)]),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()),
        )
        secret = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / f"{host}.pem"
        path.write_bytes(pem(made) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    return server_context, ssl.create_default_context(cadata=pem(root).decode())


def test_over_tls_the_certificate_names_the_host(net, authority, monkeypatch):
    server_context, trust = authority
    monkeypatch.setattr(ways, "_trust", lambda: trust)
    context = server_context("page.example")
    asked = []
    context.sni_callback = lambda line, name, _context: asked.append(name)
    server = net.serve(HTML + b"\r\nhello", redirect("http://page.example/"), tls=context)
    assert get("https://page.example/").body == b"hello"
    assert asked == ["page.example"]
    assert reason("https://other.example/") == "certificate"
    assert len(server.requests) == 1
    assert reason("https://page.example/") == "downgrade"


def test_an_authority_nobody_knows_is_refused(net, authority):
    server = net.serve(HTML + b"\r\n", tls=authority[0]("page.example"))
    assert reason("https://page.example/") == "certificate"
    assert server.requests == []


def test_whoever_does_not_shake_hands_is_left(net, hurried):
    net.serve(drip(b"", b""))
    assert reason("https://page.example/", OutsideTimeout) == "timeout"
