"""What a run remembers of its rows, against a plain dict."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from leat_async.bulk import identity
from leat_async.bulk.identity import Seen, digest

NAMES = st.integers(0, 30).map(lambda n: digest("name", str(n)))
MARKS = st.sampled_from([0, 1, -(2**63), 2**63 - 1])
STEPS = st.lists(st.tuples(st.sampled_from(["count", "settle", "fate"]), NAMES, MARKS), max_size=80)


@settings(deadline=None, max_examples=150)
@given(STEPS, st.sampled_from([1, 7, 2**22]), st.sampled_from([1, 3, 128]))
def test_it_counts_and_remembers_as_a_dict_does(steps: list[tuple[str, str, int]], slots: int, fresh: int) -> None:
    known: dict[str, tuple[int, int, str | None]] = {}
    with patch.object(identity, "_SLOTS", slots), patch.object(identity, "_FRESH", fresh):
        seen = Seen()
        try:
            for what, who, mark in steps:
                if what == "count":
                    count, first, fate = known.get(who, (0, mark, None))
                    assert seen.count(who, mark) == count
                    known[who] = (count + 1, first, fate)
                elif who in known and what == "settle":
                    seen.settle(who, mark, "rejected")
                    known[who] = (known[who][0], mark, "rejected")
                elif who in known:
                    assert seen.fate(who) == known[who][1:]
        finally:
            seen.close()


def test_many_rows_are_counted_each_for_itself() -> None:
    seen = Seen()
    names = [digest("name", str(n)) for n in range(1_000)]
    assert [seen.count(name, 7) for name in names] == [0] * 1_000
    assert [seen.count(name, 7) for name in names] == [1] * 1_000
    seen.close()
