"""URLs of stores: what of them may be shown, and which library they need."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from ...config import Secret
from ...errors import ConfigError
from ...server_address import ServerAddress


def needs(module: str, extra: str) -> Any:
    """A library that comes with an extra; `ConfigError` where that is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise ConfigError(
            f"this store needs {module}, which the extra brings: pip install 'leat-async[{extra}]'"
        ) from None


def address_of(url: object, *schemes: str) -> ServerAddress:
    """The address that a URL says. Raises `ValueError` and `TypeError`."""
    if not isinstance(url, str):
        raise TypeError(f"url must be text, got {type(url).__name__}")
    try:
        known = urlsplit(url).scheme in schemes
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"url must begin with {schemes[0]}://, got {shown(url)!r}")
    return ServerAddress(Secret(url))


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
    # As it is written first, of which what it means may be a part.
    for secret in (password, unquote(password or "")):
        if secret:
            text = text.replace(secret, "***")
    return text
