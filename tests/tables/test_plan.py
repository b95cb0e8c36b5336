"""Rows under a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from leat_async.tables.plan import RowError, mapped
from leat_async.tables.planning import make_plan, value_rules
from leat_async.tables.source import open_source
from leat_async.tables.table import BadCell

VISIT = ("email", "shop_uuid", "start")


def test_rows_become_parameters() -> None:
    columns = ("email", "contact_uuid", "shop_uuid", "start", "guests", "deposit", "source")
    plan = make_plan("bookings", columns, rules=value_rules(timezone="Europe/Amsterdam", day_first=True))
    row = {
        "email": " Zoë@Example.COM ", "contact_uuid": "", "shop_uuid": "s-1", "start": "31-12-2026 19:30",
        "guests": 4, "deposit": "€ 1.012,50", "source": "  ",
    }  # fmt: skip
    assert plan.apply(row) == {
        "contact_email": "zoë@example.com",
        "shop_uuid": "s-1",
        "starts_at": "2026-12-31T19:30:00+01:00",
        "number_of_people": 4,
        "prepaid_amount": 101250,
    }
    assert plan.apply({**row, "contact_uuid": "c-1"})["contact_uuid"] == "c-1"
    assert "contact_email" not in plan.apply({**row, "contact_uuid": "c-1"})


def test_contacts_get_their_attributes() -> None:
    plan = make_plan("contacts", ("email", "Voornaam", "Plaats"), sets=["attributes.bron=Zenchef"])
    assert plan.apply({"email": "A@B.nl", "Voornaam": "Zoë", "Plaats": None}) == {
        "email": "a@b.nl",
        "attributes": {"firstname": "Zoë", "bron": "Zenchef"},
    }
    assert make_plan("contacts", ("email",)).apply({"email": "a@b.nl"}) == {"email": "a@b.nl"}


def test_all_that_is_wrong_with_a_row_is_told() -> None:
    plan = make_plan("visits", (*VISIT, "end"))
    with pytest.raises(RowError) as caught:
        plan.apply({"email": "nobody", "shop_uuid": "", "start": "2026-02-30T10:00Z", "end": "late"})
    said = str(caught.value)
    assert [part.partition(":")[0] for part in said.split("; ")] == ["email", "start", "end", "the shop is missing"]
    with pytest.raises(RowError, match=r"the contact is missing: email is empty$"):
        plan.apply({"shop_uuid": "s-1"})
    with pytest.raises(RowError, match="the e-mail address is missing"):
        make_plan("contacts", ("email",)).apply({"email": " "})


def test_rows_that_do_not_fit_come_along(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("email,shop_uuid\na@b.nl,s-1\nnobody,s-1\na@b.nl\n")
    source = open_source(path, tmp_path)
    rows = list(mapped(source, make_plan("visits", source.columns)))
    assert rows[0] == {"contact_email": "a@b.nl", "shop_uuid": "s-1"}
    assert rows[0].problem is None
    assert [dict(row) for row in rows[1:]] == [{}, {}]
    assert "no e-mail address" in str(rows[1].problem)
    assert "1 cells" in str(rows[2].problem)
    assert [row.record.line for row in rows] == [2, 3, 4]


def test_the_fingerprint_tells_plans_apart_and_rules_left_alone_do_not_count() -> None:
    plain = make_plan("visits", VISIT, rules=value_rules(timezone=None))
    same = {make_plan("visits", VISIT).fingerprint, plain.fingerprint}
    assert len(same) == 1
    told = [{"day_first": True}, {"month_first": True}, {"short_years": True}, {"clock_change": "first"}]
    plans = [make_plan("visits", VISIT, rules=value_rules(timezone=None, **rules)).fingerprint for rules in told]
    assert len({*plans, *same}) == 5


def test_a_cell_that_shows_no_value_refuses_the_row_only_if_it_is_sent() -> None:
    plan = make_plan("visits", (*VISIT, "note"))
    row = {"email": "a@b.nl", "shop_uuid": "s", "note": BadCell("D17 is the error #N/A")}
    assert "starts_at" not in plan.apply(row)
    with pytest.raises(RowError, match="start: C17 is a formula") as caught:
        plan.apply({**row, "start": BadCell("C17 is a formula without a result")})
    assert caught.value.columns == ("start",)
