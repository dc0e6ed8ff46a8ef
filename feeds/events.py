"""What happens to posts. The names are stored in the outbox: never rename one."""

from dataclasses import dataclass

from socialnet.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class PostPublished(Event):
    name = "feeds.post_published"
    post_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class PostDeleted(Event):
    name = "feeds.post_deleted"
    post_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class PostHidden(Event):
    """A moderator took it out of sight; it may come back."""

    name = "feeds.post_hidden"
    post_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class PostShown(Event):
    """What was hidden is seen again."""

    name = "feeds.post_shown"
    post_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class PostsRemoved(Event):
    """These went with something else, shares with their original or all posts of a person who left; none of them has a
    `PostDeleted`, and of some no row is left."""

    name = "feeds.posts_removed"
    post_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class ScheduledPostPublished(Event):
    """A draft became this post at the time that its author had chosen, and by itself."""

    name = "feeds.scheduled_post_published"
    post_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class ScheduledPostFailed(Event):
    """A draft could not be published at its time: it has none any more, and says to its author why."""

    name = "feeds.scheduled_post_failed"
    draft_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class PostEdited(Event):
    name = "feeds.post_edited"
    post_id: int
    author_id: int


@dataclass(frozen=True, kw_only=True)
class PeopleMentioned(Event):
    """A post names these people, and did not name them before."""

    name = "feeds.people_mentioned"
    post_id: int
    author_id: int
    user_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class LinkWanted(Event):
    """A post links where nobody has looked for a week, or ever."""

    name = "feeds.link_wanted"
    preview_id: int


@dataclass(frozen=True, kw_only=True)
class TagFollowed(Event):
    name = "feeds.tag_followed"
    user_id: int
    hashtag_id: int


@dataclass(frozen=True, kw_only=True)
class TagUnfollowed(Event):
    name = "feeds.tag_unfollowed"
    user_id: int
    hashtag_id: int


@dataclass(frozen=True, kw_only=True)
class FiltersChanged(Event):
    """Somebody does not want to read other words than before."""

    name = "feeds.filters_changed"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class HiddenPostsChanged(Event):
    """Somebody hid a post from themselves, or shows it to themselves again."""

    name = "feeds.hidden_posts_changed"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class PostsLoaded(Event):
    """Posts of authors with ids in this range were loaded, back-dated; none of them has a `PostPublished`."""

    name = "feeds.posts_loaded"
    first_author_id: int
    last_author_id: int


@dataclass(frozen=True, kw_only=True)
class SourceLeft(Event):
    """An author's posts are delivered again; those since they were merged on read are still owed."""

    name = "feeds.source_left"
    author_id: int


@dataclass(frozen=True, kw_only=True)
class PeopleWentIdle(Event):
    """Nobody keeps the timelines of these people up any more: they were not here for long."""

    name = "feeds.people_went_idle"
    user_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class PersonReturned(Event):
    """Somebody who was away reads their home: it waits to be filled."""

    name = "feeds.person_returned"
    user_id: int
