"""Writes docs/sandbox_operations.md from the sandbox's table of routes.

python docs/generate_sandbox_operations.py            write it
python docs/generate_sandbox_operations.py --check    say whether it is up to date
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from leat_async.sandbox.rooms import ROUTES
from leat_async.sandbox.routing import ROOTS, Root, Route

PAGE = Path(__file__).parent / "sandbox_operations.md"
HEAD = """\
# Operations of the sandbox

Made by `python docs/generate_sandbox_operations.py`; changes by hand are overwritten.

{count} operations in {resources} resources: {certainties}.

- **OAuth**, **Register**: whether it is there below that root. At the Register root the shop is that of the register.
- **Answer**: how sure we are of it. *documented*: the API's documentation has it; *captured*: recorded from the API as
  well; *guessed*: nobody tells, and the sandbox answers what suits its neighbours.

What an answer does not show, such as rules and states that nobody documents, is told in [the sandbox](sandbox.md).
"""
COLUMNS = ("Operation", "Request", "OAuth", "Register", "Answer")
_SURENESS = ("documented", "captured", "guessed")


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
    certainties = ", ".join(f"{counts[certainty]} {certainty}" for certainty in _SURENESS)
    parts = [HEAD.format(count=len(rows), resources=len(resources), certainties=certainties)]
    parts.append("Roots: OAuth `" + ROOTS["oauth"] + "`, Register `" + ROOTS["register"] + "`.\n")
    for resource in resources:
        lines = [COLUMNS, ("---",) * len(COLUMNS)]
        lines += [line for name, line in rows.items() if name.partition(".")[0] == resource]
        parts.append(f"## {resource}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write or check; the exit code says whether the page was as it should be."""
    wanted = page()
    if arguments == ["--check"]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
            return 0
        sys.stderr.write(f"{PAGE.name} is stale; run python docs/generate_sandbox_operations.py\n")
        return 1
    if arguments:
        sys.stderr.write("usage: python docs/generate_sandbox_operations.py [--check]\n")
        return 2
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
