from django.contrib.auth.models import AnonymousUser

from accounts.models.keeping import EmailChange, Export
from accounts.models.people import Activity, FoundBy, MentionsFrom, PersonCounts, User, avatar_path
from accounts.models.relations import Block, Follow, Mute
from accounts.models.sign_in import ApiToken, KnownDevice, Session

Viewer = User | AnonymousUser

__all__ = [
    "Activity",
    "ApiToken",
    "Block",
    "EmailChange",
    "Export",
    "Follow",
    "FoundBy",
    "KnownDevice",
    "MentionsFrom",
    "Mute",
    "PersonCounts",
    "Session",
    "User",
    "Viewer",
    "avatar_path",
]
