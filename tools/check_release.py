"""Is a tag fit to be released? Prints what its page says, which is the changelog's part on it.

python -m tools.check_release TAG REPOSITORY DIRECTORY    such as v1.2.0 https://github.com/us/leat-async dist
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
_MARK = "deprecated"
_SAID = re.compile(r"use \S.*; goes in (\d+\.\d+)$")


@attrs.frozen
class Deprecation:
    """A `@deprecated(…)` in the source. `goes_in`: the version without it; None where the text does not tell."""

    place: str
    text: str
    goes_in: Version | None


def deprecations(folder: Path) -> Iterator[Deprecation]:
    """All in the source below a folder."""
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text("utf-8")
        if _MARK not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func).rpartition(".")[2] == _MARK:
                    said = str(ast.literal_eval(mark.args[0]))
                    found = _SAID.search(said)
                    place = f"{path.relative_to(folder.parent).as_posix()}:{node.lineno}"
                    yield Deprecation(place, said, Version(found[1]) if found else None)


def notes(changelog: str, version: Version) -> str | None:
    """What the changelog says of a version; None where it says nothing."""
    parts = re.split(r"^## ", changelog, flags=re.MULTILINE)
    return next((part.partition("\n")[2].strip() for part in parts if part.startswith(f"{version} ")), None)


def problems(root: Path, version: Version, repository: str, built: Path) -> Iterator[str]:
    """What stands in the way."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    address = project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"]
    if address.rstrip("/") != repository:
        yield f"pyproject.toml: repository is {address!r}, and this is {repository!r}; links would lead elsewhere"
    names = {f"leat_async-{version}-py3-none-any.whl", f"leat_async-{version}.tar.gz"}
    found = {path.name for path in built.iterdir() if path.suffix in (".whl", ".gz")}
    if found != names:
        yield f"{built}: holds {', '.join(sorted(found)) or 'nothing'}, and the tag asks for {', '.join(sorted(names))}"
    if notes((root / "CHANGELOG.md").read_text("utf-8"), version) is None:
        yield f"CHANGELOG.md: nothing on {version}; run towncrier build --version {version}"
    if left := sorted(path.name for path in (root / "changes").glob("*.md") if path.name != "README.md"):
        yield f"changes: {', '.join(left)} are not in the changelog"
    for one in deprecations(root / "leat_async"):
        if one.goes_in is not None and one.goes_in <= version:
            yield f"{one.place}: was to go in {one.goes_in}"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Look; the exit code says whether it is fit."""
    if len(arguments) != 3 or not re.fullmatch(r"v\d+(\.\d+)+((a|b|rc)\d+)?", arguments[0]):
        sys.stderr.write("usage: python -m tools.check_release TAG REPOSITORY DIRECTORY, the tag such as v1.2.0\n")
        return 2
    version = Version(arguments[0].removeprefix("v"))
    found = list(problems(root, version, arguments[1], Path(arguments[2])))
    for one in found:
        sys.stderr.write(f"{one}\n")
    print(notes((root / "CHANGELOG.md").read_text("utf-8"), version) or "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
