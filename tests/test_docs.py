"""The code in the README and in docs/ runs, as written, against the sandbox."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export
from leat_async.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What `make` does is what runs these tests; `pip install` changes the environment.
_ELSEWHERE = ("make ", "pip ")


def blocks(path: Path, language: str) -> list[tuple[int, str]]:
    text = path.read_text()
    return [
        (text[: found.start()].count("\n") + 2, found[2]) for found in _BLOCK.finditer(text) if found[1] == language
    ]


def commands(path: Path) -> list[str]:
    """The command lines of console blocks: `$ …`, with lines that end in a backslash joined."""
    found = []
    for _, block in blocks(path, "console"):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            if line.startswith("$ "):
                found.append(line[2:].split("  #")[0].strip())
    return found


def test_there_is_something_to_run() -> None:
    assert sum(len(blocks(path, "python")) for path in DOCUMENTS) >= 8
    assert sum(len(commands(path)) for path in DOCUMENTS) >= 3


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if blocks(path, "python")], ids=lambda path: path.name)
def test_python_blocks(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Blocks of one document run one after the other in one namespace, with `await` allowed as in a notebook."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    with Sandbox(seed="demo") as sandbox, asyncio.Runner() as runner:
        contact = sandbox.create_contact(email="ada@example.com")
        monkeypatch.setenv("LEAT_BASE_URL", sandbox.url)
        monkeypatch.setenv("LEAT_ACCESS_TOKEN", sandbox.token)
        leat = LeatClient.from_env()
        # What a reader has at hand when a block does not make it.
        namespace: dict[str, Any] = {
            "__name__": "example",
            "pytest": pytest,
            "leat": leat,
            "shop_uuid": sandbox.shops[0]["uuid"],
            "contact_uuid": contact["uuid"],
            "secret": "a-webhook-secret",
            "SECRETS": ["a-webhook-secret"],
            "rows": [{"contact_uuid": contact["uuid"], "shop_uuid": sandbox.shops[0]["uuid"]}] * 3,
        }
        for name in ("credits.parquet", "credits.sqlite"):
            if name in path.read_text():
                runner.run(export.to_file(leat.loyalty_transactions, name))
        for line, block in blocks(path, "python"):
            source = "\n" * (line - 1) + block
            code = compile(source, str(path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if code.co_flags & inspect.CO_COROUTINE:
                runner.run(eval(code, namespace))
            else:
                exec(code, namespace)
        runner.run(leat.aclose())


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if commands(path)], ids=lambda path: path.name)
def test_console_blocks(path: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copy(ROOT / "examples" / "messy_restaurant.csv", tmp_path / "export.csv")
    (tmp_path / "attributes.json").write_text('{"attributes": {"city": "Delft"}}')
    with Sandbox(seed="demo") as sandbox:
        environment = {
            **os.environ,
            "LEAT_BASE_URL": sandbox.url,
            "LEAT_ACCESS_TOKEN": sandbox.token,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        for command in commands(path):
            if command.startswith(_ELSEWHERE):
                continue
            command = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", sandbox.shops[0]["uuid"], command)
            command = command.replace("CONTACT", sandbox.contacts[0]["uuid"])
            command = re.sub(r"--port \d+", "--port 0", command)
            endless = " sandbox" in command.replace("leat_async.sandbox", "leat sandbox")
            process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            try:
                said, _ = process.communicate(timeout=3 if endless else 60)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.communicate(timeout=30)
                assert endless, f"{command} does not end"
                continue
            # 1 says that some rows were refused, which the examples' files are made to show.
            assert process.returncode in (0, 1), f"$ {command}\n{said}"
            assert "Traceback" not in said
