"""The lists that name every module: of the client's resources, of the models, and of the sandbox's handlers.

A new file in one of those folders gets its line by itself. The rest of the three files is written by hand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .generate_sync import format_all
from .prose import GenerateError

CLIENT = "leat_async/client.py"
MODELS = "leat_async/models/__init__.py"
HANDLERS = "leat_async/sandbox/resources/__init__.py"


def build(root: Path) -> dict[str, str]:
    """The three files, by their paths below `root`."""
    texts = {name: (root / name).read_text("utf-8") for name in (CLIENT, MODELS, HANDLERS)}
    texts[CLIENT] = client(texts[CLIENT], resources_in(root / CLIENT.replace("client.py", "resources")))
    texts[MODELS] = models(texts[MODELS], classes_in((root / MODELS).parent))
    texts[HANDLERS] = handlers(texts[HANDLERS], handlers_in((root / HANDLERS).parent))
    return format_all(texts, root / "pyproject.toml")


def client(text: str, resources: dict[str, str]) -> str:
    """`LeatClient` with an attribute for each resource."""
    text = replaced(text, r"(?<=    from \.resources import \()[^)]*(?=\))", ",".join(resources))
    attributes = "".join(f"    {name}: {name}.{kind}\n" for name, kind in resources.items())
    return replaced(text, r"(?m)(?:^    (\w+): \1\.\w+\n)+", attributes)


def models(text: str, families: dict[str, list[str]]) -> str:
    """The names that `leat_async.models` has, and where each is."""
    imports = "".join(f"    from .{family} import {', '.join(names)}\n" for family, names in families.items())
    text = replaced(text, r"(?s)(?<=if TYPE_CHECKING:\n).*?\n(?=\n__all__)", imports)
    names = sorted(name for found in families.values() for name in found)
    text = replaced(text, r"(?<=__all__ = \[)[^]]*(?=\])", ",".join(f'"{name}"' for name in names) + ",")
    lines = "".join(f'"{family}": {tuple(names)!r},' for family, names in families.items())
    return replaced(text, r"(?<=_FAMILIES = \{)[^}]*(?=\})", lines)


def handlers(text: str, there: list[str]) -> str:
    """The handlers, in the order in which they are listed: what a new account holds is made in it. New ones go last."""
    before = re.findall(r"\w+", searched(text, r"(?<=_HANDLERS = \()[^)]*(?=\))"))
    after = [name for name in before if name in there] + [name for name in there if name not in before]
    text = replaced(text, r"(?<=_HANDLERS = \()[^)]*(?=\))", ",".join(after) + ",")
    return replaced(text, r"(?<=from \. import \()[^)]*(?=\))", ",".join(there) + ",")


def resources_in(folder: Path) -> dict[str, str]:
    """Modules that have a resource, and its class."""
    found: dict[str, str] = {}
    for module, tree in modules_in(folder):
        kinds = [node.name for node in tree.body if isinstance(node, ast.ClassDef) and bases_of(node) == ["Resource"]]
        if len(kinds) > 1:
            raise GenerateError(f"{module}.py has two resources: {', '.join(kinds)}")
        if kinds:
            found[module] = kinds[0]
    return found


def classes_in(folder: Path) -> dict[str, list[str]]:
    """The public classes of each module."""
    found = {
        module: sorted(node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_")
        for module, tree in modules_in(folder)
    }
    return {module: names for module, names in found.items() if names}


def handlers_in(folder: Path) -> list[str]:
    """Modules that declare routes."""
    return [
        module
        for module, tree in modules_in(folder)
        if any(isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROUTES" for node in tree.body)
    ]


def modules_in(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.glob("*.py")):
        if path.stem != "__init__":
            yield path.stem, ast.parse(path.read_text("utf-8"), str(path))


def bases_of(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base) for base in node.bases]


def searched(text: str, pattern: str) -> str:
    """What matches, which must be one place."""
    found = list(re.finditer(pattern, text))
    if len(found) != 1:
        raise GenerateError(f"{pattern!r} is {len(found)} times where one list was expected")
    return found[0][0]


def replaced(text: str, pattern: str, new: str) -> str:
    """The text with another list."""
    return text.replace(searched(text, pattern), new)
