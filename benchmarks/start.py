"""What it takes to begin: imports, the command line's help, the first call of a process.

python -m benchmarks.start
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .measure import Table, quick, show, take_turns_timed
from .server import ROOT, UUID, pin, serving

FIRST_RAW = f"""
import asyncio, sys
import aiohttp, json
async def main():
    async with aiohttp.ClientSession() as session:
        async with session.get(sys.argv[1] + "{ROOT}/visits/{UUID}") as response:
            json.loads(await response.read())
asyncio.run(main())
"""
FIRST_OURS = f"""
import asyncio, sys
from leat_async import LeatClient
async def main():
    async with LeatClient("t", base_url=sys.argv[1]) as leat:
        await leat.visits.get("{UUID}")
asyncio.run(main())
"""


def process(*arguments: str) -> Callable[[], object]:
    """A run of Python from start to exit."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    rounds = 5 if quick() else 21
    command = str(Path(sys.executable).with_name("leat"))
    with serving() as (plain, *_):
        pin()
        imports = {
            "import aiohttp": process("-c", "import aiohttp"),
            "import leat_async": process("-c", "import leat_async"),
            "from leat_async import LeatClient": process("-c", "from leat_async import LeatClient"),
        }
        commands = {"python -c pass": process("-c", "pass"), "leat --help": process(command, "--help")}
        calls = {"aiohttp": process("-c", FIRST_RAW, plain), "leat_async": process("-c", FIRST_OURS, plain)}
        show(
            Table("Imports", "ms", take_turns_timed(imports, rounds, 1, 1e3), "import aiohttp", better="less"),
            Table("Command line", "ms", take_turns_timed(commands, rounds, 1, 1e3), "python -c pass", better="less"),
            Table("A process with one call", "ms", take_turns_timed(calls, rounds, 1, 1e3), "aiohttp", better="less"),
        )


if __name__ == "__main__":
    main()
