"""What a package's page on an index shows: README.md with links that work there, and the project's addresses.

All of them are made of one, `repository` in pyproject.toml. The two libraries for this want it in each place.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|#|mailto:)([^)\s]+)\)")


def readme(text: str, repository: str, ref: str) -> str:
    """Make links into the repository absolute; without an address they become words, and pictures go."""

    def instead(found: re.Match[str]) -> str:
        picture, words, path = found.groups()
        if not repository:
            return "" if picture else words
        return f"{picture}[{words}]({repository}/{'raw' if picture else 'blob'}/{ref}/{path})"

    return _LINK.sub(instead, text)


def urls(repository: str, ref: str) -> dict[str, str]:
    """The addresses of the project."""
    if not repository:
        return {}
    return {
        "Source": repository,
        "Documentation": f"{repository}/blob/{ref}/docs/index.md",
        "Changelog": f"{repository}/blob/{ref}/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


def ref_of(version: str) -> str:
    """The tag of a version, and the main branch for what lies between two."""
    return f"v{version}" if re.fullmatch(r"[\d.]+((a|b|rc)\d+)?", version) else "main"


class Page(MetadataHookInterface):
    """Fills in what pyproject.toml leaves to it."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill it in."""
        repository, ref = self.config["repository"].rstrip("/"), ref_of(metadata["version"])
        text = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": readme(text, repository, ref)}
        metadata["urls"] = {**urls(repository, ref), **self.config["others"]}
