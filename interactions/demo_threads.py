"""Has the people of the demo community talk under posts: back-dated rows, with all that commenting would have added."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from accounts.models import User
from feeds.demo.writing import now
from feeds.models import Post, PostCounts
from feeds.text import mentioned_names, people_named, render
from interactions.models import DEPTH_MOST, Comment, CommentLike, step_of
from socialnet.outbox.ids import id_at


@dataclass(frozen=True, kw_only=True)
class Saying:
    """What `by` says under the post with the key `post`. `answers` is the key of another; `likes` are usernames."""

    post: str
    by: str
    hours: float
    text: str
    key: str = ""
    answers: str = ""
    likes: str = ""
    hidden: bool = False


@cache
def sayings() -> Sequence[Saying]:
    """In the order of time within each thread: what is answered comes first."""
    text = (Path(__file__).parent / "demo_threads.toml").read_text()
    return [Saying(**one) for one in tomllib.loads(text)["comments"]]


def talk(people: Mapping[str, User], posts: Mapping[str, Post]) -> None:
    began, by_key, made = now(), dict[str, Comment](), list[Comment]()
    liked = list[CommentLike]()
    for number, one in enumerate(sayings()):
        ident = id_at(began - timedelta(hours=one.hours), sequence=number)
        comment = _comment(one, ident, posts[one.post], people[one.by], by_key.get(one.answers))
        comment.hidden_at = began if one.hidden else None
        names = one.likes.split()
        comment.likes = len(names)
        liked += [CommentLike(user=people[name], comment=comment) for name in names]
        made.append(comment)
        if one.key:
            by_key[one.key] = comment
    answered = Counter(comment.parent_id for comment in made)
    for comment in made:
        comment.replies = answered[comment.pk]
    Comment.objects.bulk_create(made)
    CommentLike.objects.bulk_create(liked)
    for post_id, many in Counter(comment.post_id for comment in made).items():
        PostCounts.objects.filter(pk=post_id).update(comments=many)


def _comment(one: Saying, ident: int, post: Post, author: User, answered: Comment | None) -> Comment:
    line = [*(answered.line[: DEPTH_MOST - 1] if answered else []), ident]
    is_beside = answered is not None and answered.depth == DEPTH_MOST
    return Comment(
        pk=ident,
        post=post,
        author=author,
        parent_id=line[-2] if answered else None,
        replying_to_id=answered.author_id if answered and is_beside else None,
        path="".join(map(step_of, line)),
        depth=len(line),
        content=one.text,
        html=render(one.text, known_names=people_named(mentioned_names(one.text), by=author.pk)),
    )
