"""Writes docs/operations.md from the operations that the resource modules declare.

python docs/generate_operations.py            write it
python docs/generate_operations.py --check    say whether it is up to date
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import NoneType
from typing import Any, TypeGuard

import leat_async.resources
from leat_async import LeatClient
from leat_async._core.operation import Effect, Operation

PAGE = Path(__file__).parent / "operations.md"
HEAD = """\
# Operations

Made by `python docs/generate_operations.py`; changes by hand are overwritten.

Every operation is a method of the client, `leat.<resource>.<operation>(…)`, {count} in {resources} resources.

- **Answer**: the model, `Pager` of it for lists, `None` where the answer is empty, `data` where nobody documents the
  answer and its decoded `data` is given as it is.
- **Effect** of sending it twice: *safe* changes nothing; *repeatable* ends in the same state; *action* acts again, and
  is therefore never repeated once it may have been applied.
- **Pages**: the parameter of the page size, and the largest documented one.
- **Register**: whether the Register API has it as well (`yes`), or only the Register API (`only`).
- **Asks**: whether `reconcile()` of an `OutcomeUnknownError` can ask the API about it; empty where nothing can be in
  doubt.
- **Facts**: *documented*; *captured* in clients' requests or recorded answers, not in the documentation; *assumed*.

A new operation touches four places: the facts in `tests/facts/`, its resource in `leat_async/resources/`, its model in
`leat_async/models/` (named in `__init__.py`), and, for a new resource, one line in `leat_async/client.py`. This page,
the tests over all operations and the synchronous facade follow from them.
"""
COLUMNS = ("Operation", "Request", "Answer", "Effect", "Pages", "Register", "Asks", "Facts")


def is_operation(value: object) -> TypeGuard[Operation[Any]]:
    """Whether a module's name stands for an operation."""
    return isinstance(value, Operation)


def declared() -> dict[str, list[Operation[Any]]]:
    """Operations by id; a second one of an id is the Register API's."""
    found: dict[str, list[Operation[Any]]] = {}
    for module in pkgutil.iter_modules(leat_async.resources.__path__):
        for value in vars(importlib.import_module(f"leat_async.resources.{module.name}")).values():
            if is_operation(value) and value not in found.setdefault(value.id, []):
                found[value.id].append(value)
    return found


def answer(operation: Operation[Any]) -> str:
    """The answer, as the method's return type says it."""
    kind: Any = operation.result
    name = {NoneType: "None", object: "data"}.get(kind, kind.__name__)
    if operation.many:
        return f"`Pager[{name}]`"
    return f"`{name}`, `None`" if operation.nullable else f"`{name}`"


def row(client: LeatClient, operations: list[Operation[Any]]) -> tuple[str, ...]:
    """One line of the table."""
    operation = operations[0]
    resource, _, name = operation.id.partition(".")
    method: Any = getattr(getattr(client, resource), name)
    asks = "look_up=" in inspect.getsource(method)
    apis = {api for one in operations for api in one.apis}
    requests = [f"`{operation.method} {operation.path}`"]
    requests += [f"Register: `{other.method} {other.path}`" for other in operations[1:]]
    paging = operation.paging
    pages = "" if paging is None else paging.size + (f" ≤ {paging.largest}" if paging.largest is not None else "")
    return (
        f"`{operation.id}`",
        "<br>".join(requests),
        answer(operation),
        operation.effect.value,
        pages,
        "" if "register" not in apis else "yes" if "oauth" in apis else "only",
        "" if operation.effect is Effect.SAFE else "yes" if asks else "no",
        operation.certainty,
    )


def page() -> str:
    """The whole page."""
    client = LeatClient("a-token-that-is-never-sent")
    found = declared()
    resources = sorted({name.partition(".")[0] for name in found})
    parts = [HEAD.format(count=len(found), resources=len(resources))]
    for resource in resources:
        rows = [row(client, operations) for name, operations in found.items() if name.partition(".")[0] == resource]
        lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
        parts.append(f"## {resource}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write or check; the exit code says whether the page was as it should be."""
    wanted = page()
    if arguments == ["--check"]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
            return 0
        sys.stderr.write(f"{PAGE.name} is stale; run python docs/generate_operations.py\n")
        return 1
    if arguments:
        sys.stderr.write("usage: python docs/generate_operations.py [--check]\n")
        return 2
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
