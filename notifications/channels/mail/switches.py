"""What the links in letters do: switch off what they name, and on again what they switched off."""

from collections.abc import Collection
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.db import transaction

from accounts.models import User
from notifications import actions, preferences, settling
from notifications.channels.mail.tokens import ALL, DIGEST, Switch
from notifications.models import Digest, Settings
from notifications.preferences import Wishes
from notifications.registry import KINDS, Way

_undo = Signer(salt="notifications.mail.undo")


@dataclass(frozen=True)
class Done:
    """What was on before and is off now; `digest` is what was chosen, empty if nothing changed there."""

    user_id: int
    kinds: tuple[str, ...]
    digest: str

    @property
    def is_anything(self) -> bool:
        return bool(self.kinds or self.digest)

    @property
    def token(self) -> str:
        """With this, and with nothing else, it is switched on again without signing in."""
        return _undo.sign_object({"user": self.user_id, "kinds": self.kinds, "digest": self.digest})


def read_undo(token: str) -> Done | None:
    try:
        said = _undo.unsign_object(token)
    except BadSignature:
        return None
    return Done(said["user"], tuple(said["kinds"]), said["digest"])


def person_of(switch: Switch | Done | None) -> User | None:
    return User.objects.standing().filter(pk=switch.user_id).first() if switch else None


@transaction.atomic
def switch_off(person: User, switch: Switch) -> Done:
    """No more letters of what `switch` names; repeating it changes nothing. What is urgent stays on.

    It is written down for kinds without letters, too: one may have come in the place of a push message.
    """
    settling.lock_inboxes([person.pk])
    wishes = preferences.of_person(person.pk)
    named = _named(switch.what)
    kinds = [kind for kind in named if Way.MAIL in _chosen_ways(wishes, kind)]
    for kind in named:
        _save_ways(person, wishes, kind, _chosen_ways(wishes, kind) - {Way.MAIL})
    before = ""
    if {ALL, DIGEST} & set(switch.what) and wishes.settings.digest != Digest.OFF:
        before = wishes.settings.digest
        Settings.objects.update_or_create(user=person, defaults={"digest": Digest.OFF})
    return Done(person.pk, tuple(kinds), before)


@transaction.atomic
def switch_on(person: User, done: Done) -> None:
    """Take back what `switch_off` did."""
    settling.lock_inboxes([person.pk])
    wishes = preferences.of_person(person.pk)
    for kind in _named(done.kinds):
        _save_ways(person, wishes, kind, _chosen_ways(wishes, kind) | {Way.MAIL})
    if done.digest in Digest.values:
        Settings.objects.update_or_create(user=person, defaults={"digest": done.digest})


def _named(what: Collection[str]) -> list[str]:
    return [kind.name for kind in KINDS.values() if not kind.urgent and (ALL in what or kind.name in what)]


def _chosen_ways(wishes: Wishes, kind: str) -> frozenset[Way]:
    """As they stand in the preferences, whether or not the person wants to be told of anything at present."""
    preference = wishes.chosen.get(kind)
    return frozenset(map(Way, preference.ways)) if preference else KINDS[kind].ways


def _save_ways(person: User, wishes: Wishes, kind: str, ways: frozenset[Way]) -> None:
    actions.save_preference(
        person=person,
        kind=kind,
        ways=[str(way) for way in ways if way is not Way.INBOX],
        from_whom=wishes.from_whom(kind),
        pace=wishes.pace(kind),
    )
