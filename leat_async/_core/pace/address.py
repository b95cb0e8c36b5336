"""Where a store is, and how that is shown: never with the password that it may hold."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from ...config import Secret, shown_store
from .lease import StoreError


class StoreAddress:
    """The address of a store."""

    def __init__(self, url: Secret) -> None:
        self.url = url
        self.shown: str = shown_store(url)

    def failed(self, error: BaseException) -> StoreError:
        """The error of a store that can't be reached or does not answer in time."""
        return StoreError(f"the pace can't be kept at {self.shown} ({self.worded(error)})")

    def worded(self, error: BaseException) -> str:
        """What an error of somebody else's says, without what must not be shown."""
        said = str(error).strip().partition("\n")[0]
        for secret in self._secrets():
            said = said.replace(secret, "***")
        return f"{type(error).__name__}: {said}" if said else type(error).__name__

    def _secrets(self) -> set[str]:
        parts = urlsplit(self.url.reveal())
        given = [parts.password or "", self.url.reveal()]
        given += [value for name, value in parse_qsl(parts.query) if "pass" in name]
        return {text for one in given for text in (one, unquote(one)) if text}
