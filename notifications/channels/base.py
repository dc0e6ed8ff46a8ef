"""What a way to reach people is. To add one, see `CHECKLIST.md` beside this file."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from accounts.models import User
from notifications.models import Settings
from notifications.registry import Way


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A way out of the inbox.

    `reached` says which of these people (by id) have an address that works, in a query or two however many they are;
    `trouble` in a sentence why somebody is not reached (empty: nothing to say). `owe` sees to it that these
    notifications, told together, go out as one message: it is called once for them, inside the transaction of the
    telling, and must not speak with anybody; it stores an event or acts on commit.
    """

    way: Way
    label: Promise
    reached: Callable[[Collection[int]], set[int]]
    owe: Callable[[User, Sequence[int]], None]
    trouble: Callable[[User, Settings], str] = lambda _person, _settings: ""
