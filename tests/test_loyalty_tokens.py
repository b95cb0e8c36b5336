"""Loyalty tokens made without a call, against the documented example."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from leat_async.loyalty_tokens import make_url

DOCUMENTED: dict[str, Any] = {
    "secret": "very_secret",
    "shop_uuid": "abcde-1235-hijkl-1i2k3",
    "unique_id": "my_unique_id",
    "timestamp": 1646314054,
    "unit_name": "purchase_amount",
    "unit_value": "10",
}


def made(**changes: Any) -> str:
    given = {**DOCUMENTED, **changes}
    return make_url("https://acme.com", **{k: v for k, v in given.items() if v is not ...})


def test_the_documented_example() -> None:
    assert made() == (
        "https://acme.com/l?version=v3&shop_uuid=abcde-1235-hijkl-1i2k3&unique_id=my_unique_id&timestamp=1646314054"
        "&unit_name=purchase_amount&unit_value=10&hash=60585d543ff8bbd07ad9798b44241981b4e2d423"
    )


@pytest.mark.parametrize("same", [10, Decimal(10)])
def test_amounts_of_other_types_are_written_as_they_are(same: object) -> None:
    assert made(unit_value=same) == made()
    assert "unit_value=10.00&" in made(unit_value=Decimal("10.00"))


def test_a_moment_is_sent_as_seconds_whatever_its_zone() -> None:
    moment = dt.datetime.fromtimestamp(1646314054, dt.timezone(dt.timedelta(hours=5)))
    assert made(timestamp=moment) == made()


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"unit_name": ..., "unit_value": ..., "credits": 7}, "version shop_uuid credits unique_id timestamp hash"),
        (
            {"version": "v1", "unit_name": ..., "unit_value": ..., "credits": 7},
            "version shop_id credits unique_id timestamp hash",
        ),
        ({"version": "v2"}, "version shop_id unique_id timestamp unit_name unit_value hash"),
    ],
)
def test_the_order_of_the_variants(changes: dict[str, Any], names: str) -> None:
    assert [name for name, _ in parse_qsl(urlsplit(made(**changes)).query)] == names.split()


def test_the_secret_is_in_the_hash_only() -> None:
    assert "very_secret" not in made()
    assert made(secret="another") != made()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"credits": 5}, "either credits"),
        ({"unit_name": ..., "unit_value": ...}, "either credits"),
        ({"unit_value": "ten"}, "such as '10'"),
        ({"unit_value": "-1"}, "such as '10'"),
        ({"unique_id": "a&b"}, "unique_id"),
        ({"unique_id": ""}, "unique_id"),
        ({"shop_uuid": "é"}, "shop_uuid"),
        ({"timestamp": dt.datetime(2024, 1, 1)}, "naive"),
        ({"timestamp": -1}, "timestamp"),
        ({"version": "v4"}, "version"),
        ({"version": "v1"}, "version"),
        ({"secret": ""}, "secret"),
        ({"unit_name": ..., "unit_value": ..., "credits": 0}, "credits"),
    ],
)
def test_what_can_not_stand_in_an_address(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        made(**changes)
    assert "very_secret" not in str(caught.value)


@pytest.mark.parametrize("changes", [{"unit_value": 1.5}, {"unit_value": True}, {"timestamp": "now"}, {"unique_id": 5}])
def test_types_that_would_be_written_in_more_than_one_way(changes: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        made(**changes)


@pytest.mark.parametrize("portal", ["acme.com", "ftp://acme.com", "https://acme.com?x=1", ""])
def test_a_portal_that_is_no_address(portal: str) -> None:
    with pytest.raises(ValueError, match="portal"):
        make_url(portal, **DOCUMENTED)
