"""What we depend on: declared, used, pinned. Whether a pinned version has known holes takes a look at the network."""

from __future__ import annotations

import ast
import functools
import gc
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..rows import each

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
EXTRAS = [Requirement(text) for texts in PROJECT["project"]["optional-dependencies"].values() for text in texts]
DEVELOPMENT = [Requirement(text) for text in PROJECT["dependency-groups"]["dev"]]
OPTIONAL = {requirement.name for requirement in EXTRAS}
# Come with aiohttp, whose URLs and headers are of their kind; pytest loads the plugin, and pydantic asks a model for
# its schema, never the other way round. Type checkers know typing_extensions by themselves.
GIVEN = {"yarl", "multidict", "pytest", "pytest-asyncio", "pydantic-core", "typing-extensions"}

# Packages whose modules have another name.
PROVIDED_BY = {"opentelemetry": "opentelemetry-api"}


def imported() -> set[str]:
    """Modules that the package imports by a statement or, where they are optional, by their name as text."""
    found: set[str] = set()
    gc.disable()  # Python 3.11 can lose count of its recursion depth when the collector runs inside the parser
    try:
        trees = [ast.parse(path.read_text()) for path in (ROOT / "leat_async").rglob("*.py")]
    finally:
        gc.enable()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
            elif isinstance(node, ast.Constant) and node.value in OPTIONAL:
                found.add(node.value)
    return found - set(sys.stdlib_module_names) - {"leat_async"}


@functools.cache
def pins(name: str) -> dict[str, Version]:
    found: dict[str, Version] = {}
    for line in (ROOT / name).read_text().splitlines():
        if line.startswith("#") or not line:
            continue
        requirement = Requirement(line)
        (one,) = requirement.specifier
        assert one.operator == "==", line
        found[canonicalize_name(requirement.name)] = Version(one.version)
    return found


def test_what_is_declared_is_imported_and_the_other_way_round() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in RUNTIME + EXTRAS}
    assert declared == {canonicalize_name(PROVIDED_BY.get(name, name)) for name in imported()} - GIVEN


@each("requirement", [*RUNTIME, *EXTRAS, *DEVELOPMENT])
def test_the_lock_is_within_the_ranges(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pins("requirements/dev.txt")[canonicalize_name(requirement.name)])


@each("requirement", [*RUNTIME, *EXTRAS])
def test_the_lowest_versions_are_those_of_the_ranges(requirement: Requirement) -> None:
    lowest = pins("requirements/lowest.txt")[canonicalize_name(requirement.name)]
    bounds = {one.version for one in requirement.specifier if one.operator == ">="}
    assert {Version(bound) for bound in bounds} == {lowest}


def test_ci_installs_only_what_is_pinned() -> None:
    text = "\n".join((ROOT / name).read_text() for name in ("Makefile", ".ci/run")).replace("\\\n", " ")
    commands = [line.strip() for line in text.splitlines() if re.search(r"\binstall\b|\$\(PIP\)", line)]
    commands = [command for command in commands if not command.startswith(("PIP :=", "#", "$as_root apt-get"))]
    assert len(commands) >= 6
    for command in commands:
        if "$(VENV)-bench" in command:
            continue  # CI runs no benchmarks
        named = re.search(r"--(?:requirement|constraint) (\S+\.txt)", command)
        assert named is not None or "--no-deps" in command, command
        assert named is None or pins(named[1])
