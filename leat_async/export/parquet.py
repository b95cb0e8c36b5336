"""Rows to Parquet (extra `parquet`).

A Parquet file can't be continued once it is cut off. So every batch also goes to a spool, with its length in front,
which a resumed export makes the file of again. Row groups have a fixed size: however often an export was
interrupted, its file is the same to the byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .arrow import Lane
from .columns import Layout
from .state import private

_GROUP_ROWS = 10_000
_LENGTH = 8


def _arrow() -> Any:
    try:
        for name in ("pyarrow.compute", "pyarrow.json", "pyarrow.parquet"):
            import_module(name)
        return import_module("pyarrow")
    except ImportError:
        raise ConfigError("Parquet needs an extra: pip install 'leat-async[parquet]'") from None


class ParquetWriter:
    """The Parquet file and its spool; the position is the length of the spool in bytes."""

    def __init__(self, part: Path, layout: Layout, position: int) -> None:
        arrow = self._arrow = _arrow()
        self._layout = layout
        types = {
            "text": arrow.string(),
            "json": arrow.string(),
            "integer": arrow.int64(),
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "moment": arrow.timestamp("us", tz="UTC"),
        }
        self._schema = arrow.schema([(column.name, types[column.type]) for column in layout.columns])
        self._lane = Lane(arrow, arrow.json, arrow.compute, layout, self._schema)
        self._options = arrow.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        self._waiting: list[Any] = []
        self._rows = 0
        private(part)
        self._spool = part.open("r+b")
        self._spool.truncate(position)
        self._made = part.with_name(f"{part.name}.parquet")
        self._made.unlink(missing_ok=True)
        private(self._made)
        self._file = self._made.open("r+b")
        self._parquet = arrow.parquet.ParquetWriter(self._file, self._schema, compression="zstd")
        for batch in self._spooled():
            self._group(batch)

    def write(self, sources: Sequence[bytes]) -> None:
        """Add rows, each as JSON."""
        batch = self._lane.batch(sources) if self._lane.usable else None
        if batch is None:
            arrays = [
                self._arrow.array(values, type=field.type)
                for values, field in zip(self._layout.table(sources), self._schema, strict=True)
            ]
            batch = self._arrow.record_batch(arrays, schema=self._schema)
        sink = self._arrow.BufferOutputStream()
        with self._arrow.ipc.new_stream(sink, self._schema, options=self._options) as stream:
            stream.write_batch(batch)
        message = sink.getvalue()
        self._spool.write(len(message).to_bytes(_LENGTH, "big"))
        self._spool.write(message)
        self._group(batch)

    def sync(self) -> int:
        """Bring everything to the disk; returns the position to come back to."""
        self._spool.flush()
        os.fsync(self._spool.fileno())
        return self._spool.tell()

    def finish(self) -> Path:
        """Complete the file; returns where it is."""
        if self._rows:
            self._parquet.write_table(self._arrow.Table.from_batches(self._waiting, self._schema).combine_chunks())
        self._parquet.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        return self._made

    def close(self) -> None:
        """Let go of the files, complete or not."""
        self._spool.close()
        self._parquet.close()
        self._file.close()

    def _group(self, batch: Any) -> None:
        """Write row groups of one size, whatever the sizes of the batches."""
        self._waiting.append(batch)
        self._rows += len(batch)
        if self._rows < _GROUP_ROWS:
            return
        table = self._arrow.Table.from_batches(self._waiting, self._schema)
        whole = self._rows - self._rows % _GROUP_ROWS
        for begin in range(0, whole, _GROUP_ROWS):
            self._parquet.write_table(table.slice(begin, _GROUP_ROWS).combine_chunks())
        self._waiting = table.slice(whole).to_batches()
        self._rows -= whole

    def _spooled(self) -> Iterator[Any]:
        self._spool.seek(0)
        while head := self._spool.read(_LENGTH):
            with self._arrow.ipc.open_stream(self._spool.read(int.from_bytes(head, "big"))) as stream:
                yield from stream
