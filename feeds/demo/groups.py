"""The groups of the demo community: one for everybody, one that is asked, one by invitation."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial

from django.db import transaction

from accounts.models import User
from feeds import group_posts
from feeds.actions import pin_in_group
from feeds.actions.posts import add_post
from feeds.actions.written import Written
from feeds.demo.covers import draw
from feeds.demo.writing import now
from feeds.door import Audience
from feeds.models import Draft, GroupPin, Post
from groups import actions
from groups.covers import remove_files
from groups.events import GroupDeleted
from groups.models import Group, GroupCounts, Membership
from socialnet.outbox.actions import emit
from socialnet.outbox.ids import id_at

# Who founded it, then who is in it; the last of a private one still asks.
_GROUPS = [
    {
        "slug": "bread-and-butter",
        "name": "Bread and butter",
        "description": "For people who bake at home: starters, crusts, and what went wrong.",
        "rules": "Say what flour it was.\nNo selling.",
        "category": "food",
        "tags": ["baking", "sourdough"],
        "privacy": "public",
        "cover": "Six loaves in a row on a wooden shelf.",
        "people": "ben ada cleo luzmarina greta_h henrik_dahl camille_r",
    },
    {
        "slug": "riverside-neighbours",
        "name": "Riverside neighbours",
        "description": "Keys, ladders, lost cats. For those who live along the river.",
        "rules": "",
        "category": "local",
        "tags": ["neighbours"],
        "privacy": "private",
        "cover": "Houses along a river in the evening, lights in their windows.",
        "people": "ada mod zofia_w omar_haddad cleo",
    },
    {
        "slug": "birthday-for-ben",
        "name": "A birthday for Ben",
        "description": "He must not know.",
        "rules": "",
        "category": "other",
        "tags": [],
        "privacy": "invite",
        "cover": "Paper flags above a cake with five candles.",
        "people": "cleo ada greta_h",
    },
]
_SAID = [
    ("bread-and-butter", "ben", 90, "Welcome! Tell us what is in your oven. #baking"),
    ("bread-and-butter", "luzmarina", 60, "Pan de muerto, primera prueba. Le falta azahar."),
    ("bread-and-butter", "greta_h", 41, "Roggen, 80 %, zwölf Stunden kalt. So soll es sein."),
    ("riverside-neighbours", "ada", 70, "Does anybody have a long ladder for Saturday?"),
    ("riverside-neighbours", "omar_haddad", 66, "I have one, four metres. Ring twice."),
    ("birthday-for-ben", "cleo", 50, "Eight o'clock, through the garden door. Bring a candle."),
]
_PINNED = 0
_ALL_HEARD = ("bread-and-butter", "camille_r")  # who hears of every post in which group


def found_groups(made: Mapping[str, User]) -> None:
    """All of them, with who is in them and what they said, back-dated."""
    groups = {}
    for one in _GROUPS:
        founder, *others = str(one["people"]).split()
        fields = {name: value for name, value in one.items() if name not in ("people", "cover")}
        group = actions.create_group(owner=made[founder], **fields)  # type: ignore[arg-type]
        groups[group.slug] = group
        actions.change_group(
            group=group, actor=made[founder], cover=draw(group.slug), cover_alt=str(one["cover"])
        )
        waits = others[-1] if group.privacy == "private" else None
        for name in others:
            if group.privacy == "invite":
                actions.invite_person(group=group, actor=made[founder], person=made[name])
            actions.join_group(group=group, person=made[name])
            if group.privacy == "private" and name != waits:
                actions.accept_request(group=group, actor=made[founder], person=made[name])
    actions.choose_news(group=groups[_ALL_HEARD[0]], person=made[_ALL_HEARD[1]], notify=Membership.Notify.ALL)
    posts = [_say(made[author], groups[slug], hours, text) for slug, author, hours, text in _SAID]
    pin_in_group(post=posts[_PINNED], actor=made["ben"])


def _say(author: User, group: Group, hours: int, content: str) -> Post:
    written = Written.of(author_id=author.pk, content=content, content_warning="", with_media=False)
    moment = id_at(now() - timedelta(hours=hours))
    post = add_post(
        Post(pk=moment, author=author, visibility="group", group=group, language="en", **written.fields())
    )
    written.keep_tags(post, is_new=True)
    return post


def leave_groups(gone: Collection[int]) -> None:
    """Take the people with these ids out of all groups, whose posts are gone already; what is left to nobody goes."""
    memberships = Membership.objects.filter(user__in=gone)
    left = set(memberships.values_list("group_id", flat=True))
    for user_id in gone:
        while actions.leave_all(user_id=user_id):
            pass
    group_posts.recount(left)
    empty = GroupCounts.objects.filter(pk__in=left, members=0, posts=0).values_list("pk", flat=True)
    orphans = list(empty)
    GroupPin.objects.filter(group__in=orphans).delete()
    Draft.objects.filter(group__in=orphans).update(
        group=None, visibility=Audience.PRIVATE, scheduled_for=None
    )
    covered = Group.objects.filter(pk__in=orphans).values_list("cover", "cover_small")
    transaction.on_commit(partial(remove_files, *(name for pair in covered for name in pair)))
    for group_id in orphans:
        emit(GroupDeleted(group_id=group_id))
    Group.objects.filter(pk__in=orphans).delete()
