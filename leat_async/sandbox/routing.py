"""The table of routes: what it holds, how a path is found in it, and what to say when it is not."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal
from urllib.parse import unquote

import attrs

from .params import RouteParam

Certainty = Literal["documented", "observed in an answer", "observed in a client", "assumed"]
Root = Literal["oauth", "register", "host", "ping"]

ROOTS: Mapping[Root, str] = {
    "oauth": "/api/v3/oauth/clients",
    "register": "/api/v3/register",
    "host": "",
    "ping": "/api/v2/oauth/clients",  # where the official PHP SDK still looks
}
BOTH: tuple[Root, ...] = ("oauth", "register")
OAUTH: tuple[Root, ...] = ("oauth",)
REGISTER: tuple[Root, ...] = ("register",)

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
Handler = Callable[[Any], Any]


@attrs.frozen
class Route:
    """One operation: where it is, which handler answers it, and how certain the answer is."""

    operation: str
    method: str
    path: str
    handler: Handler
    parameters: tuple[RouteParam, ...] = ()
    certainty: Certainty = "documented"
    roots: tuple[Root, ...] = BOTH
    status: int = 200
    extra_keys: bool = False  # unknown top-level keys are values of custom attributes
    secret: bool = False  # the data of the answer is a secret as a whole
    known: frozenset[str] = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: frozenset(param.name for param in self.parameters), takes_self=True),
    )
    # A register stands in its shop, so it does not name one.
    at_register: tuple[RouteParam, ...] = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: tuple(param for param in self.parameters if param.name != "shop_uuid"), takes_self=True
        ),
    )


@attrs.define
class Match:
    """A route found for a path, with the values of its path parameters."""

    route: Route
    root: Root
    path: Mapping[str, str]


class _Node:
    __slots__ = ("children", "leaf", "wild")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.wild: _Node | None = None
        self.leaf: tuple[Route, tuple[str, ...]] | None = None


class Router:
    """A tree of path segments per method and root; a fixed segment wins over a parameter."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes: tuple[Route, ...] = tuple(routes)
        self._trees: dict[tuple[str, Root], _Node] = {}
        self._fixed: dict[tuple[str, str], Match] = {}
        self._templates: dict[str, None] = {}
        self._methods = sorted({route.method for route in self.routes})
        for route in self.routes:
            for root in route.roots:
                self._add(route, root)

    def _add(self, route: Route, root: Root) -> None:
        node = self._trees.setdefault((route.method, root), _Node())
        names: list[str] = []
        for segment in route.path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.wild = node.wild or _Node()
                node = node.wild
            else:
                node = node.children.setdefault(segment, _Node())
        template = f"{route.method} {(ROOTS[root] + route.path).rstrip('/')}"
        if node.leaf is not None:
            raise ValueError(f"{template} is claimed twice")
        node.leaf = route, tuple(names)
        self._templates[template] = None
        if not names:
            self._fixed[route.method, ROOTS[root] + route.path.rstrip("/")] = Match(route, root, {})

    def find(self, method: str, path: str) -> Match | None:
        """The route of a raw request path; a slash at the end makes no difference."""
        method = "GET" if method == "HEAD" else method
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed
        path = path.rstrip("/")
        for root, prefix in ROOTS.items():
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
                tree = self._trees.get((method, root))
                if tree is None:
                    continue
                values: list[str] = []
                leaf = _walk(tree, path[len(prefix) + 1 :].split("/"), 0, values)
                if leaf is not None:
                    return Match(leaf[0], root, dict(zip(leaf[1], reversed(values), strict=True)))
        return None

    def methods(self, path: str) -> list[str]:
        """The methods that this path does have."""
        return [method for method in self._methods if self.find(method, path)]

    def nearest(self, method: str, path: str) -> str | None:
        """The route that was probably meant: the same tail under a root, or the most similar path."""
        path = path[:200]
        segments = [segment for segment in path.split("/") if segment][:12]
        for start in range(len(segments)):
            tail = "/" + "/".join(segments[start:])
            for root in ("oauth", "register", "host"):
                for candidate in dict.fromkeys((method, *self._methods)):
                    match = self.find(candidate, ROOTS[root] + tail)
                    if match and match.route.path != "/":
                        return f"{candidate} {ROOTS[match.root]}{match.route.path}"
        close = difflib.get_close_matches(f"{method} {path}", self._templates, n=1, cutoff=0.5)
        return close[0] if close else None


def _walk(node: _Node, segments: list[str], at: int, values: list[str]) -> tuple[Route, tuple[str, ...]] | None:
    """Find the leaf; the values of the parameters are collected from the last to the first."""
    if at == len(segments):
        return node.leaf
    segment = unquote(segments[at]) if "%" in segments[at] else segments[at]
    child = node.children.get(segment)
    if child is not None:
        found = _walk(child, segments, at + 1, values)
        if found:
            return found
    if node.wild is None or not segment:
        return None
    found = _walk(node.wild, segments, at + 1, values)
    if found:
        values.append(segment)
    return found
