"""The base of all models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, cast

import attrs
import msgspec


class _Empty(Mapping[str, Any]):
    """A mapping without keys that nobody can add any to, and that pickles as itself (a mapping proxy does not)."""

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"

    def __reduce__(self) -> str:
        return "EMPTY"


EMPTY: Mapping[str, Any] = _Empty()


def key_of(field: attrs.Attribute[Any]) -> str:
    """The API's name of a field; it differs from ours only where the API writes camel case."""
    key: str = field.metadata.get("key", field.name)
    return key


def keys_of(field: attrs.Attribute[Any]) -> tuple[str, ...]:
    """All names that the API has for a field, the usual one first; `also` holds those that only some answers use."""
    return key_of(field), *field.metadata.get("also", ())


@attrs.frozen(kw_only=True)
class Model:
    """An object of the API: frozen, hashable, comparable by its fields.

    A field that the answer leaves out, or sends as null, is None; an identifying `uuid` is then empty text, and a
    container is empty. Keys the model does not know are in `extra`: an account's custom attributes arrive there.
    """

    # The field that a bare value stands for, where some sources show one instead of an object.
    bare_field: ClassVar[str | None] = None
    # Whether many rows of a list hold the same one; nothing in it may be changed then, mappings least of all.
    shared: ClassVar[bool] = False

    # What it was made of: JSON values, the bytes of an object, or for a nested one its parent's and its place there.
    _raw: Any = attrs.field(default=EMPTY, repr=False, eq=False)

    @property
    def extra(self) -> Mapping[str, Any]:
        """The keys of the answer that are no field of this model, as they came."""
        raw: Any = json_of(self._raw)
        if not isinstance(raw, Mapping):
            return EMPTY
        keys = cast("Mapping[str, Any]", raw)
        known = _known(type(self))
        return MappingProxyType({key: value for key, value in keys.items() if key not in known})


def json_of(raw: Any) -> Any:
    """The JSON values that a model was made of."""
    if type(raw) is bytes:
        return msgspec.json.decode(raw)
    if type(raw) is tuple:
        parent, place = cast("tuple[Any, str | int]", raw)
        return json_of(parent)[place]
    return raw


_KNOWN: dict[type, frozenset[str]] = {}


def _known(cls: type) -> frozenset[str]:
    known = _KNOWN.get(cls)
    if known is None:
        known = _KNOWN[cls] = frozenset(
            key for field in attrs.fields(cls) if field.name != "_raw" for key in keys_of(field)
        )
    return known
