"""Refused rows: their reasons in words of the command line, and their file, which is not written over where somebody
has corrected it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from ..bulk.memory import keep_rejects, wrote_rejects
from ..bulk.places import LedgerPlace
from ..errors import ConfigError

_WORDS = {
    "; don't repeat it blindly, ask first with reconcile()": "",
    "create_contacts=True creates": "--create-contacts creates",
    "on_change='update'": "--on-change update",
    "clear_empty=True": "--clear-empty",
    "on_change='skip'": "--on-change skip",
    "with batch=…, another name for each": "with --batch NAME, another one for each",
    "give it an external_id of its own": "give it an external_id of its own (--id NUMBER,DAY makes one of two columns)",
}


def worded(reason: str) -> str:
    """A reason as the command line words it."""
    for word, ours in _WORDS.items():
        reason = reason.replace(word, ours)
    return reason


class RejectsTold:
    """Where the rejects of a run go: `target` is the path that was asked for, or a free one beside it.

    `left` is what is there already and was changed since an import wrote it, or by what is not known.
    """

    def __init__(self, path: Path, ledger: LedgerPlace | None) -> None:
        self.path = path
        self._ledger = ledger
        mine = not path.exists() or (ledger is not None and wrote_rejects(ledger, _digest(path)))
        self.left: Path | None = None if mine else path
        self.target: Path = path if mine else _beside(path)

    def keep(self, count: int) -> None:
        """So many were written: remember the file, so that a change of it is noticed.

        Where the one that is there says the same, nobody has changed it, and one is enough.
        """
        if count and self.left is not None and _digest(self.left) == _digest(self.target):
            self.target.unlink()
            self.target, self.left = self.left, None
        if count and self._ledger is not None:
            with suppress(ConfigError):  # in use again: then the file counts as changed, and nothing is written over
                keep_rejects(self._ledger, _digest(self.target))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(path: Path) -> Path:
    """The first name like this that nothing has."""
    number = 2
    while (other := path.with_name(f"{path.stem}.{number}{path.suffix}")).exists():
        number += 1
    return other
