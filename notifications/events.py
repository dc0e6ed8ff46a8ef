"""What is owed to people outside the inbox. The names are stored in the outbox: never rename one."""

from dataclasses import dataclass

from socialnet.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class MailOwed(Event):
    """One letter about these notifications, which were told together."""

    name = "notifications.mail_owed"
    user_id: int
    notification_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class DigestOwed(Event):
    """One letter about these notifications, which nobody looked at."""

    name = "notifications.digest_owed"
    user_id: int
    notification_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class PushOwed(Event):
    """One message to each browser of the person about these notifications, which were told together."""

    name = "notifications.push_owed"
    user_id: int
    notification_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class Announced(Event):
    """The people who run this place have something to say to everybody."""

    name = "notifications.announced"
    announcement_id: int
