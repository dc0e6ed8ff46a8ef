"""Bodies: strict JSON and forms without characters that cannot be kept. What is refused is named by its field."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.parsers import BaseParser, DataAndFiles

from socialnet.kernel.errors import Invalid, Malformed, TooLarge
from socialnet.kernel.rest.renderers import JSONRenderer

MAX_DEPTH = 16
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


class JSONParser(BaseParser):
    """An object; no name twice, no NaN or infinity, not nested deeper than `MAX_DEPTH`."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        value = _loads(raw)
        if not isinstance(value, dict):
            raise Malformed(_("A JSON object is expected here."))
        refuse_unkeepable(value)
        return value


class FormParser(parsers.FormParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        data = super().parse(stream, media_type, parser_context)
        refuse_unkeepable(dict(data.lists()))
        return data


class MultiPartParser(parsers.MultiPartParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        parsed = super().parse(stream, media_type, parser_context)
        refuse_unkeepable(dict(parsed.data.lists()))
        return parsed


def _loads(raw: bytes) -> Any:
    try:
        return json.loads(
            raw.decode(), object_pairs_hook=_each_name_once, parse_constant=_refuse, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise Malformed from error


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed(_("A name stands twice in one JSON object."))
    return found


def _refuse(_constant: str) -> NoReturn:
    raise Malformed(_("NaN and infinity are no JSON."))


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def refuse_unkeepable(fields: Mapping[str, Any]) -> None:
    """Raise `Invalid` naming the fields that hold NUL or lone surrogates, `Malformed` for what is too deep."""
    names = {path for path, text in _texts(fields) if _UNKEEPABLE.search(text)}
    if names:
        sentence = _("This holds characters that cannot be kept.")
        raise Invalid(errors={_UNKEEPABLE.sub("?", name): [sentence] for name in names})


def _texts(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every string below `value` with the dotted path of its field; names count as strings of their object."""
    if depth > MAX_DEPTH:
        raise Malformed(_("This JSON is nested too deep."))
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, child in value.items():
            yield path or "non_field_errors", name
            yield from _texts(child, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child, path, depth + 1)
