"""Everything that changes posts: each one transaction."""

from feeds.actions.posts import delete_post, note_look, publish_post
from feeds.actions.shares import remove_shares_of, share_post, unshare_post
from feeds.actions.written import checked_content

__all__ = [
    "checked_content",
    "delete_post",
    "note_look",
    "publish_post",
    "remove_shares_of",
    "share_post",
    "unshare_post",
]
