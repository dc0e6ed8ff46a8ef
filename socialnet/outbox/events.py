"""The type of events: facts with a name, stored in the transaction of the change they tell of."""

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

_types: dict[str, type["Event"]] = {}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of every event. `name` is stored in the outbox: never rename it; fields are ids and plain values.

    `id` and `request_id` are known once it is stored: handlers see them, whoever emits leaves them alone.
    """

    name: ClassVar[str]
    id: int = field(default=0, compare=False)
    request_id: str = field(default="", compare=False)

    def __init_subclass__(cls) -> None:
        if _types.setdefault(cls.name, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"two events are named {cls.name}")

    def payload(self) -> dict[str, Any]:
        fields = asdict(self)
        del fields["id"], fields["request_id"]
        return fields


def restore(name: str, payload: dict[str, Any], *, ident: int, request_id: str) -> Event:
    """The event as it was emitted; fields it gained since keep their defaults, fields it lost are ignored."""
    kind = _types[name]
    known = kind.__dataclass_fields__
    kept = {name: value for name, value in payload.items() if name in known}
    return kind(id=ident, request_id=request_id, **kept)
