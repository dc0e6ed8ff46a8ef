"""What posts, edits and drafts have in common: text that is cleaned, rendered, and searched for names and tags."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from accounts.models import User
from accounts.screening import Writing
from feeds import newest, tag_counts
from feeds.actions.tags import add_tags
from feeds.errors import EmptyPost, PostTooLong, WarningTooLong
from feeds.events import PeopleMentioned
from feeds.models import CONTENT_MAX, WARNING_MAX, Hashtag, Mention, Post, PostHashtag
from feeds.text import mentioned_names, people_named, render, tag_name, tags_in
from socialnet.kernel.text import clean, is_blank
from socialnet.outbox.actions import emit


def checked_content(content: str, *, with_media: bool = False) -> str:
    """`content` as it will be kept; raises `EmptyPost`, `PostTooLong` or `UnusableText`."""
    text = clean(content)
    if is_blank(text):
        if not with_media:
            raise EmptyPost
        return ""
    if len(text) > CONTENT_MAX:
        raise PostTooLong(CONTENT_MAX)
    return text


def checked_warning(content_warning: str) -> str:
    """`content_warning` on one line; raises `WarningTooLong` or `UnusableText`."""
    text = " ".join(clean(content_warning).split())
    if len(text) > WARNING_MAX:
        raise WarningTooLong(WARNING_MAX)
    return text


@dataclass(frozen=True)
class Written:
    """Text that passed all checks, with its HTML and the people it names."""

    content: str
    content_warning: str
    html: str
    names: dict[str, str]

    @classmethod
    def of(cls, *, author_id: int, content: str, content_warning: str, with_media: bool) -> "Written":
        text = checked_content(content, with_media=with_media)
        warning = checked_warning(content_warning)
        names = people_named(mentioned_names(text), by=author_id)
        return cls(text, warning, render(text, known_names=names), names)

    def by(self, author: User, *, alts: Iterable[str] = (), post_id: int | None = None) -> Writing:
        """As screening asks about it, with what is to be seen on its pictures; `post_id` said something else before."""
        beside = "\n".join(filter(None, (self.content_warning, *alts)))
        return Writing(kind="post", author=author, text=self.content, beside=beside, target_id=post_id)

    def said(self) -> dict[str, str]:
        """What the author wrote."""
        return {"content": self.content, "content_warning": self.content_warning}

    def fields(self) -> dict[str, str]:
        return {**self.said(), "html": self.html}

    def keep_tags(self, post: Post, *, is_new: bool = False) -> None:
        """Make the rows of `post` those of this text, and count them: the last thing that is done to a post."""
        shown = {tag_name(display): display for display in tags_in(self.content)}
        others = PostHashtag.objects.none() if is_new else PostHashtag.objects.filter(post=post)
        lost = dict(others.exclude(hashtag__name__in=shown).values_list("hashtag_id", "hashtag__name"))
        if not shown and not lost:
            return
        transaction.on_commit(partial(newest.forget, tags={*shown, *lost.values()}))
        if shown:
            add_tags(shown)
            tags = list(Hashtag.objects.filter(name__in=shown))
            _write_as_first(tags, shown)
            PostHashtag.objects.bulk_create(
                [PostHashtag(hashtag=tag, post=post) for tag in tags], ignore_conflicts=True
            )
        tag_counts.count([post.pk], without=lost)


def _write_as_first(tags: list[Hashtag], shown: Mapping[str, str]) -> None:
    """One that was only followed until now is displayed as this post, the first with it, writes it."""
    plain = [tag for tag in tags if tag.display == tag.name != shown[tag.name]]
    unused = Hashtag.objects.filter(pk__in=[tag.pk for tag in plain], uses=None) if plain else []
    for tag in unused:
        Hashtag.objects.filter(pk=tag.pk).update(display=shown[tag.name])


def tell_mentioned(post: Post, names: Collection[str]) -> None:
    """Remember whom `post` names, and say so of those whom it did not name before; not while it is held."""
    if not names:
        return
    named = User.objects.named_any(list(names)).exclude(pk=post.author_id).values_list("pk", flat=True)
    known = Mention.objects.filter(post=post).values_list("user_id", flat=True)
    new = sorted(set(named) - set(known))
    if new:
        Mention.objects.bulk_create([Mention(post=post, user_id=user_id) for user_id in new])
        emit(
            PeopleMentioned(post_id=post.pk, author_id=post.author_id, user_ids=new), actor_id=post.author_id
        )
