"""Path converters: what cannot be an id is a 404 before anybody asks the database."""

from django.urls import register_converter


class IdConverter:
    """`<id:post_id>`: a 53-bit id; larger numbers match nothing."""

    regex = "[0-9]{1,16}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number >= 2**53:
            raise ValueError
        return number

    def to_url(self, value: int | str) -> str:
        return str(value)


def register() -> None:
    register_converter(IdConverter, "id")
