"""Which URLs may be asked for at all, judged by how they are written."""

import re
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from django.conf import settings
from django.utils.http import is_same_domain

from socialnet.kernel.outside.errors import OutsideRefused

LONGEST_URL = 2048
PORTS = {"http": 80, "https": 443}

_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff]")  # what two readers of one URL take differently
# Where IDNA 2003, which Python has, and 2008, which browsers have, lead to different hosts.
_TWO_READINGS = re.compile("[ßẞς\u200c\u200d]")
# At least two labels, the last of letters: no number, in whatever base, is a host.
_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:xn--[a-z0-9-]{0,58}[a-z0-9]|[a-z]{2,63})"
)
_NAMES_INSIDE = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion", ".invalid")


class Target(NamedTuple):
    """Where to ask: made by `target_of` only, and so on port 80 or 443 of a name that is not ours."""

    scheme: str
    host: str
    path: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"


def target_of(url: str) -> Target:
    """`url` judged and in normal form, without its fragment; raises `OutsideRefused`."""
    if len(url) > LONGEST_URL or _UNSAFE.search(url):
        raise OutsideRefused("url")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise OutsideRefused("url") from None
    if parts.scheme not in PORTS:
        raise OutsideRefused("scheme")
    if "@" in parts.netloc:
        raise OutsideRefused("credentials")
    if port not in (None, PORTS[parts.scheme]):
        raise OutsideRefused("port")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    return Target(parts.scheme, _host(host), f"{path}?{query}" if query else path)


def _host(name: str) -> str:
    """`name` as it is asked for in the DNS; raises for numbers, lone labels, names of the inside and our own."""
    name = name.removesuffix(".")
    if len(name) > 253 or _TWO_READINGS.search(name):
        raise OutsideRefused("host")
    try:
        host = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise OutsideRefused("host") from None
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise OutsideRefused("host")
    if any(is_same_domain(host, inside) for inside in _NAMES_INSIDE):
        raise OutsideRefused("inside")
    if _is_ours(host):
        raise OutsideRefused("ours")
    return host


def _is_ours(host: str) -> bool:
    return host == urlsplit(settings.PUBLIC_URL).hostname or any(
        is_same_domain(host, pattern) for pattern in settings.ALLOWED_HOSTS
    )


def next_target(target: Target, location: str | None) -> Target:
    """Where a redirect leads, judged like the first; what was asked for in secret is not asked for in the open."""
    if not location:
        raise OutsideRefused("redirect")
    try:
        location = location.encode("latin-1").decode()  # http.client read the bytes as latin-1
        following = target_of(urljoin(target.url, location.strip()))
    except ValueError:
        raise OutsideRefused("redirect") from None
    if (target.scheme, following.scheme) == ("https", "http"):
        raise OutsideRefused("downgrade")
    return following
