"""Which requests are answered: the names the sandbox answers to, and which web pages it answers at all.

A browser lets any page send requests to loopback. What gives such a page away is what it cannot choose: `Host`
(which is its own name when it has its name resolve to us), `Origin` and `Sec-Fetch-Site`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from .engine import JSON, Reply

_ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to
_PREFLIGHT_SECONDS = 600


def is_loopback(host: str) -> bool:
    """Is this a name or an address of this machine alone?"""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Refuses requests that a web page of another site makes, and names that are not ours."""

    def __init__(self, host: str, allowed: Iterable[str] = ()) -> None:
        self._names = {name.lower().strip("[]") for name in (host, *allowed)}
        # A server on all addresses is asked by any of them; a name that was rebound is never an address.
        self._addresses = not self._names.isdisjoint(_ANY_ADDRESS)
        self._known: dict[str, bool] = {}

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> Reply | None:
        """The answer to a request that gets no further, or None."""
        host = headers.get("Host", "")
        if self._known.get(host) and path.startswith("/api/") and "Origin" not in headers:
            return None  # by far the most
        if host not in self._known:
            self._remember(host)
        if not self._known[host]:
            return _message(421, f"The sandbox does not answer to the name {host[:100]!r}; allow it with --allow-host.")
        origin = headers.get("Origin")
        controls = path.startswith("/_sandbox") or path == "/"
        if controls:
            return self._of_controls(method, host, origin, headers)
        if origin is None:
            return None
        if not _is_local_origin(origin):
            return _message(403, f"The sandbox does not serve pages of {origin[:100]!r}, only those of localhost.")
        if method == "OPTIONS" and "Access-Control-Request-Method" in headers:
            return _preflight(origin, headers)
        return None

    def _of_controls(self, method: str, host: str, origin: str | None, headers: Mapping[str, str]) -> Reply | None:
        site = headers.get("Sec-Fetch-Site")
        opened = method == "GET" and headers.get("Sec-Fetch-Dest") == "document"  # a link to it, which no page reads
        if (origin is not None and origin != f"http://{host}") or (
            site not in (None, "same-origin", "none") and not opened
        ):
            return _message(403, "The controls of the sandbox are not for pages of other sites.")
        if method in ("GET", "HEAD"):
            return None
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        empty = not kind and headers.get("Content-Length", "0") == "0" and "Transfer-Encoding" not in headers
        if kind != JSON and not empty:
            return _message(415, f"The controls take JSON: send Content-Type: {JSON}.")
        return None

    def _remember(self, host: str) -> None:
        if len(self._known) > 100:
            self._known.clear()
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            name = "?"
        # Without a name it is no browser's request.
        self._known[host] = not host or is_loopback(name) or name in self._names or (self._addresses and _is_ip(name))


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_local_origin(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and is_loopback(parts.hostname or "")
    except ValueError:
        return False


def _preflight(origin: str, headers: Mapping[str, str]) -> Reply:
    allowed = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
        "Access-Control-Allow-Headers": headers.get("Access-Control-Request-Headers", "Authorization, Content-Type"),
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        "Vary": "Origin",
    }
    if "Access-Control-Request-Private-Network" in headers:
        allowed["Access-Control-Allow-Private-Network"] = "true"
    return Reply(204, allowed, b"")


def _message(status: int, text: str) -> Reply:
    return Reply(status, {"Content-Type": JSON}, msgspec.json.encode({"message": text}))
