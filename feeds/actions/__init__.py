"""Everything that changes posts: each one transaction."""

from feeds.actions.drafts import check_draft, delete_draft, publish_draft, publish_due, save_draft
from feeds.actions.edits import audiences_within, describe_picture, edit_post, version_of
from feeds.actions.filters import (
    add_filter,
    change_filter,
    checked_phrase,
    delete_filter,
    forget_filters,
)
from feeds.actions.hidden import forget_hidden, hide_from_oneself, show_to_oneself
from feeds.actions.hiding import hide_post, hold_post, release_post, unhide_post
from feeds.actions.markers import move_marker
from feeds.actions.media import checked_alt, discard_picture, upload_picture
from feeds.actions.pins import move_pin, pin_in_group, pin_post, unpin_in_group, unpin_post
from feeds.actions.posts import delete_post, note_look, publish_post
from feeds.actions.shares import remove_shares_of, share_post, unshare_post
from feeds.actions.tags import follow_tag, unfollow_tag
from feeds.actions.written import checked_content

__all__ = [
    "add_filter",
    "audiences_within",
    "change_filter",
    "check_draft",
    "checked_alt",
    "checked_content",
    "checked_phrase",
    "delete_draft",
    "delete_filter",
    "delete_post",
    "describe_picture",
    "discard_picture",
    "edit_post",
    "follow_tag",
    "forget_filters",
    "forget_hidden",
    "hide_from_oneself",
    "hide_post",
    "hold_post",
    "move_marker",
    "move_pin",
    "note_look",
    "pin_in_group",
    "pin_post",
    "publish_draft",
    "publish_due",
    "publish_post",
    "release_post",
    "remove_shares_of",
    "save_draft",
    "share_post",
    "show_to_oneself",
    "unfollow_tag",
    "unhide_post",
    "unpin_in_group",
    "unpin_post",
    "unshare_post",
    "upload_picture",
    "version_of",
]
