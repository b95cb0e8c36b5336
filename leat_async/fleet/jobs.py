"""What a job is: an import or an export of one account, as plain data that can be sent to whoever runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from inspect import signature
from typing import Any, ClassVar, TypeAlias, cast, get_args

import attrs

from .. import bulk, export
from .._core.params import is_list
from ..bulk.options import Options
from ..bulk.places import LedgerPlace, LedgerUrl, ledger_place, own_ledger_of_token
from ..config import DEFAULT_BASE_URL, MACHINE, Api, ClientCredentials, RateLimit, Secret, origin_of, store_scheme
from ..errors import ConfigError
from ..export.monthly import MONTH, check_monthly
from ..server_address import ServerAddress
from ..tables.table import ImportKind
from .tokens import TokenFrom

IMPORT_KINDS: tuple[str, ...] = get_args(ImportKind)
EXPORT_KINDS: tuple[str, ...] = tuple(kind.name for kind in export.KINDS)
# What `bulk.create` takes that a job may say.
IMPORT_OPTIONS = (
    *("create_contacts", "on_change", "clear_empty", "batch", "max_errors"),
    *("grace", "patience", "retry_rejected", "resend_unknown", "accept_unknown"),
    *("identity_attribute", "ensure_identity", "batch_calls"),
)
# What `export.to_file` takes that a job may say.
MONTHLY_OPTIONS = ("since", "timezone", "attributes", "columns")
EXPORT_OPTIONS = ("format", "since", "until", "timezone", "attributes", "columns", "incremental", "escape", "excel")
# Of both, those of which Python would take anything for something.
_FLAGS = {
    name
    for method in (bulk.create, export.to_file)
    for name, parameter in signature(method).parameters.items()
    if isinstance(parameter.default, bool)
}
_TEXTS = ("batch", "timezone", "incremental")
_LISTS = ("attributes", "columns")


def _text(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ConfigError(f"{attribute.name} must be a text, got {value!r}")


def _name(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _text(owner, attribute, value)
    if "/" in str(value) or str(value).startswith((".", "-")):
        raise ConfigError(f"{attribute.name} must be a name without / that does not begin with . or -, got {value!r}")


def _ledger(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, str):
        place = ledger_place(value)
        if isinstance(place, LedgerUrl) and place.holds_password:
            raise ConfigError(
                f"ledger {place} must hold no password, since jobs travel; set PGPASSWORD or PGPASSFILE where they run"
            )
    _text(owner, attribute, value)


def _one_of(what: str, known: tuple[str, ...]) -> Any:
    def check(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if value not in known:
            raise ConfigError(f"{what} is one of {', '.join(known)}; got {value!r}")

    return check


def _import_options(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _mapping(owner, attribute, value)
    _known_options(IMPORT_OPTIONS, value)
    try:
        Options(**cast("Mapping[str, Any]", value))
    except (ValueError, TypeError) as error:
        raise ConfigError(str(error)) from None


def _export_options(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _mapping(owner, attribute, value)
    _known_options(EXPORT_OPTIONS, value)


def _account(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, FleetAccount):
        raise TypeError(f"account must be a FleetAccount, got {type(value).__name__}")


def _origin(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        origin_of(value)


def _mapping(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{attribute.name} must be a mapping, got {value!r}")


def _known_options(known: tuple[str, ...], value: object) -> None:
    for name, said in cast("Mapping[str, Any]", value).items():
        if name not in known:
            raise ConfigError(f"there is no option {name!r}; there are {', '.join(known)}")
        # Moments are checked by what they are for.
        if name in _FLAGS and not isinstance(said, bool):
            raise ConfigError(f"{name} must be true or false, got {said!r}")
        if name in _LISTS and not (is_list(said) and {*map(type, said)} <= {str}):
            raise ConfigError(f"{name} must be a list of texts, got {said!r}")
        if name in _TEXTS and not isinstance(said, str | os.PathLike):
            raise ConfigError(f"{name} must be a text, got {said!r}")


def _kept(options: Any) -> Any:
    return dict(cast("Mapping[str, Any]", options)) if isinstance(options, Mapping) else options


@attrs.frozen(kw_only=True)
class FleetAccount:
    """An account that jobs work on, and where its token is.

    `token`, or `client_id` and `client_secret`, for a client that fetches its tokens. `base_url`: left out, what
    `LEAT_BASE_URL` says where the job runs, else the API's. `requests`: what the account allows in a minute. `shared`:
    where its pace is kept, "machine" or the URL of a server without a password; left out, what `LEAT_SHARED_PACE` says
    where the job runs, else "machine".
    """

    name: str = attrs.field(validator=_name)
    token: TokenFrom | None = None
    client_id: TokenFrom | None = None
    client_secret: TokenFrom | None = None
    base_url: str | None = attrs.field(default=None, validator=_origin)
    api: Api = attrs.field(default="oauth", validator=_one_of("api", get_args(Api)))
    requests: int = 5000
    shared: str | None = None

    def __attrs_post_init__(self) -> None:
        client = (self.client_id, self.client_secret)
        if (self.token is None) == (None in client) or (self.token is not None and client != (None, None)):
            raise ConfigError(f"account {self.name}: say where its token is, or its client_id and client_secret")
        given = cast("tuple[object, ...]", (self.token, *client))
        for found in given:
            if found is not None and not isinstance(found, TokenFrom):
                raise ConfigError(f"account {self.name}: a token is a TokenFrom(env=…), never the token itself")
        limit = RateLimit(self.requests, shared=self.shared)
        if limit.shared is None or store_scheme(limit.shared) == MACHINE:
            return
        if "@" in limit.shared.reveal() or ServerAddress(limit.shared).holds_password:
            raise ConfigError(
                f"account {self.name}: shared must hold no user or password, since jobs travel; "
                "set LEAT_SHARED_PACE where they run"
            )

    def credentials(self) -> Secret | ClientCredentials:
        """What a client of this account is made with. Raises `ConfigError`."""
        if self.token is not None:
            return self.token.find()
        assert self.client_id is not None
        assert self.client_secret is not None
        return ClientCredentials(self.client_id.find(), self.client_secret.find())

    def origin(self) -> str:
        """Where its API is."""
        return self.base_url or os.environ.get("LEAT_BASE_URL") or DEFAULT_BASE_URL


@attrs.frozen(kw_only=True)
class Import:
    """A file into an account, each row exactly once.

    Parameters:
        name: what the job is called; unique among the jobs of a fleet.
        account: a `FleetAccount`.
        kind: what its rows make: "visits", "bookings", "contacts", and so on, as `IMPORT_KINDS` lists them.
        file: path of the file, where the job runs.
        mapping: path of a mapping file, such as `leat import … --save-mapping` writes.
        ledger: path or URL of the ledger, one for all files of an account and kind; left out, the account's own
            (`bulk.ACCOUNT`). A URL, "postgresql://host/database?ledger=NAME", holds no password.
        rejects: path of the file for refused rows; left out, `FILE.rejects` with the file's ending.
        options: further options of `bulk.create`: `IMPORT_OPTIONS` has their names.

    Raises `ConfigError` for what can't be. It pickles, and holds no token.
    """

    does: ClassVar[str] = "import"
    name: str = attrs.field(validator=_name)
    account: FleetAccount = attrs.field(validator=_account)
    kind: str = attrs.field(validator=_one_of("the kind of an import", IMPORT_KINDS))
    file: str = attrs.field(validator=_text)
    mapping: str | None = attrs.field(default=None, validator=attrs.validators.optional(_text))
    ledger: str | None = attrs.field(default=None, validator=attrs.validators.optional(_ledger))
    rejects: str | None = attrs.field(default=None, validator=attrs.validators.optional(_text))
    options: Mapping[str, Any] = attrs.field(factory=dict[str, Any], validator=_import_options, converter=_kept)

    def ledger_place(self) -> LedgerPlace | None:
        """Where the import is recorded; None before the first run of its account and kind on this machine.

        Raises `ConfigError` where that depends on the token, and there is none.
        """
        if self.ledger is not None:
            return ledger_place(self.ledger)
        found = self.account.credentials()
        secret = found.client_id if isinstance(found, ClientCredentials) else found
        return own_ledger_of_token(self.account.origin(), self.account.api, secret.reveal(), self.kind)


@attrs.frozen(kw_only=True)
class Export:
    """A list of an account into a file, whole.

    Parameters:
        name: what the job is called; unique among the jobs of a fleet.
        account: a `FleetAccount`.
        kind: what `leat export` lists, such as "loyalty_transactions".
        file: path of the file, where the job runs; its ending says the format. With "{month}" in it, a Parquet file for
            each month, as `export.to_months` writes them.
        filters: further parameters of the list, such as `shop_uuid`.
        options: further options of `export.to_file`: `EXPORT_OPTIONS` has their names; of `export.to_months`:
            `MONTHLY_OPTIONS`, of which `since` is needed.

    Raises `ConfigError` for what can't be. It pickles, and holds no token.
    """

    does: ClassVar[str] = "export"
    name: str = attrs.field(validator=_name)
    account: FleetAccount = attrs.field(validator=_account)
    kind: str = attrs.field(validator=_one_of("the kind of an export", EXPORT_KINDS))
    file: str = attrs.field(validator=_text)
    filters: Mapping[str, Any] = attrs.field(factory=dict[str, Any], validator=_mapping, converter=_kept)
    options: Mapping[str, Any] = attrs.field(factory=dict[str, Any], validator=_export_options, converter=_kept)

    def __attrs_post_init__(self) -> None:
        if not self.monthly:
            return
        _known_options(MONTHLY_OPTIONS, self.options)
        if "since" not in self.options:
            raise ConfigError("a file for each month needs since, the first one, such as '2024-01'")
        try:
            check_monthly(self.kind, self.file)
        except ValueError as error:
            raise ConfigError(f"file: {error}") from None

    @property
    def monthly(self) -> bool:
        """Whether there is a file for each month."""
        return MONTH in self.file


Job: TypeAlias = Import | Export
