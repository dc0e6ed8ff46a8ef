"""Everything people do with posts: each one transaction."""

from interactions.actions.bookmarks import bookmark_post, forget_bookmarks, unbookmark_post
from interactions.actions.comments import (
    checked_comment,
    comment_on_post,
    delete_comment,
    edit_comment,
    forget_comment_likes,
    forget_comments,
    forget_muted_conversations,
    hide_comment,
    hold_comment,
    like_comment,
    mute_conversation,
    note_look_at_comment,
    remove_comments_of,
    unhide_comment,
    unlike_comment,
    unmute_conversation,
)
from interactions.actions.likes import forget_likes, like_post, unlike_post
from interactions.actions.withholding import release_comment, release_held_comment, withhold_comment

__all__ = [
    "bookmark_post",
    "checked_comment",
    "comment_on_post",
    "delete_comment",
    "edit_comment",
    "forget_bookmarks",
    "forget_comment_likes",
    "forget_comments",
    "forget_likes",
    "forget_muted_conversations",
    "hide_comment",
    "hold_comment",
    "like_comment",
    "like_post",
    "mute_conversation",
    "note_look_at_comment",
    "release_comment",
    "release_held_comment",
    "remove_comments_of",
    "unbookmark_post",
    "unhide_comment",
    "unlike_comment",
    "unlike_post",
    "unmute_conversation",
    "withhold_comment",
]
