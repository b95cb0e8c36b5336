"""docs/operations.md, made from the operations that the resources declare."""

from __future__ import annotations

from importlib import import_module
from types import NoneType
from typing import Any

from leat_async import LeatClient
from leat_async._core.declare import declared_by, operations_of
from leat_async._core.operation import Effect, Operation

HEAD = """\
# Operations

<!-- Made by `python -m tools.generate`; changes by hand are overwritten. -->

Every operation is a method of the client, `leat.<resource>.<operation>(…)`, {count} in {resources} resources.

- **Answer**: the model, `Pager` of it for lists, `None` where the answer is empty, `data` where nobody documents the
  answer and its decoded `data` is given as it is.
- **Effect** of sending it twice: *safe* changes nothing; *repeatable* ends in the same state; *action* acts again, and
  is therefore never repeated once it may have been applied.
- **Pages**: the parameter of the page size, and the largest documented one.
- **Register**: whether the Register API has it as well (`yes`), or only the Register API (`only`).
- **Asks**: whether `reconcile()` of an `OutcomeUnknownError` can ask the API about it; empty where nothing can be in
  doubt.
- **Facts**: how certain they are. *documented*: the API's documentation has the operation; *observed in an answer*: a
  recorded answer of the API has it; *observed in a client*: a client that exists asks for it; *assumed*: no more is
  known than that it is there.

How to add an operation is told in [how it is built](architecture.md).
"""
COLUMNS = ("Operation", "Request", "Answer", "Effect", "Pages", "Register", "Asks", "Facts")


def declared() -> dict[str, tuple[Operation[Any], ...]]:
    """Operations by id; a second one of an id is the Register API's."""
    found: dict[str, tuple[Operation[Any], ...]] = {}
    for where in sorted(LeatClient.__annotations__.values()):
        module, _, name = where.partition(".")
        for method in declared_by(getattr(import_module(f"leat_async.resources.{module}"), name)):
            operations = operations_of(method)
            found[operations[0].id] = operations
    return found


def answer(operation: Operation[Any]) -> str:
    """The answer, as the method's return type says it."""
    kind: Any = operation.result
    name = {NoneType: "None", object: "data"}.get(kind, kind.__name__)
    if operation.many:
        return f"`Pager[{name}]`"
    return f"`{name}`, `None`" if operation.nullable else f"`{name}`"


def row(operations: tuple[Operation[Any], ...]) -> tuple[str, ...]:
    """One line of the table."""
    operation = operations[0]
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
        "" if operation.effect is Effect.SAFE else "no" if operation.look_up is None else "yes",
        operation.certainty,
    )


def page() -> str:
    """The whole page."""
    found = declared()
    resources = sorted({name.partition(".")[0] for name in found})
    parts = [HEAD.format(count=len(found), resources=len(resources))]
    for resource in resources:
        rows = [row(operations) for name, operations in found.items() if name.partition(".")[0] == resource]
        lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
        parts.append(f"## {resource}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(parts)
