"""What a person said, liked and kept, for their archive: ids of posts of others, never their words."""

from collections.abc import Iterator

from accounts.hooks import ExportPart
from interactions.models import Bookmark, Comment, CommentLike, ConversationMute, Like


def parts(user_id: int) -> Iterator[ExportPart]:
    comments = Comment.objects.filter(author=user_id, deleted_at=None).order_by("pk")
    yield ExportPart.of(
        "comments.json",
        comments,
        "id",
        "post_id",
        "parent_id",
        "content",
        "edited_at",
        "hidden_at",
        "held_at",
    )
    likes = Like.objects.filter(user=user_id, is_active=True).order_by("place")
    yield ExportPart.of("likes.json", likes, "post_id")
    liked = CommentLike.objects.filter(user=user_id, is_active=True).order_by("place")
    yield ExportPart.of("comment_likes.json", liked, "comment_id")
    bookmarks = Bookmark.objects.filter(user=user_id).order_by("pk")
    yield ExportPart.of("bookmarks.json", bookmarks, "post_id")
    muted = ConversationMute.objects.filter(user=user_id).order_by("post_id")
    yield ExportPart.of("muted_conversations.json", muted, "post_id")
