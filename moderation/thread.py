"""What stands around something that was reported, for moderators: who said what before it and after it."""

from dataclasses import dataclass

from feeds.models import Post
from interactions.models import Comment
from interactions.models.comments import CommentQuerySet
from moderation.models import Case, TargetKind

AROUND = 5


@dataclass(frozen=True)
class Said:
    """One thing of the thread. `is_it`: the one that was reported."""

    by: str
    text: str
    is_it: bool = False


def around(case: Case, *, with_hidden: bool = True) -> list[Said]:
    """A post with its newest comments; a comment, what it answers and what answers it; of a person the newest posts.

    Without what moderators hid unless it is `with_hidden`; what was reported is there always.
    """
    comments = Comment.objects.all() if with_hidden else Comment.objects.filter(withheld_at=None)
    if case.target_kind == TargetKind.POST:
        post = Post.objects.select_related("author").filter(pk=case.target_id).first()
        return [] if post is None else [_post(post, is_it=True), *_comments(post, comments)]
    if case.target_kind == TargetKind.COMMENT:
        comment = Comment.objects.select_related("post__author").filter(pk=case.target_id).first()
        return [] if comment is None else [_post(comment.post), *_near(comment, comments)]
    newest = (
        Post.objects.filter(author=case.target_id, deleted_at=None).select_related("author").order_by("-id")
    )
    return [_post(post) for post in newest[:AROUND]] if case.target_kind == TargetKind.USER else []


def _comments(post: Post, comments: CommentQuerySet) -> list[Said]:
    found = comments.standing().filter(post=post, parent=None)
    return [_comment(one) for one in found.select_related("author").order_by("-id")[:AROUND]]


def _near(comment: Comment, comments: CommentQuerySet) -> list[Said]:
    """What it hangs on, itself, and what answers it."""
    line = comments.filter(pk__in=comment.line) | Comment.objects.filter(pk=comment.pk)
    above = line.select_related("author").order_by("pk")
    below = comments.filter(parent=comment).select_related("author").order_by("pk")[:AROUND]
    return [_comment(one, is_it=one.pk == comment.pk) for one in (*above, *below)]


def _post(post: Post, *, is_it: bool = False) -> Said:
    return Said(post.author.username, post.content, is_it)


def _comment(comment: Comment, *, is_it: bool = False) -> Said:
    return Said(comment.author.username if comment.author else "", comment.content, is_it)
