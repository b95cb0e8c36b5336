"""Servers that answer otherwise than the sandbox does by itself."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from leat_async.sandbox.engine import Call
from leat_async.sandbox.resources import contact_changes, product_categories, products, visits

Handler = Callable[[Call], Any]
_MODULES = {
    "contacts": contact_changes,
    "visits": visits,
    "products": products,
    "product_categories": product_categories,
}


def with_params(call: Call, **params: Any) -> Call:
    """The call, with other parameters."""
    other = copy.copy(call)
    other.params = params
    return other


class Answers:
    """What answers for a while instead of the sandbox's own handlers."""

    def __init__(self) -> None:
        self._own: list[tuple[Any, Handler]] = []

    def put(self, operation: str, instead: Callable[[Handler], Handler]) -> None:
        """Have this operation answered by what is made of its own handler."""
        module = _MODULES[operation.partition(".")[0]]
        route = next(route for route in module.ROUTES if route.operation == operation)
        self._own.append((route, route.handler))
        object.__setattr__(route, "handler", instead(route.handler))

    def put_back(self) -> None:
        """Let the sandbox answer again."""
        for route, handler in reversed(self._own):
            object.__setattr__(route, "handler", handler)
