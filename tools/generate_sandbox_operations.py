"""docs/sandbox_operations.md, made from the sandbox's table of routes."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from leat_async.sandbox.resources import ROUTES
from leat_async.sandbox.routing import ROOTS, Certainty, Root, Route

HEAD = """\
# Operations of the sandbox

<!-- Made by `python -m tools.generate`; changes by hand are overwritten. -->

{count} operations in {resources} resources: {certainties}.

- **OAuth**, **Register**: whether it is there below that root. At the Register root the shop is that of the register.
- **Answer**: how certain it is. *documented*: the API's documentation has it; *observed in an answer*: a recorded
  answer of the API has it; *observed in a client*: a client that exists asks for it; *assumed*: no source tells, and
  the sandbox answers what suits similar operations.

What an answer does not show, such as rules and states without documentation, is told in [the sandbox](sandbox.md).
"""
COLUMNS = ("Operation", "Request", "OAuth", "Register", "Answer")
_CERTAINTIES = get_args(Certainty)


def name_of(route: Route) -> str:
    """The operation's id, whichever root it is at."""
    return route.operation.removeprefix("register.") if route.operation != "register.get" else route.operation


def request(route: Route) -> str:
    """Method and path, below the root where there is one."""
    path = "" if route.path == "/" else route.path
    return f"`{route.method} {path or '/'}`"


def row(name: str, routes: list[Route]) -> tuple[str, ...]:
    """One line of the table."""
    roots: set[Root] = {root for route in routes for root in route.roots}
    requests = dict.fromkeys(request(route) for route in routes)
    others = [f"{route.roots[0].capitalize()}: {route.certainty}" for route in routes[1:]]
    differing = [text for route, text in zip(routes[1:], others, strict=True) if route.certainty != routes[0].certainty]
    return (
        f"`{name}`",
        "<br>".join(requests),
        "yes" if "oauth" in roots else "origin" if "host" in roots else "",
        "yes" if "register" in roots else "",
        "; ".join((routes[0].certainty, *differing)),
    )


def grouped() -> dict[str, list[Route]]:
    """The routes of each operation."""
    found: dict[str, list[Route]] = {}
    for route in ROUTES:
        found.setdefault(name_of(route), []).append(route)
    return found


def page() -> str:
    """The whole page."""
    found = grouped()
    rows = {name: row(name, routes) for name, routes in sorted(found.items())}
    resources = sorted({name.partition(".")[0] for name in rows})
    counts = Counter(line[-1].partition(";")[0] for line in rows.values())
    certainties = ", ".join(f"{counts[certainty]} {certainty}" for certainty in _CERTAINTIES if counts[certainty])
    parts = [HEAD.format(count=len(rows), resources=len(resources), certainties=certainties)]
    parts.append("Roots: OAuth `" + ROOTS["oauth"] + "`, Register `" + ROOTS["register"] + "`.\n")
    for resource in resources:
        lines = [COLUMNS, ("---",) * len(COLUMNS)]
        lines += [line for name, line in rows.items() if name.partition(".")[0] == resource]
        parts.append(f"## {resource}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(parts)
