"""Ask a real PHP how it reads random queries, forms and multipart bodies, and write down what it says.

    python -m tests.sandbox.record_php_parsing [SEED] [COUNT]

needs `php` (Debian: `apt-get install php-cli`). It writes `php_parsing.jsonl` beside this file: a line of what PHP it
was, then one line per input: its kind, its content type, its bytes as Latin-1, and what `$_GET` or `$_POST` became.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).with_name("php_parsing.jsonl")
FORM = "application/x-www-form-urlencoded"
SCRIPT = """<?php
echo json_encode(['get' => $_GET, 'post' => $_POST], JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_UNICODE, 1024);
"""
PIECES = [
    "a", "b", "[", "]", "[]", "[0]", "[1]", "[x]", "[07]", "[5]", "[-3]", ".", "+", "%20", " ", "%5B", "%5D", "%00",
    "%", "%zz", "%4", "%41", "é", "%C3%A9", "%ff", "=", "&", "&", "&", "=", "1", "%2B", "%26", "%3D", "%25", "[ ]",
    "\t", "%09", "[%0A]", '"', "'", "[a.b c]", "==", "=\n", "=\r\n", "_", "%0D%0A", "[9223372036854775807]",
    "[99999999999999999999]",
]  # fmt: skip
KEYS = ["[]", "[]", "[]", "[0]", "[1]", "[2]", "[5]", "[-3]", "[07]", "[x]", "[y z]", "[ ]", "[.]", "%5B%5D", "[9"]
NAMES = ["a", "b", ".", "[", "]", "[]", "[x]", " ", '\\"', "\\\\", "\\", "'", ";", "é", "%41", "="]
VALUES = ["1", "x", " ", "\r\n", "\n", "\r", "--b", "--", "é", "\r\n--bx", "b"]
HEADS = ["\r\n", "\n", "name", "=", '"', "a", ";", " ", "filename", "'", "\\", "Content-Disposition: form-data", "x: y",
         "\t", 'name="c"', "content-disposition:", "form-data; "]  # fmt: skip
TYPES = [*["multipart/form-data; boundary=b"] * 5, 'multipart/form-data; boundary="b"',
         "multipart/form-data; charset=x; boundary=b;x", "Multipart/form-data;BOUNDARY=b"]  # fmt: skip


def inputs(seed: int, count: int) -> list[tuple[str, str, bytes]]:
    """Kind, content type and bytes; the limits first."""
    many = [f"v{number}={number}" for number in range(1100)]
    parts = [f'--b\r\nContent-Disposition: form-data; name="v{n}"\r\n\r\n{n}\r\n' for n in range(1100)]
    made = [
        ("form", FORM, "&".join(many).encode()),
        ("form", FORM, b"&" * 999 + b"a=1&b=2&c=3"),
        ("multipart", TYPES[0], ("".join(parts) + "--b--\r\n").encode()),
        *(("form", FORM, b"a" + b"[x]" * depth + b"=1") for depth in (63, 64, 65)),
    ]
    draw = random.Random(seed)
    while len(made) < count:
        if draw.random() < 0.6:
            text = "".join(draw.choices(PIECES, k=draw.randrange(1, 20))) if draw.random() < 0.5 else wellformed(draw)
            kind = draw.choice(["query", "form"])
            if kind == "query":  # in a request line neither can stand
                text = re.sub(r"[\s\x00#]", "", text.replace("é", "%C3%A9"))
            made.append((kind, FORM, text.encode()))
        else:
            made.append(("multipart", draw.choice(TYPES), multipart(draw)))
    return made


def wellformed(draw: random.Random) -> str:
    """Variables as clients send them, few names, so that they meet."""
    names = [
        draw.choice("aab") + "".join(draw.choices(KEYS, k=draw.choice([0, 1, 1, 2, 3])))
        for _ in range(draw.randrange(1, 6))
    ]
    return "&".join(f"{name}={number}" for number, name in enumerate(names))


def multipart(draw: random.Random) -> bytes:
    parts: list[str] = []
    for _ in range(draw.randrange(1, 4)):
        name = "".join(draw.choices(NAMES, k=draw.randrange(1, 6)))
        end = draw.choice(["\r\n"] * 5 + ["\n"])
        value = "".join(draw.choices(VALUES, k=draw.randrange(5)))
        head = draw.choice(
            [f'Content-Disposition: form-data; name="{name}"'] * 4
            + [
                f"Content-Disposition: form-data; name={name}",
                f"content-disposition: form-data; Name='{name}'; x=1",
                f'Content-Type: text/plain{end}Content-Disposition: form-data; name="{name}"',
                f'Content-Disposition: form-data;{end} name="{name}"',
                f'Content-Disposition: form-data; filename="f"; name="{name}"',
                "".join(draw.choices(HEADS, k=draw.randrange(1, 12))),
            ]
        )
        parts.append(f"--b{end}{head}{end}{end}{value}{end}")
    begin = draw.choice([""] * 5 + ["junk\r\n", "\r\n"])
    return (begin + "".join(parts) + draw.choice(["--b--\r\n"] * 5 + ["", "--b--", "--b"])).encode()


def main() -> None:
    seed, count = (int(text) for text in (sys.argv[1:] + ["1", "1500"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "index.php").write_text(SCRIPT)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = ["-d", "display_errors=0", "-d", "log_errors=0"]
        server = subprocess.Popen(
            ["php", "-n", *settings, "-S", f"127.0.0.1:{port}", "index.php"], cwd=folder, stderr=subprocess.DEVNULL
        )
        try:
            time.sleep(1)
            lines = [json.dumps({"php": subprocess.check_output(["php", "-n", "-r", "echo PHP_VERSION;"], text=True)})]
            for kind, content_type, data in inputs(seed, count):
                told = ask(port, kind, content_type, data)
                lines.append(json.dumps([kind, content_type, data.decode("latin-1"), told], separators=(",", ":")))
        finally:
            server.terminate()
            server.wait()
    FIXTURE.write_text("\n".join(lines) + "\n")


def ask(port: int, kind: str, content_type: str, data: bytes) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    if kind == "query":
        connection.request("GET", "/?" + data.decode("latin-1"))
    else:
        connection.request("POST", "/", data, {"Content-Type": content_type})
    told = json.loads(connection.getresponse().read())
    connection.close()
    return told["get" if kind == "query" else "post"]


if __name__ == "__main__":
    main()
