"""Which column becomes which parameter."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest

from leat_async.tables.planning import MappingError, make_plan, value_rules
from leat_async.tables.targets import KINDS, AttributeType, targets

VISIT = ("email", "shop_uuid", "start")


def uses(plan: Any) -> dict[str, Any]:
    return {use.target: use.constant or " + ".join(use.columns) for use in plan.uses}


def test_plain_names_are_guessed_and_the_rest_is_told() -> None:
    plan = make_plan("visits", ("E-mail", "Start", "Shop UUID", "Bron", "Naam"))
    assert uses(plan) == {"contact_email": "E-mail", "shop_uuid": "Shop UUID", "starts_at": "Start", "source": "Bron"}
    assert all(use.guessed for use in plan.uses)
    assert plan.left_out == ("Naam",)


def test_guesses_keep_to_the_kind() -> None:
    assert "Guests" in make_plan("visits", (*VISIT, "Guests")).left_out
    assert uses(make_plan("bookings", (*VISIT, "Guests")))["number_of_people"] == "Guests"
    contact = make_plan("contacts", ("E-Mail", "Voornaam", "attributes.hobby", "Guests"))
    assert uses(contact) == {
        "email": "E-Mail",
        "attributes.firstname": "Voornaam",
        "attributes.hobby": "attributes.hobby",
    }
    assert contact.left_out == ("Guests",)


@pytest.mark.parametrize("kind", KINDS)
def test_the_names_of_the_api_are_guessed(kind: Any) -> None:
    names = [name for name in targets(kind) if not name.endswith(("_euros", ".NAME"))]
    assert uses(make_plan(kind, names)) == {name: name for name in names}


def test_a_day_and_a_time_of_day_are_joined() -> None:
    plan = make_plan("bookings", ("email", "shop_uuid", "Datum", "Tijd"))
    assert uses(plan)["starts_at"] == "Datum + Tijd"
    assert "starts_at" not in uses(make_plan("bookings", ("email", "shop_uuid", "Datum", "Date", "Tijd")))
    assert uses(make_plan("bookings", ("email", "shop_uuid", "Datum", "Tijd", "start")))["starts_at"] == "start"
    assert make_plan("contacts", ("email", "Datum", "Tijd")).left_out == ("Datum", "Tijd")


def test_a_start_that_is_only_a_time_of_day_needs_its_day() -> None:
    columns = ("email", "shop_uuid", "Datum", "Aankomst", "Vertrek")
    plan = make_plan("bookings", columns, clocks={"Aankomst", "Vertrek"})
    assert uses(plan)["starts_at"] == "Datum + Aankomst"
    assert plan.left_out == ("Vertrek",)
    alone = make_plan("bookings", ("email", "shop_uuid", "Aankomst"), clocks={"Aankomst"})
    assert alone.left_out == ("Aankomst",)


def test_map_set_and_shop_win_over_guesses() -> None:
    plan = make_plan(
        "bookings",
        ("E-mail", "Second mail", "Datum", "Tijd", "Bron", "Notitie"),
        maps=["Second mail = contact_email", "Datum + Tijd=starts_at", "Notitie="],
        sets=["source=Zenchef = ours"],
        shop="s-1",
    )
    assert uses(plan) == {
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
        ({"columns": ("email",)}, "--shop NAME or UUID"),
        ({"maps": ["Nope=source"]}, "no column 'Nope'; there is 'email'"),
        ({"maps": ["email=sauce"]}, "no 'sauce'; did you mean 'source'?"),
        ({"maps": ["email"]}, "--map takes"),
        ({"maps": ["=source"]}, "--map takes"),
        ({"maps": ["email=source", "start=source"]}, "'A + B=source'"),
        ({"sets": ["source"]}, "--set takes"),
        ({"sets": ["source= "]}, "--set takes"),
        ({"sets": ["sauce=x"]}, "no 'sauce'"),
        ({"maps": ["email=source"], "sets": ["source=x"]}, "filled twice"),
        ({"shop": "s-1", "sets": ["shop_uuid=s-2"]}, "filled twice"),
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


@pytest.mark.parametrize("name", ["Europe/Amsterdm", "../etc/passwd", "Europe"])
def test_zones_that_do_not_exist_are_refused(name: str) -> None:
    with pytest.raises(MappingError, match="no time zone"):
        value_rules(timezone=name)


def test_columns_of_one_name_are_a_question() -> None:
    with pytest.raises(MappingError, match=r"'E-mail \(1\)' and 'E-mail \(2\)' both look like contact_email"):
        make_plan("visits", ("E-mail (1)", "E-mail (2)", "shop_uuid"))
    plan = make_plan("visits", ("E-mail (1)", "E-mail (2)", "shop_uuid"), maps=["E-mail (2)=contact_email"])
    assert uses(plan)["contact_email"] == "E-mail (2)"


ATTRIBUTES = (
    AttributeType("birthdate", "Geboortedatum", "birth_date"),
    AttributeType("age", "", "number"),
    AttributeType("vip", "VIP", "boolean"),
    AttributeType("level", "Niveau", "select", ((1, "Goud"), (2, "Zilver"))),
    AttributeType("tags", "", "multi_select", (("a", "A"), ("b", "B"))),
)


def test_attributes_are_found_by_name_and_label_and_read_by_type() -> None:
    plan = make_plan(
        "contacts",
        ("email", "Geboortedatum", "age", "Vip", "Niveau", "tags", "Voornaam"),
        attributes=ATTRIBUTES,
        rules=value_rules(timezone=None, day_first=True),
    )
    assert plan.left_out == ("Voornaam",)
    row = {"email": "a@b.nl", "Geboortedatum": "13-05-1985", "age": "41", "Vip": "ja", "Niveau": "goud", "tags": "a,b"}
    assert plan.apply(row)["attributes"] == {
        "birthdate": "1985-05-13", "age": 41, "vip": True, "level": 1, "tags": ["a", "b"],
    }  # fmt: skip


def test_an_attribute_that_is_not_there_is_told_with_what_was_meant() -> None:
    with pytest.raises(MappingError, match=r"no attribute 'birthdat'; did you mean 'birthdate'\?"):
        make_plan("contacts", ("email", "x"), maps=["x=attributes.birthdat"], attributes=ATTRIBUTES)


SHOPS = (("u-1", "Garden  Bistro"), ("u-2", "Bar"), ("u-3", "Bar"))


def test_shops_by_name() -> None:
    columns = ("email", "Vestiging")
    plan = make_plan("visits", columns, shops=SHOPS)
    for written in ("u-1", "garden bistro"):
        assert plan.apply({"email": "a@b.nl", "Vestiging": written})["shop_uuid"] == "u-1"
    for written, said in (("bar", "2 shops are called 'bar'"), ("Garden", "no shop 'Garden'; did you mean|there is")):
        with pytest.raises(ValueError, match=said):
            plan.apply({"email": "a@b.nl", "Vestiging": written})
    assert uses(make_plan("visits", ("email",), shop="Garden Bistro", shops=SHOPS))["shop_uuid"] == "u-1"
    with pytest.raises(MappingError, match="2 shops are called 'Bar'; name one: u-2, u-3"):
        make_plan("visits", ("email",), shop="Bar", shops=SHOPS)


def test_identifiers_of_several_columns() -> None:
    plan = make_plan("visits", ("email", "shop_uuid", "Dag", "Bon", "a,b"), ids=["Dag", "Bon"])
    row = {"email": "a@b.nl", "shop_uuid": "s", "Dag": dt.date(2026, 5, 1), "Bon": "17"}
    assert plan.apply(row)["external_id"] == "2026-05-01|17"
    assert "external_id" not in plan.apply({**row, "Dag": None, "Bon": ""})
    assert uses(make_plan("visits", ("email", "shop_uuid", "a,b"), ids=["a", "b"]))["external_id"] == "a,b"
    for ids, kind, said in (
        (["Dagg"], "visits", "did you mean 'Dag'"),
        (["Dag"], "contacts", "known by their address"),
    ):
        with pytest.raises(MappingError, match=said):
            make_plan(kind, ("email", "shop_uuid", "Dag"), ids=ids)  # type: ignore[arg-type]


def test_days_or_months_come_first_not_both() -> None:
    with pytest.raises(MappingError, match="exclude each other"):
        value_rules(timezone=None, day_first=True, month_first=True)


def test_what_reads_addresses_is_missed_before_the_first_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "email_validator", None)
    other = [AttributeType("second_mail", "Second mail", "email")]
    for kind, columns in (
        ("visits", VISIT),
        ("contacts", ("email",)),
        ("vouchers", ("code", "promotion_uuid", "Second mail")),
    ):
        with pytest.raises(MappingError, match=r"pip install 'leat-async\[cli\]'"):
            make_plan(kind, columns, attributes=other)  # type: ignore[arg-type]  # checked by the test
    assert make_plan("product_categories", ("external_identifier", "name")).uses
