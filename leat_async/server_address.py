"""Where a server is that keeps something for us, and how that is shown: never with the password that it may hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from .config import Secret, shown_store
from .errors import ConfigError

T = TypeVar("T")


class ServerAddress:
    """The address of a Redis or PostgreSQL server."""

    def __init__(self, url: Secret) -> None:
        self.url = url
        self.shown: str = shown_store(url)

    @property
    def holds_password(self) -> bool:
        """Whether a password is in it, as far as that can be told."""
        parts = urlsplit(self.url.reveal())
        return bool(parts.password) or "pass" in parts.query or "@" in parts.path

    def read(self, what: str, reader: Callable[[str], T], *refused: type[Exception]) -> T:
        """What its library makes of the address; `ConfigError` where that refuses it.

        Parameters:
            what: the setting that it comes from.
            reader: the library's function, which connects to nothing.
            refused: what that raises.
        """
        try:
            return reader(self.url.reveal())
        except refused as error:
            raise ConfigError(f"{what}: {self.shown} can't be used ({self.worded(error)}); correct it") from None

    def worded(self, error: BaseException) -> str:
        """What an error of somebody else's says, without what must not be shown."""
        parts = urlsplit(self.url.reveal())
        if "@" in parts.netloc.rpartition("@")[0] + parts.path + parts.query + parts.fragment:
            # Each library takes another part of it for the password, and names the rest as the host.
            return (
                f"{type(error).__name__}; what it says is not shown, since the address has an @ too many: in a user or "
                "password, @ is written %40 and / is %2F"
            )
        said = str(error).strip().partition("\n")[0]
        given = [parts.password or "", self.url.reveal()]
        given += [text for option in parts.query.split("&") if "pass" in option for text in option.split("=", 1)[1:]]
        secrets = {text for one in given for text in (one, unquote(one)) if text}
        # The longest first: one may be a part of another, of which the rest would then be shown.
        for secret in sorted(secrets, key=len, reverse=True):
            said = said.replace(secret, "***")
        return f"{type(error).__name__}: {said}" if said else type(error).__name__
