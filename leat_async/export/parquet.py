"""Rows to Parquet (extra `parquet`).

A Parquet file can't be continued once it is cut off. So every batch also goes to a spool, with its length in front,
which a resumed export makes the file of again. Row groups have a fixed size: however often an export was
interrupted, its file is the same to the byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..private_files import open_private
from .arrow import ArrowBatches, pyarrow_or_advice
from .columns import Layout

_GROUP_ROWS = 10_000
_LENGTH = 8


class ParquetWriter:
    """The Parquet file and its spool; the position is the length of the spool in bytes."""

    def __init__(self, part: Path, layout: Layout, position: int, told: Mapping[bytes, bytes] | None = None) -> None:
        """`told`: what the file says of itself."""
        arrow = self._arrow = pyarrow_or_advice("Parquet")
        self._batches = ArrowBatches(arrow, layout)
        self._schema = self._batches.schema
        self._options = arrow.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        self._waiting: list[Any] = []
        self._rows = 0
        self._made = part.with_name(f"{part.name}.parquet")
        schema = self._schema.with_metadata(told)
        with ExitStack() as opened:
            self._spool = opened.enter_context(open_private(part))
            self._spool.truncate(position)
            self._made.unlink(missing_ok=True)
            self._file = opened.enter_context(open_private(self._made))
            self._parquet = opened.enter_context(arrow.parquet.ParquetWriter(self._file, schema, compression="zstd"))
            for batch in self._spooled():
                self._group(batch)
            self._opened = opened.pop_all()

    def write(self, sources: Sequence[bytes]) -> None:
        """Add rows, each as JSON."""
        batch = self._batches.of(sources)
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
        """Let go of the files, complete or not; of all of them, if one can't be written to its end."""
        self._opened.close()

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
