"""Changing what was said."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts import hooks as people
from accounts.errors import EditConflict
from accounts.models import User
from accounts.screening import Verdict, Writing
from feeds import cards
from feeds.actions.hiding import hold_post
from feeds.actions.links import keep_link
from feeds.actions.media import attach_media, checked_alt, locked_alts, put_alt
from feeds.actions.written import Written, tell_mentioned
from feeds.door import OWN_AUDIENCES, Audience
from feeds.errors import AudienceWidened, CannotEditShare, UnknownAudience, UnknownReplyPolicy, WaitsForReview
from feeds.events import PostEdited
from feeds.models import Media, Post, PostRevision, ReplyPolicy
from groups.actions import check_may_speak
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.outbox.actions import emit


@transaction.atomic
def edit_post(
    *,
    post: Post,
    actor: User,
    version: str | None = None,
    content: str | None = None,
    content_warning: str | None = None,
    visibility: str | None = None,
    language: str | None = None,
    reply_policy: str | None = None,
    media_ids: Sequence[int] | None = None,
    alts: Mapping[int, str] | None = None,
) -> Post:
    """Change what is given of a post; what it said before is kept. Nobody gets it anew; who is named anew is told.

    `version` is what `version_of` said of the post that the editor saw: raises `EditConflict` when it was edited
    since (None: do not ask), unless it says already what is given. `alts` describe its pictures, by id; no edit by
    themselves, but screened as one. What is said in a group only its members change: raises `BannedFromGroup` and
    `NotAMember`. Raises `AudienceWidened`, `CannotEditShare`, `WaitsForReview`, and what publishing raises; then
    nothing changed. What screening holds goes out of sight with what it says now.
    """
    standing = lock_own(post, actor)
    if standing.is_share:
        raise CannotEditShare
    if standing.group is not None:
        check_may_speak(standing.group, actor, as_member=True)
    pictures = list(Media.objects.filter(post=standing).order_by("position").values_list("pk", flat=True))
    wanted = pictures if media_ids is None else list(dict.fromkeys(media_ids))
    written = Written.of(
        author_id=actor.pk,
        content=standing.content if content is None else content,
        content_warning=standing.content_warning if content_warning is None else content_warning,
        with_media=bool(wanted),
    )
    rest: dict[str, Any] = {
        "visibility": standing.visibility if visibility is None else visibility,
        "language": standing.language if language is None else language,
        "reply_policy": standing.reply_policy if reply_policy is None else reply_policy,
        "with_media": bool(wanted),
    }
    if rest["reply_policy"] not in ReplyPolicy.values:
        raise UnknownReplyPolicy
    says_else = _differs(standing, **written.said())
    is_edit = wanted != pictures or says_else or _differs(standing, **rest)
    told, tells = _alts(standing, pictures, wanted, alts or {})
    if is_edit:
        if version is not None and version != version_of(standing.edited_at):
            raise EditConflict(standing)
        _check_narrowing(standing.visibility, rest["visibility"])
    verdict = _screened(standing, written, tells) if says_else else _screened_alts(standing, told, tells)
    if is_edit:
        if wanted != pictures:
            attach_media(post=standing, media_ids=wanted)
        _change(standing, written, rest, is_held=verdict.is_held)
        keep_link(standing, content=written.content, with_media=bool(wanted))
        emit(PostEdited(post_id=standing.pk, author_id=standing.author_id), actor_id=actor.pk)
        transaction.on_commit(partial(cards.drop, standing.pk))
    _describe(standing, alts or {}, actor)
    if is_edit:
        written.keep_tags(standing)
    if verdict.is_held:
        hold_post(post_id=standing.pk)
    verdict.keep(standing.pk)
    standing.refresh_from_db()
    return standing


def describe_picture(*, media: Media, actor: User, alt: str) -> Media:
    """Say what is to be seen. Of a post this is screened as an edit is, and raises what an edit does; raises
    `AltTooLong`, `Forbidden` for somebody else's picture, `NotFound` for none."""
    text = checked_alt(alt)
    described = put_alt(media_id=media.pk, actor=actor, alt=text)
    if described.post is not None:
        edit_post(post=described.post, actor=actor, alts={media.pk: text})
        described.refresh_from_db(fields=["alt"])
    return described


_Alts = Mapping[int, str]


def _alts(post: Post, pictures: Sequence[int], wanted: Sequence[int], given: _Alts) -> tuple[_Alts, _Alts]:
    """What is to be seen on its pictures, and what will be."""
    if not wanted or (wanted == pictures and not given):
        return {}, {}
    found = locked_alts(list({*pictures, *wanted}), owner_id=post.author_id)
    told = {pk: alt for pk, alt in found.items() if pk in pictures}
    tells = {pk: checked_alt(given.get(pk, alt)) for pk, alt in found.items() if pk in wanted}
    return told, tells


def _screened(post: Post, written: Written, alts: _Alts) -> Verdict:
    return people.screen(written.by(post.author, alts=alts.values(), post_id=post.pk))


def _screened_alts(post: Post, told: _Alts, tells: _Alts) -> Verdict:
    """Of what is new in descriptions alone; what else it says was looked at before."""
    new = [alt for pk, alt in tells.items() if alt and alt != told.get(pk)]
    if not new:
        return Verdict()
    writing = Writing(kind="post", author=post.author, text="", beside="\n".join(new), target_id=post.pk)
    return people.screen(writing)


def _change(post: Post, written: Written, rest: Mapping[str, Any], *, is_held: bool) -> None:
    """The row; and where its words are others, what it said before, and whom it names."""
    says_else = _differs(post, **written.said())
    if says_else:
        _keep_version(post)
    changes = {**rest, **(written.fields() if says_else else {})}
    Post.objects.filter(pk=post.pk).update(**changes, edited_at=Now())
    if written.content != post.content and not is_held:
        tell_mentioned(post, written.names)


def _keep_version(post: Post) -> None:
    PostRevision.objects.create(post=post, content=post.content, content_warning=post.content_warning)


def _describe(post: Post, alts: _Alts, actor: User) -> None:
    others = [
        picture
        for picture in Media.objects.filter(post=post, pk__in=alts).order_by("pk")
        if picture.alt != alts[picture.pk]
    ]
    for picture in others:
        put_alt(media_id=picture.pk, actor=actor, alt=alts[picture.pk], post_id=post.pk)
    if others:
        transaction.on_commit(partial(cards.drop, post.pk))


def lock_own(post: Post, actor: User) -> Post:
    """The row as it stands, locked; raises `NotFound` when it is gone, `Forbidden` for anybody but its author, and
    `WaitsForReview`."""
    standing = Post.objects.select_for_update(no_key=True).published_for(actor).filter(pk=post.pk).first()
    if standing is None:
        raise NotFound
    if standing.author_id != actor.pk:
        raise Forbidden
    if standing.held_at is not None:
        raise WaitsForReview
    return standing


def version_of(edited_at: datetime | None) -> str:
    """What tells one state of a post from the next; empty before the first edit."""
    return edited_at.astimezone(UTC).isoformat() if edited_at else ""


def audiences_within(visibility: str) -> list[str]:
    """The audience itself and the narrower ones: what an edit may choose."""
    if visibility == Audience.GROUP:
        return [visibility]
    return OWN_AUDIENCES[OWN_AUDIENCES.index(visibility) :]


def _check_narrowing(now: str, wanted: str) -> None:
    if wanted not in Audience.values:
        raise UnknownAudience
    if wanted not in audiences_within(now):
        raise AudienceWidened


def _differs(post: Post, **fields: Any) -> bool:
    return any(getattr(post, name) != value for name, value in fields.items())
