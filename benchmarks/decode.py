"""One page of 100 loyalty transactions: bytes to models.

python -m benchmarks.decode
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import pydantic

from leat_async import models
from leat_async._core.answers import read_list
from leat_async._core.codec import parse, structure
from leat_async._core.declare import operation_of
from leat_async._core.transport import Answer
from leat_async.resources.loyalty_transactions import LoyaltyTransactions

from .measure import Table, quick, show, take_turns_timed
from .server import PAGES, page, pin

RAW = "orjson.loads, dicts"
LISTED = list[models.LoyaltyTransaction]


class Balance(pydantic.BaseModel, frozen=True, extra="allow"):
    id: int | None = None
    balance: int | None = None


class Contact(pydantic.BaseModel, frozen=True, extra="allow"):
    uuid: str = ""
    email: str | None = None
    credit_balance: Balance | None = None


class Address(pydantic.BaseModel, frozen=True, extra="allow"):
    id: int | None = None
    shop_id: int | None = None
    street: str | None = None
    housenumber: int | str | None = None
    house_number: int | str | None = None
    postalcode: str | None = None
    postal_code: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    latitude: float | str | None = None
    longitude: float | str | None = None


class Shop(pydantic.BaseModel, frozen=True, extra="allow"):
    id: int | None = None
    uuid: str = ""
    type: str | None = None
    name: str | None = None
    address: Address | None = None


class Unit(pydantic.BaseModel, frozen=True, extra="allow"):
    id: int | None = None
    name: str | None = None
    label: str | None = None
    prefix: str | None = None
    is_default: bool | None = None


class Transaction(pydantic.BaseModel, frozen=True, extra="allow"):
    uuid: str = ""
    type: str | None = None
    credits: int | None = None
    created_at: pydantic.AwareDatetime | None = None
    contact: Contact | None = None
    contact_identifier: Any = None
    shop: Shop | None = None
    unit_value: float | None = None
    unit: Unit | None = None


class Whole(pydantic.BaseModel):
    data: list[Transaction]
    meta: Any = None


def contenders(body: bytes) -> dict[str, Callable[[], object]]:
    """The works, by contender."""
    sys.path.insert(0, sys.prefix)
    # Made when the environment is, and only there: type checkers don't find it.
    from generated.models import LoyaltyTransactionPage  # type: ignore[import-not-found]

    answer, listing = Answer(200, {}, body), operation_of(LoyaltyTransactions.list)
    works: dict[str, Callable[[], object]] = {
        RAW: lambda: orjson.loads(body),
        "msgspec.json.decode, dicts": lambda: msgspec.json.decode(body),
        "leat_async, models": lambda: read_list(listing, answer).items,
        "leat_async, tolerant way": lambda: structure(parse(body)["data"], LISTED),
        "pydantic, models": lambda: Whole.model_validate_json(body),
        "generated client, models": lambda: LoyaltyTransactionPage.from_dict(orjson.loads(body)),
    }
    ours: Any = works["leat_async, models"]()
    assert len(ours) == 100
    assert type(ours[0].created_at) is dt.datetime
    assert type(ours[0]._raw) is bytes, "not read by the compiled lane"
    assert ours == works["leat_async, tolerant way"]()
    return works


def main() -> None:
    pin()
    rounds = 15 if quick() else 61
    body = page(1, PAGES)
    times = take_turns_timed(contenders(body), rounds, 20)
    name = f"A page of 100 loyalty transactions ({len(body):,} bytes): bytes to objects"
    # What rows have in common is made once for a page; here no two have a shop or a unit in common.
    apart = apart_of(body)
    others = contenders(apart)
    chosen = {who: others[who] for who in (RAW, "leat_async, models", "pydantic, models")}
    show(
        Table(name, "µs", times, RAW, better="less"),
        Table(
            "The same, each with a shop and a unit of its own", "µs", take_turns_timed(chosen, rounds, 20), RAW, "less"
        ),
    )


def apart_of(body: bytes) -> bytes:
    """The page with another shop and unit in each row."""
    whole = msgspec.json.decode(body)
    for number, row in enumerate(whole["data"]):
        row["shop"]["id"], row["unit"]["id"] = 1000 + number, 2000 + number
    return msgspec.json.encode(whole)


if __name__ == "__main__":
    main()
