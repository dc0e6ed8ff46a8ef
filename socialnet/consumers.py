"""The one websocket consumer: it knows who is there and passes on the news of their topics. It routes, nothing else.

Whoever asks for a topic is checked, joins its group, and only then gets a snapshot: nothing falls between. While
Redis is away news are lost, so when it is back every socket gets its snapshots again.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import orjson
import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, InterfaceError
from django.http.request import validate_host
from redis.exceptions import RedisError

from accounts.authentication import token_of
from accounts.backends import get_viewer
from accounts.models import User
from accounts.sessions import SessionStore
from feeds import live
from socialnet.kernel import realtime
from socialnet.kernel.errors import DatabaseAway, DomainError, RedisAway
from socialnet.kernel.redis import door

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")
NOT_SIGNED_IN, BAD_ORIGIN, TOO_MANY, FLOOD, TOO_LARGE, TRY_LATER = 4401, 4403, 4429, 1008, 1009, 1013
MESSAGE_MOST = 4096  # bytes
MESSAGES_MOST, MESSAGES_SECONDS = 30, 10
TOPICS_MOST = 50
SOCKETS_MOST = 20  # of one person, in one process
DEFAULT_PORTS = {"http": 80, "https": 443}
BEAT_SECONDS = 10
RECHECK_SECONDS = 60
# What asks the database runs here, not in the one thread that Django's async code shares: one slow question there
# would hold up everybody. Each thread's connection ends with its question (CONN_MAX_AGE is 0 in `asgi.py`).
THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="socket")


class LiveConsumer(AsyncWebsocketConsumer):
    open_sockets: ClassVar[dict[int, set["LiveConsumer"]]] = {}
    rounds: ClassVar[dict[str, "asyncio.Task[None]"]] = {}

    viewer: User | None = None

    async def connect(self) -> None:
        await self.accept()  # first, or the browser never sees the code
        if not self._origin_allowed():
            return await self.close(BAD_ORIGIN)
        try:
            self.viewer = await self._who()
        except DatabaseAway:
            return await self.close(TRY_LATER)
        if self.viewer is None:
            return await self.close(NOT_SIGNED_IN)
        sockets = self.open_sockets.setdefault(self.viewer.pk, set())
        if len(sockets) >= SOCKETS_MOST:
            return await self.close(TOO_MANY)
        sockets.add(self)
        self.topics: dict[str, str] = {}
        self.received: deque[float] = deque(maxlen=MESSAGES_MOST)
        type(self)._keep_going()
        await self._join(realtime.person_group(self.viewer.pk))

    async def disconnect(self, code: int) -> None:
        if self.viewer is None:
            return
        sockets = self.open_sockets.get(self.viewer.pk, set())
        sockets.discard(self)
        if not sockets:
            self.open_sockets.pop(self.viewer.pk, None)
        for group in [*getattr(self, "topics", {}).values(), realtime.person_group(self.viewer.pk)]:
            await self._leave(group)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if bytes_data is not None or text_data is None or len(text_data) > MESSAGE_MOST:
            return await self.close(TOO_LARGE)
        if self._is_flood():
            return await self.close(FLOOD)
        try:
            message = orjson.loads(text_data)
            op, topics = message["op"], message.get("topics", [])
            known = op in ("subscribe", "unsubscribe", "ping") and isinstance(topics, list)
            known = known and all(isinstance(name, str) for name in topics)
        except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
            known = False
        if not known:
            return await self._say(event="error", data={"code": "bad_message"})
        if op == "ping":
            return await self._say(event="pong", data={})
        for topic in dict.fromkeys(topics[:TOPICS_MOST]):
            await (self.subscribe(topic) if op == "subscribe" else self.unsubscribe(topic))

    async def subscribe(self, topic: str) -> None:
        if self.viewer is None:
            return
        try:
            if topic not in self.topics:
                if len(self.topics) >= TOPICS_MOST:
                    return await self._refuse(topic, "too_many_topics")
                group = await in_thread(live.group_of, topic, viewer=self.viewer)
                await self._join(group)
                self.topics[topic] = group
            await self._mark_online([self.viewer.pk])
            await self._snapshot(topic)
        except DomainError as error:
            await self._refuse(topic, error.code)
        except (RedisError, DatabaseError, InterfaceError):
            await self.close(TRY_LATER)

    async def unsubscribe(self, topic: str) -> None:
        if group := self.topics.pop(topic, None):
            await self._leave(group)

    # --- from the channel layer ---------------------------------------------------------------------------

    async def news(self, event: dict[str, Any]) -> None:
        """A message for a group this socket is in (`realtime.publish`)."""
        message = event["message"]
        if message.get("event") == "recheck":
            return await self.recheck()
        if message.get("topic") in self.topics:
            await self.send(text_data=orjson.dumps(message).decode())

    async def recheck(self) -> None:
        """Close unless whoever opened this is still signed in."""
        with suppress(DatabaseAway):  # nobody can say now; a later beat asks again
            if await self._who() is None:
                await self.close(NOT_SIGNED_IN)

    async def refresh(self) -> None:
        """News may have been lost: say again what is true."""
        await asyncio.sleep(random.uniform(0, 3))
        for topic in list(self.topics):
            await self._snapshot(topic)

    # --- helpers -------------------------------------------------------------------------------------------

    async def _snapshot(self, topic: str) -> None:
        snapshot = await in_thread(live.snapshot, topic, viewer=self.viewer)
        await self.send(text_data=orjson.dumps(snapshot).decode())

    async def _say(self, **message: Any) -> None:
        await self.send(text_data=orjson.dumps(message).decode())

    async def _refuse(self, topic: str, code: str) -> None:
        await self._say(topic=topic[:100], event="error", data={"code": code, "topic": topic[:100]})

    async def _join(self, group: str) -> None:
        try:
            await self.channel_layer.group_add(group, self.channel_name)
        except RedisError:
            await self.close(TRY_LATER)

    async def _leave(self, group: str) -> None:
        try:
            await self.channel_layer.group_discard(group, self.channel_name)
        except RedisError:
            log.info("socket_left_without_redis")

    def _is_flood(self) -> bool:
        now = time.monotonic()
        full = len(self.received) == MESSAGES_MOST
        oldest = self.received[0] if full else 0.0
        self.received.append(now)
        return full and now - oldest < MESSAGES_SECONDS

    def _header(self, name: bytes) -> str:
        values = [value for header, value in self.scope["headers"] if header == name]
        return values[0].decode("latin-1") if values else ""

    def _origin_allowed(self) -> bool:
        """Browsers always say where the page came from; programs with a token may say nothing."""
        origin = self._header(b"origin")
        return origin_allowed(origin) if origin else bool(self._header(b"authorization"))

    async def _who(self) -> User | None:
        """Whoever shows this session or token; raises `DatabaseAway` when nobody can say."""
        bearer = self._header(b"authorization")
        cookie = SimpleCookie(self._header(b"cookie")).get(settings.SESSION_COOKIE_NAME)
        try:
            return await in_thread(_person, bearer, cookie.value if cookie else "")
        except (DatabaseError, InterfaceError) as error:
            log.info("socket_viewer_not_asked", error=type(error).__name__)
            raise DatabaseAway from error

    # --- two tasks per process ---------------------------------------------------------------------------------

    @classmethod
    def _keep_going(cls) -> None:
        for work in (cls._beat, cls._look_again):
            task = cls.rounds.get(work.__name__)
            if task is None or task.done():
                cls.rounds[work.__name__] = asyncio.get_running_loop().create_task(work())

    @classmethod
    async def _beat(cls) -> None:
        """Tell fan-out who is here; say again what is true when Redis was away or lost what it was told."""
        marked: set[int] = set()
        missed = False
        while cls.open_sockets:
            here = set(cls.open_sockets)
            expected = marked & here
            kept = await asyncio.to_thread(realtime.online_among, expected)
            answers = await cls._mark_online(here)
            missed = missed or not answers or len(kept) < len(expected)
            if missed and answers:
                missed = False
                await cls._all(cls._sockets(), LiveConsumer.refresh)
            marked = here
            await asyncio.sleep(BEAT_SECONDS)

    @classmethod
    async def _look_again(cls) -> None:
        """Ask of each socket once a minute whether it may stay: a few every second, never all at once."""
        while cls.open_sockets:
            sockets = cls._sockets()
            for second in range(RECHECK_SECONDS):
                await asyncio.sleep(1)
                still_open = set(cls._sockets())
                turn = [socket for socket in sockets[second::RECHECK_SECONDS] if socket in still_open]
                await cls._all(turn, LiveConsumer.recheck)

    @classmethod
    def _sockets(cls) -> list["LiveConsumer"]:
        return [socket for several in cls.open_sockets.values() for socket in several]

    @staticmethod
    async def _all(
        sockets: Iterable["LiveConsumer"], act: Callable[["LiveConsumer"], Awaitable[None]]
    ) -> None:
        await asyncio.gather(*(act(socket) for socket in sockets), return_exceptions=True)

    @staticmethod
    async def _mark_online(user_ids: Iterable[int]) -> bool:
        """Whether Redis answers, and now knows that these people are here."""

        def mark() -> bool:
            try:
                with door() as client:
                    client.ping()
            except RedisAway:
                return False
            realtime.mark_online(user_ids)
            return True

        return await asyncio.to_thread(mark)


async def in_thread(act: Callable[..., Answer], *args: Any, **options: Any) -> Answer:
    """Run `act`, which may ask the database, in one of a few threads."""
    return await database_sync_to_async(act, thread_sensitive=False, executor=THREADS)(*args, **options)


def origin_allowed(origin: str) -> bool:
    """Whether a page of ours may have opened this socket: scheme and port of `PUBLIC_URL`, by any of our names.

    The socket's own port says nothing: on a laptop it differs from that of the pages. `*` in `ALLOWED_HOSTS` names
    nobody.
    """
    try:
        page, public = _place(origin), _place(settings.PUBLIC_URL)
    except ValueError:  # not a port
        return False
    ours = [public[1], *(name for name in settings.ALLOWED_HOSTS if name != "*")]
    return page[0] == public[0] and page[2] == public[2] and validate_host(page[1], ours)


def _place(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address, the port also where it is left out."""
    url = urlsplit(address)
    host = url.hostname or ""
    return url.scheme, f"[{host}]" if ":" in host else host, url.port or DEFAULT_PORTS.get(url.scheme)


def _person(bearer: str, session_key: str) -> User | None:
    """Who shows this token or this session, if they may still come in."""
    scheme, _space, secret = bearer.partition(" ")
    if scheme.lower() == "bearer":
        record = token_of(secret.strip())
        return get_viewer(record["user_id"]) if record and "read" in record["scopes"] else None
    if not session_key:
        return None
    user = get_user(SimpleNamespace(session=SessionStore(session_key)))  # type: ignore[arg-type]
    return user if isinstance(user, User) else None
