"""A push service and browsers for tests: a real server behind TLS, and keys that open what came to it."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.models import User
from notifications.channels.push import sending
from notifications.channels.push.actions import subscribe
from notifications.channels.push.keys import decoded, encoded
from notifications.channels.push.sealing import new_key
from notifications.models import PushSubscription
from socialnet.kernel import outside
from socialnet.kernel.outside import ways
from socialnet.kernel.outside.ways import Way
from socialnet.kernel.tests.test_outside import authority

__all__ = ["authority"]
HOST = "push.example"


@dataclass(frozen=True)
class Received:
    """One request to the service."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Browser:
    """What a browser keeps to itself, and tells the site that it subscribes to."""

    name: str = "one"
    host: str = HOST
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def endpoint(self) -> str:
        return f"https://{self.host}/send/{self.name}"

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def asks(self) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` has it."""
        return {
            "endpoint": self.endpoint,
            "keys": {"p256dh": encoded(self.point), "auth": encoded(self.auth)},
        }

    def subscribed_by(self, person: User, **more: Any) -> PushSubscription:
        keys = self.asks()["keys"]
        return subscribe(person=person, endpoint=self.endpoint, **keys, **more)[0]

    def opens(self, body: bytes) -> bytes:
        """RFC 8188 and 8291, from the other end; fails where it was locked for another."""
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        point, locked = body[21 : 21 + length], body[21 + length :]
        assert len(locked) <= size
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        )
        secret = self.derived(shared, self.auth, b"WebPush: info\0" + self.point + point, 32)
        key = self.derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = self.derived(secret, salt, b"Content-Encoding: nonce\0", 12)
        message, end, padding = AESGCM(key).decrypt(nonce, locked, None).rpartition(b"\2")
        assert end and not padding.strip(b"\0")
        return message

    @staticmethod
    def derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt, info).derive(secret)

    def reads(self, received: Received) -> dict[str, Any]:
        return dict(orjson.loads(self.opens(received.body)))


def signed_claims(header: str) -> dict[str, Any]:
    """What the sender swears by, if the signature is by the key that it names."""
    scheme, _, rest = header.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    said, _, signature = parts["t"].rpartition(".")
    raw = decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(parts["k"]))
    key.verify(der, said.encode(), ec.ECDSA(SHA256()))
    head, claims = (orjson.loads(decoded(part)) for part in said.split("."))
    assert head == {"typ": "JWT", "alg": "ES256"}
    return {**claims, "key": parts["k"]}


Answer = tuple[int, dict[str, str]] | Callable[[], None]


class PushService:
    """Takes everything with 201, unless `answers` has something else for a path: a status with headers, or a wait."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self.received: list[Received] = []
        self.answers: dict[str, Answer] = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.received.append(Received(self.path, dict(self.headers), body))
                answer = service.answers.get(self.path, (201, {}))
                if callable(answer):
                    answer()
                    return
                self.send_response(answer[0])
                for name, value in {"Content-Length": "0", **answer[1]}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # who was left in the middle of an answer

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, browser: Browser, status: int, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[f"/send/{browser.name}"] = (status, named)

    def hang(self, browser: Browser, seconds: float = 3) -> None:
        self.answers[f"/send/{browser.name}"] = lambda: time.sleep(seconds)

    def to(self, browser: Browser) -> list[Received]:
        return [each for each in self.received if each.path == f"/send/{browser.name}"]


@pytest.fixture
def vapid(settings: Any) -> None:
    settings.VAPID_PRIVATE_KEY = new_key()
    settings.VAPID_SUBJECT = "mailto:ops@social.example"


@pytest.fixture
def service(vapid: None, authority: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """The names of the outside lead to it, and 127.0.0.1 stands for the internet."""
    server_context, trust = authority
    made, judge = PushService(server_context(HOST)), ways._is_public
    monkeypatch.setattr(ways, "_lookup", lambda host, port: [Way(socket.AF_INET, ("127.0.0.1", made.port))])
    monkeypatch.setattr(ways, "_is_public", lambda address: address == "127.0.0.1" or judge(address))
    monkeypatch.setattr(ways, "_is_near", lambda way: False)
    monkeypatch.setattr(ways, "_trust", lambda: trust)
    sending.breakers.close()
    yield made
    sending.breakers.close()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "TOTAL_SECONDS", 0.5)
