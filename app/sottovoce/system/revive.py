"""Dataclasses made from JSON that may be older, newer or broken."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

import msgspec

Value = TypeVar("Value")


def revive(kind: type[Value], kept: Mapping[str, object]) -> Value:
    """Return a `kind`, a dataclass, with what can be understood and defaults for the rest."""
    assert is_dataclass(kind)
    types = get_type_hints(kind)
    understood: dict[str, Any] = {}
    for field in fields(kind):
        if field.name not in kept:
            continue
        value = kept[field.name]
        if is_dataclass(types[field.name]) and isinstance(value, dict):
            understood[field.name] = revive(types[field.name], value)
            continue
        try:
            understood[field.name] = msgspec.convert(value, types[field.name])
        except msgspec.ValidationError:
            continue
    return kind(**understood)
