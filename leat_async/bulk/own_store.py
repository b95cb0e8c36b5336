"""The account's own ledger, found by its token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from .._core.pipeline import Pipeline
from ..account import account_of, origin_of
from ..config import ClientCredentials
from ..errors import ConfigError
from .places import make_private, own_ledger, remember, remembered, token_place
from .sqlite_store import SqliteLedgerStore


async def own_store(
    pipeline: Pipeline, kind: str, identify: Callable[[str | None], Awaitable[str | None]], given: str | None
) -> tuple[str, SqliteLedgerStore] | None:
    """The account and its ledger; None if the run had to be stopped.

    `identify` asks whose the token is, told what is known of that; `given` is what the caller says. A token that once
    belonged to an account still does when the API does not tell: another ledger would know nothing of what was sent.
    """
    place = _place(pipeline)
    known = remembered(place)
    account = await identify(known)
    if account is None:
        return None
    if known is not None and account == origin_of(pipeline):
        # The API has ceased to tell, which makes it no other account.
        account = known
    if known is not None and account != known and given is None:
        raise ConfigError(
            f"this token was known to belong to the account {known}, and now the API names {account}: nothing was "
            f"sent. If that is right, remove {place}; what was imported for the first account does not count then"
        )
    if known != account:
        remember(place, account)
    path = own_ledger(account, kind, pipeline.config.base_url)
    make_private(path.parent)
    return account, SqliteLedgerStore(path)


async def own_path(pipeline: Pipeline, kind: str) -> Path:
    """Where the account's ledger is or would be; the API is asked only of a token that was not used here before."""
    account = remembered(_place(pipeline)) or await account_of(pipeline)
    return own_ledger(account, kind, pipeline.config.base_url)


def _place(pipeline: Pipeline) -> Path:
    config = pipeline.config
    token = config.token
    secret = token.client_id if isinstance(token, ClientCredentials) else token
    return token_place(config.base_url, config.api, secret.reveal())
