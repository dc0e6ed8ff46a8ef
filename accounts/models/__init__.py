from django.contrib.auth.models import AnonymousUser

from accounts.models.people import Activity, PersonCounts, User, avatar_path
from accounts.models.relations import Block, Follow, Mute
from accounts.models.sign_in import ApiToken, KnownDevice, Session

Viewer = User | AnonymousUser

__all__ = [
    "Activity",
    "ApiToken",
    "Block",
    "Follow",
    "KnownDevice",
    "Mute",
    "PersonCounts",
    "Session",
    "User",
    "Viewer",
    "avatar_path",
]
