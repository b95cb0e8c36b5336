"""Equal reasons are told once."""

from __future__ import annotations

from leat_async.bulk import reasons
from leat_async.bulk.reasons import EqualReasons


def test_reasons_that_differ_only_in_their_values_are_one() -> None:
    found = EqualReasons("line")
    for line in range(2, 9):
        found.add(line, f"there is no contact guest{line}@example.org; create it", "55031")
    found.add(1, "starts_at: '2026-02-30' does not exist")
    found.add(9, "starts_at: '2026-02-31' does not exist")
    assert found.lines() == [
        "line 1: starts_at: '2026-02-30' does not exist (and 1 more like it)",
        "line 2: there is no contact guest2@example.org; create it (and 6 more like it)",
    ]
    first, second = found.commonest()
    assert (first.code, first.rows, first.places) == ("55031", 7, [2, 3, 4, 5, 6])
    assert (second.code, second.rows, second.places) == (None, 2, [1, 9])


def test_of_very_many_kinds_the_rest_is_counted() -> None:
    found = EqualReasons("row")
    for place in range(reasons._MOST + 50):
        found.add(place, "x" * (place + 1))
    lines = found.lines()
    assert len(lines) == 11
    assert lines[-1] == "… and 991 more"
    assert sum(kind.rows for kind in found.commonest()) == reasons._MOST + 50
