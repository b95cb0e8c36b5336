"""Everything in the repository that is made from something else.

python -m tools.generate            write it
python -m tools.generate --check    write nothing; fail if something is stale, edited, missing or left over
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import generate_lists
from .prose import GenerateError

ROOT = Path(__file__).resolve().parents[1]
COMMAND = "python -m tools.generate"


def files(root: Path) -> dict[str, str]:
    """The text of every generated file but the lists, by its path below `root`."""
    # These read the package with the lists that it now has.
    from . import (
        generate_answer_schemas,
        generate_cli_help,
        generate_errors,
        generate_operations,
        generate_sandbox_operations,
        generate_sync,
    )

    return {
        **{f"leat_async/sync/{name}": text for name, text in generate_sync.build(root).items()},
        "leat_async/cli/filters.txt": generate_cli_help.filters(),
        "leat_async/cli/help.txt": generate_cli_help.written(),
        "leat_async/sandbox/answers.json": generate_answer_schemas.written(),
        "docs/errors.md": generate_errors.page(root),
        "docs/operations.md": generate_operations.page(),
        "docs/sandbox_operations.md": generate_sandbox_operations.page(),
    }


def differences(fresh: Mapping[str, str], root: Path) -> list[str]:
    """What is not as generated: stale, edited, missing or left over."""
    found = [f"{name}: not a generated file any more" for name in left_over(fresh, root)]
    for name, text in fresh.items():
        path = root / name
        if not path.exists():
            found.append(f"{name}: missing")
        elif path.read_text("utf-8") != text:
            found.append(f"{name}: stale, or edited by hand")
    return found


def left_over(fresh: Mapping[str, str], root: Path) -> list[str]:
    """Modules among the generated ones that nothing generates."""
    there = {path.relative_to(root).as_posix() for path in (root / "leat_async/sync/resources").glob("*.py")}
    return sorted(there - fresh.keys())


def write(fresh: Mapping[str, str], root: Path) -> None:
    """Write what is generated."""
    for name, text in fresh.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Write or check; the exit code says whether all is as it should be."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write(f"usage: {COMMAND} [--check]\n")
        return 2
    try:
        fresh = generate_lists.build(root)
        if not arguments:
            write(fresh, root)
        fresh |= files(root)
    except GenerateError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments:
        changed = differences(fresh, root)
        if changed:
            sys.stderr.write("\n".join([*changed, f"run {COMMAND}", ""]))
        return 1 if changed else 0
    for name in left_over(fresh, root):
        (root / name).unlink()
    write(fresh, root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
