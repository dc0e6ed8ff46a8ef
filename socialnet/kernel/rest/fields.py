"""Sparse answers: `?fields=id,author.username` keeps just these."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.serializers import BaseSerializer, ListSerializer

from socialnet.kernel.errors import UnknownField

MAX_NAMES = 100
MAX_DEPTH = 6
Tree = dict[str, "Tree"]
SerializerClass = type[BaseSerializer[Any]]


def parse(text: str) -> Tree:
    """The names in `text` as a tree: a name without children keeps the whole of what it names."""
    names = [name.strip() for name in text.split(",")]
    if len(names) > MAX_NAMES or not all(names):
        raise UnknownField(errors={"fields": [_("Name fields with commas between them.")]})
    tree: Tree = {}
    for name in names:
        _grow(tree, name.split("."), name)
    return tree


def _grow(tree: Tree, steps: list[str], name: str) -> None:
    if len(steps) > MAX_DEPTH or not all(steps):
        raise _unknown(name)
    for step in steps:
        tree = tree.setdefault(step, {})


def select(data: Any, tree: Tree, *, strict: bool, known: Tree | None = None, path: str = "") -> Any:
    """What of `data` the `tree` names; `strict` raises `UnknownField` for names neither here nor in `known`."""
    if not tree or data is None:
        return data
    if isinstance(data, Mapping):
        if strict:
            _refuse_unknown(tree, {*data, *(known or {})}, path)
        return {
            name: select(
                data[name], inner, strict=strict, known=(known or {}).get(name), path=f"{path}{name}."
            )
            for name, inner in tree.items()
            if name in data
        }
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return [select(item, tree, strict=strict, known=known, path=path) for item in data]
    if strict:
        raise _unknown(path + next(iter(tree)))
    return data


def check(tree: Tree, known: Tree, path: str = "") -> None:
    """Raise `UnknownField` for a name that no answer of this shape has; a shape without names is anything."""
    _refuse_unknown(tree, set(known), path)
    for name, inner in tree.items():
        if inner and known[name]:
            check(inner, known[name], f"{path}{name}.")


def shape_of(serializer: SerializerClass | BaseSerializer[Any]) -> Tree:
    """The names that answers of `serializer` have."""
    instance: Any = serializer() if isinstance(serializer, type) else serializer
    if isinstance(instance, ListSerializer):
        instance = instance.child
    return {
        name: shape_of(field) if isinstance(field, BaseSerializer) else {}
        for name, field in getattr(instance, "fields", {}).items()
        if not field.write_only
    }


def _refuse_unknown(tree: Tree, known: set[str], path: str) -> None:
    for name in tree:
        if name not in known:
            raise _unknown(path + name)


def _unknown(name: str) -> UnknownField:
    return UnknownField(errors={"fields": [_("There is no field %(name)s here.") % {"name": name[:100]}]})
