"""URLs of stores: what of them may be shown, and which library they need."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from ...errors import ConfigError


def needs(module: str, extra: str) -> Any:
    """A library that comes with an extra; `ConfigError` where that is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise ConfigError(
            f"this store needs {module}, which the extra brings: pip install 'leat-async[{extra}]'"
        ) from None


def shown(url: str) -> str:
    """A URL without what may be secret in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(a URL that can't be read)"
    if not parts.scheme:
        return "(no URL)"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{parts.path}"


def hidden(text: str, url: str) -> str:
    """A text of somebody else's, such as an error's, without the URL and its password."""
    text = text.replace(url, shown(url))
    try:
        password = urlsplit(url).password
    except ValueError:
        return text
    for secret in {password, unquote(password or "")}:
        if secret:
            text = text.replace(secret, "***")
    return text
