"""Rejects of a Parquet file: the same columns and types, and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .arrow import ParquetSource, library
from .table import REASON, Record

_BATCH = 1024


class ParquetRejects:
    """Collects which rows are refused, and copies these."""

    def __init__(self, path: Path, source: ParquetSource) -> None:
        self._path = path
        self._source = source
        self._reasons: dict[int, str] = {}

    def add(self, record: Record, reason: str, marked: Sequence[str]) -> None:
        self._reasons[record.line] = reason

    def finish(self) -> None:
        arrow: Any = library("pyarrow", "parquet", "Parquet")
        parquet: Any = library("pyarrow.parquet", "parquet", "Parquet")
        with parquet.ParquetFile(self._source.path, arrow_extensions_enabled=False) as file:
            schema = arrow.schema([field for field in file.schema_arrow if field.name != REASON])
            schema = schema.append(arrow.field(REASON, arrow.string()))
            with parquet.ParquetWriter(self._path, schema) as writer:
                line = 0
                for batch in file.iter_batches(batch_size=_BATCH):
                    lines = range(line + 1, line + batch.num_rows + 1)
                    line += batch.num_rows
                    places = [place for place, number in enumerate(lines) if number in self._reasons]
                    if not places:
                        continue
                    taken = arrow.Table.from_batches([batch]).take(places)
                    if REASON in taken.schema.names:
                        taken = taken.drop_columns([REASON])
                    reasons = arrow.array([self._reasons[lines[place]] for place in places], arrow.string())
                    writer.write_table(taken.append_column(REASON, reasons).cast(schema))
