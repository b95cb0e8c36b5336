"""Settings, checked when they are made."""

from __future__ import annotations

import ipaddress
import math
import os
import re
import ssl as ssl_module
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, cast
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


class Secret:
    """A text that shows in no repr, format, log or list of a traceback's variables; `reveal` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: object) -> None:
        self._text = text

    @classmethod
    def of(cls, given: object) -> Secret:
        """What was given, hidden; to be done before anything can raise."""
        return given if isinstance(given, Secret) else cls(given)

    def reveal(self) -> str:
        """The text. Not to be kept in a variable where an error may pass."""
        return self._text  # type: ignore[return-value]  # anything else is refused by `check_secret`

    def __repr__(self) -> str:
        return "<secret>"

    def __format__(self, spec: str) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def check_secret(name: str, secret: Secret) -> None:
    """Refuse a token or secret that can't go into a header; the error never shows it."""
    wrong = _wrong_with(secret)
    if wrong is not None:
        raise ConfigError(f"{name} must be {wrong}")


def _wrong_with(secret: Secret) -> str | None:
    text = cast("object", secret.reveal())
    if not isinstance(text, str):
        return f"text, got {type(text).__name__}"
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        return "non-empty printable ASCII without spaces; check how it was copied"
    return None


@attrs.frozen(init=False)
class ClientCredentials:
    """An OAuth client: its token is fetched and renewed through `/oauth/token`. Neither value shows anywhere."""

    client_id: Secret
    client_secret: Secret

    def __init__(self, client_id: str | Secret, client_secret: str | Secret) -> None:
        client_id, client_secret = Secret.of(client_id), Secret.of(client_secret)
        check_secret("client_id", client_id)
        check_secret("client_secret", client_secret)
        self.__attrs_init__(client_id, client_secret)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - attrs makes it


def hidden(token: object) -> Any:
    """A token as it was given, out of sight before anything can raise."""
    return token if token is None or isinstance(token, ClientCredentials) else Secret.of(token)


# Schemes of stores that can keep the pace, and what each goes by.
_STORES = {"redis": "redis", "rediss": "redis", "postgresql": "postgresql", "postgres": "postgresql"}
MACHINE = "machine"
_WANTED_STORE = "shared must be 'machine', or a URL such as 'redis://host:6379/0' or 'postgresql://host/database'"


def store_scheme(shared: Secret) -> str:
    """What kind of store a `shared` names: "machine", "redis" or "postgresql"."""
    text = shared.reveal()
    return MACHINE if text == MACHINE else _STORES[urlsplit(text).scheme]


def shown_store(shared: Secret) -> str:
    """A `shared` as it may be shown: without a user, a password or options."""
    text = shared.reveal()
    if text == MACHINE:
        return text
    parts = urlsplit(text)
    if "@" in parts.path + parts.query + parts.fragment:
        # A password whose signs should have been encoded, perhaps: then nothing tells where it ends.
        return f"{parts.scheme}://…"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _hidden_store(given: str | Secret | None) -> Secret | None:
    return None if given is None else Secret.of(given)


def _shown_store(shared: Secret | None) -> str:
    return repr(None if shared is None else shown_store(shared))


def _check_store(owner: Any, attribute: attrs.Attribute[Any], shared: Secret | None) -> None:
    if shared is None:
        return
    text = cast("object", shared.reveal())
    try:
        known = isinstance(text, str) and (text == MACHINE or _is_store(text))
    except ValueError:
        known = False
    if not known:
        # Not shown, since it may hold a password.
        raise ConfigError(_WANTED_STORE)


def _is_store(url: str) -> bool:
    parts = urlsplit(url)
    kind = _STORES.get(parts.scheme)
    # PostgreSQL may be at one of several hosts, or in a folder that the options name.
    return kind == "postgresql" or (kind is not None and bool(parts.hostname) and parts.port != 0)


@attrs.frozen
class RateLimit:
    """At most `requests` in any stretch of `per` seconds.

    `burst` of them may go at once (default: a twentieth of `requests`, less a hundredth that is kept back for what is
    late on its way; a fortieth where the pace is shared); the rest are spaced evenly. Since a burst must not break the
    promise, the steady pace is `requests - burst` in `per` seconds: `burst=1` is the fastest over a long run.

    `shared`: where all processes that use the token keep one pace, since the limit is the token's. "machine": a file of
    this machine, for all processes of the user. "redis://host:6379/0" (extra `redis`; Valkey as well) or
    "postgresql://host/database" (extra `postgres`): a server, for all machines. None: what `LEAT_SHARED_PACE` says, or
    each client by itself. Neither a user nor a password in it shows anywhere.
    """

    requests: int = attrs.field(validator=_number(1, whole=True))
    per: float = attrs.field(default=60.0, validator=_number(0, above=True))
    burst: int | None = attrs.field(default=None, validator=attrs.validators.optional(_number(1, whole=True)))
    shared: Secret | None = attrs.field(
        default=None, converter=_hidden_store, validator=_check_store, repr=_shown_store, kw_only=True
    )

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


def origin_of(value: object) -> str:
    """The origin that a `base_url` names. Raises `ConfigError`."""
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
        check_secret(attribute.name, value)


def _optional(kind: type, advice: str) -> Any:
    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and not isinstance(value, kind):
            raise ConfigError(f"{attribute.name} must be {advice} or None, got {value!r}")

    return check


def _check_partner(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None:
        check_secret(attribute.name, Secret(value))


# Written by the client; a second one would contradict it, or end the request early.
_OURS = {"accept", "authorization", "connection", "content-length", "content-type", "cookie", "expect", "host"} | {
    *("proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "x-partner-id"),
}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)


def hidden_headers(given: object) -> Any:
    """Headers with their values out of sight before anything can raise."""
    if not isinstance(given, Mapping):
        return given
    headers = cast("Mapping[object, object]", given)
    return {name: Secret.of(value) for name, value in headers.items()}


def _check_headers(owner: Any, attribute: attrs.Attribute[Any], given: Any) -> None:
    if not isinstance(given, Mapping):
        raise ConfigError(f"headers must be a mapping of names to texts, got {type(given).__name__}")
    seen: set[str] = set()
    for name, value in cast("Mapping[object, Secret]", given).items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ConfigError(f"headers: a name must be a token such as 'X-Request-Source', got {name!r}")
        if name.lower() in _OURS:
            raise ConfigError(f"headers: {name} is the client's own; leave it out")
        if name.lower() in seen:
            raise ConfigError(f"headers: {name} is there twice")
        seen.add(name.lower())
        text = cast("object", value.reveal())
        if not isinstance(text, str) or not text.isascii() or not text.isprintable() or text != text.strip():
            raise ConfigError(f"headers: the value of {name} must be printable ASCII text, without spaces around it")


def _check_proxy(owner: Any, attribute: attrs.Attribute[Any], proxy: Secret | None) -> None:
    if proxy is not None and not _is_proxy(proxy):
        # Not shown, since it may hold a password.
        raise ConfigError("proxy must be a URL such as 'http://user:password@proxy.example:3128', without a path")


def _is_proxy(proxy: Secret) -> bool:
    try:
        parts = urlsplit(proxy.reveal())
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and parts.path in ("", "/")
            and not parts.query
            and not parts.fragment
        )
    except (ValueError, TypeError, AttributeError):
        return False


def trusting(ca: object, ssl: object) -> ssl_module.SSLContext:
    """TLS that trusts the certificates of a bundle, and no others."""
    if ssl is not None:
        raise ConfigError("ca and ssl exclude each other: load the bundle into your context with load_verify_locations")
    wanted = f"ca must be the path of a bundle of certificates in PEM, got {ca!r}"
    if not isinstance(ca, (str, os.PathLike)):
        raise ConfigError(wanted)
    try:
        return ssl_module.create_default_context(cafile=cast("str | os.PathLike[str]", ca))
    except OSError as error:
        raise ConfigError(f"{wanted}: {error}") from None


def _check_flag(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"{attribute.name} must be True or False, got {value!r}")


@attrs.frozen(kw_only=True)
class Config:
    """The settings of a client, validated; see `LeatClient` for what each means."""

    token: Secret | ClientCredentials = attrs.field(converter=hidden, validator=_check_token, repr=False)
    base_url: str = attrs.field(default=DEFAULT_BASE_URL, converter=origin_of)
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
    proxy: Secret | None = attrs.field(
        default=None,
        converter=hidden,
        validator=_check_proxy,
        repr=False,
    )
    headers: Mapping[str, Secret] = attrs.field(
        factory=dict[str, Secret], converter=hidden_headers, validator=_check_headers, repr=False
    )
    trust_env: bool = attrs.field(default=True, validator=_check_flag)
    ssl: ssl_module.SSLContext | None = attrs.field(
        default=None, validator=_optional(ssl_module.SSLContext, "an ssl.SSLContext"), repr=False
    )
    max_body: int = attrs.field(default=DEFAULT_MAX_BODY, validator=_number(1, whole=True))

    def with_headers(self, more: Any) -> Any:
        """The headers, and more; what is no mapping is left to be refused."""
        if not isinstance(more, Mapping):
            return more
        given = cast("Mapping[Any, Secret]", more)
        replaced = {str(name).lower() for name in given}
        return {**{name: value for name, value in self.headers.items() if name.lower() not in replaced}, **given}

    @property
    def root(self) -> str:
        """Path root of the chosen API."""
        return ROOTS[self.api]


def from_env(
    options: Mapping[str, Any] = MappingProxyType({}), environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Options of a client with `token` and `base_url` as the environment gives them, where they are not given."""
    options = {name: hidden(value) if name == "token" else value for name, value in options.items()}
    # The environment is no variable here: what raises from here on would show all of it.
    base_url = _given(environ, "LEAT_BASE_URL")
    token, client, secret = (
        hidden(_given(environ, name)) for name in ("LEAT_ACCESS_TOKEN", "LEAT_CLIENT_ID", "LEAT_CLIENT_SECRET")
    )
    environ = None
    found: dict[str, Any] = {}
    if base_url:
        found["base_url"] = base_url
    if token is not None:
        found["token"] = token
    elif client is not None and secret is not None:
        found["token"] = ClientCredentials(client, secret)
    else:
        raise ConfigError(
            "no credentials in the environment: set LEAT_ACCESS_TOKEN, or LEAT_CLIENT_ID and LEAT_CLIENT_SECRET; "
            "to try without an account: leat sandbox --exec python PROGRAM"
        )
    return {**found, **options}


def with_shared_pace(limit: Any) -> Any:
    """A rate limit that shares its pace as `LEAT_SHARED_PACE` says, unless it says so itself; others as they are."""
    if not isinstance(limit, RateLimit) or limit.shared is not None:
        return limit
    shared = hidden(_given(None, "LEAT_SHARED_PACE"))
    if shared is None:
        return limit
    try:
        return attrs.evolve(limit, shared=shared)
    except ConfigError:
        raise ConfigError(f"LEAT_SHARED_PACE: {_WANTED_STORE}") from None


def _given(environ: Mapping[str, str] | None, name: str) -> str | None:
    return (os.environ if environ is None else environ).get(name) or None
