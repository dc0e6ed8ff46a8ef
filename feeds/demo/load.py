"""Brings the demo community to life: people by the usual doors where dates do not matter, posts back-dated."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.db import transaction

from accounts import actions
from accounts.models import User
from accounts.pictures import render_avatar
from feeds import hooks, stored
from feeds.actions import follow_tag, move_marker
from feeds.demo import EMAIL_DOMAIN, PASSWORD
from feeds.demo.faces import draw
from feeds.demo.groups import found_groups
from feeds.demo.people import Neighbour, people
from feeds.demo.shields import keep_away, live_a_month
from feeds.demo.writing import now, write
from feeds.events import PostsLoaded
from feeds.models import FeedEntry
from socialnet.outbox.actions import emit

CELEBRITY = "luzmarina"
APART = {"cleo", "dora", "admin"}  # whom chance does not tie to anybody
FOLLOWS = {
    "ada": "ben amina_diallo sofia_a zofia_w tariq_b anouk_v kofi_mensah thandi_m siddharth_r noa_levi omar_haddad "
    "priya_nair minjun_kim ji_woo greta_h tobias_k camille_r fatima_z hana_s isla_mac chidi_e emma_t zainab_k "
    "mod admin",
    "ben": "ada jonas_e isla_mac liam_oconnor",
    "cleo": "camille_r",
    "dora": "mod tobias_k kofi_mensah",
    "sofia_a": "ada",
    "zofia_w": "ada",
    "tariq_b": "ada ji_woo",
    "admin": "ada mod",
    "mod": "ada ben admin",
    "luzmarina": "joao_batista tomas_silva",
}
WAITING = {
    "ben": "priya_nair kofi_mensah emma_t",
    "noor_alsayed": "ada santi_ruiz",
    "henrik_dahl": "ada ravi_p",
}
BLOCKS = {"ada": "dora"}
TAGS = {  # whom of the tags they follow
    "ada": "eclipse oldpaths azulejos",
    "ben": "eclipse regn",
    "cleo": "livres eclipse",
    "sofia_a": "azulejos",
    "tariq_b": "oldpaths",
    "zofia_w": "ptaki kuşlar",
    "ji_woo": "eclipse",
    "emma_t": "books livres",
}
MUTES = {"ada": "tobias_k"}
MODERATOR_MAY = (
    "view_user",
    "change_user",
    "view_follow",
    "view_post",
    "change_post",
    "view_comment",
    "delete_comment",
    "view_group",
    "view_membership",
    "change_membership",
    "view_auditentry",
    "view_trend",
    "view_trendruling",
    "change_trendruling",
    "view_case",
    "change_case",
    "view_screeningrule",
    "change_screeningrule",
    "view_screeningresult",
    "view_sanction",
    "change_sanction",
    "view_answertemplate",
    "add_answertemplate",
    "change_answertemplate",
)
NEW_SINCE = 12  # posts in ada's home that came after she was there last
_SEED = 60
AT_ONCE = 2  # faces


@transaction.atomic
def load() -> tuple[int, int]:
    """All of it or nothing; how many people and posts.

    Pictures are drawn and kept inside of the transaction: a site without people keeps nobody waiting. Their files, if
    it comes to nothing, are swept like other orphans.
    """
    made = _make_people(people())
    _give_rights(made)
    _relate(made)
    _follow_tags(made)
    posts = write(made)
    found_groups(made)
    ids = [person.pk for person in made.values()]
    stored.fill(ids)
    _leave_home(made["ada"])
    keep_away(made, posts.by_key)
    live_a_month(made)
    emit(PostsLoaded(first_author_id=min(ids), last_author_id=max(ids)))
    for add in hooks.demo:
        add(made, posts.by_key)
    return len(made), posts.many


def _make_people(neighbours: Iterable[Neighbour]) -> dict[str, User]:
    password = make_password(PASSWORD)  # hashed once
    joined = now() - timedelta(days=30)
    made = {}
    neighbours = [*neighbours]
    with ThreadPoolExecutor(AT_ONCE) as pool:  # each is drawn in a process of its own
        avatars = list(pool.map(lambda one: render_avatar(draw(one.face)), neighbours))
    for number, (one, avatar) in enumerate(zip(neighbours, avatars, strict=True)):
        person = User.objects.create_user(
            one.username,
            f"{one.username}@{EMAIL_DOMAIN}",
            display_name=one.name,
            bio=one.bio,
            location=one.place,
            website=one.website,
            language=one.language,
            time_zone=one.time_zone,
            is_private=one.is_private,
            created_at=joined + timedelta(hours=number),
        )
        made[one.username] = actions.change_avatar(user=person, upload=avatar)
    everybody = User.objects.filter(pk__in=[person.pk for person in made.values()])
    everybody.update(password=password)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, verified=True, primary=True) for person in everybody
    )
    return made


def _give_rights(made: dict[str, User]) -> None:
    User.objects.filter(pk=made["admin"].pk).update(is_staff=True, is_superuser=True)
    User.objects.filter(pk=made["mod"].pk).update(is_staff=True)
    made["mod"].user_permissions.set(Permission.objects.filter(codename__in=MODERATOR_MAY))


def _leave_home(person: User) -> None:
    """Somebody read their home some posts ago."""
    entries = FeedEntry.objects.filter(user_id=person.pk).order_by("-post_id")
    move_marker(person=person, post_id=entries[NEW_SINCE].post_id)


def _relate(made: dict[str, User]) -> None:
    """Follows first, some of which have to be accepted; then who parts from whom."""
    for follower, followee in _follows(made):
        follow = actions.follow_user(follower=made[follower], followee=made[followee])
        if not follow.is_active and follower not in WAITING.get(followee, "").split():
            actions.accept_follow_request(followee=made[followee], follower=made[follower])
    for muter, muted in MUTES.items():
        actions.mute_user(muter=made[muter], muted=made[muted])
    for blocker, blocked in BLOCKS.items():
        actions.block_user(blocker=made[blocker], blocked=made[blocked])


def _follow_tags(made: dict[str, User]) -> None:
    """Before anybody writes, so that each is shown as the first writes it."""
    for name, tags in TAGS.items():
        for tag in tags.split():
            follow_tag(person=made[name], name=tag)


def _follows(made: dict[str, User]) -> list[tuple[str, str]]:
    """Who follows whom: what is written down, the celebrity, and some chance, much of it mutual."""
    chance = random.Random(_SEED)
    pairs = [(follower, name) for follower, names in FOLLOWS.items() for name in names.split()]
    pairs += [(follower, followee) for followee, names in WAITING.items() for follower in names.split()]
    pairs += [(name, CELEBRITY) for name in made if name not in {CELEBRITY, "admin"}]
    usual = [name for name in made if name not in {*APART, CELEBRITY}]
    for name in usual:
        if name in FOLLOWS:
            continue
        for other in chance.sample([other for other in usual if other != name], chance.randint(3, 8)):
            pairs.append((name, other))
            if chance.random() < 0.5 and other not in FOLLOWS:
                pairs.append((other, name))
    return list(dict.fromkeys(pairs))
