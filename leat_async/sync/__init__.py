"""leat_async without `await`: for Django, scripts and notebooks.

The names are those of `leat_async`; a `Pager` is a `SyncPager` here. One client may be shared by any number of
threads, works where an event loop is running already (a notebook), and is made anew in each forked process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .._version import __version__

if TYPE_CHECKING:
    from .. import errors, fleet, loyalty_tokens, models, reports, sandbox, telemetry, webhooks
    from .._core.answers import RawResponse
    from .._core.codec import structure, unstructure
    from .._core.events import Event, ResponseInfo, responses
    from .._core.operation import Effect
    from .._core.unset import UNSET, Unset
    from ..config import ClientCredentials, RateLimit, RetryPolicy
    from ..pagination import Page
    from . import bulk, export
    from ._pager import SyncPager
    from .client import LeatClient

__all__ = [
    "LeatClient",
    "ClientCredentials",
    "RateLimit",
    "RetryPolicy",
    "Page",
    "SyncPager",
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
    "telemetry",
    "webhooks",
    "__version__",
]


def __getattr__(name: str) -> Any:
    value: Any
    if name == "LeatClient":
        value = import_module(".client", __name__).LeatClient
    elif name == "SyncPager":
        value = import_module("._pager", __name__).SyncPager
    elif name in ("bulk", "export"):
        value = import_module(f".{name}", __name__)
    elif name in __all__:
        value = getattr(import_module("leat_async"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
