"""The version, which a build takes from the last tag and writes down."""

from __future__ import annotations

__version__: str
try:
    from ._built_version import __version__ as __version__
except ModuleNotFoundError:  # a copy of the source that nothing was built or installed from
    __version__ = "0+unknown"
