"""Which ledgers a command is about: the accounts' own in the state folder, or one that is named."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import attrs
import typer

from .exits import Exit, Stop

if TYPE_CHECKING:
    from ..bulk import Summary
    from ..bulk.places import LedgerPlace


def ledger_option(text: str) -> LedgerPlace:
    """What `--ledger` names."""
    from ..bulk.places import ledger_place
    from ..errors import ConfigError

    try:
        return ledger_place(text)
    except ConfigError as error:
        # Not a `ValueError`, of which the text that was given would be shown.
        raise typer.BadParameter(str(error)) from None


def _as_kept(kind: str | None) -> str | None:
    return None if kind is None else kind.replace("-", "_")


@attrs.frozen
class Choice:
    """What was asked for; with nothing given, all of the accounts' own."""

    ledger: LedgerPlace | None = None
    # As the command line writes it, or as the ledger does.
    kind: str | None = attrs.field(default=None, converter=_as_kept)
    account: str | None = None

    def found(self) -> tuple[list[Summary], Exit]:
        """The ledgers, and the exit code if one of them can't be read, which is told."""
        from .. import bulk
        from ..bulk.places import account_ledgers
        from ..errors import ConfigError

        if self.ledger is not None:
            return self._of([bulk.status(self.ledger)]), Exit.DONE
        all_of_them: list[Summary] = []
        code = Exit.DONE
        for path in account_ledgers():
            try:
                all_of_them.append(bulk.status(path))
            except ConfigError as error:
                print(f"leat: {error}", file=sys.stderr)
                code = Exit.USAGE
        return self._of(all_of_them), code

    def _of(self, summaries: list[Summary]) -> list[Summary]:
        if self.account is not None:
            named = {each.account for each in summaries if each.account and _is_called(each.account, self.account)}
            if len(named) > 1:
                raise Stop(f"--account {self.account} may be {' or '.join(sorted(named))}; give more of the name")
            summaries = [each for each in summaries if each.account in named]
        if self.kind is not None:
            summaries = [each for each in summaries if each.kind == self.kind]
        if not summaries and (self.account is not None or self.kind is not None):
            asked = [f"--kind {self.kind}"] if self.kind is not None else []
            asked += [f"--account {self.account}"] if self.account is not None else []
            raise Stop(f"nothing is remembered of {' '.join(asked)}; leat import status lists what is")
        return summaries


def only(summaries: list[Summary], why: str) -> Summary:
    """The one that there is; where there are several, `why` tells why one must be named."""
    if len(summaries) > 1:
        there = "; ".join(f"{each.kind} of {each.account}" for each in summaries)
        raise Stop(f"{why}: say which by --kind, --account or --ledger ({there})")
    if not summaries:
        raise Stop(nothing())
    return summaries[0]


def latest(summaries: list[Summary]) -> Summary:
    """The one whose latest run began last."""
    ran = [(each.last.started, each) for each in summaries if each.last is not None]
    return max(ran, key=lambda pair: pair[0])[1] if ran else only(summaries, "there was no run")


def nothing() -> str:
    """What is said where no account has a ledger."""
    from .._core.state_folder import state_folder

    return f"no import into an account is remembered in {state_folder()}; --ledger names another ledger"


def _is_called(account: str, name: str) -> bool:
    """Whether an account goes by a name: its own, or the beginning of that or of its last part."""
    return account.startswith(name) or account.rpartition(":")[2].startswith(name)
