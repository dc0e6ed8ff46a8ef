"""Who calls the API: a bearer token, or the session of a browser with its CSRF token."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.authentication import SessionAuthentication as BaseSessionAuthentication
from rest_framework.request import Request

from accounts import cache
from accounts.actions import note_token_use
from accounts.actions.sign_in import hash_of
from accounts.backends import get_viewer
from accounts.cache import Record
from accounts.errors import BadToken, ScopeMissing
from accounts.models import ApiToken, User

_SAFE = ("GET", "HEAD", "OPTIONS")


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; `request.auth` is the token's record: id, user_id, scopes."""

    def authenticate(self, request: Request) -> tuple[User, Record] | None:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        record = token_of(secret.strip())
        person = record and get_viewer(record["user_id"])
        if not record or not person:
            raise BadToken
        needed = ApiToken.Scope.READ if request.method in _SAFE else ApiToken.Scope.WRITE
        if needed not in record["scopes"]:
            raise ScopeMissing
        return person, record

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(BaseSessionAuthentication):
    """The browser's session; unsafe methods need the CSRF token."""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def token_of(secret: str) -> Record | None:
    """What is kept of a token in force, by its secret."""
    token_hash = hash_of(secret)
    return cache.tokens.read(token_hash, lambda: _load(token_hash))


def _load(token_hash: str) -> Record | None:
    token = ApiToken.objects.in_force().filter(hash=token_hash).values("id", "user_id", "scopes").first()
    if token is None:
        return None
    note_token_use(token_id=token["id"])
    return {**token}
