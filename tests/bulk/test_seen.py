"""What a run remembers of its rows, against a plain dict."""

from __future__ import annotations

import tracemalloc
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from leat_async._core.digests import raw_digest
from leat_async.bulk import seen as seen_module
from leat_async.bulk.seen import Fate, SeenKeys

NAMES = st.integers(0, 30).map(lambda n: raw_digest("name", str(n)))
CONTENTS = st.sampled_from([b"", b"{}", b"\0\xff"])
STEPS = st.lists(st.tuples(st.sampled_from(["count", "settle", "fate"]), NAMES, CONTENTS), max_size=80)


@settings(max_examples=150)
@given(STEPS, st.sampled_from([1, 7, 2**22]), st.sampled_from([0, 3, 8_192]))
def test_it_counts_and_remembers_as_a_dict_does(steps: list[tuple[str, bytes, bytes]], slots: int, fresh: int) -> None:
    known: dict[bytes, tuple[int, Fate]] = {}
    with (
        patch.object(seen_module, "_SLOTS", slots),
        patch.multiple(seen_module, _FRESH=fresh, _TOGETHER=2),
    ):
        seen = SeenKeys()
        try:
            for what, name, content in steps:
                if what == "count":
                    count, fate = known.get(name, (0, Fate(content, None, None, 0)))
                    assert seen.count(name, content) == count
                    known[name] = (count + 1, fate)
                elif name in known and what == "settle":
                    fate = Fate(content, "rejected", "uuid", 7)
                    seen.settle(name, fate)
                    known[name] = (known[name][0], fate)
                elif name in known:
                    assert seen.fate(name) == known[name][1]
        finally:
            seen.close()


def test_many_rows_are_counted_each_for_itself() -> None:
    seen = SeenKeys()
    names = [raw_digest("name", str(n)) for n in range(9_000)]
    assert [seen.count(name, b"7") for name in names] == [0] * 9_000
    assert [seen.count(name, b"7") for name in names] == [1] * 9_000
    seen.close()


def test_memory_is_at_its_most_before_ten_thousand_rows_have_come() -> None:
    tracemalloc.start()
    seen = SeenKeys()
    peaks: list[int] = []
    try:
        for some in (range(10_000), range(10_000, 40_000)):
            tracemalloc.reset_peak()
            for n in some:
                seen.count(raw_digest("name", str(n)), b"%d" % n)
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
        seen.close()
    assert peaks[1] <= 1.02 * peaks[0]
