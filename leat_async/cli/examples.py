"""`leat examples`: programs to begin with, written into a folder of yours."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Annotated

import typer

from ..tables.values import did_you_mean
from .exits import Stop

_PACKAGE = Path(__file__).resolve().parents[1]
# In a wheel they are part of the package; in a checkout they stand beside it.
_PLACES = (_PACKAGE / "_examples", _PACKAGE.parent / "examples")
# They make files of the repository itself, or prove that it works.
_OF_THE_REPOSITORY = ("make_", "run_")


def examples(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Left out, they are listed.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Left out, a file of that name, here.")
    ] = None,
) -> None:
    """List the examples, or write one to a file.

    Exit codes: 0 done; 2 usage.
    """
    known = _known()
    if name is None:
        width = max(map(len, known))
        for each, path in known.items():
            print(f"{each:{width}}  {_about(path)}")
        return
    if name not in known:
        raise Stop(f"there is no example {name!r}{did_you_mean(name, known)}")
    target = output or Path(known[name].name)
    from .outputs import check_place

    check_place("-o", target)
    try:
        with target.open("xb") as file:
            file.write(known[name].read_bytes())
    except FileExistsError:
        raise Stop(f"{target}: there is a file of that name; name another with --output") from None
    print(target)


def _known() -> dict[str, Path]:
    """The examples that are one file, by name."""
    for place in _PLACES:
        if place.is_dir():
            files = (
                path
                for path in place.iterdir()
                if path.suffix in (".py", ".ipynb", ".csv") and not path.name.startswith(_OF_THE_REPOSITORY)
            )
            return {path.stem if path.suffix == ".py" else path.name: path for path in sorted(files)}
    raise Stop("the examples are not installed; take them from the source distribution")


def _about(path: Path) -> str:
    if path.suffix == ".csv":
        return f"A file to import, {len(path.read_bytes().splitlines()):,} lines."
    if path.suffix == ".ipynb":
        return "A notebook."
    return (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n")[0]
