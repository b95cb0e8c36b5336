"""The base of all models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, cast

import attrs
import msgspec

from ..errors import DecodeError
from ._html import table


class _Fixed(dict[str, Any]):
    """A dict that nobody changes."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("what an answer said can't be changed; dict(…) makes a copy")

    if not TYPE_CHECKING:  # a Mapping to type checkers, which has none of them
        __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse


class _Empty(_Fixed):
    """What is not there; pickles as itself."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "EMPTY"


EMPTY: Mapping[str, Any] = _Empty()


class _Extra(_Fixed):
    """The keys of an answer that its model does not know, with their JSON values."""

    __slots__ = ("made_of",)

    def __init__(self, keys: Mapping[str, Any], made_of: Any) -> None:
        super().__init__(keys)
        # What the model was made of: `attrs.evolve` hands it on to the changed one.
        self.made_of = made_of

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


def _made_of(raw: Any) -> Any:
    return raw.made_of if type(raw) is _Extra else raw


def key_of(field: attrs.Attribute[Any]) -> str:
    """The API's name of a field; it differs from ours only where the API writes camel case."""
    key: str = field.metadata.get("key", field.name)
    return key


def keys_of(field: attrs.Attribute[Any]) -> tuple[str, ...]:
    """All names that the API has for a field, the usual one first; `also` holds those that only some answers use."""
    return key_of(field), *field.metadata.get("also", ())


def fields_of(cls: Any) -> list[attrs.Attribute[Any]]:
    """The fields of a model that are the API's."""
    return [field for field in attrs.fields(cls) if field.alias != "raw"]


def _travel() -> Any:
    # Made for models, it imports them; and it is needed only where one leaves or comes in by itself.
    return import_module("leat_async._core.travel")


@attrs.frozen(kw_only=True)
class Model:
    """An object of the API: frozen, hashable, comparable by its fields.

    A field that the answer leaves out, or sends as null, is None; an identifying `uuid` is then empty text, and a
    container is empty. Keys the model does not know are in `extra`: an account's custom attributes arrive there.

    `dict(model)` and `model.to_dict()` are the same. A model may be returned by a FastAPI route and be a field of a
    pydantic model; `json.dumps(…, default=Model.to_dict)` writes it; `copy.replace` (or `attrs.evolve`) changes it.
    """

    # The field that a bare value stands for, where some sources show one instead of an object.
    bare_field: ClassVar[str | None] = None
    # Whether many rows of a list hold the same one; nothing in it may be changed then, mappings least of all.
    shared: ClassVar[bool] = False
    # Whether rows of a list only pass by: read the quick way, they are structs with the same fields, and no models.
    passing: ClassVar[bool] = False

    # What it was made of: JSON values, the bytes of an object, or for a nested one its parent's and its place there.
    _raw: Any = attrs.field(default=EMPTY, repr=False, eq=False, converter=_made_of)

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        # Among the fields that attrs lists, `extra` stands for what the model was made of: `attrs.asdict` shows the
        # keys instead of bytes, and `attrs.evolve` still hands everything on. "Inherited" says that no subclass is to
        # take it over: it gets the real one from here.
        listed: Any = attrs.fields(cls)
        visible = (
            field.evolve(name="extra", alias="raw", inherited=True) if field.name == "_raw" else field
            for field in listed
        )
        type.__setattr__(cls, "__attrs_attrs__", type(listed)(visible))
        cls.__repr__ = Model.__repr__  # type: ignore[method-assign]  # instead of the one that attrs makes

    @property
    def extra(self) -> Mapping[str, Any]:
        """The keys of the answer that are no field of this model, as they came."""
        raw: Any = json_of(self._raw)
        keys = cast("Mapping[str, Any]", raw) if isinstance(raw, Mapping) else EMPTY
        known = _known(type(self))
        return _Extra({key: value for key, value in keys.items() if key not in known}, self._raw)

    def to_dict(self, *, known: bool = False, flat: bool = False) -> dict[str, Any]:
        """Turn it into JSON values by the API's keys, as they came; moments are text.

        Parameters:
            known: leave out the keys that the model does not know.
            flat: objects inside give keys such as `contact.email`; lists stay lists. For tables, such as
                `pd.DataFrame(visit.to_dict(flat=True) for visit in visits)`.

        Returns:
            A new dict. Keys that the answer left out are left out.
        """
        made: dict[str, Any] = _travel().to_dict(self, known, flat)
        return made

    def to_json(self, *, known: bool = False) -> str:
        """Turn it into JSON text.

        Parameters:
            known: leave out the keys that the model does not know.

        Returns:
            What `to_dict` gives, as text.
        """
        made: str = _travel().to_json(self, known)
        return made

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make one from JSON values by the API's keys, such as `to_dict` gave.

        Parameters:
            data: a mapping; datetimes inside must be aware. Nothing is required, what is missing is None.

        Returns:
            The model.

        Raises:
            TypeError, ValueError: `data` holds what JSON can't.
            DecodeError: a value does not fit its field; `path` says which.
        """
        made: Self = _travel().from_dict(cls, data)
        return made

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Pairs of key and JSON value, so that `dict(model)` is what `to_dict` gives."""
        return iter(self.to_dict().items())

    def __repr__(self) -> str:
        # Most fields of most answers are empty; what is told is what there is.
        told = ", ".join(f"{name}={value!r}" for name, value in shown(self).items())
        return f"{type(self).__name__}({told})"

    def _repr_html_(self) -> str:
        """A table of its fields, for notebooks."""
        return table([{"": name, type(self).__name__: value} for name, value in cells(self).items()])

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: Any) -> Any:
        """How pydantic takes and gives a model; asked for by pydantic only."""
        return _travel().pydantic_schema(cls, handler)


def json_of(raw: Any) -> Any:
    """The JSON values that a model was made of; raises `DecodeError` where they are nested too deep to be read."""
    if type(raw) is bytes:
        try:
            return msgspec.json.decode(raw)
        except RecursionError:
            # Reading the model skipped over it, which takes no depth on newer Pythons.
            raise DecodeError("$: nested too deep", body=raw) from None
    if type(raw) is tuple:
        parent, place = cast("tuple[Any, str | int]", raw)
        return json_of(parent)[place]
    return raw


def shown(model: Model) -> dict[str, Any]:
    """The fields that have a value and may be seen: what gives access is kept out of sight."""
    values = {field.name: getattr(model, field.name) for field in fields_of(type(model)) if field.repr}
    defaults = {field.name: field.default for field in fields_of(type(model))}
    return {name: value for name, value in values.items() if value != defaults[name]}


def cells(model: Model) -> dict[str, Any]:
    """What `shown` gives, with the fields of models inside as `contact.email`."""
    found: dict[str, Any] = {}
    for name, value in shown(model).items():
        if isinstance(value, Model):
            found.update({f"{name}.{inner}": one for inner, one in cells(value).items()})
        else:
            found[name] = value
    return found


_KNOWN: dict[type, frozenset[str]] = {}


def _known(cls: type) -> frozenset[str]:
    known = _KNOWN.get(cls)
    if known is None:
        known = _KNOWN[cls] = frozenset(key for field in fields_of(cls) for key in keys_of(field))
    return known
