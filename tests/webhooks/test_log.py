"""A handler that fails is heard of, whoever set up logging or did not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..forking import Forks, environment

_PROGRAM = """
import logging, sys
{setup}
from leat_async import webhooks
def handler(event):
    raise LookupError("no such voucher")
body = b'{{"type": "x"}}'
receiver = webhooks.wsgi(handler, secret="s")
print(receiver.receive(body, {{"Signature": webhooks.sign(body, "s")}}).status)
"""


@pytest.mark.parametrize(
    ("setup", "times"),
    [
        ("import leat_async.client", 1),
        ("logging.getLogger('leat_async').addHandler(logging.StreamHandler())", 1),
        ("logging.getLogger('leat_async.webhooks').setLevel(logging.CRITICAL)", 0),
    ],
)
def test_a_failure_is_told_once(setup: str, times: int, forks: Forks, tmp_path: Path) -> None:
    program = _PROGRAM.format(setup=setup)
    ran = forks.run(["-c", program], environment(), tmp_path)
    assert ran.stdout == "500\n"
    assert ran.stderr.count("LookupError: no such voucher") == times
