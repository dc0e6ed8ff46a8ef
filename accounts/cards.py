"""Author cards: the few facts about a person that stand beside everything they wrote, cached apart from it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from accounts.addresses import profile_url
from accounts.models import User
from socialnet.kernel.cache import CachePolicy

POLICY = CachePolicy(
    name="author",
    template="author:{id}",
    ttl=30 * 60,
    version=2,
    dropped_by="profile, picture, suspension, privacy, choices about robots and who may find them",
    l1=2,
    l1_because="a name or picture may be of a moment ago; who may be seen is asked of PostgreSQL each time",
)
_FIELDS = (
    "id",
    "username",
    "display_name",
    "avatar_small",
    "is_private",
    "may_be_indexed",
    "may_be_archived",
    "found_by",
    "suspended_at",
)


@dataclass(frozen=True, kw_only=True)
class AuthorCard:
    id: int
    username: str
    display_name: str
    avatar_url: str | None
    is_private: bool
    suspended: bool
    robots: str = ""

    @property
    def url(self) -> str:
        return profile_url(self.username)

    def get_absolute_url(self) -> str:
        return self.url

    @classmethod
    def of(cls, person: User) -> "AuthorCard":
        return cls(
            id=person.pk,
            username=person.username,
            display_name=person.display_name,
            avatar_url=person.avatar_small_url,
            is_private=person.is_private,
            suspended=person.is_suspended,
            robots=person.robots,
        )


def author_cards(ids: Iterable[int]) -> dict[int, AuthorCard]:
    """Cards by id; one round trip to Redis, and one query for those it lacks. Deleted people have none."""
    return {ident: AuthorCard(**record) for ident, record in POLICY.load_many(list(ids), _load).items()}


def near_author_cards(ids: Iterable[int]) -> dict[int, AuthorCard]:
    """Cards that this process read a moment ago; those of deleted people are not among them."""
    return {ident: AuthorCard(**record) for ident, record in POLICY.near(ids).items() if record is not None}


def decode_author_cards(ids: Iterable[int], raw: Iterable[bytes | str | None]) -> dict[int, AuthorCard]:
    """Cards out of an MGET of `author_key(id)`, for callers who read several kinds in one round trip."""
    found = POLICY.decode(ids, raw)
    return {ident: AuthorCard(**record) for ident, record in found.items() if record is not None}


def author_key(user_id: int) -> str:
    return POLICY.key(user_id)


def drop_author_card(*user_ids: int) -> None:
    POLICY.drop(*user_ids)


def surely_drop_author_card(*user_ids: int) -> None:
    """As `drop_author_card`; raises `RedisAway`, on which a delivery is tried again."""
    POLICY.surely_drop(*user_ids)


def _load(ids: list[int]) -> Mapping[int, dict[str, Any]]:
    people = User.objects.filter(pk__in=ids, is_active=True).only(*_FIELDS)
    return {person.pk: asdict(AuthorCard.of(person)) for person in people}
