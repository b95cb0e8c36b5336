"""Wheel and sdist: built again elsewhere they are the same, and what indexes and installers mind is in order.

python -m tools.check_build DIRECTORY    where the two are, made by `make build`
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[1]
# The project has no mailbox.
_SKIPPED = ("AuthorEmail",)


def digests(folder: Path) -> dict[str, str]:
    """The digest of each package in a folder, by its name."""
    found = sorted((*folder.glob("*.whl"), *folder.glob("*.tar.gz")))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def differences(first: Path, again: Path) -> Iterator[str]:
    """What of the first is missing in the other, or not the same."""
    other = digests(again)
    for name, digest in digests(first).items():
        if name not in other:
            yield f"{name}: the other build has no such file, but {', '.join(other) or 'none'}"
        elif other[name] != digest:
            yield f"{name}: {digest} and, built again, {other[name]}"


def built_again(first: Path, target: Path) -> Iterator[Path]:
    """Build once more, of the checkout and of what the sdist holds: another clock's zone, other rights, no git."""
    (sdist,) = first.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        packed.extractall(target, filter="data")
    (unpacked,) = target.iterdir()
    for source in (ROOT, unpacked):
        out = target / f"dist-of-{source.name}"
        subprocess.run(  # noqa: S603 - our own command line
            [find_uv_bin(), "build", "-q", "--out-dir", str(out), str(source)],
            check=True,
            env={**os.environ, "TZ": "Asia/Kathmandu"},
            umask=0o077,
        )
        yield out


def linted(folder: Path) -> Iterator[str]:
    """What the tools of the environment for releases find."""
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    for command in (
        ["twine", "check", "--strict", str(wheel), str(sdist)],
        ["check-wheel-contents", str(wheel)],
        ["pyroma", "--min", "10", "--skip-tests", ",".join(_SKIPPED), str(sdist)],
        ["validate-pyproject", str(ROOT / "pyproject.toml")],
    ):
        tool = Path(sys.executable).with_name(command[0])
        ran = subprocess.run([tool, *command[1:]], capture_output=True, text=True)  # noqa: S603 - our own command line
        if ran.returncode:
            yield f"{command[0]}:\n{ran.stdout}{ran.stderr}"


def main(arguments: Sequence[str]) -> int:
    """Look at them; the exit code says whether all is as it should be."""
    if len(arguments) != 1 or len(digests(Path(arguments[0]))) != 2:
        sys.stderr.write("usage: python -m tools.check_build DIRECTORY, with one wheel and one sdist in it\n")
        return 2
    folder = Path(arguments[0])
    with tempfile.TemporaryDirectory() as target:
        found = [one for again in built_again(folder, Path(target)) for one in differences(folder, again)]
        found += linted(folder)
    for one in found:
        sys.stderr.write(f"{one}\n")
    for name, digest in digests(folder).items():
        print(f"{digest}  {name}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
