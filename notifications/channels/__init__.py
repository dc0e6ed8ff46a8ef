"""The ways out of the inbox, each a folder with one interface (`base.Channel`).

The inbox itself is none of them: what is in it was not sent anywhere.
"""

from notifications.channels import mail, push, socket
from notifications.channels.base import Channel
from notifications.registry import Way

CHANNELS: tuple[Channel, ...] = (socket.CHANNEL, push.CHANNEL, mail.CHANNEL)


def channel(way: Way) -> Channel:
    return next(channel for channel in CHANNELS if channel.way is way)
