"""The one websocket consumer: it knows who is there and passes on the news of their topics. It routes, nothing else.

Whoever asks for a topic is checked, joins its group, and only then gets a snapshot: nothing falls between. While
Redis is away news are lost, so when it is back every socket gets its snapshots again.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
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
from feeds.live import TOPICS_MOST, Seat, UnknownTopic
from socialnet.kernel import realtime
from socialnet.kernel.errors import DatabaseAway, DomainError, RedisAway
from socialnet.kernel.redis import door
from socialnet.lines import Line
from socialnet.switchboard import Switchboard

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")
NOT_SIGNED_IN, BAD_ORIGIN, TOO_MANY, FLOOD, TOO_LARGE, TRY_LATER = 4401, 4403, 4429, 1008, 1009, 1013
MESSAGE_MOST = 4096  # bytes
MESSAGES_MOST, MESSAGES_SECONDS = 30, 10
SOCKETS_MOST = 20  # of one person
DEFAULT_PORTS = {"http": 80, "https": 443}
BEAT_SECONDS = 10
RECHECK_SECONDS = 60
# What asks the database runs here, not in the one thread that Django's async code shares: one slow question there
# would hold up everybody. Each thread keeps its connection: to open one costs more than all that is asked of it.
THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="socket")


class LiveConsumer(AsyncWebsocketConsumer):
    channel_layer_alias = "none"  # no channel for each socket: the switchboard has one for all
    switchboard: ClassVar[Switchboard] = Switchboard()
    open_sockets: ClassVar[dict[int, set["LiveConsumer"]]] = {}
    rounds: ClassVar[dict[str, "asyncio.Task[None]"]] = {}

    viewer: User | None = None

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[str, Seat] = {}
        self.joined: set[str] = set()
        self.received: deque[float] = deque(maxlen=MESSAGES_MOST)
        self.ident = uuid4().hex
        self.line = Line(lambda text: self.send(text_data=text))
        self.looks: set[asyncio.Task[None]] = set()
        self.life: asyncio.Task[Any] | None = None
        self.is_let_go = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.life = asyncio.current_task()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self.is_let_go:
                raise

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
        if not await self._takes_place(self.viewer.pk):
            return await self.close(TOO_MANY)
        type(self)._keep_going()
        await self._join(realtime.person_group(self.viewer.pk))

    async def disconnect(self, code: int) -> None:
        self.line.shut()
        if self.viewer is None:
            return
        await self._leave_place(self.viewer.pk)
        for group in list(self.joined):
            await self._leave(group)

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.line.shut()  # nothing follows a close
        await super().close(code, reason)

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
            return self._say(event="error", data={"code": "bad_message"})
        if op == "ping":
            return self._say(event="pong", data={})
        names = list(dict.fromkeys(topics[:TOPICS_MOST]))
        await (self.subscribe(names) if op == "subscribe" else self.unsubscribe(names))

    async def subscribe(self, topics: list[str]) -> None:
        """Join what is open to the viewer, then say what is true of it; both in a few queries, however many."""
        if self.viewer is None:
            return
        fresh = [topic for topic in topics if topic not in self.topics]
        room = TOPICS_MOST - len(self.topics)
        try:
            seats = await in_thread(live.seats, fresh[:room], viewer=self.viewer)
            for topic, seat in seats.items():
                await self._join(seat.group)
                self.topics[topic] = seat
            for place, topic in enumerate(fresh):
                if topic not in self.topics:
                    self._refuse(topic, UnknownTopic.code if place < room else "too_many_topics")
            await self._mark_online([self.viewer.pk])
            await self._snapshots([topic for topic in topics if topic in self.topics])
        except DomainError as error:
            for topic in topics:
                self._refuse(topic, error.code)
        except (RedisError, DatabaseError, InterfaceError):
            await self.close(TRY_LATER)

    async def unsubscribe(self, topics: list[str]) -> None:
        for topic in topics:
            if seat := self.topics.pop(topic, None):
                self.line.forget(topic)
                await self._leave(seat.group)

    # --- from the switchboard -----------------------------------------------------------------------------

    def hear(self, message: dict[str, Any], text: str) -> None:
        """A message for a group this socket is in (`realtime.publish`), and the same as JSON."""
        event, topic = message.get("event"), message.get("topic")
        if event == "recheck":
            self._soon(self.recheck())
        elif topic not in self.topics:
            return
        elif event == "counts":
            self.line.tell_counts(topic, text)
        else:
            self.line.say(text)

    async def recheck(self) -> None:
        """Close unless whoever opened this is still signed in."""
        with suppress(DatabaseAway):  # nobody can say now; a later beat asks again
            if await self._who() is None:
                return await self.close(NOT_SIGNED_IN)
            await self.look_at_door(list(self.topics))

    async def look_at_door(self, topics: list[str]) -> None:
        """Give up the seats at those of `topics` that the viewer may not listen to any more, and say so."""
        if not topics:
            return
        try:
            seats = await in_thread(live.seats, topics, viewer=self.viewer)
        except (DatabaseError, InterfaceError):
            return  # as in `recheck`
        for topic in topics:
            if topic not in seats and topic in self.topics:
                await self.unsubscribe([topic])
                self._refuse(topic, UnknownTopic.code)

    def concerned(self, *, posts: set[int], people: set[int], groups: set[int]) -> list[str]:
        """The topics whose door may be another one since something changed about these posts, people or groups."""
        everything = self.viewer is not None and self.viewer.pk in people
        return [
            topic
            for topic, seat in self.topics.items()
            if (seat.post_id or seat.group_id)
            and (everything or seat.post_id in posts or seat.author_id in people or seat.group_id in groups)
        ]

    async def refresh(self) -> None:
        """News may have been lost: say again what is true."""
        await asyncio.sleep(random.uniform(0, 3))
        await self._snapshots(list(self.topics))

    # --- helpers -------------------------------------------------------------------------------------------

    async def _snapshots(self, topics: list[str]) -> None:
        """The door is asked again: who lost the right meanwhile is told so."""
        for message in await in_thread(live.snapshots, topics, viewer=self.viewer):
            if message["event"] == "error":
                await self.unsubscribe([message["topic"]])
            self._say(**message)

    async def _takes_place(self, user_id: int) -> bool:
        """Among the open sockets of this person, here and in the other processes; False if there are too many."""
        here = self.open_sockets.setdefault(user_id, set())
        if len(here) >= SOCKETS_MOST:
            return False
        here.add(self)
        if await asyncio.to_thread(realtime.take_place, user_id, self.ident, most=SOCKETS_MOST):
            return True
        self._forget(user_id)
        return False

    async def _leave_place(self, user_id: int) -> None:
        if self._forget(user_id):
            await asyncio.to_thread(realtime.leave_place, user_id, self.ident)

    def _forget(self, user_id: int) -> bool:
        """Whether this socket was among the open ones."""
        here = self.open_sockets.get(user_id, set())
        was_here = self in here
        here.discard(self)
        if not here:
            self.open_sockets.pop(user_id, None)
        return was_here

    def _say(self, **message: Any) -> None:
        self.line.say(orjson.dumps(message).decode())

    def _refuse(self, topic: str, code: str) -> None:
        self._say(**live.refusal(topic, code))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(_unless_gone(work))
        self.looks.add(task)
        task.add_done_callback(self.looks.discard)

    def let_go_if_stuck(self) -> None:
        """Who does not read costs memory and hears nothing: their end is not waited for."""
        if self.line.is_stuck and not self.is_let_go and self.life:
            log.info("socket_does_not_read")
            self.is_let_go = True
            self._soon(self.disconnect(TRY_LATER))
            self.life.cancel()

    async def _join(self, group: str) -> None:
        self.joined.add(group)
        try:
            await self.switchboard.join(group, self)
        except RedisError:
            await self.close(TRY_LATER)

    async def _leave(self, group: str) -> None:
        self.joined.discard(group)
        try:
            await self.switchboard.leave(group, self)
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

    # --- three tasks per process ---------------------------------------------------------------------------------

    @classmethod
    def _keep_going(cls) -> None:
        for work in (cls._beat, cls._look_again, cls._hear_of_rights):
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
            await asyncio.to_thread(realtime.keep_places, cls._places())
            missed = missed or not answers or len(kept) < len(expected)
            if missed and answers:
                missed = False
                await cls._all(cls._sockets(), LiveConsumer.refresh)
            marked = here
            await asyncio.sleep(BEAT_SECONDS)

    @classmethod
    async def _look_again(cls) -> None:
        """Ask of each socket once a minute whether it may stay: a few every second, never all at once.

        Whoever does not read is let go within a second.
        """
        while cls.open_sockets:
            sockets = cls._sockets()
            for second in range(RECHECK_SECONDS):
                await asyncio.sleep(1)
                still_open = set(cls._sockets())
                for socket in still_open:
                    socket.let_go_if_stuck()
                turn = [socket for socket in sockets[second::RECHECK_SECONDS] if socket in still_open]
                await cls._all(turn, LiveConsumer.recheck)

    @classmethod
    async def _hear_of_rights(cls) -> None:
        """Once per process, not per socket: whose door may have changed is asked again at once."""
        layer = get_channel_layer()
        while cls.open_sockets:
            try:
                channel = await layer.new_channel()
                await layer.group_add(live.RIGHTS_GROUP, channel)
                while cls.open_sockets:
                    await cls._unseat((await layer.receive(channel))["message"])
            except RedisError:
                await asyncio.sleep(1)

    @classmethod
    async def _unseat(cls, changed: dict[str, list[int]]) -> None:
        names = ("posts", "people", "groups")
        about = {
            name: set(changed.get(name, ())) for name in names
        }  # a worker of before says nothing of groups
        concerned = {socket: socket.concerned(**about) for socket in cls._sockets()}
        looks = (socket.look_at_door(topics) for socket, topics in concerned.items() if topics)
        await asyncio.gather(*looks, return_exceptions=True)

    @classmethod
    def _places(cls) -> dict[int, list[str]]:
        return {
            user_id: [socket.ident for socket in several] for user_id, several in cls.open_sockets.items()
        }

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


async def _unless_gone(work: Awaitable[None]) -> None:
    with suppress(OSError):  # the other end, which `disconnect` is told of
        await work


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
