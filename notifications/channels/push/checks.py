"""Whether the key of Web Push is there, and one."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register

from notifications.channels.push import keys


@register(Tags.security)
def key_is_one(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    try:
        keys.public_key()
    except ValueError:
        said = "VAPID_PRIVATE_KEY is not a key: take one that `manage.py vapid_key` prints."
        return [Error(said, id="notifications.E001")]
    return []


@register(Tags.security, deploy=True)
def key_is_there(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if keys.is_on():
        return []
    said = "VAPID_PRIVATE_KEY is not set, so nobody is told by Web Push: `manage.py vapid_key` prints one."
    return [Warning(said, id="notifications.W001")]
