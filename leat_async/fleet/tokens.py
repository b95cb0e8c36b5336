"""Where a token is, so that whoever runs a job finds it: a job never holds the token itself."""

from __future__ import annotations

import os
import shlex
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

from .._core.params import is_list
from ..config import Secret
from ..errors import ConfigError

_SECONDS = 60.0


def _words(given: object) -> tuple[Any, ...]:
    # A text would be taken for its letters.
    return tuple(given) if is_list(given) else ()


@attrs.frozen(kw_only=True)
class TokenFrom:
    """Where to find a token, or another secret; exactly one of these.

    `env`: a variable of the environment. `file`: a file that holds nothing else, such as a mounted secret. `command`:
    a program with its arguments that prints it; no shell is involved. `keyring`: "service/user" in the system's
    keyring (extra `keyring`).
    """

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = attrs.field(default=None, converter=attrs.converters.optional(_words))
    keyring: str | None = None

    def __attrs_post_init__(self) -> None:
        given = [name for name in ("env", "file", "command", "keyring") if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "nothing"
            raise ConfigError(f"a token comes from one of env, file, command or keyring, got {said}")
        value: Any = getattr(self, given[0])
        texts: tuple[Any, ...] = value if given == ["command"] else (value,)
        if not texts or not all(isinstance(text, str) and text for text in texts):
            # What is there is not shown: it may be the token itself.
            raise ConfigError(f"a token's {given[0]} must be {_KINDS[given[0]]}")
        if self.keyring is not None and "/" not in self.keyring:
            raise ConfigError(f"a token's keyring must be {_KINDS['keyring']}")

    def find(self) -> Secret:
        """The secret. Raises `ConfigError`, which says where it was looked for and never shows what was found."""
        found = Secret(self._text().strip())
        if found == Secret(""):
            raise ConfigError(f"there is no token in {self}")
        return found

    def __str__(self) -> str:
        if self.env is not None:
            return f"the variable {self.env}"
        if self.file is not None:
            return f"the file {self.file}"
        if self.command is not None:
            return f"what `{shlex.join(self.command)}` prints"
        return f"the keyring's {self.keyring}"

    def _text(self) -> str:
        if self.env is not None:
            return os.environ.get(self.env, "")
        try:
            if self.file is not None:
                return Path(self.file).read_text()
            if self.command is not None:
                ran = subprocess.run(  # noqa: S603 - it is what the owner of the jobs wrote
                    self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=_SECONDS, check=True
                )
                return ran.stdout.decode()
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            # Neither the output of a program nor the bytes of a file are shown.
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise ConfigError(f"no token in {self}: {reason}") from None
        return _of_keyring(str(self.keyring))


def _of_keyring(name: str) -> str:
    if find_spec("keyring") is None:
        raise ConfigError("a token in the keyring needs keyring: pip install 'leat-async[keyring]'")
    import keyring
    from keyring.errors import KeyringError

    service, _, user = name.rpartition("/")
    try:
        return keyring.get_password(service, user) or ""
    except KeyringError as error:
        raise ConfigError(f"no token in the keyring's {name}: {type(error).__name__}") from None


_KINDS = {
    "env": "the name of a variable",
    "file": "the path of a file",
    "command": "a program with its arguments, such as ('pass', 'show', 'leat')",
    "keyring": "'service/user'",
}
