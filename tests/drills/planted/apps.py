"""Faults in the processes of a drill, chosen by the environment that they are started with."""

import os
import time
from typing import Any

from django.apps import AppConfig


class PlantedConfig(AppConfig):
    name = "tests.drills.planted"
    label = "planted"

    def ready(self) -> None:
        from accounts import mail
        from feeds import fanout
        from socialnet.outbox import deliveries, relay, watch
        from socialnet.outbox.tasks import make_deliveries

        if chunk := os.environ.get("DRILL_CHUNK"):
            fanout.CHUNK = int(chunk)
        if slow := os.environ.get("DRILL_SLOW"):
            fanout.deliver = _slower(fanout.deliver, by=float(slow))
        if lease := os.environ.get("DRILL_LEASE"):
            deliveries.LEASE_SECONDS = relay.LEASE_SECONDS = int(lease)
        if step := os.environ.get("DRILL_OVERLOAD_STEP"):
            watch.STEP_SECONDS = watch.DOWN_AFTER = float(step)
        if pause := os.environ.get("DRILL_MAIL_PAUSE"):
            mail.breaker.pause = mail.breaker._breaker.reset_timeout = float(pause)
        if os.environ.get("DRILL_TWICE"):
            make_deliveries.apply_async = _twice(make_deliveries.apply_async)


def _slower(deliver: Any, *, by: float) -> Any:
    def slowly(*args: Any) -> int:
        made = deliver(*args)
        time.sleep(by)
        return made

    return slowly


def _twice(apply_async: Any) -> Any:
    def send(*args: Any, **kwargs: Any) -> None:
        apply_async(*args, **kwargs)
        apply_async(*args, **kwargs)

    return send
