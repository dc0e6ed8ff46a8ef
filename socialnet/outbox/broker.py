"""Handing batches to Celery. Only the relay comes here: the web process never talks to the broker."""

from collections.abc import Iterable

import structlog
from celery import current_app
from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
AWAY = (OperationalError, RedisError, OSError)


def room(queues: Iterable[str], *, most: int) -> dict[str, int]:
    """How many more messages each queue may take until `most` wait in it; nothing while the broker is away."""
    try:
        with current_app.connection_or_acquire() as connection:
            return {queue: most - _waiting(connection.default_channel, queue) for queue in queues}
    except AWAY as error:
        log.warning("broker_away", error=type(error).__name__)
        return {}


def waiting_in(queues: Iterable[str]) -> dict[str, int]:
    """How many messages wait in each queue; nothing while the broker is away."""
    return {queue: -left for queue, left in room(queues, most=0).items()}


def _waiting(channel, queue: str) -> int:  # type: ignore[no-untyped-def]  # a kombu channel, any transport's
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except ChannelError:  # not declared yet: no worker has come up
        return 0


def hand_over(handler: str, delivery_ids: list[int], *, queue: str) -> bool:
    """Enqueue one batch; False when the broker did not take it."""
    from socialnet.outbox.tasks import make_deliveries

    try:
        make_deliveries.apply_async((handler, delivery_ids), queue=queue, retry=False)
    except AWAY as error:
        log.warning("broker_away", error=type(error).__name__)
        return False
    return True
