"""Answers that are no pages of the list are asked for again."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, RetryPolicy, export
from leat_async.errors import ApiError, DecodeError

from .conftest import BEGIN, Lists
from .files import read

PATIENT = RetryPolicy(attempts=4, backoff=0)
GARBLED = [
    b"<html>Bad gateway</html>",
    b"",
    b'{"data": [{"uuid": "x"',
    b'{"data": null}',
    b'{"message": "try later"}',
    b'{"data": ["x", "y"]}',
    b'{"data": [], "meta": {"page": 77, "last_page": 99}}',
    b"null",
]


@pytest.fixture
def patient(leat: LeatClient) -> LeatClient:
    return leat.with_options(retry=PATIENT)


@pytest.mark.parametrize("body", GARBLED, ids=repr)
@pytest.mark.parametrize("path", ["visits", "loyalty-transactions"])
async def test_a_garbled_page_is_asked_for_again(
    lists: Lists, patient: LeatClient, tmp_path: Path, path: str, body: bytes
) -> None:
    lists.most = 10
    every = lists.fill(path, 60)
    lists.body = lambda number, good: body if number % 3 == 0 else good
    summary = await export.to_file(getattr(patient, path.replace("-", "_")), tmp_path / "x.jsonl", ahead=2)
    assert summary.warnings == ()
    assert Counter(row["uuid"] for row in read(tmp_path / "x.jsonl", "jsonl")) == Counter(every)


@pytest.mark.parametrize("path", ["visits", "loyalty-transactions"])
async def test_one_that_stays_garbled_is_an_error(lists: Lists, patient: LeatClient, path: str) -> None:
    lists.most = 10
    lists.fill(path, 60)
    lists.body = lambda number, good: GARBLED[0] if number >= 4 else good
    with pytest.raises(DecodeError, match="no JSON"):
        [row async for row in export.rows(getattr(patient, path.replace("-", "_")), ahead=0)]
    assert len(lists.requests) == 3 + PATIENT.attempts


@pytest.mark.parametrize("status", [301, 302, 404, 408, 421, 425, 502])
@pytest.mark.parametrize("path", ["visits", "loyalty-transactions"])
async def test_a_proxys_refusal_is_asked_past(
    lists: Lists, patient: LeatClient, tmp_path: Path, path: str, status: int
) -> None:
    lists.most = 10
    every = lists.fill(path, 60)
    draw = random.Random(status)
    lists.status = lambda number: status if draw.random() < 0.3 else None
    await export.to_file(getattr(patient, path.replace("-", "_")), tmp_path / "x.jsonl", ahead=0)
    assert Counter(row["uuid"] for row in read(tmp_path / "x.jsonl", "jsonl")) == Counter(every)


async def test_a_refusal_of_the_api_is_final(lists: Lists, patient: LeatClient, tmp_path: Path) -> None:
    lists.most = 10
    lists.fill("visits", 30)
    lists.fail = {3}
    with pytest.raises(ApiError):
        await export.to_file(patient.visits, tmp_path / "x.jsonl")
    assert lists.requests[-1][1]["page"] == "2"


async def test_a_page_that_repeats_for_a_moment_is_asked_for_again(lists: Lists, patient: LeatClient) -> None:
    """As a cache on the way may do."""
    lists.most = 10
    every = lists.fill("visits", 60)
    last: list[bytes] = [b""]

    def stale(number: int, good: bytes) -> bytes:
        body, last[0] = (last[0] if number == 3 else good), good
        return body

    lists.body = stale
    assert [row.uuid async for row in export.rows(patient.visits)] == every


ODD: list[dict[str, Any]] = [
    {"created_at": "0000-00-00 00:00:00"},
    {"created_at": 20240101},
    {"uuid": 17},
    {"uuid": None, "id": {"$oid": "x"}},
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("path", ["visits", "loyalty-transactions"])
async def test_one_odd_row_does_not_end_an_export(
    lists: Lists, patient: LeatClient, tmp_path: Path, path: str, odd: dict[str, Any]
) -> None:
    lists.most = 10
    lists.fill(path, 30)
    lists.add(path, BEGIN).update(odd)
    for form in ("jsonl", "csv", "parquet", "sqlite"):
        summary = await export.to_file(getattr(patient, path.replace("-", "_")), tmp_path / f"x.{form}")
        assert summary.rows == 31
    name, value = next(iter(odd.items()))
    if name == "uuid" and value is None:
        name, value = "id", odd["id"]
    for form in ("csv", "parquet", "sqlite"):
        extras = [json.loads(row["extra"]) for row in read(tmp_path / f"x.{form}", form) if row["extra"]]
        assert extras == [{name: value}]
