"""Reads: home, profiles, single posts. What comes back has passed the door."""

from feeds.selectors.drafts import (
    draft_for,
    drafts_of,
    latest_draft,
    own_pictures,
    pictures_of,
    quotes_of,
    scheduled_of,
)
from feeds.selectors.filters import filter_for, filters_of
from feeds.selectors.hidden import hidden_of
from feeds.selectors.history import history_of
from feeds.selectors.home import HEAD_SIZE, FeedPage, HomePage, breaker, closest_breaker, head_of, home_page
from feeds.selectors.kept import visible_page
from feeds.selectors.posts import (
    GroupPage,
    get_visible_item,
    get_visible_media,
    get_visible_original,
    get_visible_post,
    group_posts,
    newest_public,
    pinned_posts,
    profile_media,
    profile_posts,
    sharers_of,
    tagged_posts,
)

__all__ = [
    "HEAD_SIZE",
    "FeedPage",
    "GroupPage",
    "HomePage",
    "breaker",
    "closest_breaker",
    "draft_for",
    "drafts_of",
    "filter_for",
    "filters_of",
    "get_visible_item",
    "get_visible_media",
    "get_visible_original",
    "get_visible_post",
    "group_posts",
    "head_of",
    "hidden_of",
    "history_of",
    "home_page",
    "latest_draft",
    "newest_public",
    "own_pictures",
    "pictures_of",
    "pinned_posts",
    "profile_media",
    "profile_posts",
    "quotes_of",
    "scheduled_of",
    "sharers_of",
    "tagged_posts",
    "visible_page",
]
