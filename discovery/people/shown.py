"""A list as one person sees it now: without whom they may not or do not want to see, each with a reason in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.cards import AuthorCard, author_cards
from discovery.models import Source
from discovery.people.lists import Suggested

FEW_FOLLOWERS = 3

# Of people and of whom each was found through: who is still a stranger that may be seen, and which of the bridges still
# are; whether a tag that they were found by still stands on one of their newest public posts, and the name of the group
# if both are still in it. A bridge is named only to who may see in its list that it follows this person. Each row by an
# index.
_STILL = """
SELECT person.id, person.is_private,
    EXISTS (
        SELECT 1 FROM discovery_finding mine JOIN discovery_finding theirs
            ON theirs.user_id = person.id AND theirs.place = mine.place
        WHERE mine.user_id = %(me)s AND mine.place <> ''
    ),
    EXISTS (
        SELECT 1 FROM accounts_follow
        WHERE follower_id = person.id AND followee_id = %(me)s AND status = 'active'
    ),
    ARRAY(
        SELECT bridge.id
        FROM unnest(%(bridges)s::bigint[], %(bridged)s::bigint[]) WITH ORDINALITY AS named (id, person, place)
        JOIN accounts_user bridge ON bridge.id = named.id AND bridge.is_active AND bridge.suspended_at IS NULL
            AND NOT (bridge.is_private AND person.is_private)
        JOIN accounts_follow mine ON mine.follower_id = %(me)s AND mine.followee_id = bridge.id
            AND mine.status = 'active'
        JOIN accounts_follow theirs ON theirs.follower_id = bridge.id AND theirs.followee_id = person.id
            AND theirs.status = 'active'
        WHERE named.person = person.id ORDER BY named.place
    ),
    EXISTS (
        SELECT 1 FROM unnest(%(people)s::bigint[], %(tags)s::text[]) AS found (person, tag)
        JOIN feeds_hashtag tag ON tag.name = found.tag
        CROSS JOIN LATERAL (
            SELECT id FROM feeds_post WHERE author_id = found.person AND visibility = 'public'
                AND deleted_at IS NULL AND hidden_at IS NULL ORDER BY id DESC LIMIT 50
        ) post
        JOIN feeds_posthashtag carried ON carried.hashtag_id = tag.id AND carried.post_id = post.id
        WHERE found.person = person.id
    ),
    (
        SELECT named.name FROM unnest(%(people)s::bigint[], %(groups)s::bigint[]) AS found (person, id)
        JOIN groups_group named ON named.id = found.id AND named.deleted_at IS NULL AND named.hidden_at IS NULL
        JOIN groups_membership mine ON mine.user_id = %(me)s AND mine.group_id = named.id AND mine.status = 'active'
        JOIN groups_membership theirs ON theirs.user_id = found.person AND theirs.group_id = named.id
            AND theirs.status = 'active'
        WHERE found.person = person.id
    )
FROM accounts_user person
WHERE person.id = ANY(%(people)s) AND person.id <> %(me)s AND person.is_active AND person.suspended_at IS NULL
    AND person.limited_at IS NULL AND person.found_by = 'everyone'
    AND NOT EXISTS (SELECT 1 FROM accounts_follow WHERE follower_id = %(me)s AND followee_id = person.id)
    AND NOT EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = %(me)s AND blocked_id = person.id)
    AND NOT EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = person.id AND blocked_id = %(me)s)
    AND NOT EXISTS (
        SELECT 1 FROM accounts_mute WHERE muter_id = %(me)s AND muted_id = person.id
            AND (until IS NULL OR until > clock_timestamp())
    )
    AND NOT EXISTS (
        SELECT 1 FROM discovery_suggestiondismissal WHERE user_id = %(me)s AND person_id = person.id
    )
"""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Somebody to follow, in the shape that `accounts/_person.html` shows, and why."""

    user: AuthorCard
    source: str
    lead: str
    reason: str
    relation: str = "none"


@dataclass(frozen=True)
class _Truth:
    is_private: bool
    is_near: bool
    is_fan: bool
    through: Sequence[int]
    has_tag: bool
    group: str | None


def shown_of(listed: Sequence[Suggested], *, viewer_id: int, count: int) -> list[Suggestion]:
    """Up to `count` of `listed` that `viewer_id` may be shown now: one query, and the cards of one round trip."""
    truth = _still(listed, viewer_id=viewer_id)
    there = [one for one in listed if one.id in truth and _stands(one, truth[one.id])][:count]
    cards = author_cards({one.id for one in there} | {i for one in there for i in truth[one.id].through})
    return [
        Suggestion(
            user=cards[one.id],
            source=one.source,
            lead=one.lead,
            reason=_reason(one, truth[one.id], cards),
        )
        for one in there
        if one.id in cards and not cards[one.id].suspended
    ]


def _still(listed: Sequence[Suggested], *, viewer_id: int) -> dict[int, _Truth]:
    if not listed:
        return {}
    named = [(bridge, one.id) for one in listed for bridge in one.through]
    params: dict[str, Any] = {
        "me": viewer_id,
        "people": [one.id for one in listed],
        "tags": [one.tag for one in listed],
        "groups": [one.group_id for one in listed],
        "bridges": [bridge for bridge, _person in named],
        "bridged": [person for _bridge, person in named],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STILL, params)
        return {ident: _Truth(*facts) for ident, *facts in cursor.fetchall()}


def _stands(one: Suggested, truth: _Truth) -> bool:
    """Whether what they were found by still holds. What a private account writes and likes is nobody's hint."""
    match one.source:
        case Source.TIES:
            return bool(truth.through) or truth.is_fan
        case Source.PLACE:
            return truth.is_near
        case Source.GROUPS:
            return truth.group is not None
    return not truth.is_private and (not one.tag or truth.has_tag or one.wrote_liked)


def _reason(one: Suggested, truth: _Truth, cards: dict[int, AuthorCard]) -> str:
    names = [cards[ident].display_name for ident in truth.through if ident in cards]
    if one.source == Source.TIES and names:
        others = 0 if truth.is_private else one.many - len(one.through)  # not all may be seen to follow them
        return _followed_by(names, others=others)
    if one.source == Source.TIES:
        return _("Follows you")
    if one.source == Source.PLACE:
        return _("In the same place as you")
    if one.source == Source.GROUPS:
        return _("In %(group)s, as you are") % {"group": truth.group}
    if one.source == Source.POPULAR:
        return _popular(one)
    if one.tag and truth.has_tag:
        return _("Writes about #%(tag)s") % {"tag": one.tag_display or one.tag}
    return _("You liked what they wrote") if one.wrote_liked else _("Likes what you like")


def _popular(one: Suggested) -> str:
    """Where hardly anybody follows anybody yet, nobody is called popular."""
    if one.followers < FEW_FOLLOWERS:
        return _("New here") if one.is_new else _("Writes for everybody here")
    return _("New here and popular") if one.is_new else _("Many people here follow them")


def _followed_by(names: Sequence[str], *, others: int) -> str:
    """ "Followed by Ada", "… by Ada and Ben", "… by Ada and 3 others you follow"."""
    beside = others + len(names) - 1
    if beside <= 0:
        return _("Followed by %(name)s") % {"name": names[0]}
    if beside == 1 and len(names) == 2:
        return _("Followed by %(name)s and %(second)s") % {"name": names[0], "second": names[1]}
    return ngettext(
        "Followed by %(name)s and %(many)d other you follow",
        "Followed by %(name)s and %(many)d others you follow",
        beside,
    ) % {"name": names[0], "many": beside}
