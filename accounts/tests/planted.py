"""For each invariant of people that were erased a way to break it; `town` is that of `tests/test_invariants.py`."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.models import KnownDevice, User


def bury(town: Any) -> None:
    User.objects.filter(pk=town.ben.pk).update(is_active=False)


def device_of_nobody(town: Any) -> None:
    KnownDevice.objects.create(user=town.ben, mark="x")
    bury(town)


def archive_of_nobody(_town: Any) -> None:
    file = Path(settings.MEDIA_ROOT) / "exports" / "left.zip"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"PK")
    long_ago = time.time() - 2 * 3600
    os.utime(file, (long_ago, long_ago))


PLANTS: dict[str, Callable[[Any], object]] = {
    "nothing personal is left on the tombstone of who was erased": bury,
    "no row of any app belongs to who was erased": device_of_nobody,
    "archives of people have a row each, and no other is kept": archive_of_nobody,
}
