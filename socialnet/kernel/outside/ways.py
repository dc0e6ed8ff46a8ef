"""Connections to public addresses only: a name is looked up once, every address judged, and one of these dialled."""

import socket
import ssl
import threading
import time
from concurrent.futures import Future
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

from socialnet.kernel.outside.errors import OutsideRefused, OutsideUnreachable
from socialnet.kernel.outside.targets import PORTS, Target

CONNECT_SECONDS = 2.0

# Spelled out where `is_global`, which is asked too, has differed between releases of Python.
_REFUSED_NETWORKS = [
    ip_network("100.64.0.0/10"),  # behind a provider's translation; inside one cloud, its secrets
    ip_network("192.0.0.0/24"),
    ip_network("192.88.99.0/24"),
    ip_network("240.0.0.0/4"),
    ip_network("168.63.129.16"),  # looks public; inside another cloud it serves each machine its secrets
    ip_network("2001::/23"),  # Teredo among them
    ip_network("2001:db8::/32"),
    ip_network("2002::/16"),  # 6to4
    ip_network("3fff::/20"),
]
_PUBLIC_V6 = ip_network("2000::/3")  # all that is given out; mapped, local, multicast lie elsewhere
_NAT64 = ip_network("64:ff9b::/96")
_ISATAP = {0x00005EFE, 0x02005EFE}


class Way(NamedTuple):
    """One address of a name, as sockets take it."""

    family: int
    address: tuple[Any, ...]


class Deadline:
    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until the end; raises `TimeoutError` after it."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _lookup(host: str, port: int) -> list[Way]:
    """All addresses of `host`, asked for once; the final dot keeps search domains of this machine out of it."""
    found = socket.getaddrinfo(f"{host}.", port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [Way(family, address) for family, _type, _proto, _name, address in found]


def _looked_up(host: str, port: int, deadline: Deadline) -> list[Way]:
    """`_lookup` within the deadline, which resolvers do not know: a thread that hangs longer is left behind."""
    found: Future[list[Way]] = Future()

    def look() -> None:
        try:
            found.set_result(_lookup(host, port))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=look, name="outside lookup", daemon=True).start()
    try:
        return found.result(timeout=deadline.left())
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)):
            raise OutsideRefused("name") from None
        raise OutsideUnreachable("name") from None


def _is_public(address: str) -> bool:
    """Whether `address` belongs to the internet at large."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return _is_public(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _PUBLIC_V6 or int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _REFUSED_NETWORKS)


def _is_near(way: Way) -> bool:
    """Whether `way` leads to this machine by a public address or, in IPv6, to a neighbour of its /64.

    Asks the routing table; sends nothing.
    """
    with socket.socket(way.family, socket.SOCK_DGRAM) as probe:
        probe.connect(way.address)
        mine, theirs = ip_address(probe.getsockname()[0]), ip_address(way.address[0])
    shift = 64 if mine.version == 6 else 0
    return int(mine) >> shift == int(theirs) >> shift


def connected(target: Target, deadline: Deadline) -> socket.socket:
    """A socket at one of the addresses that were judged here; the name is not asked for again."""
    ways = _looked_up(target.host, PORTS[target.scheme], deadline)
    if not ways or not all(_is_public(way.address[0]) for way in ways):
        raise OutsideRefused("address")  # also when only one of them is ours
    failure = OSError()
    for way in {way.family: way for way in reversed(ways)}.values():  # the first of each family
        try:
            if _is_near(way):
                raise OutsideRefused("address")
            return _dialled(target, way, deadline)
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            failure = error
    raise failure


def _dialled(target: Target, way: Way, deadline: Deadline) -> socket.socket:
    line = socket.socket(way.family, socket.SOCK_STREAM)
    try:
        line.settimeout(min(CONNECT_SECONDS, deadline.left()))
        line.connect(way.address)
        line.settimeout(deadline.left())
        if target.scheme == "https":
            return _trust().wrap_socket(line, server_hostname=target.host)
        return line
    except BaseException:
        line.close()
        raise


@cache
def _trust() -> ssl.SSLContext:
    """The certificate must come from an authority of this system and name the host."""
    return ssl.create_default_context()
