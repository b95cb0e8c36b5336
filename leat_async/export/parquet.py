"""Rows to Parquet (extra `parquet`).

A Parquet file can't be continued once it is closed, nor read before. So rows are kept as Arrow record batches, each
with its length in front, and become a Parquet file when they are all there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..models._base import Model
from .columns import Layout
from .state import private

_GROUP_ROWS = 50_000
_LENGTH = 8


def _arrow() -> Any:
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError:
        raise ConfigError("Parquet needs an extra: pip install 'leat-async[parquet]'") from None


class ParquetWriter:
    """A spool of record batches; its position is its length in bytes."""

    def __init__(self, part: Path, layout: Layout, position: int) -> None:
        self._arrow = _arrow()
        self._part = part
        self._layout = layout
        types = {
            "text": self._arrow.string(),
            "json": self._arrow.string(),
            "integer": self._arrow.int64(),
            "number": self._arrow.float64(),
            "boolean": self._arrow.bool_(),
            "moment": self._arrow.timestamp("us", tz="UTC"),
        }
        self._schema = self._arrow.schema([(column.name, types[column.type]) for column in layout.columns])
        self._options = self._arrow.ipc.IpcWriteOptions(compression="lz4")
        private(part)
        self._file = part.open("r+b")
        self._file.truncate(position)
        self._file.seek(position)

    def write(self, rows: Sequence[Model]) -> None:
        """Add rows."""
        arrays = [
            self._arrow.array(values, type=field.type)
            for values, field in zip(self._layout.table(rows), self._schema, strict=True)
        ]
        batch = self._arrow.record_batch(arrays, schema=self._schema)
        sink = self._arrow.BufferOutputStream()
        with self._arrow.ipc.new_stream(sink, self._schema, options=self._options) as stream:
            stream.write_batch(batch)
        message = sink.getvalue()
        self._file.write(len(message).to_bytes(_LENGTH, "big"))
        self._file.write(message)

    def sync(self) -> int:
        """Bring everything to the disk; returns the position to come back to."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def finish(self) -> Path:
        """Complete the file; returns where it is."""
        self.sync()
        made = self._part.with_name(f"{self._part.name}.parquet")
        made.unlink(missing_ok=True)
        private(made)
        with made.open("r+b") as file:
            with self._arrow.parquet.ParquetWriter(file, self._schema, compression="zstd") as parquet:
                for table in self._tables():
                    parquet.write_table(table)
            file.flush()
            os.fsync(file.fileno())
        self.close()
        return made

    def close(self) -> None:
        """Let go of the file, complete or not."""
        self._file.close()

    def _tables(self) -> Iterator[Any]:
        batches: list[Any] = []
        rows = 0
        self._file.seek(0)
        while head := self._file.read(_LENGTH):
            with self._arrow.ipc.open_stream(self._file.read(int.from_bytes(head, "big"))) as stream:
                batches += stream
            rows += len(batches[-1])
            if rows >= _GROUP_ROWS:
                yield self._arrow.Table.from_batches(batches, self._schema)
                batches, rows = [], 0
        if batches:
            yield self._arrow.Table.from_batches(batches, self._schema)
