"""The OpenAPI document: valid, whole, and true.

`LEAT_SOAK=1` sends five thousand requests by it; else one for each third operation, on each Python for others.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from openapi_spec_validator import validate
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from leat_async.sandbox import Sandbox
from leat_async.sandbox.openapi import document
from leat_async.sandbox.resources import ROUTES

from .conftest import Wire
from .world import World

SOAK = os.environ.get("LEAT_SOAK") == "1"
EACH = 17 if SOAK else 1
METHODS = ("get", "put", "post", "delete")


def operations(told: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_served_and_valid(wire: Wire, sandbox: Sandbox) -> None:
    told = wire.ask("GET /_sandbox/openapi.json").json
    validate(told)
    assert told["openapi"].startswith("3.1")
    assert told["servers"] == [{"url": sandbox.url}]


def test_every_route_is_in_it_once_with_its_certainty() -> None:
    told = document(ROUTES, "http://localhost")
    names = [operation["operationId"] for _, _, operation in operations(told)]
    assert len(names) == len(set(names)) == sum(len(route.roots) for route in ROUTES)
    certainties = {operation["operationId"]: operation["x-leat-certainty"] for _, _, operation in operations(told)}
    assert certainties["visits.create"] == "documented"
    assert certainties["orders.get"] == certainties["register.orders.get"] == "observed in a client"
    create = told["paths"]["/api/v3/oauth/clients/visits"]["post"]["requestBody"]["content"]
    assert set(create) == {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
    assert set(create["application/json"]["schema"]["required"]) == {"contact_uuid", "shop_uuid"}
    listed = told["paths"]["/api/v3/oauth/clients/contacts"]["get"]["parameters"]
    assert {one["name"]: one.get("style") for one in listed}["created_at"] == "deepObject"
    # At the Register root nobody names a shop.
    there = told["paths"]["/api/v3/register/visits"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "shop_uuid" not in there["properties"]


def test_every_answer_has_a_schema_or_is_known_to_be_unknown() -> None:
    told = document(ROUTES, "http://localhost")
    unknown = {
        operation["operationId"]
        for _, _, operation in operations(told)
        for status, response in operation["responses"].items()
        if status in ("200", "201") and not response["content"]["application/json"]["schema"]
    }
    assert unknown == set()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Sandbox(seed=1, rate_limit=(10**9, 60.0)) as sandbox:
        made = World(sandbox)
        sandbox.snapshot("world")
        yield made


CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]


def send(world: World, operation: Any, token: str) -> int:
    """Random requests of one operation, each answer checked; how many there were."""
    sent = 0
    draw = random.Random(1)

    @seed(1)
    @settings(
        max_examples=EACH,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        nonlocal sent
        known(case, world, draw)
        headers = {"Authorization": f"Bearer {token}"}
        case.call_and_validate(base_url=world.sandbox.url, headers=headers, checks=CHECKS)
        sent += 1

    one()
    return sent


@pytest.mark.timeout(3600 if EACH > 1 else 120)
def test_answers_are_as_told(world: World) -> None:
    """Random requests by the document, some of them with values that exist."""
    sandbox = world.sandbox
    told = document(ROUTES, sandbox.url)
    schema = schemathesis.openapi.from_dict(told)
    sent, statuses = 0, Counter[int | None]()
    for path, method, _ in [*operations(told)] if SOAK else [*operations(told)][sys.version_info.minor % 3 :: 3]:
        sandbox.restore("world")
        token = sandbox.register_token if "/register" in path else sandbox.token
        sent += send(world, schema[path][method.upper()], token)
        statuses.update(entry.status for entry in sandbox.journal)
        sandbox.journal.clear()
    assert sent >= (300 if SOAK else 100) * EACH * 0.9
    assert statuses[200] > sent / 20, statuses  # a good part of them is not refused
    assert 500 not in statuses


def known(case: Any, world: World, draw: random.Random) -> None:
    """Put uuids that exist into most places where one belongs."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            for name in [*part]:
                if name in world.known and draw.random() < 0.9:
                    part[name] = world.known[name]
