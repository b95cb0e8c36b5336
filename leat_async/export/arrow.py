"""JSON rows straight to Arrow columns.

Arrow parses JSON outside Python's lock, so a whole batch costs the event loop next to nothing. It is strict: what
does not fit its column exactly (a number written as text, `[]` for an object) is refused, and `Layout.table`, which
takes the values of the models, does that batch instead. Where both work, they give the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib import import_module
from typing import Any, get_type_hints

from .._core.codec import parse
from ..errors import ConfigError, DecodeError
from ..models._base import Model, fields_of, keys_of
from .columns import SCALARS, Layout, as_json, as_text, inner_model, members_of


def pyarrow_or_advice(what: str) -> Any:
    """pyarrow with the parts of it that exports use, or a `ConfigError` that says how to get it."""
    try:
        for name in ("pyarrow.compute", "pyarrow.json", "pyarrow.parquet"):
            import_module(name)
        return import_module("pyarrow")
    except ImportError:
        raise ConfigError(f"{what} needs an extra: pip install 'leat-async[parquet]'") from None


class ArrowBatches:
    """Rows as record batches of one schema: a column for each of the layout's."""

    def __init__(self, arrow: Any, layout: Layout) -> None:
        self._arrow = arrow
        self._layout = layout
        types = {
            "text": arrow.string(),
            "json": arrow.string(),
            "integer": arrow.int64(),
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "moment": arrow.timestamp("us", tz="UTC"),
        }
        self.schema: Any = arrow.schema([(column.name, types[column.type]) for column in layout.columns])
        self._reader = ArrowReader(arrow, arrow.json, arrow.compute, layout, self.schema)

    def of(self, sources: Sequence[bytes]) -> Any:
        """Rows, each as JSON, as a record batch."""
        batch = self._reader.batch(sources) if self._reader.usable else None
        if batch is not None:
            return batch
        arrays = [
            self._arrow.array(values, type=field.type)
            for values, field in zip(self._layout.table(sources), self.schema, strict=True)
        ]
        return self._arrow.record_batch(arrays, schema=self.schema)


class _Unfit(Exception):
    """These rows have to be read as models."""


class ArrowReader:
    """Reads the rows of one kind; `usable` tells whether it can: no column may hold JSON, but for `extra`."""

    def __init__(self, pyarrow: Any, json: Any, compute: Any, layout: Layout, schema: Any) -> None:
        self._arrow = pyarrow
        self._json = json
        self._compute = compute
        self._schema = schema
        self._known = {key for field in fields_of(layout.kind.model) for key in keys_of(field)}
        # Made of buffers, since to convert a value Arrow first imports pandas if there is one: 40 MB.
        texts = pyarrow.StringArray.from_buffers(1, pyarrow.py_buffer(bytes(8)), pyarrow.py_buffer(b""))
        self._empty, self._null = texts[0], pyarrow.nulls(1, pyarrow.string())[0]
        self._paths: dict[str, tuple[str, ...]] = {}
        self._identities: set[str] = set()
        self._open: set[str] = set()
        types: dict[Any, Any] = {
            str: pyarrow.string(),
            int: pyarrow.int64(),
            float: pyarrow.float64(),
            bool: pyarrow.bool_(),
        }
        # Moments are read as text first: Arrow would take some that have no offset.
        types[dt.datetime] = pyarrow.string()
        try:
            self._explicit = pyarrow.schema(self._fields(layout.kind.model, (), types))
        except _Unfit:
            self.usable: bool = False
        else:
            self.usable = {column.name for column in layout.columns} <= {*self._paths, "extra"}

    def _fields(self, model: type[Model], prefix: tuple[str, ...], types: dict[Any, Any]) -> list[Any]:
        hints = get_type_hints(model)
        found: list[Any] = []
        for field in fields_of(model):
            if keys_of(field) != (field.name,):
                raise _Unfit
            members, path = members_of(hints[field.name]), (*prefix, field.name)
            inner = inner_model(members)
            if inner is not None:
                found.append((field.name, self._arrow.struct(self._fields(inner, path, types))))
                continue
            if any(member not in SCALARS for member in members):
                raise _Unfit
            self._paths[".".join(path)] = path
            if len(members) > 1:
                self._open.add(".".join(path))
                continue
            if hints[field.name] is str:
                self._identities.add(".".join(path))
            found.append((field.name, types[members[0]]))
        return found

    def batch(self, sources: Sequence[bytes]) -> Any | None:
        """The rows that these are the JSON of as a record batch, or None where they have to be read as models."""
        data = b"\n".join(sources)
        if data.count(b"\n") != len(sources) - 1:
            return None
        arrow = self._arrow
        try:
            table = self._json.read_json(
                arrow.BufferReader(data),
                read_options=self._json.ReadOptions(use_threads=False, block_size=len(data) + 1),
                parse_options=self._json.ParseOptions(
                    explicit_schema=self._explicit, unexpected_field_behavior="infer"
                ),
            )
            if len(table) != len(sources):
                return None
            arrays = [self._column(table, field, sources) for field in self._schema]
            return arrow.Table.from_arrays(arrays, schema=self._schema).combine_chunks().to_batches()[0]
        except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError, arrow.ArrowKeyError, DecodeError, _Unfit):
            return None

    def _column(self, table: Any, field: Any, sources: Sequence[bytes]) -> Any:
        if field.name == "extra":
            return self._extra(table, sources)
        path = self._paths[field.name]
        if path[0] not in table.schema.names:
            return self._arrow.nulls(len(sources), field.type)
        found = table[path[0]]
        for name in path[1:]:
            if self._arrow.types.is_null(found.type) or found.type.get_field_index(name) < 0:
                return self._arrow.nulls(len(sources), field.type)
            found = self._compute.struct_field(found, name)
        if field.name in self._open:
            return self._opened(found, field.type)
        if field.name in self._identities:
            found = self._compute.if_else(self._compute.equal(found, self._empty), self._null, found)
        return found if found.type == field.type else found.cast(field.type)

    def _opened(self, found: Any, text: Any) -> Any:
        types = self._arrow.types
        if types.is_string(found.type) or types.is_null(found.type) or types.is_integer(found.type):
            return found.cast(text)
        if types.is_floating(found.type):
            # Arrow writes 4.0 as "4".
            return self._arrow.array(
                [None if value is None else as_text(value) for value in found.to_pylist()], type=text
            )
        raise _Unfit

    def _extra(self, table: Any, sources: Sequence[bytes]) -> Any:
        text = self._arrow.string()
        if self._known.issuperset(table.schema.names):
            return self._arrow.nulls(len(sources), text)
        values: list[str | None] = []
        for source in sources:
            row = parse(source)
            values.append(as_json({key: row[key] for key in row if key not in self._known}))
        return self._arrow.array(values, type=text)
