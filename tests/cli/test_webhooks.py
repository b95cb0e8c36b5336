"""`leat webhooks`, as a user runs it."""

from __future__ import annotations

import datetime as dt
import http.client
import http.server
import json
import os
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TextIO

import attrs
import pytest
from typer.testing import CliRunner

from leat_async import webhooks
from leat_async.cli import webhook_listening
from leat_async.cli.app import app
from leat_async.cli.exits import Exit, Stop
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient
from leat_async.webhooks.listening import Heard
from leat_async.webhooks.stores.steps import Fail, Put

from ..forking import Forks, environment
from .conftest import Leat

SECRET = "whsec_cli"


@pytest.fixture
def webhooks_(leat: Leat) -> Leat:
    """Run `leat webhooks …`, and look for what no command may show."""

    def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        ran = leat("webhooks", *arguments, **options)
        assert "Traceback" not in ran.stderr
        assert SECRET not in ran.stdout + ran.stderr
        return ran

    return run


class Receiver:
    """Keeps what it is sent, and verifies it."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, bool]] = []
        self.status = 200
        self.answer = b"ok"
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((body, webhooks.verify(body, self.headers["Signature"], SECRET)))
                self.send_response(receiver.status)
                self.send_header("Content-Length", str(len(receiver.answer)))
                self.end_headers()
                self.wfile.write(receiver.answer)

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=lambda: self.server.serve_forever(0.01), daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@attrs.define
class Listener:
    """What a listening command prints, and how it ended."""

    stdout: TextIO
    code: int | None = None


@contextmanager
def listening(forks: Forks, sandbox: Sandbox, *arguments: str, **more: str) -> Iterator[Listener]:
    """The command, as soon as it has subscribed; ended by Ctrl-C."""
    out, err = os.pipe(), os.pipe()
    with open(out[0]) as stdout, open(err[0]) as stderr:
        program = ["-m", "leat_async", "webhooks", "listen", "--port", "0", *arguments]
        fork = forks.start(program, environment(sandbox) | more, Path.cwd(), [None, out[1], err[1]])
        os.close(out[1])
        os.close(err[1])
        listener = Listener(stdout)
        try:
            said = stderr.readline()
            while "subscribed" not in said:
                line = stderr.readline()
                assert line, said
                said += line
            yield listener
            fork.kill(signal.SIGINT)
            listener.code = fork.wait()
            said += stderr.read()
        finally:
            fork.kill()
    assert SECRET not in said


def test_listen_subscribes_in_a_sandbox_prints_forwards_and_cleans_up(
    webhooks_: Leat, forks: Forks, receiver: Receiver, tmp_path: Path
) -> None:
    with Sandbox(seed=1) as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as api:
        options = ("--event", "contact_created", "--event", "voucher_redeemed", "--print", "json", "--remove")
        with listening(forks, sandbox, *options, "--forward", receiver.url, LEAT_WEBHOOK_SECRET=SECRET) as process:
            assert [one.event_type for one in api.webhook_subscriptions.list()] == [
                "contact_created",
                "voucher_redeemed",
            ]
            sandbox.create_contact("ada@example.com")
            heard = json.loads(process.stdout.readline())
            assert (heard["event"], heard["genuine"]) == ("contact_created", True)
            assert heard["forwarded"] == {"status": 200, "answer": "ok"}
            receiver.status = 500
            sandbox.trigger("contact_created")
            assert json.loads(process.stdout.readline())["forwarded"]["status"] == 500
            sandbox.deliveries.settle()
            assert [one.state for one in sandbox.deliveries.entries()] == ["delivered", "waiting"]
        assert process.code == 0
        assert api.webhook_subscriptions.list().collect() == []
    assert [genuine for _, genuine in receiver.got] == [True, True]
    # What it printed is a journal.
    receiver.status = 200
    (tmp_path / "journal").write_text(json.dumps(heard) + "\n\n")
    again = webhooks_("replay", tmp_path / "journal", "--to", receiver.url)
    assert (again.returncode, json.loads(again.stdout)["status"]) == (0, 200)
    assert receiver.got[-1] == receiver.got[0]
    by_pipe = webhooks_("replay", "-", "--to", receiver.url, stdin=json.dumps(heard))
    assert by_pipe.returncode == 0


def test_listen_in_text_says_what_is_not_genuine(forks: Forks) -> None:
    with Sandbox(seed=1) as sandbox:
        sandbox.faults.add("webhook_bad_signature", nth=2)
        with listening(forks, sandbox, "--event", "contact_created") as process:
            sandbox.create_contact("ada@example.com")
            sandbox.create_contact("eve@example.com")
            lines = [process.stdout.readline() for _ in range(2)]
        assert "contact_created  genuine" in lines[0]
        assert "NOT GENUINE" in lines[1]
        assert "ada@" not in lines[0]
        sandbox.deliveries.settle()
        assert [one.attempts[0].status for one in sandbox.deliveries.entries()] == [200, 401]


def test_a_password_in_a_url_is_not_shown(webhooks_: Leat, receiver: Receiver) -> None:
    for url in (
        receiver.url.replace("//", "//u:hush@"),
        "https://u:hush@127.0.0.1:9/leat",
        "http://u:hush@shop.example/",
        "http://u:hush@127.0.0.1:x/",
    ):
        ran = webhooks_("send", "x", "--to", url, "--secret", SECRET, "--data", "{}")
        assert "hush" not in ran.stdout + ran.stderr


def test_send(webhooks_: Leat, receiver: Receiver) -> None:
    done = webhooks_("send", "voucher_redeemed", "--to", receiver.url, LEAT_WEBHOOK_SECRET=SECRET)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"status": 200, "answer": "ok"})
    assert done.stderr == f"{receiver.url}: 1 taken\n"
    own = webhooks_("send", "new_kind", "--to", receiver.url, "--data", '{"a": "é/"}', "--secret", SECRET)
    assert own.returncode == 0
    assert [genuine for _, genuine in receiver.got] == [True, True]
    assert webhooks.parse(receiver.got[0][0]).type == "voucher_redeemed"
    assert receiver.got[1][0] == rb'{"type":"new_kind","data":{"a":"\u00e9\/"}}'
    receiver.status = 401
    receiver.answer = b'{"error": "who?"}'
    refused = webhooks_("send", "contact_created", "--to", receiver.url, LEAT_WEBHOOK_SECRET=SECRET)
    assert (refused.returncode, refused.stderr) == (1, f"{receiver.url}: 1 refused with 401\n")
    assert json.loads(refused.stdout) == {"status": 401, "answer": {"error": "who?"}}
    closed = "http://127.0.0.1:9/"
    lost = webhooks_("send", "contact_created", "--to", closed, LEAT_WEBHOOK_SECRET=SECRET)
    assert (lost.returncode, lost.stderr) == (4, f"{closed}: 1 not answered\n")


def test_replay_takes_dead_letters_back(webhooks_: Leat, tmp_path: Path) -> None:
    path = str(tmp_path / "box.sqlite")
    store = webhooks.SqliteStore(path)
    for digest in ("a" * 32, "b" * 32):
        store.ask(Put(digest, b'{"type":"x"}'))
        [job] = store.due(1, 60.0, 9).jobs
        store.ask(Fail(digest, job.token, "LookupError: gone", None))
    listed = webhooks_("replay", path, "--list")
    letters = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [letter["error"] for letter in letters] == ["LookupError: gone"] * 2
    assert len(store.dead()) == 2
    one = webhooks_("replay", path, "--key", letters[0]["key"])
    assert (one.returncode, [letter.key for letter in store.dead()]) == (0, [letters[1]["key"]])
    assert webhooks_("replay", path).returncode == 0
    assert store.dead() == []
    assert len(store.due(9, 60.0, 9).jobs) == 2
    store.close()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("listen",), "set LEAT_WEBHOOK_SECRET"),
        (("listen", "--subscribe", "--secret", SECRET), "--subscribe needs --url"),
        (("listen", "--subscribe", "--url", "https://x.example/"), "no secret"),
        (("listen", "--url", "https://x.example/"), "--url goes with --subscribe"),
        (("listen", "--secret", SECRET, "--remove"), "--remove goes with --subscribe"),
        (("listen", "--forward", "http://shop.example/"), "by https, or to this machine"),
        (("send", "voucher_redeemed", "--to", "http://127.0.0.1:9/"), "no secret: set LEAT_WEBHOOK_SECRET"),
        (("send", "voucher_redeemd", "--to", "http://127.0.0.1:9/", "--secret", SECRET), "is 'voucher_redeemed'"),
        (("send", "x", "--to", "http://127.0.0.1:9/", "--secret", SECRET, "--data", "[]"), "must be a JSON object"),
        (("send", "x", "--to", "shop.example", "--secret", SECRET, "--data", "{}"), "is no URL to deliver to"),
        (("send", "x", "--to", "http://127.0.0.1:9/", "--secret", SECRET, "--data", "[" * 9999), "must be a JSON obj"),
        (("send", "x", "--to", "http://127.0.0.1:9/", "--secret", SECRET, "--data", '"\udcff"'), "must be a JSON obj"),
        (("replay", "nowhere"), "there is no file nowhere"),
        (("replay", "redis://127.0.0.1/0"), "only SQLite and PostgreSQL hold an outbox"),
        (("replay", __file__), "--to is needed"),
        (("replay", __file__, "--to", "http://127.0.0.1:9/"), "line 1:"),
        (("replay", __file__, "--list"), "go with an outbox"),
    ],
)  # fmt: skip
def test_wrong_usage(arguments: tuple[str, ...], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEAT_BASE_URL", "LEAT_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    ran = CliRunner().invoke(app, ["webhooks", *arguments])
    assert isinstance(ran.exception, Stop)
    assert (ran.exception.code, ran.stdout) == (Exit.USAGE, "")
    assert text in str(ran.exception)


def test_replay_leaves_other_databases_and_odd_journals_alone(webhooks_: Leat, tmp_path: Path) -> None:
    path = tmp_path / "photos.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE photos (name)")
    before = (path.read_bytes(), path.stat().st_mode)
    for options in ((), ("--list",), ("--key", "k")):
        ran = webhooks_("replay", path, *options)
        assert (ran.returncode, "holds no outbox" in ran.stderr) == (2, True)
    assert (path.read_bytes(), path.stat().st_mode) == before
    (tmp_path / "journal").write_text('{"body":' + "[" * 9999)
    ran = webhooks_("replay", tmp_path / "journal", "--to", "http://127.0.0.1:9/")
    assert (ran.returncode, "line 1:" in ran.stderr) == (2, True)


@pytest.mark.parametrize(("kind", "code"), [("text", 0), ("json", 0), ("full", 4)])
def test_listening_ends_when_nobody_can_be_told_any_more(kind: str, code: int, forks: Forks) -> None:
    out, err = os.pipe(), os.pipe()
    stdout = os.open("/dev/full", os.O_WRONLY) if kind == "full" else out[1]
    printing = ["--print", "json"] if kind == "json" else []
    with open(err[0]) as stderr:
        program = ["-m", "leat_async", "webhooks", "listen", "--port", "0", *printing]
        more = {"LEAT_WEBHOOK_SECRET": SECRET, "LEAT_BASE_URL": "https://leat.example"}
        fork = forks.start(program, environment() | more, Path.cwd(), [None, stdout, err[1]])
        for number in {*out, stdout, err[1]}:
            os.close(number)
        try:
            port = int(stderr.readline().split(":")[2].split("/")[0])
            body = b'{"type":"x"}'
            with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
                connection.request("POST", "/", body, {"Signature": webhooks.sign(body, SECRET)})
                assert connection.getresponse().status == 503
            assert fork.wait() == code
            assert "Traceback" not in stderr.read()
        finally:
            fork.kill()


def test_what_is_heard_is_one_line_whatever_its_name_is() -> None:
    name = "x\n12:00:00  voucher_redeemed  genuine  60 bytes" + "x" * 999
    text = webhook_listening._text(
        Heard(at=dt.datetime.now(dt.UTC), event=name, genuine=False, signature=None, body=b"")
    )
    assert text[8:].startswith(r"  'x\n12:00:00  voucher_redeemed  genuine  60 bytes")
    assert text.endswith("'  NOT GENUINE  0 bytes")
    assert len(text) < 120


def test_a_port_that_is_in_use(webhooks_: Leat, receiver: Receiver) -> None:
    ran = webhooks_("listen", "--port", receiver.url.split(":")[2].split("/")[0], LEAT_WEBHOOK_SECRET=SECRET)
    assert (ran.returncode, "is in use" in ran.stderr) == (4, True)


def test_a_store_out_of_reach(webhooks_: Leat) -> None:
    ran = webhooks_("replay", "postgresql://u:hush@127.0.0.1:9/x")
    assert (ran.returncode, "hush" in ran.stderr) == (4, False)
    assert "can't be used" in ran.stderr
