"""`manage.py relay`: hand due deliveries to Celery until told to stop."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from socialnet.kernel import restarts
from socialnet.kernel.health import keep_beating
from socialnet.outbox.relay import Relay


class Command(BaseCommand):
    help = "Hands due deliveries to Celery until it gets SIGTERM or SIGINT. Several may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        keep_beating("relay", stop)
        restarts.watch(stop)
        Relay(stop).run()
