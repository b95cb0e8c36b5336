"""JSON rows straight to Arrow give what the models give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pytest

from leat_async.export.columns import Layout
from leat_async.export.kinds import KINDS, ExportKind
from leat_async.export.parquet import ParquetWriter

from .files import examples, read


@pytest.fixture
def writer(kind: ExportKind, tmp_path: Path) -> Iterator[ParquetWriter]:
    writer = ParquetWriter(tmp_path / "part", Layout(kind), 0)
    yield writer
    writer.close()


ODD: list[dict[str, Any]] = [
    {"credits": 3},
    {"credits": "3"},
    {"unit_value": 2, "channel": None},
    {"contact": []},
    {"contact": {}},
    {"contact": {"uuid": "", "email": "x"}},
    {"contact": {"surprise": [1, {"a": 2}]}},
    {"shop": {"address": {"latitude": 4.0, "longitude": "4.1", "housenumber": 7}}},
    {"shop": {"address": {"latitude": 52.37, "longitude": 1e20, "housenumber": "7b"}}},
    {"created_at": "2024-05-01T20:00:00.123456+02:00"},
    {"created_at": "2024-05-01T20:00:00"},
    {"created_at": "2024-05-01T20:00:00Z"},
    {"table": 4, "waiter": {"name": "x"}},
    {"unit": {"is_default": 1}},
    {"type": '🍕 é "quoted"'},
    {"unit": {"created_at": "2020-01-01T00:00:00+00:00"}},
]


@pytest.mark.parametrize("kind", [kind for kind in KINDS[:6] if kind.attributes is None], ids=lambda kind: kind.name)
def test_the_fast_way_gives_what_the_models_give(writer: ParquetWriter, kind: ExportKind) -> None:
    reader = writer._batches._reader
    assert reader.usable
    odd = ODD if kind.name == "loyalty_transactions" else []
    quick = 0
    for rows in (examples(kind), *([{"uuid": "u", **row}] for row in odd), [{"uuid": "u"}] * 3):
        sources = [msgspec.json.encode(row) for row in rows]
        fast = reader.batch(sources)
        table = Layout(kind).table(sources)
        slow = pyarrow.record_batch(
            [pyarrow.array(v, type=f.type) for v, f in zip(table, writer._schema, strict=True)], schema=writer._schema
        )
        if fast is not None:
            quick += 1
            assert fast.to_pylist() == slow.to_pylist()
    assert quick >= 2 + len(odd) // 2


@pytest.mark.parametrize("kind", KINDS[:1])
def test_the_fast_way_refuses_pretty_printed_rows(writer: ParquetWriter, kind: ExportKind) -> None:
    source = json.dumps({"uuid": "u", "source": "x"}, indent=2).encode()
    assert writer._batches._reader.batch([source]) is None
    writer.write([source])
    assert read(writer.finish(), "parquet")[0]["source"] == "x"
