"""Does a wheel do what it is for, with nothing but what it brings? Each extra alone, in an empty environment.

python -m tools.try_wheel WHEEL [EXTRA …]    "base" is the wheel without any; left out, all of them
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "requirements" / "dev.txt"
BASE = "base"


def readme_commands() -> list[str]:
    """From nothing to a first visit, as README.md tells; the first installs the package."""
    block = (ROOT / "README.md").read_text("utf-8").split("## Start")[1].split("```")[1]
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


_VISIT = """
    from leat_async.sandbox import Sandbox
    from leat_async.sync import LeatClient, export, reports

    with Sandbox(seed="demo") as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        shop = leat.shops.list().collect(limit=1)[0]
        contact = leat.contacts.find_or_create(email="ada@example.com")
        leat.visits.create(contact_uuid=contact.uuid, shop_uuid=shop.uuid, external_id="smoke")
"""
# What each extra is for, as a program that ends in an error where it is not there.
PROGRAMS: Mapping[str, str] = {
    BASE: _VISIT,
    # What a reader of the README types.
    "cli": f"""
        import os, pathlib, subprocess, sys
        os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
        for command in {readme_commands()[1:]!r}:
            subprocess.run(command, shell=True, check=True)
        pathlib.Path("visits.csv").write_text("email,external_id\\nada@example.com,smoke\\n")
        subprocess.run("leat import visits visits.csv --sandbox --create-contacts", shell=True, check=True)
    """,
    "excel": _VISIT
    + """
        export.to_file(leat.shops, "shops.xlsx")
    import xlrd
    """,
    "uvloop": """
        import uvloop
        from leat_async import LeatClient
        from leat_async.sandbox import Sandbox

        async def main():
            async with Sandbox() as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
                assert await leat.shops.list()

        uvloop.run(main())
    """,
    "parquet": _VISIT
    + """
        export.to_file(leat.visits, "visits.parquet")
    import pyarrow.parquet
    assert pyarrow.parquet.read_table("visits.parquet").num_rows
    """,
    "report": _VISIT
    + """
        assert "</html>" in reports.monthly(leat).to_html()
    """,
    "redis": """
        from leat_async.webhooks import open_store
        import redis
        open_store("redis://127.0.0.1:1")
    """,
    "postgres": """
        from leat_async.webhooks import open_store
        import psycopg
        assert psycopg.pq.version()
        open_store("postgresql://127.0.0.1:1/none")
    """,
    "otel": """
        from leat_async import LeatClient, telemetry
        telemetry.instrument(LeatClient("token"))
    """,
    "dlt": """
        import sys
        from leat_async import fleet
        if sys.version_info < (3, 15):  # as the extra says
            accounts = [fleet.FleetAccount(name="a", token=fleet.TokenFrom(env="LEAT_A"))]
            assert list(fleet.dlt_source(accounts, ["contacts"]).resources)
    """,
    "keyring": """
        import keyring
        from keyring.backends.null import Keyring
        from leat_async import errors
        from leat_async.fleet import TokenFrom

        keyring.set_keyring(Keyring())
        try:
            TokenFrom(keyring="service/user").find()
        except errors.ConfigError as error:
            assert "extra" not in str(error) and "needs keyring" not in str(error), error
    """,
}


def main(arguments: Sequence[str]) -> int:
    """Try them, two at a time; the exit code says whether all did what they are for."""
    if not arguments:
        sys.stderr.write("usage: python -m tools.try_wheel WHEEL [EXTRA …]\n")
        return 2
    wheel = Path(arguments[0]).resolve()
    extras = list(arguments[1:]) or list(PROGRAMS)
    # Here, not in the threads: the first look at Python's configuration is not safe among several.
    uv = find_uv_bin()
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda extra: tried(uv, wheel, extra), extras))
    for extra, wrong in zip(extras, said, strict=True):
        print(f"{extra}: {wrong or 'works'}")
    return 1 if any(said) else 0


def tried(uv: str, wheel: Path, extra: str) -> str:
    """What went wrong; nothing where all went well."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "environment" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        what = str(wheel) if extra == BASE else f"{wheel}[{extra}]"
        for command in (
            (uv, "venv", "-q", "--python", sys.executable, str(python.parents[1])),
            (uv, "pip", "install", "-q", "--python", str(python), "--constraint", str(PINS), what),
            (str(python), "-W", "error", "-c", textwrap.dedent(PROGRAMS[extra])),
        ):
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)  # noqa: S603 - our own
            if ran.returncode:
                return (ran.stderr or ran.stdout).strip()
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
