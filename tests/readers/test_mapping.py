"""Columns to parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leat_async.bulk.mapping import KINDS, MappingError, RowError, make_plan, mapped, targets
from leat_async.bulk.readers import open_source

VISIT = ("email", "shop_uuid", "start")


def routes(plan: Any) -> dict[str, Any]:
    return {route.target: route.constant or " + ".join(route.columns) for route in plan.routes}


def test_plain_names_are_guessed_and_the_rest_is_told() -> None:
    plan = make_plan("visits", ("E-mail", "Start", "Shop UUID", "Bron", "Naam"))
    assert routes(plan) == {"contact_email": "E-mail", "shop_uuid": "Shop UUID", "starts_at": "Start", "source": "Bron"}
    assert all(route.guessed for route in plan.routes)
    assert plan.left_out == ("Naam",)


def test_guesses_keep_to_the_kind() -> None:
    assert "Guests" in make_plan("visits", (*VISIT, "Guests")).left_out
    assert routes(make_plan("bookings", (*VISIT, "Guests")))["number_of_people"] == "Guests"
    contact = make_plan("contacts", ("E-Mail", "Voornaam", "attributes.hobby", "Guests"))
    assert routes(contact) == {
        "email": "E-Mail",
        "attributes.firstname": "Voornaam",
        "attributes.hobby": "attributes.hobby",
    }
    assert contact.left_out == ("Guests",)


@pytest.mark.parametrize("kind", KINDS)
def test_the_names_of_the_api_are_guessed(kind: Any) -> None:
    names = [name for name in targets(kind) if name not in ("prepaid_euros", "attributes.NAME")]
    assert routes(make_plan(kind, names)) == {name: name for name in names}


def test_a_day_and_a_time_of_day_are_joined() -> None:
    plan = make_plan("bookings", ("email", "shop_uuid", "Datum", "Tijd"))
    assert routes(plan)["starts_at"] == "Datum + Tijd"
    assert "starts_at" not in routes(make_plan("bookings", ("email", "shop_uuid", "Datum", "Date", "Tijd")))
    assert routes(make_plan("bookings", ("email", "shop_uuid", "Datum", "Tijd", "start")))["starts_at"] == "start"
    assert make_plan("contacts", ("email", "Datum", "Tijd")).left_out == ("Datum", "Tijd")


def test_map_set_and_shop_win_over_guesses() -> None:
    plan = make_plan(
        "bookings",
        ("E-mail", "Second mail", "Datum", "Tijd", "Bron", "Notitie"),
        maps=["Second mail = contact_email", "Datum + Tijd=starts_at", "Notitie="],
        sets=["source=Zenchef = ours"],
        shop="s-1",
    )
    assert routes(plan) == {
        "contact_email": "Second mail",
        "starts_at": "Datum + Tijd",
        "source": "Zenchef = ours",
        "shop_uuid": "s-1",
    }
    assert plan.left_out == ("E-mail", "Bron")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"columns": ("email", "E-mail", "shop_uuid")}, "'email' and 'E-mail' both look like contact_email"),
        ({"columns": ("start", "shop_uuid")}, "no column names the contact"),
        ({"columns": ("email",)}, "--shop UUID"),
        ({"maps": ["Nope=source"]}, "no column 'Nope'; there is 'email'"),
        ({"maps": ["email=sauce"]}, "no 'sauce'; there is contact_uuid"),
        ({"maps": ["email"]}, "--map takes"),
        ({"maps": ["=source"]}, "--map takes"),
        ({"maps": ["email=source", "start=source"]}, "'A + B=source'"),
        ({"sets": ["source"]}, "--set takes"),
        ({"sets": ["source= "]}, "--set takes"),
        ({"sets": ["sauce=x"]}, "no 'sauce'"),
        ({"maps": ["email=source"], "sets": ["source=x"]}, "filled twice"),
        ({"shop": "s-1", "sets": ["shop_uuid=s-2"]}, "filled twice"),
        ({"timezone": "Europe/Amsterdm"}, "no time zone 'Europe/Amsterdm'"),
        ({"timezone": "../etc/passwd"}, "no time zone"),
        ({"timezone": "Europe"}, "no time zone"),
        ({"kind": "contacts", "columns": ("name",)}, "--map 'COLUMN=email'"),
        ({"kind": "contacts", "shop": "s-1"}, "leave --shop out"),
        ({"kind": "contacts", "sets": ["attributes.=x"]}, "no 'attributes.'"),
        (
            {"kind": "bookings", "columns": (*VISIT, "prepaid_amount", "deposit")},
            "one parameter",
        ),
    ],
)
def test_plans_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    given = {"kind": "visits", "columns": VISIT, **options}
    with pytest.raises(MappingError) as caught:
        make_plan(given.pop("kind"), given.pop("columns"), **given)
    assert said in str(caught.value)


def test_rows_become_parameters() -> None:
    columns = ("email", "contact_uuid", "shop_uuid", "start", "guests", "deposit", "source")
    plan = make_plan("bookings", columns, timezone="Europe/Amsterdam", day_first=True)
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
    with pytest.raises(RowError, match="the contact is missing"):
        plan.apply({"shop_uuid": "s-1"})
    with pytest.raises(RowError, match="the e-mail address is missing"):
        make_plan("contacts", ("email",)).apply({"email": " "})


def test_rows_that_do_not_fit_come_along(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("email,shop_uuid\na@b.nl,s-1\nnobody,s-1\na@b.nl\n")
    source = open_source(path)
    rows = list(mapped(source, make_plan("visits", source.columns)))
    assert rows[0] == {"contact_email": "a@b.nl", "shop_uuid": "s-1"}
    assert rows[0].problem is None
    assert [dict(row) for row in rows[1:]] == [{}, {}]
    assert "no e-mail address" in str(rows[1].problem)
    assert "1 cells" in str(rows[2].problem)
    assert [row.record.line for row in rows] == [2, 3, 4]
