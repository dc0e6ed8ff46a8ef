"""What the tests of search share: people and posts that can be found, and looking for them."""

from typing import Any

from accounts.models import User, Viewer
from accounts.tests.factories import person
from discovery.search.documents import keep_people, keep_posts
from discovery.search.query import parse
from discovery.selectors.documents import Type, search_page, suggestions_for
from feeds.models import Post
from feeds.tests.factories import plant


def known(username: str, **fields: Any) -> User:
    """Somebody who can be found."""
    user = person(username, **fields)
    keep_people([user.pk])
    return user


def said(author: User, content: str, **fields: Any) -> Post:
    """A post of the past that can be found."""
    post = plant(author, content=content, **fields)
    keep_posts([post.pk])
    return post


def posts(text: str, viewer: Viewer) -> list[int]:
    return [item.id for item in search_page(parse(text), kind=Type.POSTS, viewer=viewer).items]


def people(text: str, viewer: Viewer) -> list[str]:
    return [row.user.username for row in search_page(parse(text), kind=Type.USERS, viewer=viewer).items]


def tags(text: str, viewer: Viewer) -> list[str]:
    return [tag.name for tag in search_page(parse(text), kind=Type.HASHTAGS, viewer=viewer).items]


def suggested(text: str, viewer: Viewer) -> list[str]:
    return [
        one.user.username if one.user else f"#{one.hashtag.name}"
        for one in suggestions_for(text, viewer=viewer)
    ]
