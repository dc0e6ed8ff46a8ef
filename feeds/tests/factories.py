"""Posts for tests: published through the action, or planted as rows where only the rows matter."""

from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import PersonCounts, User
from feeds.actions import publish_post
from feeds.models import Media, Post, PostCounts
from feeds.selectors import HomePage, home_page
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import id_at

_numbers = count(1)


def publish(author: User, content: str = "", audience: str = "public") -> Post:
    return publish_post(author=author, content=content or f"Post {next(_numbers)}", visibility=audience)


def plant(author: User, *, visibility: str = "public", **fields: Any) -> Post:
    """A row, without event, fan-out or anybody's timeline."""
    return plant_many(author, 1, visibility=visibility, **fields)[0]


def plant_many(author: User, many: int, *, visibility: str = "public", **fields: Any) -> list[Post]:
    """Rows of the past, oldest first, each with an id of its own."""
    content = fields.pop("content", "An older post")
    numbers = [next(_numbers) for _ in range(many)]
    start = id_at(timezone.now()) - (1 << 40)
    posts = Post.objects.bulk_create(
        Post(
            pk=start + (number << 12),
            author=author,
            content=content,
            html=content,
            visibility=visibility,
            **fields,
        )
        for number in numbers
    )
    PostCounts.objects.bulk_create(PostCounts(post=post) for post in posts)
    counts = PersonCounts.objects.get(pk=author.pk)
    counts.posts += 0 if "deleted_at" in fields else many
    counts.save()
    return posts


def picture(owner: User, **fields: Any) -> Media:
    """A row without files, by default attached to nothing."""
    name = f"{next(_numbers)}"
    return Media.objects.create(
        owner=owner,
        large_name=f"large-{name}.webp",
        small_name=f"small-{name}.webp",
        width=800,
        height=600,
        small_width=400,
        blurhash="L6PZfSi_.AyE_3t7t7R**0o#DgR4",
        **fields,
    )


def ids_at_home(viewer: User, *, size: int = 20, pages: int = 200) -> list[int]:
    """The ids of a home from the top to the bottom, page by page."""
    return [item.id for page in pages_of(viewer, size=size, most=pages) for item in page.items]


def pages_of(viewer: User, *, size: int = 20, most: int = 200) -> list[HomePage]:
    pages: list[HomePage] = []
    cursor: Cursor | None = None
    while len(pages) < most:
        pages.append(home_page(viewer=viewer, cursor=cursor, size=size))
        cursor = pages[-1].next_cursor
        if cursor is None:
            break
    return pages
