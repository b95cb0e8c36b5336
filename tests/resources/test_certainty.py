"""How certain the facts of an operation are: one vocabulary, and one answer on both sides of the wire."""

from __future__ import annotations

from typing import Any, get_args

from leat_async._core.operation import Certainty, Operation
from leat_async.sandbox.resources import ROUTES
from leat_async.sandbox.routing import Certainty as SandboxCertainty

from ..rows import each
from .table import OPERATIONS

DECLARED = [
    (operation, api) for operations in OPERATIONS.values() for operation in operations for api in operation.apis
]


def test_client_and_sandbox_use_the_same_words() -> None:
    assert get_args(Certainty) == get_args(SandboxCertainty)


@each("operation,api", DECLARED, ids=lambda row: f"{row[0].id}, {row[1]}")
def test_client_and_sandbox_are_equally_certain(operation: Operation[Any], api: str) -> None:
    root = "host" if operation.at_origin else api
    path = operation.path.removeprefix("/") or ""
    found = [
        route.certainty
        for route in ROUTES
        if root in route.roots and route.method == operation.method and route.path.removeprefix("/") == path
    ]
    assert set(found) == {operation.certainty}, f"the sandbox: {found}; the client: {operation.certainty}"
