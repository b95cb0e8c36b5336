"""The quick way to check a row against the operation's own checks: whatever comes, they must agree."""

from __future__ import annotations

import datetime as dt
import enum
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leat_async import UNSET
from leat_async._core.declare import operation_of
from leat_async.bulk.kinds import KindSettings
from leat_async.bulk.kinds.visits import VisitKind
from leat_async.bulk.options import Options
from leat_async.bulk.rows import ActiveRow
from leat_async.resources.bookings import Bookings


class Source(enum.StrEnum):
    WEB = "Web"


class Text(str):
    __slots__ = ()


def kind_of(name: str, api: str) -> VisitKind:
    pipeline = cast(Any, SimpleNamespace(config=SimpleNamespace(api=api)))
    return VisitKind(name, KindSettings(pipeline, pipeline, pipeline, Options(), remembers=False))


KINDS = [kind_of(name, api) for name in ("visits", "bookings") for api in ("oauth", "register")]
MOMENTS = st.sampled_from(
    [
        "2024-05-01T20:00:00+00:00",
        "2024-05-01T20:00:00+02:00",
        "2024-05-01T20:00:00-00:00",
        "2024-05-01T20:00:00Z",
        "2024-05-01T20:00Z",
        "2024-05-01T20:00:00.5+00:00",
        "2024-02-30T20:00:00+00:00",
        "2024-05-01T24:00:00+00:00",
        "2024-05-01 20:00:00+00:00",
        "2024-05-01T20:00:00",
        "0001-01-01T00:00:00+01:00",
        "٢٠٢٤-05-01T20:00:00+00:00",
        "",
        dt.datetime(2024, 5, 1, 20, tzinfo=dt.UTC),
        dt.datetime(2024, 5, 1, 20),
        dt.date(2024, 5, 1),
    ]
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.text(max_size=5),
    st.integers(),
    MOMENTS,
    st.sampled_from([None, UNSET, True, 3.0, "", "\ud83d", 2**63, -(2**63), Source.WEB, Text("x"), [], {}]),
)
NAMES = [*operation_of(Bookings.create).body, "contact_email", "email", "other"]


def rows(kind: VisitKind) -> st.SearchStrategy[dict[str, Any]]:
    """Good ones, or nearly, and any."""
    texts = {name: st.text(min_size=1) for name in kind._create.body}
    numbers = {name: st.integers(0, 9) for name in texts if name in ("number_of_people", "prepaid_amount")}
    moments = {name: MOMENTS for name in texts if name.endswith("_at")}
    whose = {name: texts.pop(name) for name in ("contact_uuid", "shop_uuid")}
    good = st.fixed_dictionaries(whose, optional={**texts, **numbers, **moments})
    return good | st.dictionaries(st.sampled_from(NAMES), VALUES)


def prepared(kind: VisitKind, row: Any) -> Any:
    """All that matters of a row, or the error."""
    try:
        active: ActiveRow = kind.prepare(7, row)
    except (ValueError, TypeError) as error:
        return type(error), str(error)
    kind.identify(active, "account")
    body = json.loads(active.request.body or b"") if active.request is not None else None
    return (
        active.identity,
        active.content,
        active.serial_key,
        active.address,
        json.loads(json.dumps(active.body)),
        body,
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.name}-{kind._api}")
def test_both_ways_come_to_the_same(kind: VisitKind) -> None:
    slow = kind_of(kind.name, kind._api)
    slow._flat = lambda row: None
    quick = 0

    @settings(max_examples=300, database=None)
    @given(row=rows(kind))
    def compare(row: dict[str, Any]) -> None:
        nonlocal quick
        given = dict(row)
        quick += kind._flat(row) is not None
        assert prepared(kind, row) == prepared(slow, row)
        assert row == given

    compare()
    assert quick > 30, "hardly a row was flat, so nothing was compared"


AMSTERDAM = dt.datetime(2024, 5, 1, 22, tzinfo=dt.timezone(dt.timedelta(hours=2)))


@pytest.mark.parametrize(
    "moment", ["2024-05-01T20:00:00+00:00", "2024-05-01T22:00:00+02:00", "2024-05-01T20:00Z", AMSTERDAM]
)
def test_flat_rows_are_sent_as_they_are_and_known_by_their_moment(moment: Any) -> None:
    row = {"contact_uuid": "c", "shop_uuid": "s", "external_id": "x", "starts_at": moment}
    checked = KINDS[0]._flat(row)
    assert checked is not None
    body, text, content = checked
    written = moment if isinstance(moment, str) else moment.isoformat()
    assert body == json.loads(text) == {**row, "starts_at": written}
    assert json.loads(content) == {**row, "starts_at": "2024-05-01T20:00:00+00:00"}


@pytest.mark.parametrize("own", [" A1", "A1 ", "A1\t", "\0A1", "A1\xa0", "\u200bA1", ""])
def test_texts_that_would_not_be_kept_as_they_are_make_no_row_flat(own: str) -> None:
    row = {"contact_uuid": "c", "shop_uuid": "s", "external_id": "x y", "source": 'the "till" \\ \u00e9'}
    assert KINDS[0]._flat(row) is not None
    for name in row:
        assert KINDS[0]._flat({**row, name: own}) is None, name
