"""The table of routes: paths that are found, and what each route says of itself."""

from __future__ import annotations

from typing import get_args

import pytest

from leat_async.sandbox.resources import ROUTES
from leat_async.sandbox.routing import Certainty, Route, Router

from .conftest import ROOT


def test_path_parameters_keep_their_names() -> None:
    router = Router(
        [
            Route("a", "GET", "/shifts/{shift}/notes/{note}", print),
            Route("b", "GET", "/shifts/{other}/{third}", print),
            Route("c", "GET", "/shifts/{shift}/notes", print),
        ]
    )

    def find(path: str) -> tuple[str, dict[str, str]] | None:
        match = router.find("GET", ROOT + path)
        return (match.route.operation, dict(match.path)) if match else None

    assert find("/shifts/1/notes/2") == ("a", {"shift": "1", "note": "2"})
    assert find("/shifts/1/other") == ("b", {"other": "1", "third": "other"})
    assert find("/shifts/a%2Fb/notes/") == ("c", {"shift": "a/b"})
    assert find("/shifts//notes") is find("/shifts") is None
    with pytest.raises(ValueError, match="twice"):
        Router([Route("a", "GET", "/x/{a}", print), Route("b", "GET", "/x/{b}", print)])


def test_every_route_says_how_certain_it_is() -> None:
    assert {route.certainty for route in ROUTES} == set(get_args(Certainty))
    assert len({(route.method, route.path, root) for route in ROUTES for root in route.roots}) == sum(
        len(route.roots) for route in ROUTES
    )
