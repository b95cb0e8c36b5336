"""The `leat` command. Its help imports neither the HTTP client nor the models."""

from __future__ import annotations

import sys
from importlib import import_module

from . import streams
from .exits import Exit, worded

_ADVICE = "leat: the command line needs an extra: pip install 'leat-async[cli]'"


def main() -> int:
    """Run the command line; returns the exit code."""
    streams.install()
    try:
        code: int = _main()
    except OSError as error:
        print(f"leat: {worded(error)}", file=sys.stderr)
        code = Exit.TRY_AGAIN
    return streams.finish(code)


def _main() -> int:
    if sys.argv[1:] in (["--help"], ["-h"]):
        # As typer would write it, which takes ten times as long; a test compares the two.
        with open(f"{__path__[0]}/help.txt", encoding="utf-8") as file:
            print(file.read(), end="")
        return 0
    if not (_installed("typer") and _installed("rich")):
        print(_ADVICE, file=sys.stderr)
        return 2
    from .app import run

    return run()


def _installed(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True
