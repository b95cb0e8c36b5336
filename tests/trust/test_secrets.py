"""One mixed run of everything that writes, logs, raises or shows something; no secret is in any of it."""

from __future__ import annotations

import asyncio
import copy
import io
import json
import logging
import pickle
import re
import stat
import sys
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import web

from leat_async import ClientCredentials, LeatClient, RateLimit, RetryPolicy, bulk, errors, export
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient as SyncClient

from ..conftest import Recorder, given_up, raw
from ..forking import Forks, by_itself, environment

CLIENT_SECRET = "client-secret-5f1d8c6e2b"
QUICK = RetryPolicy(attempts=3, backoff=0.001, max_backoff=0.002)
ON_UNIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
UNSEEN = {
    errors.LeatError,
    errors.ConfigError,
    errors.ApiError,
    errors.AlreadyExistsError,
    errors.PermissionDeniedError,
    errors.LedgerError,  # of databases; looked at where there is one, in tests/bulk/test_postgres_store.py
}
LINK = re.compile(rb"https?://[^\s\"'\\]*[?&]token=[0-9A-Za-z.]+")


class Everything(logging.Handler):
    """All that a log record carries, whatever a formatter would make of it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.text = io.StringIO()
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.text.write(f"{self.format(record)}\n{record.__dict__!r}\n")


@pytest.fixture
async def logged() -> AsyncIterator[Everything]:
    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


async def caught(awaitable: Any) -> errors.LeatError:
    with pytest.raises(errors.LeatError) as found:
        await awaitable
    return found.value


async def troubles(leat: LeatClient, sandbox: Sandbox, contact: str, shop: str) -> list[errors.LeatError]:
    """Errors of every class."""
    visit: dict[str, Any] = {"contact_uuid": contact, "shop_uuid": shop}
    add, clear = sandbox.faults.add, sandbox.faults.clear
    found = [
        await caught(leat.visits.get("00000000-0000-0000-0000-000000000000")),
        await caught(leat.contacts.create(email="ada@example.com")),
        await caught(leat.request("POST", "/visits", json={"contact_uuid": "nobody"})),
    ]
    for kind, call in (
        ("server_error", lambda: leat.contacts.get(contact)),
        ("maintenance", lambda: leat.visits.create(**visit)),
        ("html", lambda: leat.visits.create(**visit, external_id="e-1")),
        ("malformed", lambda: leat.contacts.get(contact)),
        ("truncated", lambda: leat.contacts.find_or_create(email="ada@example.com")),
        ("apply_then_drop", lambda: leat.visits.create(**visit, external_id="e-2")),
        ("drop_before", lambda: leat.contacts.get(contact)),
        ("hang", lambda: given_up(leat, sandbox, leat.visits.create(**visit, external_id="e-3"))),
        ("expired_token", lambda: leat.contacts.get(contact)),
    ):
        add(kind)
        found.append(await caught(call()))
        clear()
    add("rate_limit", retry_after=3600)
    found.append(await caught(leat.contacts.get(contact)))
    clear()
    return found


def shown(value: Any) -> str:
    """What a debugger, a log or a user would see of it."""
    return f"{value!r}\n{value}\n{value!r:.3000}\n{[value]}\n{ {'x': value} }"


def told(error: errors.LeatError) -> str:
    """A traceback with all its causes, and everything the error has to show."""
    lines = [*traceback.format_exception(error), shown(error), repr(error.attempts)]
    return "\n".join(lines)


def everything_of(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@ON_UNIX
async def test_no_secret_is_anywhere(
    tmp_path: Path, logged: Everything, capsys: pytest.CaptureFixture[str], forks: Forks | None
) -> None:
    produced: dict[str, bytes] = {}
    given, made = tmp_path / "given", tmp_path / "made"
    given.mkdir()
    made.mkdir()
    async with Sandbox(seed=11, rate_limit=(1_000_000, 60.0), state=made / "account.db") as sandbox:
        shop = sandbox.shops[0]["uuid"]
        contact = sandbox.create_contact("ada@example.com", attributes={"firstname": "Ada"})["uuid"]
        credentials = ClientCredentials("client-id", CLIENT_SECRET)
        events: list[Any] = []
        leat = LeatClient(
            credentials,
            base_url=sandbox.url,
            retry=QUICK,
            rate_limit=RateLimit(1_000_000),
            on_request=events.append,
            on_response=events.append,
            on_retry=events.append,
        )
        async with leat:
            # Models, pages, raw answers, links.
            ada = await leat.contacts.get(contact)
            page = await leat.contacts.list()
            raw_answer = await leat.request("GET", f"/contacts/{contact}")
            portal = await leat.portal_sessions.create(shop_uuid=shop, contact_uuid=contact)
            login = await leat.contacts_portal.get_auth_url(contact_uuid=contact)
            models = [ada, page, page.items, portal, login]
            issues = await leat.auth.token(**token_call())
            links = {str(ada.current_values["custom_app_login_url"]), str(login.url), str(portal.url)}

            # Imports with a ledger, rejects and every kind of outcome.
            for kind, each in (("drop_before", 3), ("apply_then_drop", 4), ("server_error", 5)):
                sandbox.faults.add(kind, "visits.create", every=each, times=3)
            sandbox.faults.add("rate_limit", "visits.create", every=7, times=3, retry_after=0)
            rows = [
                {
                    "contact_email": "ada@example.com" if n % 5 else "nobody@example.com",
                    "shop_uuid": shop,
                    "external_id": str(n),
                }
                for n in range(40)
            ]
            outcomes = [o async for o in bulk.create(leat.visits, rows, ledger=made / "visits.ledger", grace=0.2)]
            report = await bulk.run(
                leat.contacts,
                [{"email": "ada@example.com"}, {"email": "new@example.com"}, {"email": "no address"}],
                ledger=made / "contacts.ledger",
            )
            sandbox.faults.clear()
            assert {bulk.Status.CREATED, bulk.Status.REJECTED} <= {outcome.status for outcome in outcomes}

            # Exports of what carries no links by nature; contacts do, see below.
            summaries = [
                await export.to_file(leat.visits, made / name, on_warning=events.append)
                for name in ("visits.csv", "visits.jsonl", "visits.parquet", "visits.sqlite")
            ]
            await export.to_file(
                leat.visits, made / "new.csv", incremental=made / "visits.state", on_warning=events.append
            )

            used = leat._pipeline.tokens.current()
            found = await troubles(leat, sandbox, contact, shop)
            shows = [leat, leat._pipeline, leat._pipeline.config, leat._pipeline.tokens, credentials, leat.contacts]
            shows += [
                *models,
                raw_answer,
                issues,
                *outcomes,
                report,
                *summaries,
                *events,
                *sandbox.journal.entries(),
                sandbox,
            ]
            journal = [entry.describe() for entry in sandbox.journal.entries()]
        async with LeatClient(sandbox.token, base_url="http://127.0.0.1:9", retry=None) as unreachable:
            found.append(await caught(unreachable.contacts.get(contact)))
        async with LeatClient("wrong-token-0123456789", base_url=sandbox.url) as refused:
            found.append(await caught(refused.contacts.get(contact)))
        found.append(await caught(leat.contacts.get(contact)))
        kinds = {type(error) for error in found} | {type(error.__cause__) for error in found}
        known = {cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.LeatError)}
        assert known - UNSEEN <= kinds

        # The command, with a report, rejects and a ledger of its own.
        (given / "v.csv").write_text(
            f"email,shop_uuid,starts_at\nada@example.com,{shop},2026-03-01T10:00Z\nnobody@x.nl,{shop},x\n"
        )
        secret = {"LEAT_CLIENT_ID": "client-id", "LEAT_CLIENT_SECRET": CLIENT_SECRET, "LEAT_BASE_URL": sandbox.url}
        for number, (env, arguments) in enumerate(
            (
                (
                    secret,
                    (
                        "import",
                        "visits",
                        str(given / "v.csv"),
                        "--report",
                        "r.json",
                        "--rejects",
                        "r.csv",
                        "--ledger",
                        "l",
                    ),
                ),
                (environment(sandbox), ("export", "visits", "-o", "cli.jsonl")),
                (secret, ("api", "GET", "/contacts/nobody")),
                (secret | {"LEAT_BASE_URL": "http://127.0.0.1:9"}, ("api", "GET", "/shops")),
                (secret | {"LEAT_CLIENT_SECRET": f"{CLIENT_SECRET} x"}, ("api", "GET", "/shops")),
                (
                    environment(sandbox) | {"LEAT_ACCESS_TOKEN": "wrong-token-0123456789"},
                    ("import", "show", "--ledger", "l", "--row", "1"),
                ),
            )
        ):
            ran = await asyncio.to_thread(
                forks.run if forks else by_itself, ["-m", "leat_async", *arguments], environment() | env, made
            )
            produced[f"command {number}"] = (ran.stdout + ran.stderr).encode()
            assert ran.returncode in ((0, 1) if number in (0, 1, 2, 5) else (2, 3, 4)), ran.stderr

        def synchronous() -> Any:
            with SyncClient(credentials, base_url=sandbox.url, retry=None) as twin:
                sandbox.faults.add("malformed", "contacts.get")
                with pytest.raises(errors.DecodeError) as unread:
                    twin.contacts.get(contact)
                sandbox.faults.clear()
                return [twin, twin.contacts, unread.value, twin.contacts.get(contact)]

        shows += await asyncio.to_thread(synchronous)
        issued = [*sandbox._engine.tokens]

    produced["log"] = logged.text.getvalue().encode()
    produced["screen"] = "".join(capsys.readouterr()).encode()
    produced |= {f"show {type(value).__name__} {n}": shown(value).encode() for n, value in enumerate(shows)}
    produced |= {f"error {type(error).__name__} {n}": told(error).encode() for n, error in enumerate(found)}
    produced["journal"] = json.dumps(journal, default=str).encode()
    produced |= {f"file {name}": data for name, data in everything_of(made).items()}
    pickled = {f"pickle {type(error).__name__}": pickle.dumps(error) for error in found}
    pickled |= {f"pickle cause {type(e.__cause__).__name__}": pickle.dumps(e.__cause__) for e in found if e.__cause__}
    pickled |= {f"copy {type(error).__name__}": repr(vars(copy.copy(error))).encode() for error in found}
    pickled |= {f"pickle {type(model).__name__}": pickle.dumps(model) for model in models}

    assert used is not None
    secrets = {
        CLIENT_SECRET,
        used.reveal(),
        sandbox.token,
        "wrong-token-0123456789",
        *(t for t in issued if len(t) > 20),
    }
    assert len(secrets) >= 5
    assert len(produced) > 100
    assert any(b"leat.retry" in data for data in produced.values())
    for name, data in (produced | pickled).items():
        for one in secrets:
            assert one.encode() not in data, f"{name} shows {one[:6]}…"
    for name, data in produced.items():
        assert not LINK.search(data), f"{name} shows a login link"
        for link in links:
            assert link.encode() not in data, f"{name} shows {link[:24]}…"

    written = {path.relative_to(made): stat.S_IMODE(path.stat().st_mode) for path in made.rglob("*") if path.is_file()}
    assert len(written) >= 12
    assert {name for name, mode in written.items() if mode & 0o077} == set()


def token_call() -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": "client-id", "client_secret": CLIENT_SECRET}


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token": "issued-token-0123456789", "expires_in": ',
        b'["issued-token-0123456789"]',
        b'{"access_token": ["issued-token-0123456789"]}',
        b'{"access_token": "issued-token-0123456789\\r\\n"}',
    ],
)
async def test_an_unreadable_token_is_not_kept(recorder: Recorder, body: bytes) -> None:
    recorder.default = raw(body)
    async with LeatClient(ClientCredentials("client-id", CLIENT_SECRET), base_url=recorder.url) as leat:
        for call in (leat.visits.get("v-1"), leat.auth.token(**token_call())):
            try:
                await call
            except errors.LeatError as error:
                kept = pickle.dumps(error) + told(error).encode() + repr(vars(error)).encode()
                assert b"issued-token" not in kept
                assert CLIENT_SECRET.encode() not in kept


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_an_echoed_client_secret_is_cut_out(recorder: Recorder, status: int) -> None:
    async def echo(recorded: Any, request: web.BaseRequest) -> web.StreamResponse:
        text = recorded.body.decode()
        return web.json_response({"message": f"bad: {text}", "errors": {"client_secret": [text]}}, status=status)

    recorder.default = echo
    async with LeatClient(ClientCredentials("client-id", CLIENT_SECRET), base_url=recorder.url, retry=None) as leat:
        error = await caught(leat.visits.get("v-1"))
    assert CLIENT_SECRET.encode() not in pickle.dumps(error) + told(error).encode() + repr(vars(error)).encode()


def test_wrong_secrets_are_not_shown_either() -> None:
    for make in (
        lambda: LeatClient("two words-secret"),
        lambda: LeatClient("sécret-secret"),
        lambda: ClientCredentials("id", "line-secret\n"),
        lambda: LeatClient("token", base_url="https://user:pass-secret@example.com"),
    ):
        with pytest.raises(errors.ConfigError) as found:
            make()
        assert "secret" not in str(found.value).replace("client_secret", "")


def test_every_public_class_with_a_secret_hides_it() -> None:
    assert "s3cret" not in repr(ClientCredentials("s3cret-id", "s3cret"))
    assert "s3cret" not in repr(attrs.evolve(LeatClient("s3cret-token")._pipeline.config, token="s3cret-other"))
