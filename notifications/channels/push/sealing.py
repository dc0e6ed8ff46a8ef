"""Locking a message for one browser (RFC 8291), and signing who sends it (RFC 8292).

Imported where messages are sent, and nowhere else: `cryptography` takes some megabytes.
"""

import os
import struct
import time
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from notifications.channels.push import keys

MOST_BYTES = 3993  # of a message, so that it is one record of 4096
_RECORD = 4096
_SIGNED_FOR = 12 * 3600  # seconds; services take 24 hours at most


def sealed(message: bytes, *, p256dh: bytes, auth: bytes) -> bytes:
    """`message` as only the browser with these keys can read it; raises `ValueError` where they are none."""
    return _sealed(message, p256dh, auth, own=ec.generate_private_key(ec.SECP256R1()), salt=os.urandom(16))


def _sealed(
    message: bytes, p256dh: bytes, auth: bytes, *, own: ec.EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    if len(message) > MOST_BYTES:
        raise ValueError("message")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = _derived(own.exchange(ec.ECDH(), theirs), auth, b"WebPush: info\x00" + p256dh + point, length=32)
    key = _derived(shared, salt, b"Content-Encoding: aes128gcm\x00", length=16)
    nonce = _derived(shared, salt, b"Content-Encoding: nonce\x00", length=12)
    last_record = message + b"\x02"
    header = salt + struct.pack("!LB", _RECORD, len(point)) + point
    return header + AESGCM(key).encrypt(nonce, last_record, None)


def _derived(secret: bytes, salt: bytes, info: bytes, *, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def authorization(endpoint: str, *, subject: str) -> str:
    """The header by which the service at `endpoint` knows us, and nobody else can use it."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + _SIGNED_FOR,
        "sub": subject,
    }
    return f"vapid t={_token(claims)}, k={keys.public_key()}"


def _token(claims: dict[str, object]) -> str:
    """A JSON web token with the signature ES256."""
    head = {"typ": "JWT", "alg": "ES256"}
    said = f"{keys.encoded(orjson.dumps(head))}.{keys.encoded(orjson.dumps(claims))}"
    key = load_der_private_key(keys.private_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("VAPID_PRIVATE_KEY")
    r, s = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(SHA256())))
    return f"{said}.{keys.encoded(r.to_bytes(32) + s.to_bytes(32))}"


def new_key() -> str:
    """One for `VAPID_PRIVATE_KEY`."""
    key = ec.generate_private_key(ec.SECP256R1())
    return keys.encoded(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
