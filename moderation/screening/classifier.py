"""How sure the classifier is that a text is offensive: within a budget, behind a breaker, remembered for a day.

It runs in a thread of its own, so that whoever writes waits no longer than `BUDGET` for it.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import BoundedSemaphore

import structlog
from django.utils.crypto import salted_hmac

from moderation.screening import weights
from moderation.screening.cache import VERDICTS
from socialnet.kernel.breaker import Breaker, Refused

BUDGET = 0.2  # seconds
PATIENCE = 5.0  # seconds that a worker gives it, who keeps nobody waiting
WAITING_MOST = (
    5  # texts that may wait for the thread, the one at hand among them; others are not kept waiting
)

_room = BoundedSemaphore(WAITING_MOST)
log = structlog.get_logger(__name__)
breaker = Breaker("classifier", failures=3, pause=10, counts=lambda _error: True)


class ClassifierTimeout(Exception):
    """It said nothing in time."""


def digest(text: str) -> str:
    """What stands for a text in Redis and in results; nobody without our key can find the text by it."""
    return salted_hmac("moderation.screening", text, algorithm="sha256").hexdigest()


def signal_of(text: str, *, patience: float = BUDGET) -> float | None:
    """From 0 to 1; None when it fails, takes too long, or lately did."""
    try:
        with breaker.calling():
            return _ask(text, patience)
    except Refused:
        return None
    except Exception as error:  # whatever is wrong with a file or a text, people can go on writing
        log.warning("classifier_failed", error=type(error).__name__)
        return None


def keep(text_digest: str, signal: float) -> None:
    VERDICTS.set_many({text_digest: signal})


def _ask(text: str, patience: float) -> float:
    if not _room.acquire(blocking=False):
        raise ClassifierTimeout
    asked: Future[float] = _thread().submit(_score, text)
    asked.add_done_callback(lambda _done: _room.release())
    try:
        return asked.result(timeout=patience)
    except TimeoutError as error:
        asked.cancel()
        raise ClassifierTimeout from error


def _score(text: str) -> float:
    return _weights().score(text)


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="classifier")


@cache
def _weights() -> weights.Weights:
    return weights.load()
