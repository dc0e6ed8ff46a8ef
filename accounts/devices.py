"""Browsers and programs: by a name that their owner recognises, and whether they were seen before.

A browser is known again by a cookie that it keeps for as long as browsers keep one; a program, which keeps none, by
its name and the network it asks from.
"""

import re
import secrets
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from socialnet.kernel.ratelimit import address_of

COOKIE = "browser"
COOKIE_AGE = 400 * 24 * 3600  # browsers keep none longer
_SECRET = re.compile(r"[A-Za-z0-9_-]{32}")
_SECRET_BYTES = 24

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Device:
    """Where somebody signs in: its name ("Firefox, Linux"; may be empty), and by what it is known again."""

    label: str
    trait: str


def browser_of(request: HttpRequest) -> Device:
    """The browser that asks; `remember` gives it what it is known by, if it has nothing yet."""
    if not _SECRET.fullmatch(request.COOKIES.get(COOKIE, "")):
        request.COOKIES[COOKIE] = secrets.token_urlsafe(_SECRET_BYTES)
    return Device(_label_of(request), f"browser {request.COOKIES[COOKIE]}")


def remember(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser keep what it is known by, for another while."""
    response.set_cookie(
        COOKIE,
        request.COOKIES[COOKIE],
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def program_of(request: HttpRequest) -> Device:
    name = _label_of(request)
    return Device(name, f"program {name} {_network_of(address_of(request))}")


def _label_of(request: HttpRequest) -> str:
    return label(request.headers.get("User-Agent", ""))


def _network_of(address: str) -> str:
    """The neighbourhood of an address: providers give out another of the same network every night."""
    try:
        version = ip_address(address).version
    except ValueError:
        return address
    return str(ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))


def label(user_agent: str) -> str:
    """Like "Firefox, Linux"; empty when nothing is known."""
    names = [name for table in (_BROWSERS, _SYSTEMS) for name in _first(table, user_agent)]
    return ", ".join(names)


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> list[str]:
    return [name for mark, name in table if mark in user_agent][:1]
