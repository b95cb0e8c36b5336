"""leat_async: the Python client for Leat (formerly Piggy).

`LeatClient` is asynchronous; `leat_async.sync` is the same without `await`; `leat_async.bulk` imports rows that must
neither get lost nor doubled; `leat_async.sandbox` is a local Leat to test against.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import bulk, errors, export, fleet, loyalty_tokens, models, reports, sandbox, sync, telemetry, webhooks
    from ._core.answers import RawResponse
    from ._core.codec import structure, unstructure
    from ._core.events import Event, ResponseInfo, responses
    from ._core.operation import Effect
    from ._core.unset import UNSET, Unset
    from .client import LeatClient
    from .config import ClientCredentials, RateLimit, RetryPolicy
    from .pagination import Page, Pager

__all__ = [
    "LeatClient",
    "ClientCredentials",
    "RateLimit",
    "RetryPolicy",
    "Page",
    "Pager",
    "UNSET",
    "Unset",
    "Effect",
    "Event",
    "RawResponse",
    "ResponseInfo",
    "responses",
    "structure",
    "unstructure",
    "bulk",
    "errors",
    "export",
    "fleet",
    "loyalty_tokens",
    "models",
    "reports",
    "sandbox",
    "sync",
    "telemetry",
    "webhooks",
    "__version__",
]

# Imported on first use, so that `import leat_async` and the command line's help stay light.
_WHERE = {
    "LeatClient": ".client",
    "ClientCredentials": ".config",
    "RateLimit": ".config",
    "RetryPolicy": ".config",
    "Page": ".pagination",
    "Pager": ".pagination",
    "UNSET": "._core.unset",
    "Unset": "._core.unset",
    "Effect": "._core.operation",
    "Event": "._core.events",
    "ResponseInfo": "._core.events",
    "responses": "._core.events",
    "RawResponse": "._core.answers",
    "structure": "._core.codec",
    "unstructure": "._core.codec",
}
_MODULES = (
    "bulk",
    "errors",
    "models",
    "sync",
    "sandbox",
    "webhooks",
    "loyalty_tokens",
    "export",
    "telemetry",
    "reports",
    "fleet",
)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name], __name__), name)
    elif name in _MODULES:
        value = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
