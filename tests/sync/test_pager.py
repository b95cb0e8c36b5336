"""Lists: a page a crossing, and an end to the work when the loop is left."""

from __future__ import annotations

import time
from typing import Any

import pytest

from leat_async import Page
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient, SyncPager, errors

from .conftest import fill


def listed(sandbox: Sandbox) -> int:
    return sum(entry.operation == "visits.list" for entry in sandbox.journal)


def test_every_row_of_every_page_a_page_a_crossing(sandbox: Sandbox, leat: LeatClient, crossings: list[Any]) -> None:
    externals = fill(sandbox, leat, 7)
    crossings.clear()
    assert sorted(visit.external_id or "" for visit in leat.visits.list(limit=2)) == externals
    assert listed(sandbox) == 4
    assert len(crossings) <= 4 + 2  # the pages, the end, and the closing


def test_the_first_page_the_first_row_and_a_list(sandbox: Sandbox, leat: LeatClient) -> None:
    assert leat.visits.list().first() is None
    fill(sandbox, leat, 5)
    pager = leat.visits.list(limit=2)
    assert isinstance(pager, SyncPager)
    page = pager.page()
    assert isinstance(page, Page)
    assert (len(page.items), page.page, page.last_page, page.total) == (2, 1, 3, 5)
    assert pager.first() == page.items[0]
    assert len(pager.collect()) == 5
    assert len(pager.collect(limit=3)) == 3
    assert [len(page.items) for page in pager.pages()] == [2, 2, 1]
    assert [len(page.items) for page in pager.pages(ahead=2)] == [2, 2, 1]
    assert len(list(pager)) == len(list(pager)) == 5


def test_a_page_is_asked_for_only_when_the_one_before_is_used_up(sandbox: Sandbox, leat: LeatClient) -> None:
    fill(sandbox, leat, 6)
    for number, _visit in enumerate(leat.visits.list(limit=2)):
        assert listed(sandbox) == number // 2 + 1
        if number == 3:
            break
    time.sleep(0.05)
    assert listed(sandbox) == 2


def test_wrong_arguments_are_refused_at_once(leat: LeatClient) -> None:
    with pytest.raises(ValueError, match="ahead"):
        leat.visits.list().pages(ahead=-1)
    with pytest.raises(ValueError, match="limit=0"):
        leat.visits.list(limit=0).pages()
    with pytest.raises(ValueError, match="limit=0"):
        iter(leat.visits.list(limit=0))
    with pytest.raises(ValueError, match="limit"):
        leat.visits.list(limit=501)
    assert leat.visits.list(limit=0).page().items == []


def test_an_error_in_the_middle_comes_after_the_rows_before_it(sandbox: Sandbox, leat: LeatClient) -> None:
    fill(sandbox, leat, 4)
    sandbox.faults.add("reject", "visits.list", status=400, nth=2)
    seen = []
    with pytest.raises(errors.ApiError):  # noqa: PT012 - the loop is what is tested
        for visit in leat.visits.list(limit=2):
            seen.append(visit)
    assert len(seen) == 2
