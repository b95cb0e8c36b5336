"""Talking to a sandbox in another process."""

from __future__ import annotations

import http.server
import threading

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sandbox.remote import ControlRefused, NoSandbox, control, stop


def test_a_control_answers_or_says_what_is_wrong(sandbox: Sandbox) -> None:
    assert control(sandbox.url, "GET", "clock")["now"] > 0
    assert control(sandbox.url, "POST", "reset") is None
    with pytest.raises(ControlRefused, match="the nearest is 'visits'"):
        control(sandbox.url, "GET", "state?table=visit")


def test_a_sandbox_inside_a_program_is_not_stopped(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert stop(int(sandbox.url.rpartition(":")[2])) == 4
    assert "inside a program" in capsys.readouterr().err
    assert control(sandbox.url, "GET", "health")["status"] == "ok"


def test_another_server_is_no_sandbox() -> None:
    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.endswith("fine") else 404)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for path in ("fine", "lost"):
            with pytest.raises(NoSandbox, match="no sandbox"):
                control(f"http://127.0.0.1:{server.server_port}", "GET", path)
        server.shutdown()
