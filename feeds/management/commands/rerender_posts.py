import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from feeds import cards
from feeds.models import Post
from feeds.text import mentioned_names, people_named, render

BATCH = 500


class Command(BaseCommand):
    help = "Render all posts again, as the text of each says today. Posts stay readable meanwhile; twice does no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        started, last, seen, changed = time.monotonic(), 0, 0, 0
        while batch := _rerender(after=last):
            seen, last = seen + len(batch), max(batch)
            changed += sum(batch.values())
            self.stdout.write(f"{seen} posts, {changed} changed …")
        self.stdout.write(
            f"Rendered {seen} posts again, {changed} changed, in {time.monotonic() - started:.1f} s."
        )


def _rerender(*, after: int) -> dict[int, bool]:
    """Render the next posts; return which there were, and whether their HTML changed."""
    with transaction.atomic():
        kept = Post.objects.deliverable().filter(pk__gt=after).select_for_update(of=("self",), no_key=True)
        posts = list(kept.order_by("pk").only("author", "content", "html")[:BATCH])
        known = {
            author_id: people_named(
                {name for post in said for name in mentioned_names(post.content)}, by=author_id
            )
            for author_id, said in _by_author(posts).items()
        }
        changed = [post for post in posts if _is_different(post, known[post.author_id])]
        Post.objects.bulk_update(changed, ["html"])
    cards.drop(*(post.pk for post in changed))
    return {post.pk: post in changed for post in posts}


def _by_author(posts: Iterable[Post]) -> dict[int, list[Post]]:
    found: dict[int, list[Post]] = defaultdict(list)
    for post in posts:
        found[post.author_id].append(post)
    return found


def _is_different(post: Post, known_names: dict[str, str]) -> bool:
    before = post.html
    post.html = render(post.content, known_names=known_names)
    return post.html != before
