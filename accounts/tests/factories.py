"""People for tests: one password for all, hashed once."""

from functools import cache
from itertools import count
from typing import Any

import orjson
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import Activity, Block, Follow, PersonCounts, User

PASSWORD = "correct horse battery staple"
_numbers = count(1)


@cache
def hashed_password() -> str:
    return make_password(PASSWORD)


def person(username: str = "", **fields: Any) -> User:
    """Somebody with a confirmed address and the rows that everybody has."""
    username = username or f"person_{next(_numbers)}"
    fields.setdefault("display_name", username.capitalize())
    user = User(
        username=username, email=f"{username.lower()}@example.com", password=hashed_password(), **fields
    )
    user.save(force_insert=True)
    PersonCounts.objects.create(user=user)
    Activity.objects.create(user=user)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def follows(follower: User, followee: User, *, pending: bool = False) -> Follow:
    """The row and, when active, its counts."""
    status = Follow.Status.PENDING if pending else Follow.Status.ACTIVE
    follow = Follow.objects.create(follower=follower, followee=followee, status=status)
    if not pending:
        for user, field in ((follower, "following"), (followee, "followers")):
            counts = PersonCounts.objects.get(pk=user.pk)
            setattr(counts, field, getattr(counts, field) + 1)
            counts.save()
    return follow


def blocks(blocker: User, blocked: User) -> Block:
    return Block.objects.create(blocker=blocker, blocked=blocked)


def counts_of(user: User) -> tuple[int, int]:
    """Followers and following, as they are stored."""
    counts = PersonCounts.objects.get(pk=user.pk)
    return counts.followers, counts.following


def page_of(user: User | None = None) -> Client:
    """A browser, signed in as `user`."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


class Api:
    """The API with a bearer token of `user`, or without one."""

    def __init__(self, user: User | None = None, scopes: tuple[str, ...] = ("read", "write")) -> None:
        from accounts.actions import make_token

        self.client = Client()
        self.headers: dict[str, str] = {}
        if user is not None:
            secret = make_token(user=user, name="test", scopes=scopes).secret
            self.headers["Authorization"] = f"Bearer {secret}"

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            data=b"" if body is None else orjson.dumps(body),
            content_type="application/json",
            headers={**self.headers, **headers},
        )
