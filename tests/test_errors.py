"""Errors: one tree, and all of it pickles and copies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from multidict import CIMultiDict

from leat_async import errors
from leat_async.errors import Attempt, LeatError

from .rows import each


def all_errors() -> list[type[LeatError]]:
    found: list[type[LeatError]] = [LeatError]
    for cls in found:
        found += cls.__subclasses__()
    return [cls for cls in found if cls.__module__ == errors.__name__]


def make(cls: type[LeatError]) -> LeatError:
    options: dict[str, Any] = {}
    if issubclass(cls, errors.ApiError):
        options = {"status": 400, "code": 1003, "errors": {"a": ["b"]}, "operation": "visits.get", "retry_after": 1.5}
        options |= {"headers": CIMultiDict({"X-A": "b"}), "body": "{}"}
    elif cls is errors.DeadlineExceeded:
        options = {"phase": "pace"}
    elif cls is errors.DecodeError:
        options = {"path": "$.data", "body": b"x", "status": 200}
    elif cls is errors.TransportError:
        options = {"sent": False}
    error = cls("it failed", **options)
    error.attempts = (Attempt(number=1, end="answered", status=400),)
    return error


def test_the_tree() -> None:
    assert {cls.__name__ for cls in all_errors()} == {
        "LeatError",
        "ConfigError",
        "LifecycleError",
        "LedgerError",
        "TransportError",
        "DeadlineExceeded",
        "DecodeError",
        "OutcomeUnknownError",
        "ApiError",
        "InvalidInputError",
        "NotFoundError",
        "AlreadyExistsError",
        "AuthenticationError",
        "PermissionDeniedError",
        "RateLimitError",
        "MaintenanceError",
        "ServerError",
    }


@each("cls", all_errors(), ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("through", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])
def test_errors_pickle_and_copy(cls: type[LeatError], through: Any) -> None:
    error = make(cls)
    error.__cause__ = errors.ServerError("behind it", status=502)
    twin = through(error)
    assert type(twin) is cls
    assert str(twin) == str(error)
    assert twin.attempts == error.attempts
    assert {k: v for k, v in vars(twin).items() if v is not None} == {
        k: v for k, v in vars(error).items() if v is not None
    }
    assert type(twin.__cause__) is errors.ServerError
    assert twin.__cause__.status == 502


async def test_an_unpickled_unknown_outcome_can_not_ask() -> None:
    error = errors.OutcomeUnknownError("sent")

    async def look_up() -> str:
        return "found"

    error._look_up = look_up
    assert error.reconcilable
    assert await error.reconcile() == "found"
    twin = pickle.loads(pickle.dumps(error))
    assert not twin.reconcilable
    with pytest.raises(LeatError, match="another process"):
        twin.reconcile()
