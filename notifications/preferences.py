"""What people wish to be told: their own choices over the defaults of the registry, for many people at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accounts.models import User
from notifications.models import FromWhom, Preference, Settings
from notifications.registry import HOUR, KINDS, PACE_SECONDS, Pace, Way

_WINDOWS = frozenset(pace for pace, seconds in PACE_SECONDS.items() if seconds < HOUR)


@dataclass(frozen=True)
class Wishes:
    """What one person wishes. `chosen` has only the kinds for which they chose something."""

    settings: Settings
    chosen: Mapping[str, Preference]
    zone: ZoneInfo

    def pace(self, kind: str) -> Pace:
        preference = self.chosen.get(kind)
        return Pace(preference.pace) if preference else KINDS[kind].paces[0]

    def from_whom(self, kind: str) -> str:
        preference = self.chosen.get(kind)
        return preference.from_whom if preference else FromWhom.EVERYONE

    def ways(self, kind: str) -> frozenset[Way]:
        """How they are told of it outside the inbox now.

        Of what is urgent always, as the registry says: whoever takes over an account must not be able to silence it.
        Of the rest not at all while they want to be left alone, or once they want to hear of that kind no more.
        """
        if not KINDS[kind].urgent and (not self.settings.is_on or self.is_off(kind)):
            return frozenset()
        return self.wanted_ways(kind)

    def wanted_ways(self, kind: str) -> frozenset[Way]:
        """The ways that they chose for it, whether or not they want to be left alone."""
        preference = None if KINDS[kind].urgent else self.chosen.get(kind)
        return frozenset(map(Way, preference.ways)) if preference else KINDS[kind].ways

    def bears(self, way: Way, kind: str) -> bool:
        """Whether they may be told of it by this way, though another is what they want: if they did not choose against
        it."""
        if kind not in self.chosen and (self.settings.is_on or KINDS[kind].urgent):
            return True
        return way in self.ways(kind)

    def is_off(self, kind: str) -> bool:
        """Whether they want to hear of it no more, not even in the inbox."""
        return self.pace(kind) is Pace.OFF or self.from_whom(kind) == FromWhom.NOBODY

    def is_hasty(self, kind: str) -> bool:
        """Whether the largest batch ends the wait: it ends windows of minutes, not an hour or a day that they chose."""
        return KINDS[kind].largest > 0 and self.pace(kind) in _WINDOWS


def of(user_ids: Collection[int]) -> dict[int, Wishes]:
    """The wishes of these people, in three queries however many."""
    zones = dict(User.objects.filter(pk__in=user_ids).values_list("pk", "time_zone"))
    settings = Settings.objects.in_bulk(user_ids)
    chosen: dict[int, dict[str, Preference]] = {user_id: {} for user_id in zones}
    for preference in Preference.objects.filter(user__in=user_ids):
        chosen.setdefault(preference.user_id, {})[preference.kind] = preference
    return {
        user_id: Wishes(settings.get(user_id) or Settings(user_id=user_id), chosen[user_id], _zone(name))
        for user_id, name in zones.items()
    }


def of_person(user_id: int) -> Wishes:
    return of([user_id])[user_id]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):  # known to another release of the time zones
        return ZoneInfo("UTC")
