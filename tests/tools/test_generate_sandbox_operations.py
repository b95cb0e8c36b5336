"""docs/sandbox_operations.md says what the table of routes says."""

from __future__ import annotations

import re

from tools import generate_sandbox_operations

from ..resources.table import OPERATIONS, RENAMED


def test_the_page_has_every_operation_of_the_client_once() -> None:
    named = re.findall(r"^\| `(\w+\.\w+)` \|", generate_sandbox_operations.page(), re.MULTILINE)
    assert sorted(RENAMED.get(name, name) for name in named) == sorted(OPERATIONS)
