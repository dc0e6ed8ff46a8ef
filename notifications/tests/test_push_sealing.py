"""Messages that only one browser can read, signed so that nobody else can send them."""

import os
import time
from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.checks import run_checks
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels.push import keys, sealing
from notifications.channels.push.keys import decoded, encoded
from notifications.tests.push_service import Browser, signed_claims, vapid
from socialnet.embedded.environment import vapid_key

__all__ = ["vapid"]

# RFC 8291, appendix A
MESSAGE = b"When I grow up, I want to be a watermelon"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
OWN = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
    "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_standard():
    own = ec.derive_private_key(int.from_bytes(decoded(OWN)), ec.SECP256R1())
    made = sealing._sealed(MESSAGE, decoded(POINT), decoded(AUTH), own=own, salt=decoded(SALT))
    assert encoded(made) == SEALED


@given(st.binary(max_size=sealing.MOST_BYTES))
def test_the_browser_reads_what_was_sent_and_no_other_does(message):
    one, other = Browser(), Browser()
    made = sealing.sealed(message, p256dh=one.point, auth=one.auth)
    assert one.opens(made) == message
    assert len(made) <= 4096
    with pytest.raises(Exception):  # noqa: B017 (whatever the library says)
        other.opens(made)


def test_what_is_too_long_for_a_record_is_not_sealed():
    one = Browser()
    with pytest.raises(ValueError):
        sealing.sealed(b"a" * (sealing.MOST_BYTES + 1), p256dh=one.point, auth=one.auth)


def test_the_service_learns_who_sends_and_that_it_is_for_them(vapid):
    claims = signed_claims(
        sealing.authorization("https://push.example/send/one", subject="mailto:ops@social.example")
    )
    assert claims["aud"] == "https://push.example"
    assert claims["sub"] == "mailto:ops@social.example"
    assert time.time() < claims["exp"] < time.time() + 86_400
    assert claims["key"] == keys.public_key()


def test_points_are_those_of_the_curve():
    for _ in range(20):
        assert keys.is_point(Browser().point)
    good = Browser().point
    bad = [b"", good[:-1], good + b"\0", b"\2" + good[1:33], b"\5" + good[1:], b"\4" + b"\0" * 64]
    bad += [b"\4" + b"\xff" * 64, b"\4" + os.urandom(64), good[:-1] + bytes([good[-1] ^ 1])]
    assert [keys.is_point(point) for point in bad] == [False] * len(bad)


@pytest.mark.parametrize("text", ["!", "a", "ä", "a b=", "AA==="])
def test_what_is_no_base64_for_urls_is_said_to_be_none(text):
    if text == "AA===":
        assert decoded(text) == b"\0"
        return
    with pytest.raises(ValueError):
        decoded(text)


def test_without_a_key_the_channel_is_off_and_the_check_says_so(settings: Any) -> None:
    settings.VAPID_PRIVATE_KEY = ""
    assert keys.public_key() == ""
    assert found(deploy=False) == []
    assert found(deploy=True) == ["notifications.W001"]


def test_what_is_no_key_is_an_error(settings: Any) -> None:
    settings.VAPID_PRIVATE_KEY = encoded(os.urandom(138))
    assert found(deploy=False) == ["notifications.E001"]


def found(*, deploy: bool) -> list[str]:
    said = run_checks(include_deployment_checks=deploy)
    return [str(each.id) for each in said if str(each.id).startswith("notifications.")]


def test_the_command_prints_a_key_that_works(settings: Any) -> None:
    out = StringIO()
    call_command("vapid_key", stdout=out)
    name, _, key = out.getvalue().strip().partition("=")
    assert name == "VAPID_PRIVATE_KEY"
    settings.VAPID_PRIVATE_KEY = key
    assert keys.is_point(decoded(keys.public_key()))
    assert signed_claims(sealing.authorization("https://push.example/", subject="mailto:a@b.example"))


def test_a_laptop_makes_its_key_once(settings: Any, tmp_path: Any) -> None:
    first = vapid_key(tmp_path / "vapid_key")
    assert vapid_key(tmp_path / "vapid_key") == first
    assert (tmp_path / "vapid_key").stat().st_mode & 0o777 == 0o600
    settings.VAPID_PRIVATE_KEY = first
    assert signed_claims(sealing.authorization("https://push.example/", subject="mailto:a@b.example"))
