"""The `leat` command. Its help imports neither the HTTP client nor the models."""

from __future__ import annotations

import sys

_ADVICE = "leat: the command line needs an extra: pip install 'leat-async[cli]'"


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError:
        print(_ADVICE, file=sys.stderr)
        return 2
    from .app import run

    return run()
