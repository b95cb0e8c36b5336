"""Which store a setting names, and the name that a token has there."""

from __future__ import annotations

import socket
from importlib.util import find_spec
from pathlib import Path

from ...config import MACHINE, ClientCredentials, Secret, store_scheme
from ...errors import ConfigError
from ...server_address import ServerAddress
from ..clock import Clock
from ..digests import digest
from ..state_folder import state_folder
from .lease import PaceStore

_NEEDS = {"redis": ("redis", "redis"), "postgresql": ("psycopg", "postgres")}


def open_store(shared: Secret, clock: Clock) -> PaceStore:
    """The store that a setting names. Nothing is connected yet."""
    scheme = store_scheme(shared)
    if scheme == MACHINE:
        from .sqlite import SqlitePaceStore

        return SqlitePaceStore(machine_file(), clock)
    package, extra = _NEEDS[scheme]
    if find_spec(package) is None:
        raise ConfigError(f"a pace shared by {scheme} needs {package}: pip install 'leat-async[{extra}]'")
    address = ServerAddress(shared)
    if scheme == "redis":
        from .redis import RedisPaceStore

        return RedisPaceStore(address, clock)
    from .postgres import PostgresPaceStore

    return PostgresPaceStore(address, clock)


def key_of(token: Secret | ClientCredentials) -> str:
    """What stores know a token by: a digest, or that of the client that fetches its tokens."""
    if isinstance(token, ClientCredentials):
        return digest("leat pace of a client", token.client_id.reveal())
    return digest("leat pace of a token", token.reveal())


def machine_file() -> Path:
    """The file of this machine; a folder may be shared with others, whose clocks are not ours."""
    return state_folder() / f"pace-{digest(socket.gethostname())[:8]}.sqlite"
