"""What of the public API has changed since the last tag such that users' code may break.

Without a tag there is nothing to compare with but the record in tests/snapshots/public_api.txt, which a test does.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import griffe

from .api_snapshot import MODULES

# Their classes are reached through the client's attributes, whatever they are called.
OPEN = ("leat_async.resources.", "leat_async.models.", "leat_async.sync.resources.")


def last_tag() -> str | None:
    """The newest version that HEAD comes after."""
    command = ("git", "describe", "--tags", "--abbrev=0")
    ran = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - our own command line
    return ran.stdout.strip() or None


def public(package: griffe.Module) -> set[str]:
    """Where the objects are that public modules name."""
    found: set[str] = set()
    for name in MODULES:
        module = package[name] if name else package
        for member in module.members.values():
            # The version is in a file that only a build writes, so at a tag it leads nowhere.
            with suppress(griffe.AliasResolutionError):
                if member.is_public and not member.is_module:
                    found.add(member.canonical_path)
    return found


def breakages(old: griffe.Module, new: griffe.Module) -> Iterator[griffe.Breakage]:
    """Those that a user can meet."""
    known = public(old)
    for found in griffe.find_breaking_changes(old, new):
        path = found.obj.canonical_path
        parents = {path.rsplit(".", cut)[0] for cut in range(path.count("."))}
        if "._" not in path and (known & {path, *parents} or path.startswith(OPEN)):
            yield found


def main() -> int:
    """Print them; they are an error unless a fragment of the changelog tells users what to change."""
    tag = last_tag()
    if tag is None:
        print("No tag to compare with; tests/test_public_api.py compares with the record.")
        return 0
    old = griffe.load_git("leat_async", ref=tag, resolve_aliases=True)
    new = griffe.load("leat_async", search_paths=["."], resolve_aliases=True)
    assert isinstance(old, griffe.Module)
    assert isinstance(new, griffe.Module)
    found = list(breakages(old, new))
    told = any(Path("changes").glob("*.breaking.md"))
    for one in found:
        print(f"{one.obj.path}: {one.kind.value}")
    print(f"{len(found)} changes since {tag} may break users' code; changes/ {'tells' if told else 'does not tell'}")
    return 1 if found and not told else 0


if __name__ == "__main__":
    sys.exit(main())
