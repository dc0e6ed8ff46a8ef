"""Everything that changes posts: each one transaction."""

from feeds.actions.posts import checked_content, delete_post, note_look, publish_post

__all__ = ["checked_content", "delete_post", "note_look", "publish_post"]
