from feeds.models.drafts import (
    DRAFT_CONTENT_MAX,
    DRAFT_WARNING_MAX,
    DRAFTS_MOST,
    SCHEDULED_MOST,
    ClockTimestamp,
    Draft,
    DraftQuerySet,
)
from feeds.models.fanouts import PIECES, FanOut, FanOutQuerySet
from feeds.models.links import ADDRESS_MAX, FRESH, LinkPreview
from feeds.models.markers import ReadMarker
from feeds.models.media import ALT_MAX, MEDIA_MOST, Media, PendingFile
from feeds.models.posts import (
    CONTENT_MAX,
    IS_SHARE,
    PINS_MOST,
    WARNING_MAX,
    Mention,
    Pin,
    Post,
    PostCounts,
    PostQuerySet,
    PostRevision,
    ReplyPolicy,
)
from feeds.models.tags import TAG_MAX, Hashtag, PostHashtag
from feeds.models.timelines import FeedEntry, PullSource, StoredFloor

__all__ = [
    "ADDRESS_MAX",
    "ALT_MAX",
    "CONTENT_MAX",
    "DRAFTS_MOST",
    "DRAFT_CONTENT_MAX",
    "DRAFT_WARNING_MAX",
    "FRESH",
    "IS_SHARE",
    "MEDIA_MOST",
    "PIECES",
    "PINS_MOST",
    "SCHEDULED_MOST",
    "TAG_MAX",
    "WARNING_MAX",
    "ClockTimestamp",
    "Draft",
    "DraftQuerySet",
    "FanOut",
    "FanOutQuerySet",
    "FeedEntry",
    "Hashtag",
    "LinkPreview",
    "Media",
    "Mention",
    "PendingFile",
    "Pin",
    "Post",
    "PostCounts",
    "PostHashtag",
    "PostQuerySet",
    "PostRevision",
    "PullSource",
    "ReadMarker",
    "ReplyPolicy",
    "StoredFloor",
]
