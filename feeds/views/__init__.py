"""The HTML door."""

from feeds.views.compose import post_create, post_groups
from feeds.views.drafts import draft_delete, draft_publish, drafts
from feeds.views.edits import post_edit, post_history
from feeds.views.filters import filter_delete, own_insights, settings_filter, settings_filters
from feeds.views.groups import group, group_pin
from feeds.views.hidden import hide, settings_hidden, unhide
from feeds.views.home import home, home_new, home_read
from feeds.views.links import link_picture
from feeds.views.media import media
from feeds.views.pins import post_pin, post_pin_move, post_unpin
from feeds.views.posts import post, post_delete
from feeds.views.profiles import profile, profile_media
from feeds.views.rss import profile_rss, tag_rss
from feeds.views.shares import share, unshare
from feeds.views.tags import followed_tags, tag, tag_follow, tag_people, tag_top, tag_unfollow

__all__ = [
    "draft_delete",
    "draft_publish",
    "drafts",
    "filter_delete",
    "followed_tags",
    "group",
    "group_pin",
    "hide",
    "home",
    "home_new",
    "home_read",
    "link_picture",
    "media",
    "own_insights",
    "post",
    "post_create",
    "post_delete",
    "post_edit",
    "post_groups",
    "post_history",
    "post_pin",
    "post_pin_move",
    "post_unpin",
    "profile",
    "profile_media",
    "profile_rss",
    "settings_filter",
    "settings_filters",
    "settings_hidden",
    "share",
    "tag",
    "tag_follow",
    "tag_people",
    "tag_rss",
    "tag_top",
    "tag_unfollow",
    "unhide",
    "unshare",
]
