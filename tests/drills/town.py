"""A site of its own, real engines and processes, for drills that take PostgreSQL away; people use it over HTTP only."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from socialnet.embedded.engines import RunningEngine, start_postgres, start_valkey
from tests.nursery import CHECKOUT
from tests.stack import Place, Stack, wait_for

PASSWORD = "correct horse battery staple"
READERS = 120
A_LETTER_IN_HAND = (
    200  # seconds: whoever dies with a letter in hand keeps others from sending it twice for so long
)
# Ada, whom ben and many readers follow, and who wrote some posts; all may sign in.
_SETTLE = f"""
import django; django.setup()
from accounts.tests.factories import follows, person
from accounts.models import Activity, Follow, PersonCounts, User
from accounts.tests.factories import hashed_password
from feeds.actions import publish_post
ada, ben = person("ada"), person("ben")
follows(ben, ada)
readers = User.objects.bulk_create(
    User(username=f"reader_{{n}}", email=f"reader_{{n}}@example.com", password=hashed_password())
    for n in range({READERS}))
PersonCounts.objects.bulk_create(PersonCounts(user=reader, following=1) for reader in readers)
Activity.objects.bulk_create(Activity(user=reader) for reader in readers)
Follow.objects.bulk_create(Follow(follower=reader, followee=ada) for reader in readers)
PersonCounts.objects.filter(pk=ada.pk).update(followers={READERS} + 1)
for n in range(25):
    publish_post(author=ada, content=f"Before {{n}}")
"""


_OPEN = "SELECT handler, attempts, last_error, leased_until - clock_timestamp() FROM outbox_delivery WHERE state = 0"


class Site(Stack):
    """web, relay and worker beside a PostgreSQL and a Redis that only they use; faults are planted by `faults`."""

    def __init__(self, folder: Path, database: RunningEngine, redis: RunningEngine) -> None:
        super().__init__(Place(folder))
        self.database, self.redis = database, redis
        self.faults: dict[str, str] = {}

    def environment(self) -> dict[str, str]:
        told = super().environment() | {
            "DATABASE_URL": self.database.url,
            "DATABASE_OWNER_URL": self.database.owner_url,
            "REDIS_URL": self.redis.url,
            "CELERY_BROKER_URL": f"redis+socket://{urlsplit(self.redis.url).path}?virtual_host=1",
            "DJANGO_SETTINGS_MODULE": "tests.drills.settings",
            "SECRET_KEY": os.environ.get("SECRET_KEY", "x" * 60),
        }
        return told | self.faults

    def run(self, *arguments: str, patience: int = 90) -> str:
        """A command of Django's, or a script with `-c`, in the environment of the site; returns what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        from contextlib import closing

        import psycopg2

        with closing(psycopg2.connect(self.database.url)) as link:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()

    def is_quiet(self) -> bool:
        return self.sql("SELECT count(*) FROM outbox_delivery WHERE state = 0") == [(0,)]

    def until(self, condition: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Wait as `wait_for` does; who waits in vain is told which deliveries are open."""
        try:
            wait_for(condition, seconds=seconds, what=what)
        except AssertionError as error:
            error.add_note(f"still open: {self.sql(_OPEN)}")
            raise

    def everything_holds(self) -> None:
        """Everything is delivered, and nothing that must never break is broken."""
        self.until(
            lambda: self.revive("worker") or self.is_quiet(), seconds=A_LETTER_IN_HAND, what="every delivery"
        )
        printed = self.run("manage.py", "check_invariants", "--sample", "20")
        assert "invariants hold" in printed, printed


@contextmanager
def settled(folder: Path) -> Iterator[Site]:
    """A site with people, its processes running."""
    with start_postgres(folder / "postgres") as database, start_valkey(folder / "redis") as redis:
        site = Site(folder / "site", database, redis)
        site.run("manage.py", "migrate", "--database", "owner", "--verbosity", "0")
        site.run("-c", _SETTLE)
        try:
            for name in ("web", "relay", "worker"):
                site.start(name)
            wait_for(site.answers, seconds=60, what="the site")
            wait_for(site.is_quiet, seconds=60, what="the first posts")
            yield site
        finally:
            site.stop()


@dataclass
class Seen:
    """What came back: for a person the text, for a program the JSON; names of headers are small."""

    status: int
    headers: dict[str, str]
    text: str
    seconds: float

    @property
    def tier(self) -> str:
        return self.headers.get("x-feed-tier", "")

    @property
    def posts(self) -> list[str]:
        """The texts of a page of home, as the API tells them."""
        return [post["content"] for post in json.loads(self.text)["results"]]

    @property
    def banner(self) -> str:
        found = re.search(r'<div class="banner".*?</div>', self.text, re.S)
        return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


@dataclass
class Visitor:
    """Somebody with a browser, signed in through the page; what they wrote and was accepted stands in `written`."""

    site: Site
    username: str
    cookies: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def get(self, path: str) -> Seen:
        return self._ask("GET", path)

    def home(self) -> Seen:
        return self.get("/api/v1/feed")

    def sign_in(self) -> "Visitor":
        token = self._token(self.get("/accounts/login/"))
        fields = {"login": self.username, "password": PASSWORD, "csrfmiddlewaretoken": token}
        answer = self._ask("POST", "/accounts/login/", fields)
        assert answer.status == 302, answer.text[:2000]
        assert self.get("/").status == 200
        return self

    def write(self, text: str, *, key: str = "") -> Seen:
        """Publish through the form of home, as a browser without JavaScript does."""
        fields = {
            "content": text,
            "visibility": "public",
            "do": "publish",
            "idempotency_key": key or uuid4().hex,
            "csrfmiddlewaretoken": self.cookies["csrftoken"],
        }
        answer = self._ask("POST", "/posts", fields)
        if answer.status in (302, 201):
            self.written.append(text)
        return answer

    def nobody_saw_a_stack_trace(self) -> None:
        assert not [seen for seen in self.seen if seen.status == 500 or "Traceback" in seen.text]

    def _token(self, page: Seen) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found, page.text[:2000]
        return found[1]

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Seen:
        connection = HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": self.site.address,
            "Referer": f"{self.site.address}/",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        started = time.monotonic()
        connection.request(method, path, body=urlencode(fields) if fields else None, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        self._keep_cookies(answer)
        named = {name.lower(): value for name, value in answer.getheaders()}
        seen = Seen(answer.status, named, text, time.monotonic() - started)
        self.seen.append(seen)
        connection.close()
        return seen

    def _keep_cookies(self, answer: HTTPResponse) -> None:
        for line in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
