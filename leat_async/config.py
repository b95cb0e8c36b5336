"""Settings, checked when they are made."""

from __future__ import annotations

import ipaddress
import math
import os
import ssl as ssl_module
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs

from .errors import ConfigError

Api = Literal["oauth", "register"]
DEFAULT_BASE_URL = "https://api.piggy.eu"
DEFAULT_MAX_BODY = 64 * 2**20
ROOTS: Mapping[str, str] = {"oauth": "/api/v3/oauth/clients", "register": "/api/v3/register"}


def _number(least: float, *, above: bool = False, whole: bool = False) -> Any:
    wanted = f"a {'whole ' if whole else ''}number {'above' if above else 'of at least'} {least:g}"

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        kinds = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
            raise ConfigError(f"{attribute.name} must be {wanted}, got {value!r}")
        if value < least or (above and value == least):
            raise ConfigError(f"{attribute.name} must be {wanted}, got {value!r}")

    return check


def check_secret(name: str, value: object) -> str:
    """A token or secret that can go into a header; the error never shows it."""
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be text, got {type(value).__name__}")
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigError(f"{name} must be non-empty printable ASCII without spaces; check how it was copied")
    return value


def _secret(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_secret(attribute.name, value)


@attrs.frozen
class ClientCredentials:
    """An OAuth client: its token is fetched and renewed through `/oauth/token`. Neither value shows in a repr."""

    client_id: str = attrs.field(validator=_secret, repr=False)
    client_secret: str = attrs.field(validator=_secret, repr=False)


@attrs.frozen
class RateLimit:
    """At most `requests` in any stretch of `per` seconds.

    `burst` of them may go at once (default: a twentieth of `requests`); the rest are spaced evenly. Since a burst
    must not break the promise, the steady pace is `requests - burst` in `per` seconds: `burst=1` is the fastest over
    a long run.
    """

    requests: int = attrs.field(validator=_number(1, whole=True))
    per: float = attrs.field(default=60.0, validator=_number(0, above=True))
    burst: int | None = attrs.field(default=None, validator=attrs.validators.optional(_number(1, whole=True)))

    def __attrs_post_init__(self) -> None:
        if self.burst is not None and self.burst > self.requests:
            raise ConfigError(f"burst must be at most requests ({self.requests}), got {self.burst}")


@attrs.frozen
class RetryPolicy:
    """How often and how patiently a call that is safe to repeat is tried again.

    `attempts`: sends in all. `backoff`: seconds before the second, doubled each time up to `max_backoff`, and
    jittered. Waits asked for by a 429 are not counted here: the call's deadline bounds them.
    """

    attempts: int = attrs.field(default=4, validator=_number(1, whole=True))
    backoff: float = attrs.field(default=0.25, validator=_number(0))
    max_backoff: float = attrs.field(default=8.0, validator=_number(0))


def _base_url(value: object) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"base_url must be text such as {DEFAULT_BASE_URL!r}, got {value!r}")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"base_url must be an origin such as {DEFAULT_BASE_URL!r}: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError("base_url must not carry a user name or password; the token is a setting of its own")
    if any(not c.isprintable() or c.isspace() for c in value):
        raise ConfigError(f"base_url must be an origin such as {DEFAULT_BASE_URL!r}, got {value!r}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"base_url must be an origin such as {DEFAULT_BASE_URL!r}, got {value!r}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError(f"base_url must be an origin, without a path: {value!r}; `api` picks the path root")
    host = parts.hostname
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(f"base_url must be https (plain http would show the token), got {value!r}")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port is not None else ''}"


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_api(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value not in ROOTS:
        raise ConfigError(f"api must be 'oauth' or 'register', got {value!r}")


def _check_token(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is None:
        raise ConfigError(
            "a token is needed: LeatClient('…'), LeatClient(ClientCredentials(…)), or LeatClient.from_env() "
            "with LEAT_ACCESS_TOKEN set"
        )
    if not isinstance(value, ClientCredentials):
        check_secret("token", value)


def _optional(kind: type, advice: str) -> Any:
    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and not isinstance(value, kind):
            raise ConfigError(f"{attribute.name} must be {advice} or None, got {value!r}")

    return check


def _check_partner(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None:
        check_secret("partner_id", value)


def _check_flag(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"{attribute.name} must be True or False, got {value!r}")


@attrs.frozen(kw_only=True)
class Config:
    """The settings of a client, validated; see `LeatClient` for what each means."""

    token: str | ClientCredentials = attrs.field(validator=_check_token, repr=False)
    base_url: str = attrs.field(default=DEFAULT_BASE_URL, converter=_base_url)
    api: Api = attrs.field(default="oauth", validator=_check_api)
    timeout: float = attrs.field(default=30.0, validator=_number(0, above=True))
    concurrency: int = attrs.field(default=32, validator=_number(1, whole=True))
    rate_limit: RateLimit | None = attrs.field(
        default=RateLimit(5000), validator=_optional(RateLimit, "a RateLimit(requests, per=60.0)")
    )
    retry: RetryPolicy | None = attrs.field(
        default=RetryPolicy(), validator=_optional(RetryPolicy, "a RetryPolicy(attempts=4)")
    )
    partner_id: str | None = attrs.field(default=None, validator=_check_partner)
    trust_env: bool = attrs.field(default=True, validator=_check_flag)
    ssl: ssl_module.SSLContext | None = attrs.field(
        default=None, validator=_optional(ssl_module.SSLContext, "an ssl.SSLContext"), repr=False
    )
    max_body: int = attrs.field(default=DEFAULT_MAX_BODY, validator=_number(1, whole=True))

    @property
    def root(self) -> str:
        """Path root of the chosen API."""
        return ROOTS[self.api]


def from_env(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`token` and `base_url` as the environment gives them."""
    env = os.environ if environ is None else environ
    found: dict[str, Any] = {}
    if env.get("LEAT_BASE_URL"):
        found["base_url"] = env["LEAT_BASE_URL"]
    if env.get("LEAT_ACCESS_TOKEN"):
        found["token"] = env["LEAT_ACCESS_TOKEN"]
    elif env.get("LEAT_CLIENT_ID") and env.get("LEAT_CLIENT_SECRET"):
        found["token"] = ClientCredentials(env["LEAT_CLIENT_ID"], env["LEAT_CLIENT_SECRET"])
    else:
        raise ConfigError(
            "no credentials in the environment: set LEAT_ACCESS_TOKEN, or LEAT_CLIENT_ID and LEAT_CLIENT_SECRET"
        )
    return found
