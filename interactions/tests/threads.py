"""Threads for tests: written through the action, or planted as rows where only the rows matter."""

from collections.abc import Iterable

from accounts.models import User
from feeds.models import Post, PostCounts
from interactions import actions
from interactions.models import Comment, step_of
from interactions.threads import CommentItem
from socialnet.outbox.ids import MAX_ID


def say(
    who: User, to: Post | Comment, content: str = "Quite so.", *, policy_of: Post | None = None
) -> Comment:
    """Comment on a post, or answer a comment."""
    if isinstance(to, Comment):
        return actions.comment_on_post(post_id=to.post_id, author=who, content=content, parent_id=to.pk)
    return actions.comment_on_post(post_id=to.pk, author=who, content=content)


def chain(who: User, post: Post, length: int) -> list[Comment]:
    """Each answers the one before."""
    said = [say(who, post, "1")]
    for number in range(2, length + 1):
        said.append(say(who, said[-1], str(number)))
    return said


def plant_comments(
    post: Post, authors: Iterable[User], *, many: int, parents: list[Comment] | None = None
) -> list[Comment]:
    """Rows of the past, oldest first; with `parents` their replies, taken by turns."""
    people, above = list(authors), parents or []
    start = post.pk + (1 << 24) * (1 + max((parent.depth for parent in above), default=0))
    comments = []
    for number in range(many):
        ident, parent = start + (number << 12), above[number % len(above)] if above else None
        assert ident <= MAX_ID
        comments.append(
            Comment(
                pk=ident,
                post=post,
                author=people[number % len(people)],
                parent=parent,
                path=(parent.path if parent else "") + step_of(ident),
                depth=(parent.depth if parent else 0) + 1,
                content=f"Planted {number}",
                html=f"Planted {number}",
            )
        )
    Comment.objects.bulk_create(comments)
    for parent in above:
        Comment.objects.filter(pk=parent.pk).update(replies=Comment.objects.filter(parent=parent).count())
    PostCounts.objects.filter(pk=post.pk).update(
        comments=Comment.objects.filter(post=post).standing().count()
    )
    return comments


def shape(items: Iterable[CommentItem]) -> list[object]:
    """What the tree looks like: the words of each, followed by the list of what answers it."""
    shown: list[object] = []
    for item in items:
        shown.append(item.content if item.is_there else None)
        if item.answers:
            shown.append(shape(item.answers))
    return shown


def count_of(post: Post) -> int:
    return PostCounts.objects.get(pk=post.pk).comments
