"""Where ledgers are: an account's own, in the user's state folder, or a file or database that the caller names."""

from __future__ import annotations

import enum
import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import unquote, urlsplit

import attrs

from .._core.digests import digest
from .._core.state_folder import state_folder
from ..config import Secret, is_loopback, shown_store
from ..errors import ConfigError
from ..server_address import ServerAddress

_ENDING = ".ledger"
# File systems of other machines, on which neither SQLite's locks nor its shared memory can be relied upon.
_NETWORKED = {
    *("nfs", "nfs3", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "ncpfs", "ceph", "glusterfs", "lustre"),
    *("beegfs", "gpfs", "ocfs2", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.davfs2", "fuse.s3fs"),
    *("fuse.rclone", "fuse.gcsfuse", "fuse.juicefs", "fuse.curlftpfs"),
}
_MOUNTS = Path("/proc/self/mountinfo")
_SCHEMES = ("postgresql://", "postgres://")
# PostgreSQL's own limit for a name, less what ours begin with.
MOST_LETTERS = 50
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MOST_LETTERS - 1}}}")


class AccountLedger(enum.Enum):
    """Stands for the account's own ledger of a kind, wherever that is; see `own_ledger`."""

    ACCOUNT = "account"

    def __repr__(self) -> str:
        return "bulk.ACCOUNT"


@attrs.frozen(repr=False)
class LedgerUrl:
    """A ledger in a PostgreSQL database: the database's URL, which may hold a password, and the ledger's name there."""

    database: Secret
    name: str

    @classmethod
    def of(cls, url: str) -> LedgerUrl:
        """Read `postgresql://…?ledger=NAME`; raises `ConfigError`, which does not show it."""
        beginning, mark, query = url.partition("?")
        told = query.split("&") if query else []
        names = [unquote(each.removeprefix("ledger=")) for each in told if each.startswith("ledger=")]
        rest = "&".join(each for each in told if not each.startswith("ledger="))
        try:
            urlsplit(url)
        except ValueError:
            raise ConfigError("a ledger's URL can't be read; it is such as postgresql://host/database") from None
        if len(names) > 1 or not _NAME.fullmatch(name := names[0] if names else _UNNAMED):
            raise ConfigError(
                f"a ledger in PostgreSQL has one name of up to 50 letters, digits, dots, _ and -, as in "
                f"postgresql://host/database?ledger=visits; got {' and '.join(map(repr, names))}"
            )
        return cls(Secret.of(beginning + mark + rest if rest else beginning), name)

    @property
    def holds_password(self) -> bool:
        """Whether a password is in it, as far as that can be told."""
        return ServerAddress(self.database).holds_password

    def __str__(self) -> str:
        return f"{shown_store(self.database)}?ledger={self.name}"

    def __repr__(self) -> str:
        return f"<LedgerUrl {self}>"


# What a ledger is called that its URL gives no name.
_UNNAMED = "leat"
# A ledger as callers name it, and as it is known then.
LedgerName: TypeAlias = str | os.PathLike[str] | LedgerUrl
LedgerPlace: TypeAlias = Path | LedgerUrl


def ledger_place(given: LedgerName) -> LedgerPlace:
    """The file or database that a caller names; raises `ConfigError` for a URL of anything else."""
    if isinstance(given, LedgerUrl):
        return given
    if not isinstance(cast("object", given), (str, os.PathLike)):
        raise TypeError(f"a ledger is named by a path or a URL, got {type(given).__name__}")
    text = cast("str | bytes", os.fspath(given))
    if not text:
        raise ConfigError("a ledger is named by a path or a URL, got an empty text")
    if isinstance(text, str) and text.startswith(_SCHEMES):
        return LedgerUrl.of(text)
    if isinstance(text, str) and "://" in text:
        # Not shown, since it may hold a password.
        raise ConfigError(
            f"no ledger can be kept at {text.partition('://')[0]}://…; name a file, or a database by postgresql://…"
        )
    return Path(os.fsdecode(text))


def own_ledger(account: str, kind: str, origin: str) -> Path:
    """The account's own ledger of a kind; the account is named as `account_of` names it.

    On this machine, where only sandboxes are, each origin has accounts of its own.
    """
    if is_loopback(urlsplit(origin).hostname or ""):
        account = f"{account}@{origin}"
    return state_folder() / "ledgers" / digest("account", account)[:16] / f"{kind}{_ENDING}"


def token_place(origin: str, api: str, secret: str) -> Path:
    """Where it is remembered whose a token is; `secret` is the token or, of credentials, the client's id."""
    return state_folder() / "ledgers" / "tokens" / digest("token", origin, api, secret)


def own_ledger_of_token(origin: str, api: str, secret: str, kind: str) -> Path | None:
    """The own ledger of the account that a token was found to belong to, if it was used on this machine."""
    account = remembered(token_place(origin, api, secret))
    return own_ledger(account, kind, origin) if account is not None else None


def remembered(place: Path) -> str | None:
    """The account that a token was found to belong to."""
    try:
        return place.read_text(encoding="utf-8") or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"the state folder can't be read: {place}: {error.strerror or error}") from None


def remember(place: Path, account: str) -> None:
    """Keep that a token belongs to an account."""
    make_private(place.parent)
    new = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(account)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, place)
    except OSError as error:
        raise ConfigError(f"the state folder can't be written: {place}: {error.strerror or error}") from None
    finally:
        new.unlink(missing_ok=True)


def make_private(folder: Path) -> None:
    """Make a folder and those above it, for their owner only; raises `ConfigError` if that can't be done."""
    try:
        for each in reversed([folder, *folder.parents]):
            if not each.is_dir():
                each.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the state folder {folder} can't be made: {error.strerror or error}; set LEAT_STATE_DIR to one that can "
            "be written, or name a ledger"
        ) from None


def account_ledgers() -> Iterator[Path]:
    """The ledgers in the state folder, in a fixed order."""
    folder = state_folder() / "ledgers"
    if folder.is_dir():
        yield from sorted(folder.glob(f"*/*{_ENDING}"))


def check_local(path: Path) -> None:
    """Raise `ConfigError` if a ledger would be on another machine's disk, as far as this system tells (Linux does)."""
    kind = _file_system(Path(os.path.realpath(path)))
    if kind in _NETWORKED:
        raise ConfigError(
            f"{path} is on a network file system ({kind}), where two runs can't be kept apart and commits may be lost: "
            "put the ledger on a local disk, with --ledger, ledger=… or LEAT_STATE_DIR"
        )


def _file_system(path: Path) -> str | None:
    """The type of the file system that a path is on, None where that is not told."""
    if sys.platform != "linux":
        return None
    best, found = -1, None
    try:
        lines = _MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    for line in lines:
        mount, _, rest = line.partition(" - ")
        fields, kind = mount.split(" "), rest.split(" ")[0]
        if len(fields) < 5:
            continue
        # Spaces and the like are written as octal numbers.
        place = fields[4].encode().decode("unicode_escape")
        if len(place) >= best and path.is_relative_to(place):
            best, found = len(place), kind
    return found
