"""Parquet: typed columns. A value of a type without a meaning here, or beyond what can be written, refuses its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, cast

import attrs

from .lines import NESTED, digest_of
from .table import REASON, BadCell, Record, SourceError, TableSource

_BATCH = 128
"""Rows at a time: so many of the longest texts still fit into memory."""
_LARGEST_GROUP = 2 << 30


@attrs.define(kw_only=True)
class ParquetSource(TableSource):
    """A Parquet file."""

    escapes: ClassVar[bool] = False

    def rows(self) -> Iterator[Record]:
        """Every row that is not blank, as it stands in the file."""
        line = 0
        with _parquet_file(self.name, self.path) as file:
            for batch in _batches(self.name, file):
                columns = [_cells(column) for column in batch.columns]
                names = batch.schema.names
                for cells in zip(*columns, strict=True):
                    line += 1
                    if any(cell is not None for cell in cells):
                        yield Record(line, _flat(dict(zip(names, cells, strict=True))))


def open_parquet(name: str, path: Path) -> ParquetSource:
    """Look at a Parquet file: its columns. Raises `SourceError`."""
    with _parquet_file(name, path) as file:
        try:
            names = _columns(file.schema_arrow)
            largest = max(
                (file.metadata.row_group(n).total_byte_size for n in range(file.metadata.num_row_groups)), default=0
            )
        except Exception as error:  # pyarrow lets through what its parts raise
            raise SourceError(f"{name}: a broken Parquet file ({_first_line(error)})") from None
    if largest > _LARGEST_GROUP:
        raise SourceError(f"{name}: a row group of more than {_LARGEST_GROUP >> 30} GB; write smaller ones")
    if not names:
        raise SourceError(f"{name}: the file has no columns")
    if len(set(names)) < len(names):
        raise SourceError(f"{name}: two columns have the same name: {next(n for n in names if names.count(n) > 1)!r}")
    rejects = REASON in names
    return ParquetSource(
        path=path,
        name=name,
        format="parquet",
        columns=tuple(column for column in names if column != REASON),
        fingerprint=digest_of(path),
        rejects=rejects,
    )


def library(module: str, extra: str, what: str) -> Any:
    """A module of an extra. Raises `SourceError` that names the extra, if it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise SourceError(f"reading {what} files needs an extra: pip install 'leat-async[{extra}]'") from None


def _parquet_file(name: str, path: Path) -> Any:
    parquet = library("pyarrow.parquet", "parquet", "Parquet")
    try:
        return parquet.ParquetFile(path, arrow_extensions_enabled=False)
    except Exception as error:  # pyarrow lets through what its parts raise
        raise SourceError(f"{name}: not a Parquet file, or a broken one ({_first_line(error)})") from None


def _batches(name: str, file: Any) -> Iterator[Any]:
    try:
        yield from file.iter_batches(batch_size=_BATCH)
    except GeneratorExit:
        raise
    except Exception as error:  # pyarrow lets through what its parts raise
        raise SourceError(f"{name}: a broken Parquet file ({_first_line(error)})") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]


def _columns(schema: Any) -> list[str]:
    """The names of the columns; a column of attributes stands for the columns in it."""
    names: list[str] = []
    for field in schema:
        if field.name == NESTED and field.type.num_fields and str(field.type).startswith("struct"):
            names += [f"{NESTED}.{field.type.field(place).name}" for place in range(field.type.num_fields)]
        else:
            names.append(field.name)
    return names


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    nested = row.get(NESTED)
    if isinstance(nested, dict):
        del row[NESTED]
        row |= {f"{NESTED}.{name}": value for name, value in cast(dict[str, Any], nested).items()}
    return row


def _cells(column: Any) -> list[Any]:
    """The values of a column as Python's, each by itself where the column as a whole can't be taken."""
    arrow = import_module("pyarrow")
    kind = column.type
    if arrow.types.is_dictionary(kind):
        try:
            column = column.dictionary_decode()
            kind = column.type
        except Exception:  # pyarrow lets through what its parts raise
            return [BadCell("a value of a broken dictionary")] * len(column)
    if arrow.types.is_timestamp(kind) and kind.unit == "ns":
        return _nanoseconds(column)
    if arrow.types.is_time64(kind) and kind.unit == "ns":
        return [None if n is None else _time_of(n) for n in column.cast(arrow.int64()).to_pylist()]
    if arrow.types.is_duration(kind) and kind.unit == "ns":
        return [
            None if n is None else dt.timedelta(microseconds=n // 1000) for n in column.cast(arrow.int64()).to_pylist()
        ]
    try:
        found = column.to_pylist()
    except Exception:  # one that can't be taken, which is found when each is
        found = [_one(value) for value in column]
    if arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind) or arrow.types.is_fixed_size_binary(kind):
        return [_text_of(value) for value in found]
    return [_known(value) for value in found]


def _one(value: Any) -> Any:
    try:
        return value.as_py()
    except Exception as error:  # pyarrow lets through what its parts raise
        return BadCell(f"a value that can't be read ({_first_line(error)})")


def _nanoseconds(column: Any) -> list[Any]:
    """Moments to the microsecond, as far as the API's notation goes; the rest is cut off."""
    arrow = import_module("pyarrow")
    counts = column.cast(arrow.int64()).to_pylist()
    micro = arrow.array([None if n is None else n // 1000 for n in counts], arrow.int64())
    cast_to = micro.cast(arrow.timestamp("us", tz=column.type.tz))
    try:
        return cast(list[Any], cast_to.to_pylist())
    except Exception:  # as above
        return [_one(value) for value in cast_to]


def _time_of(nanoseconds: int) -> Any:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    if not 0 <= seconds < 86_400:
        return BadCell("a time of day beyond the day")
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest // 1000)


def _text_of(value: Any) -> Any:
    """Bytes are text if they are UTF-8."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return BadCell("bytes that are no UTF-8 text")


def _known(value: Any) -> Any:
    if isinstance(value, bytes):
        return _text_of(value)
    if isinstance(value, dict):
        return {str(name): _known(inner) for name, inner in cast(dict[object, Any], value).items()}
    if isinstance(value, list):
        return [_known(inner) for inner in cast(list[object], value)]
    return value
