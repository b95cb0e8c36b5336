"""Models as plain data, and as pydantic, FastAPI and pandas take them."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import uuid
from typing import Annotated, Any

import pydantic
import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient

from leat_async import Page, models, structure
from leat_async.errors import DecodeError
from leat_async.models import AuthToken, Contact, Model, Visit
from tests.resources.table import Fact
from tests.resources.test_all_answers import MODELLED, data_of, ids, operation_of
from tests.rows import each

CONTACT = {
    "uuid": "c-1",
    "email": "ada@example.com",
    "tier": {"uuid": "t-1", "name": "Gold", "discount": 5},
    "attributes": [{"value": "5", "attribute": {"name": "table", "colour": "red"}}],
    "credit_balance": None,
    "favourite": {"dish": "pizza", "none": {}},
}
VISIT = {"uuid": "v", "starts_at": "2024-05-01T20:00:00+02:00", "contact": {"uuid": "c", "email": None}, "table": 4}


@each("fact", MODELLED, ids=ids)
def test_every_example_travels_there_and_back(fact: Fact) -> None:
    kind = operation_of(fact).result
    for raw in data_of(fact):
        model: Model = structure(raw, kind)
        given = model.to_dict()
        assert isinstance(raw, dict) is False or given == raw
        assert kind.from_dict(json.loads(model.to_json())) == model
        assert dict(model) == given
        assert kind.from_dict(model.to_dict(known=True)) == model
        assert not kind.from_dict(model.to_dict(known=True)).extra
        flat = model.to_dict(flat=True)
        assert not [key for key, value in flat.items() if isinstance(value, dict)]


def test_to_dict_knows_three_forms() -> None:
    contact = structure(CONTACT, Contact)
    assert contact.to_dict() == CONTACT
    assert contact.to_dict(known=True) == {
        "uuid": "c-1",
        "email": "ada@example.com",
        "tier": {"uuid": "t-1", "name": "Gold"},
        "attributes": [{"value": "5", "attribute": {"name": "table"}}],
        "credit_balance": None,
    }
    assert contact.to_dict(flat=True) == {
        "uuid": "c-1",
        "email": "ada@example.com",
        "tier.uuid": "t-1",
        "tier.name": "Gold",
        "tier.discount": 5,
        "attributes": [{"value": "5", "attribute": {"name": "table", "colour": "red"}}],
        "favourite.dish": "pizza",
    }
    assert contact.to_dict(known=True, flat=True).keys() == {"uuid", "email", "tier.uuid", "tier.name", "attributes"}
    assert json.loads(contact.to_json(known=True)) == contact.to_dict(known=True)


def test_a_bare_value_becomes_an_object() -> None:
    assert structure("abc", AuthToken).to_dict() == {"auth_token": "abc"}
    assert structure([], AuthToken).to_dict() == {}


def test_from_dict_takes_python_values_and_keeps_a_copy() -> None:
    shop = uuid.uuid4()
    data: dict[str, Any] = {
        "uuid": shop,
        "starts_at": dt.datetime(2024, 5, 1, 20, tzinfo=dt.UTC),
        "tags": ["a"],
    }
    visit = Visit.from_dict(data)
    data["tags"].append("b")
    assert visit.uuid == str(shop)
    assert visit.starts_at == dt.datetime(2024, 5, 1, 20, tzinfo=dt.UTC)
    assert visit.extra == {"tags": ["a"]}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "data must be a mapping, got list"),
        ({"a": object()}, r"data\.a can't be written as JSON"),
        ({"a": dt.datetime(2024, 1, 1)}, r"data\.a must know its time zone"),
    ],
)
def test_from_dict_refuses_what_json_can_not_hold(data: Any, told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        Visit.from_dict(data)


def test_from_dict_names_what_does_not_fit() -> None:
    with pytest.raises(DecodeError, match="expected text, got 5") as caught:
        Visit.from_dict({"contact": {"uuid": 5}})
    assert caught.value.path == "$.contact.uuid"


def test_the_documented_default_of_json() -> None:
    contact = structure(CONTACT, Contact)
    assert json.loads(json.dumps({"who": [contact]}, default=Model.to_dict)) == {"who": [CONTACT]}


def test_rows_become_a_data_frame() -> None:
    # Here, where it is used: else each process that runs tests would import it.
    import pandas as pd

    visits = [structure(VISIT, Visit), structure({"uuid": "w", "contact": None}, Visit)]
    frame = pd.DataFrame(v.to_dict(flat=True) for v in visits)
    assert list(frame.columns) == ["uuid", "starts_at", "contact.uuid", "contact.email", "table"]
    assert list(frame["contact.uuid"].fillna("")) == ["c", ""]


class Reservation(pydantic.BaseModel):
    visit: Visit
    contacts: list[Contact] = []


def test_a_model_is_a_pydantic_field() -> None:
    visit = structure(VISIT, Visit)
    reservation = Reservation(visit=visit, contacts=[CONTACT])  # type: ignore[list-item]
    assert reservation.visit is visit
    assert reservation.contacts == [structure(CONTACT, Contact)]
    assert reservation.model_dump() == {"visit": VISIT, "contacts": [CONTACT]}
    assert Reservation.model_validate_json(reservation.model_dump_json()) == reservation
    with pytest.raises(pydantic.ValidationError, match=r"\$\.contact\.uuid: expected text, got 5"):
        Reservation.model_validate({"visit": {"contact": {"uuid": 5}}})
    with pytest.raises(pydantic.ValidationError, match="must be a mapping"):
        Reservation.model_validate({"visit": 5})


@each("name", models.__all__)
def test_every_model_has_a_json_schema(name: str) -> None:
    adapter = pydantic.TypeAdapter(getattr(models, name))
    for mode in ("validation", "serialization"):
        schema = adapter.json_schema(mode=mode)
        assert schema["title"] == name
        assert schema["additionalProperties"] is True


def test_a_route_of_fastapi_returns_a_model() -> None:
    app = FastAPI()

    @app.get("/declared")
    async def declared() -> Contact:
        return structure(CONTACT, Contact)

    @app.get("/undeclared", response_model=None)
    async def undeclared() -> Any:
        return {"rows": [structure(CONTACT, Contact)]}

    @app.post("/taken")
    async def taken(visit: Annotated[Visit, Body()]) -> list[Visit]:
        return [visit]

    with TestClient(app) as http:
        assert http.get("/declared").json() == CONTACT
        assert http.get("/undeclared").json() == {"rows": [CONTACT]}
        assert http.post("/taken", json=VISIT).json() == [VISIT]
        assert http.post("/taken", json={"uuid": 5}).status_code == 422
        described = http.get("/openapi.json").json()["components"]["schemas"]
    assert described["Visit"]["properties"]["starts_at"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert described["Contact"]["properties"]["tier"]["anyOf"][0] == {"$ref": "#/components/schemas/Tier"}


def test_a_route_of_fastapi_returns_a_page() -> None:
    app = FastAPI()

    @app.get("/declared")
    async def declared() -> Page[Visit]:
        return Page([structure(VISIT, Visit)], page=2, last_page=3, total=11, meta={"page": 2})

    @app.get("/of_anything")
    async def of_anything() -> Page:  # type: ignore[type-arg]
        return Page([structure(CONTACT, Contact)])

    @app.post("/taken")
    async def taken(page: Annotated[Page[Visit], Body()]) -> list[Visit]:
        return page.items

    with TestClient(app) as http:
        sent = {"items": [VISIT], "page": 2, "last_page": 3, "total": 11, "meta": {"page": 2}}
        assert http.get("/declared").json() == sent
        empty = {"page": None, "last_page": None, "total": None, "meta": None}
        assert http.get("/of_anything").json() == {"items": [CONTACT], **empty}
        assert http.post("/taken", json=sent).json() == [VISIT]
        assert http.post("/taken", json={"items": [{"uuid": 5}]}).status_code == 422
        assert http.post("/taken", json={"page": 1}).status_code == 422
        answers = http.get("/openapi.json").json()["paths"]["/declared"]["get"]["responses"]["200"]
    described = answers["content"]["application/json"]["schema"]
    assert described["required"] == ["items"]
    assert described["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Visit"}
    assert described["properties"]["last_page"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]


def test_models_need_no_pydantic() -> None:
    code = "import sys; from leat_async import models; models.Visit().to_dict(); print('pydantic' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
