"""Jobs out of a TOML file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs

from .._core.arguments import check_path
from ..errors import ConfigError
from .jobs import EXPORT_OPTIONS, IMPORT_OPTIONS, Export, FleetAccount, Import, Job
from .tokens import TokenFrom

_SECRETS = ("token", "client_id", "client_secret")
_PATHS = ("file", "mapping", "ledger", "rejects", "incremental")


def load(path: str | os.PathLike[str]) -> tuple[Job, ...]:
    """Read jobs from a TOML file.

    Parameters:
        path: the file. `[accounts.NAME]` says where each account's token is; each `[[jobs]]` has a `name`, an
            `account` (or `accounts`, a list of names or "all", for a job each, with `{account}` in its name and paths),
            `import` or `export` with a kind, and `file`. Relative paths are those of the folder that the file is in.

    Returns:
        The jobs, in the order of the file.

    Raises:
        ConfigError: the file can't be read, or says what can't be; the error names the job and the setting.
        ValueError, TypeError: the path is none.

    Repeating: safe; nothing is sent.
    """
    check_path("path", path)
    file = Path(path)
    try:
        with file.open("rb") as opened:
            told = tomllib.load(opened)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is no TOML: {error}") from None
    return _Loader(file).jobs(told)


class _Loader:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._folder = file.absolute().parent
        self._accounts: dict[str, FleetAccount] = {}

    def jobs(self, told: Mapping[str, Any]) -> tuple[Job, ...]:
        self._known("the file", told, ("accounts", "jobs"))
        for name, settings in _table(self._file, "accounts", told.get("accounts", {})).items():
            self._accounts[name] = self._account(name, _table(self._file, f"accounts.{name}", settings))
        listed = told.get("jobs", [])
        if not isinstance(listed, list) or not listed:
            raise ConfigError(f"{self._file}: there are no jobs; begin each with [[jobs]]")
        found: dict[str, Job] = {}
        for place, settings in enumerate(cast("list[object]", listed), 1):
            for job in self._made(f"job {place}", _table(self._file, "jobs", settings)):
                if job.name in found:
                    raise ConfigError(f"{self._file}: two jobs are called {job.name!r}; a name says which is meant")
                found[job.name] = job
        return tuple(found.values())

    def _account(self, name: str, settings: Mapping[str, Any]) -> FleetAccount:
        where = f"account {name}"
        self._known(where, settings, [field.name for field in attrs.fields(FleetAccount) if field.name != "name"])
        given = dict(settings)
        try:
            for secret in _SECRETS:
                if secret in given:
                    given[secret] = self._token(where, secret, given[secret])
            return FleetAccount(name=name, **given)
        except (ConfigError, TypeError) as error:
            raise ConfigError(f"{self._file}, {where}: {error}") from None

    def _token(self, where: str, name: str, settings: object) -> TokenFrom:
        if not isinstance(settings, dict):
            # Not shown: it may be the token itself.
            raise ConfigError(f"{name} must say where it is, as {{ env = 'LEAT_TOKEN' }}: jobs hold no tokens")
        given = cast("dict[str, Any]", settings)
        self._known(f"{where}, {name}", given, [field.name for field in attrs.fields(TokenFrom)])
        if isinstance(given.get("file"), str):
            given = {**given, "file": self._path(given["file"])}
        return TokenFrom(**given)

    def _made(self, where: str, settings: Mapping[str, Any]) -> list[Job]:
        if isinstance(settings.get("name"), str):
            where = f"job {settings['name']!r}"
        kinds = [does for does in ("import", "export") if does in settings]
        if len(kinds) != 1:
            raise ConfigError(f"{self._file}, {where}: say either import = KIND or export = KIND")
        making: type[Import] | type[Export] = Import if kinds == ["import"] else Export
        options = IMPORT_OPTIONS if making is Import else EXPORT_OPTIONS
        own = [field.name for field in attrs.fields(making) if field.name not in ("account", "kind", "options")]
        self._known(where, settings, [*own, *options, "account", "accounts", *kinds])
        made: list[Job] = []
        for account in self._named(where, settings):
            given = {name: value for name, value in settings.items() if name in own}
            more = {name: value for name, value in settings.items() if name in options}
            for table in (given, more):
                for name, value in table.items():
                    if isinstance(value, str) and name in ("name", *_PATHS):
                        filled = value.replace("{account}", account.name)
                        table[name] = self._path(filled) if name in _PATHS else filled
            try:
                made.append(making(account=account, kind=_kind(settings[kinds[0]]), options=more, **given))
            except (ConfigError, TypeError) as error:
                raise ConfigError(f"{self._file}, {where}: {error}") from None
        return made

    def _named(self, where: str, settings: Mapping[str, Any]) -> list[FleetAccount]:
        if ("account" in settings) == ("accounts" in settings):
            raise ConfigError(f"{self._file}, {where}: say either account = NAME or accounts = [NAMES]")
        told: object = settings.get("accounts", [settings.get("account")])
        names: list[object] = list(self._accounts) if told == "all" else []
        if isinstance(told, list):
            names = cast("list[object]", told)
        if not names:
            raise ConfigError(f"{self._file}, {where}: accounts is a list of names, or 'all'")
        for name in names:
            if not isinstance(name, str) or name not in self._accounts:
                raise ConfigError(f"{self._file}, {where}: there is no [accounts.{name}]")
        return [self._accounts[name] for name in cast("list[str]", names)]

    def _known(self, where: str, settings: Mapping[str, Any], known: Any) -> None:
        for name in settings:
            if name not in known:
                raise ConfigError(f"{self._file}, {where}: there is no setting {name!r}; there are {', '.join(known)}")

    def _path(self, text: str) -> str:
        return text if "://" in text else str(self._folder / Path(text).expanduser())


def _kind(told: Any) -> Any:
    """A kind as the command line writes it is the same kind."""
    return told.replace("-", "_") if isinstance(told, str) else told


def _table(file: Path, name: str, found: object) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise ConfigError(f"{file}: {name} must be a table")
    return cast("Mapping[str, Any]", found)
