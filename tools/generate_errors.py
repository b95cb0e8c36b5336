"""docs/errors.md: the errors as their classes tell them, and the API's codes with the class that each raises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from leat_async import errors
from leat_async.errors import LeatError

HEAD = """\
# Errors

<!-- Made by `python -m tools.generate`; changes by hand are overwritten. -->

Everything that the package raises on purpose is a `LeatError`, save `TypeError` and `ValueError` for arguments that
can't be sent: those are raised before anything is, and name the value, what was expected and what to do.

```python
from leat_async import errors

try:
    await leat.visits.create(contact_uuid=contact_uuid, shop_uuid=shop_uuid, external_id="till-3-000419")
except errors.OutcomeUnknownError as error:
    print(error.operation, error.attempts, await error.reconcile())
except errors.ApiError as error:
    print(error.status, error.code, error.message, error.errors)
```

## By class

*Again?* tells what the client has done by itself when you see the error, and what is safe for you to do.

| Class | Means | What to do | Again? |
|---|---|---|---|
"""
CODES = """
## By code

What the API calls `code`, as its documentation and answers have it. A code that is not here raises by the HTTP status:
401, 403, 404, 429, 503 and other 5xx have classes of their own, everything else is an `ApiError`. Where the text
decides between two classes, both are named.

| Code | The API's text | Class |
|---|---|---|
"""
ONCE = "no: the same request gets the same answer"
# What to do, and whether sending again helps.
CURES: Mapping[str, tuple[str, str]] = {
    "LeatError": ("read the text; the base of all others, seen itself when `reconcile()` has nobody to ask", "no"),
    "ConfigError": ("change the setting that it names", ONCE),
    "LifecycleError": ("make a client where it is used: in this process, for this event loop", "with a new client"),
    "LedgerError": ("read the text; make room, or see to the database", "run the import again: it goes on"),
    "TransportError": (
        "check address, network and proxy; `sent` False says that nothing reached the server",
        "tried up to `RetryPolicy.attempts` times already; later, yes",
    ),
    "DeadlineExceeded": (
        "look at `phase`: a longer `timeout`, fewer calls at once (`concurrency`, `rate_limit`)",
        "yes: a write that had been sent raises `OutcomeUnknownError` instead",
    ),
    "DecodeError": (
        "report it with `path` and `body`; a write behind it has been applied",
        "a read: no use; a write: no, it was accepted",
    ),
    "OutcomeUnknownError": (
        "`await error.reconcile()`; None so soon may only mean that it lands late",
        "only after asking, and after a grace period",
    ),
    "ApiError": ("read `message` and `errors`", ONCE),
    "InvalidInputError": ("correct the fields that `errors` names", ONCE),
    "NotFoundError": ("check the identifier, and that it belongs to this account", ONCE),
    "AlreadyExistsError": ("use the one that is there: look it up by its address, code or identifier", ONCE),
    "AuthenticationError": ("check the token; one of `ClientCredentials` has been renewed once already", ONCE),
    "PermissionDeniedError": ("give the token's app the permission", ONCE),
    "RateLimitError": (
        "wait `retry_after` seconds, or give a longer `timeout`: waiting as asked would have outlasted it",
        "after `retry_after`",
    ),
    "MaintenanceError": ("wait: minutes rather than seconds", "tried already where that is safe; later, yes"),
    "ServerError": ("wait; report it if it stays", "tried already where that is safe; later, yes"),
}


def page(root: Path) -> str:
    """The page's text."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LeatError)]
    text = HEAD
    for kind in kinds:
        means = (kind.__doc__ or "").split("\n\n")[0].replace("\n", " ").strip()
        cure, again = CURES[kind.__name__]
        text += f"| `{kind.__name__}` | {means} | {cure} | {again} |\n"
    text += CODES
    for known in json.loads((root / "tests/facts/_errors.json").read_text("utf-8")):
        classes = dict.fromkeys(errors.class_for(400, known["code"], message) for message in known["messages"])
        named = ", ".join(f"`{kind.__name__}`" for kind in classes)
        text += f"| {known['code']} | {'; '.join(known['messages'])} | {named} |\n"
    return text
