"""What Prometheus is told of notifications; processes that count share one table as all metrics do."""

from prometheus_client import Counter

from notifications.registry import Way

_counted = Counter(
    "socialnet_notifications",
    "Notifications opened, told or cancelled, by the way where there is one",
    ["what", "way"],
)


def opened(many: int) -> None:
    """So many new rows in inboxes."""
    _counted.labels("opened", Way.INBOX).inc(many)


def told(way: Way, many: int) -> None:
    """So many handed over to a way."""
    _counted.labels("told", way).inc(many)


def cancelled(why: str, many: int) -> None:
    """So many that were owed and are told by no way any more, since they were undone or read (`why`)."""
    _counted.labels("cancelled", why).inc(many)
