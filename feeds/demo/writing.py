"""Has the people of the demo community write: back-dated rows, with all that publishing would have added to them."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import PersonCounts, User
from feeds import previews
from feeds.actions import pin_post, save_draft, upload_picture
from feeds.actions.media import attach_media
from feeds.actions.written import Written
from feeds.demo.pictures import draw
from feeds.demo.sayings import Drawing, Page, Saying, Share, drafts, pages, sayings, shares
from feeds.models import LinkPreview, Mention, Post, PostCounts, PostRevision
from feeds.text import first_link
from socialnet.kernel import pictures, storage
from socialnet.kernel.outside import checked_url
from socialnet.outbox.ids import id_at

People = Mapping[str, User]


@dataclass(frozen=True)
class Posts:
    """How many there are, shares and deleted ones too, and those that have a key."""

    many: int
    by_key: dict[str, Post]


def write(people: People) -> Posts:
    """Everything that `people`, by username, said; what they shared, pinned, changed, took back and have in drafts."""
    said, began = sayings(), now()
    texts = [
        Written.of(
            author_id=people[one.by].pk,
            content=one.text,
            content_warning=one.warning,
            with_media=bool(one.pictures),
        )
        for one in said
    ]
    posts = [
        _post(one, text, people, began - timedelta(hours=one.hours), number)
        for number, (one, text) in enumerate(zip(said, texts, strict=True))
    ]
    by_key = {one.key: post for one, post in zip(said, posts, strict=True) if one.key}
    for one, post in zip(said, posts, strict=True):
        if one.quotes:
            post.share_of = by_key[one.quotes]
    _tie_previews(posts)
    passed_on = _shares(by_key, people, began, numbered_from=len(posts))
    Post.objects.bulk_create([*posts, *passed_on])
    _count(posts, passed_on)
    for one, text, post in zip(said, texts, posts, strict=True):
        text.keep_tags(post, is_new=True)
        _name(text, post, people)
        _keep_earlier(one, post, began)
        attach_media(post=post, media_ids=_uploaded(one.pictures, post.author))
    for one, post in sorted(zip(said, posts, strict=True), key=lambda pair: pair[0].pinned):
        if one.pinned:
            pin_post(post=post, actor=post.author)
    _write_drafts(by_key, people, began)
    return Posts(len(posts) + len(passed_on), by_key)


def now() -> datetime:
    """What the database's clock says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def _post(one: Saying, text: Written, people: People, when: datetime, number: int) -> Post:
    """`number` keeps posts of the same moment apart."""
    edited = min((earlier.hours for earlier in one.before), default=None)
    return Post(
        id=id_at(when, sequence=number),
        author=people[one.by],
        visibility=one.audience,
        language=one.language,
        with_media=bool(one.pictures),
        edited_at=None if edited is None else when + timedelta(hours=one.hours - edited),
        deleted_at=when + timedelta(hours=1) if one.deleted else None,
        **text.fields(),
    )


def _shares(by_key: Mapping[str, Post], people: People, began: datetime, *, numbered_from: int) -> list[Post]:
    made: dict[tuple[str, str], Post] = {}
    for number, one in enumerate(sorted(shares(), key=lambda share: -share.hours), numbered_from):
        made[one.of, one.by] = _share(one, made, by_key[one.of], people, began, number)
    return list(made.values())


def _share(
    one: Share,
    made: Mapping[tuple[str, str], Post],
    original: Post,
    people: People,
    began: datetime,
    number: int,
) -> Post:
    return Post(
        id=id_at(began - timedelta(hours=one.hours), sequence=number),
        author=people[one.by],
        language=original.language,
        share_of=original,
        via=made[one.of, one.via] if one.via else None,
    )


def _count(posts: Sequence[Post], passed_on: Sequence[Post]) -> None:
    shared = Counter(share.share_of_id for share in passed_on)
    PostCounts.objects.bulk_create(PostCounts(post=post, shares=shared[post.pk]) for post in posts)
    PostCounts.objects.bulk_create(PostCounts(post=share) for share in passed_on)
    standing = Counter(post.author_id for post in [*posts, *passed_on] if post.deleted_at is None)
    for author_id, many in standing.items():
        PersonCounts.objects.filter(pk=author_id).update(posts=F("posts") + many)


def _name(text: Written, post: Post, people: People) -> None:
    named = [people[name] for name in text.names.values() if people[name] != post.author]
    Mention.objects.bulk_create(Mention(post=post, user=person) for person in named)


def _keep_earlier(one: Saying, post: Post, began: datetime) -> None:
    PostRevision.objects.bulk_create(
        PostRevision(
            id=id_at(began - timedelta(hours=earlier.hours)),
            post=post,
            content=earlier.text,
            content_warning=earlier.warning,
        )
        for earlier in one.before
    )


def _uploaded(drawings: Sequence[Drawing], owner: User) -> list[int]:
    return [upload_picture(owner=owner, upload=draw(one.draw), alt=one.alt).pk for one in drawings]


def _write_drafts(by_key: Mapping[str, Post], people: People, began: datetime) -> None:
    for one in drafts():
        author = people[one.by]
        save_draft(
            author=author,
            content=one.text,
            visibility=one.audience,
            language=one.language,
            content_warning=one.warning,
            media_ids=_uploaded(one.pictures, author),
            share_of=by_key[one.quotes].pk if one.quotes else None,
            scheduled_for=None if one.in_hours is None else began + timedelta(hours=one.in_hours),
        )


def _tie_previews(posts: Sequence[Post]) -> None:
    """To those whose pages are written down; nobody is asked. Pictures and quotes stand where a preview would."""
    known = {page.url: _preview(page) for page in pages()}
    for post in posts:
        if not (post.with_media or post.share_of_id):
            post.preview = known.get(first_link(post.content) or "")


def _preview(page: Page) -> LinkPreview:
    """What the page says of itself, unless it was fetched already."""
    address = checked_url(page.url)
    preview, is_new = LinkPreview.objects.get_or_create(
        key=LinkPreview.key_of(address),
        defaults={
            "url": address,
            "state": LinkPreview.State.READY,
            "title": page.title,
            "description": page.description,
            "site_name": page.site_name,
            "asked_at": Now(),
            "fetched_at": Now(),
        },
    )
    if is_new and page.picture:
        _keep_picture(preview, page.picture)
    return preview


def _keep_picture(preview: LinkPreview, name: str) -> None:
    small = pictures.renditions(pictures.open_picture(draw(name))).small
    file = f"{previews.FOLDER}{preview.pk}-{secrets.token_hex(8)}.webp"
    storage.save(file, small.data)
    LinkPreview.objects.filter(pk=preview.pk).update(
        image_name=file, image_width=small.width, image_height=small.height
    )
