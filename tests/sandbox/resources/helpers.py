"""What the tests of handlers share."""

from __future__ import annotations

from typing import Any

from ..conftest import Api


def code(answer: Any) -> int:
    assert answer.status_code == 400
    assert answer.json()["status_code"] == 400
    return int(answer.json()["code"])


def give(api: Api, **fields: Any) -> Any:
    sandbox = api.sandbox
    body = {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"], **fields}
    return api("POST", "/credit-receptions", json=body)
