"""The table of routes: what it holds, how a path is found in it, and what to say when it is not."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal
from urllib.parse import unquote

import attrs

from .params import Param

Certainty = Literal["documented", "captured", "guessed"]
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

Handler = Callable[[Any], Any]


@attrs.frozen
class Route:
    """One operation: where it is, who answers it, and how sure we are of the answer."""

    operation: str
    method: str
    path: str
    handler: Handler
    parameters: tuple[Param, ...] = ()
    certainty: Certainty = "documented"
    roots: tuple[Root, ...] = BOTH
    status: int = 200
    extra_keys: bool = False  # unknown top-level keys are values of custom attributes
    known: frozenset[str] = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: frozenset(param.name for param in self.parameters), takes_self=True),
    )
    # A register stands in its shop, so it does not name one.
    at_register: tuple[Param, ...] = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: tuple(param for param in self.parameters if param.name != "shop_uuid"), takes_self=True
        ),
    )


@attrs.frozen
class Match:
    """A route found for a path, with the values of its path parameters."""

    route: Route
    root: Root
    path: Mapping[str, str]


class _Node:
    __slots__ = ("children", "leaf", "name", "wild")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.wild: _Node | None = None
        self.name = ""
        self.leaf: tuple[Route, Root] | None = None


class Router:
    """A tree of path segments per method; a fixed segment wins over a parameter."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._trees: dict[str, _Node] = {}
        self._templates: dict[str, str] = {}
        for route in self.routes:
            for root in route.roots:
                self._add(route, root)

    def _add(self, route: Route, root: Root) -> None:
        path = (ROOTS[root] + route.path).rstrip("/")
        node = self._trees.setdefault(route.method, _Node())
        for segment in path.split("/"):
            if segment.startswith("{"):
                node.wild = node.wild or _Node()
                node.wild.name = segment[1:-1]
                node = node.wild
            else:
                node = node.children.setdefault(segment, _Node())
        if node.leaf is not None:
            raise ValueError(f"{route.method} {path} is claimed twice")
        node.leaf = route, root
        self._templates[f"{route.method} {path}"] = path

    def find(self, method: str, path: str) -> Match | None:
        """The route of a raw request path; a slash at the end makes no difference."""
        tree = self._trees.get("GET" if method == "HEAD" else method)
        if tree is None:
            return None
        values: dict[str, str] = {}
        leaf = self._walk(tree, path.rstrip("/").split("/"), 0, values)
        return Match(leaf[0], leaf[1], values) if leaf else None

    def _walk(self, node: _Node, segments: list[str], at: int, values: dict[str, str]) -> tuple[Route, Root] | None:
        if at == len(segments):
            return node.leaf
        segment = unquote(segments[at]) if "%" in segments[at] else segments[at]
        child = node.children.get(segment)
        if child is not None:
            found = self._walk(child, segments, at + 1, values)
            if found:
                return found
        if node.wild is None or not segment:
            return None
        found = self._walk(node.wild, segments, at + 1, values)
        if found:
            values[node.wild.name] = segment
        return found

    def methods(self, path: str) -> list[str]:
        """The methods that this path does have."""
        return sorted(method for method in self._trees if self.find(method, path))

    def nearest(self, method: str, path: str) -> str | None:
        """The route that was probably meant: the same tail under a root, or the most similar path."""
        path = path[:200]
        segments = [segment for segment in path.split("/") if segment][:12]
        for start in range(len(segments)):
            tail = "/" + "/".join(segments[start:])
            for root in ("oauth", "register", "host"):
                for candidate in dict.fromkeys((method, *self._trees)):
                    match = self.find(candidate, ROOTS[root] + tail)
                    if match and match.route.path != "/":
                        return f"{candidate} {ROOTS[root]}{match.route.path}"
        close = difflib.get_close_matches(f"{method} {path}", self._templates, n=1, cutoff=0.5)
        return close[0] if close else None
