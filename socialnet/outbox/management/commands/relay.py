"""`manage.py relay`: hand due deliveries to Celery until told to stop."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from socialnet.kernel import restarts
from socialnet.kernel.health import keep_beating
from socialnet.outbox import rounds
from socialnet.outbox.relay import Relay
from socialnet.outbox.watch import keep_watch

ASKED_TO_STOP = {signal.SIGTERM, signal.SIGINT}


def set_when_asked_to_stop() -> threading.Event:
    """An event that a thread sets on SIGTERM or SIGINT.

    A handler must not: it runs inside the main thread, which may hold the event's lock that very moment, and would
    wait for itself for ever.
    """
    stop = threading.Event()

    def wait_for_signal() -> None:
        signal.sigwait(ASKED_TO_STOP)
        stop.set()

    signal.pthread_sigmask(signal.SIG_BLOCK, ASKED_TO_STOP)  # before any thread: they inherit it
    threading.Thread(target=wait_for_signal, name="signals", daemon=True).start()
    return stop


class Command(BaseCommand):
    help = "Hands due deliveries to Celery until it gets SIGTERM or SIGINT. Several may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = set_when_asked_to_stop()
        keep_beating("relay", stop)
        restarts.watch(stop)
        keep_watch(stop)
        threads = rounds.start(stop)
        Relay(stop).run()
        for thread in threads:
            thread.join()
