"""The rules for source and tests: imports point one way, files stay small, names tell apart, importing is light."""

from __future__ import annotations

import ast
import asyncio
import functools
import gc
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import grimp
import hypothesis
import pytest

from .rows import each

PACKAGE = Path(__file__).parent.parent / "leat_async"
FILES = sorted(PACKAGE.rglob("*.py"))
TESTS = Path(__file__).parent
# Tested by a table that holds all of them, besides what has a file of its own.
TABLES = {
    "models": "resources/test_all_answers.py",
    "resources": "resources/test_all_operations.py",
    "sandbox/resources": "sandbox/test_whole_table.py",
}
# Modules that have no test file of their name, since they are met through others: the file that tests them.
TESTED_BY = {
    "bulk/kinds/test_keyed.py": ("bulk/kinds/products.py", "bulk/kinds/vouchers.py", "bulk/kinds/orders.py"),
    "bulk/kinds/test_batch_calls.py": ("bulk/kinds/latest_visits.py",),
    "bulk/test_undoing.py": ("bulk/kinds/credit_reversals.py", "cli/undoing.py"),
    "bulk/test_changes.py": ("bulk/fingerprints.py", "bulk/shown.py"),
    "bulk/test_earlier_ledgers.py": ("bulk/earlier_ledger.py",),
    "bulk/test_ledger.py": ("bulk/lock.py", "bulk/store.py", "bulk/sqlite_store.py", "account.py"),
    "bulk/test_memory.py": ("bulk/access.py", "bulk/places.py", "bulk/own_store.py", "_core/state_folder.py"),
    "bulk/test_postgres_store.py": ("bulk/postgres_base.py",),
    "bulk/test_outcomes.py": (
        *("bulk/engine.py", "bulk/options.py", "bulk/intake.py", "bulk/source.py", "bulk/rows.py"),
        *("bulk/addresses.py", "bulk/identity.py", "_core/digests.py"),
        *("bulk/naming.py", "bulk/kinds/kind.py", "bulk/kinds/visits.py", "bulk/kinds/contacts.py"),
    ),
    "cli/test_outputs.py": ("cli/dry_run.py",),
    "cli/test_commands.py": (
        "cli/app.py",
        "cli/account.py",
        "cli/api.py",
        "cli/console.py",
        "cli/exits.py",
        "cli/sandbox.py",
    ),
    "cli/test_export.py": ("cli/watching.py", "cli/kind_help.py"),
    "cli/test_imports.py": (*("cli/import_options.py", "cli/importing.py", "cli/sending.py", "cli/display.py"),),
    "cli/test_report.py": ("cli/report_table.py",),
    "cli/test_ledgers.py": (
        *("cli/ledger_commands.py", "cli/ledger_choice.py", "cli/resolving.py", "cli/rows_of_runs.py"),
    ),
    "cli/test_nightly.py": ("cli/rejected.py",),
    "core/test_declare.py": ("_core/unset.py",),
    "core/test_lane.py": ("_core/codec.py",),
    "core/test_limiter.py": ("_core/clock.py",),
    "core/pace/test_stores.py": (
        "_core/pace/lease.py",
        *("_core/pace/sqlite.py", "_core/pace/redis.py", "_core/pace/postgres.py"),
    ),
    "export/test_run_files.py": (
        *("export/formats.py", "export/columns.py", "export/kinds.py", "export/sqlite.py", "export/places.py"),
    ),
    "export/test_run_incremental.py": ("export/request.py",),
    "export/test_run_resume.py": ("export/checkpoint.py", "export/keystore.py", "export/state.py"),
    "export/test_walk.py": ("export/reading.py",),
    "reports/test_rows.py": ("reports/texts.py", "reports/language.py", "written.py"),
    "reports/test_import_report.py": ("reports/advice.py", "reports/import_figures.py", "reports/handed.py"),
    "reports/test_tally.py": ("reports/reading.py",),
    "reports/test_monthly.py": ("reports/figures.py", "reports/report.py"),
    "reports/test_page.py": ("reports/charts.py", "reports/frame.py"),
    "cli/test_fleet.py": ("fleet/checking.py",),
    "fleet/test_running.py": (
        *("fleet/jobs.py", "fleet/results.py", "fleet/importing.py", "fleet/exporting.py", "fleet/facts.py"),
    ),
    "sandbox/test_controls.py": (
        *("sandbox/sandbox.py", "sandbox/engine.py", "sandbox/store.py", "sandbox/clock.py", "sandbox/arguments.py"),
    ),
    "sandbox/test_demo_business.py": ("sandbox/seed.py", "sandbox/demo_money.py", "sandbox/names.py"),
    "sandbox/test_faults.py": ("sandbox/limiter.py",),
    "sandbox/test_wire.py": ("sandbox/http.py", "sandbox/params.py", "sandbox/paging.py", "sandbox/errors.py"),
    "sync/test_bridge.py": ("sync/_base.py",),
    "tables/test_delimited.py": ("tables/header.py",),
    "tables/test_planning.py": ("tables/guesses.py", "tables/targets.py"),
    "tables/test_rejects.py": ("tables/rejects_parquet.py", "tables/rejects_workbook.py"),
    "tables/test_source.py": ("tables/table.py", "tables/unpack.py"),
    "webhooks/test_receivers.py": (
        *("webhooks/aiohttp_receiver.py", "webhooks/asgi_receiver.py", "webhooks/wsgi_receiver.py"),
        *("webhooks/threaded_inbox.py", "webhooks/answers.py", "webhooks/settings.py"),
    ),
    "webhooks/test_workers.py": (
        *("webhooks/outbox.py", "webhooks/worker.py", "webhooks/threaded_worker.py", "webhooks/lane.py"),
    ),
    "webhooks/stores/test_steps.py": (
        *("webhooks/stores/base.py", "webhooks/stores/sql.py", "webhooks/stores/memory.py"),
        *("webhooks/stores/redis.py", "webhooks/stores/postgres.py"),
    ),
    "webhooks/stores/test_urls.py": ("webhooks/stores/opening.py",),
    "cli/test_webhooks.py": (
        *("cli/webhook_listening.py", "cli/webhook_sending.py", "webhooks/listening.py", "webhooks/posting.py"),
    ),
    "tables/test_xlsx.py": ("tables/book.py", "tables/merged.py", "tables/number_formats.py", "tables/sheets.py"),
}


@functools.cache
def parse(path: Path) -> ast.Module:
    # Python 3.11 can lose count of its recursion depth when the collector runs inside the parser.
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def layer_of(path: Path) -> str:
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def is_generated(path: Path) -> bool:
    return "generated by" in path.read_text()[:400].lower()


def test_imports_point_one_way_and_in_no_circle() -> None:
    """The contracts are in pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-logo", "--no-cache"], cwd=TESTS.parent, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_no_module_imports_the_package_it_is_in() -> None:
    """Circles that go through an `__init__`, which contracts on siblings do not see."""
    graph = grimp.build_graph("leat_async", cache_dir=None)
    found = {
        (module, package)
        for module in graph.modules
        for package in graph.find_modules_directly_imported_by(module)
        if module.startswith(f"{package}.")
    }
    # The version, and the clients that the plugin hands out.
    assert found <= {("leat_async.cli.app", "leat_async"), ("leat_async.sandbox.pytest_plugin", "leat_async")}


def test_no_two_classes_share_a_name() -> None:
    """Save the synchronous twin of a public class, and a generated one of its original."""
    places = defaultdict(list)
    for path in FILES:
        part = path.relative_to(PACKAGE).parts
        for node in parse(path).body:
            if isinstance(node, ast.ClassDef):
                places[node.name, part[0] == "sync"].append("/".join(part))
    assert {name: found for (name, _), found in places.items() if len(found) > 1} == {}


def test_every_module_has_a_test_file_of_its_name() -> None:
    there = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    nameless = set()
    for path in FILES:
        module = path.relative_to(PACKAGE)
        folder, name = module.parent.as_posix().lstrip("_"), module.stem.lstrip("_")
        if module.stem.startswith("__") or name in ("version", "built_version"):
            continue
        if is_generated(path) or folder in TABLES:
            continue
        begin = f"test_{name}" if folder == "." else f"{folder}/test_{name}"
        if not any(test == f"{begin}.py" or test.startswith(f"{begin}_") for test in there):
            nameless.add(module.as_posix())
    assert nameless == {module for modules in TESTED_BY.values() for module in modules}
    assert {*TESTED_BY, *TABLES.values()} <= there


@each("path", FILES, ids=lambda path: path.relative_to(PACKAGE))
def test_only_the_transport_knows_aiohttp_and_only_the_codec_cattrs(path: Path) -> None:
    tree = parse(path)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    names = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    if "aiohttp" in names:
        assert path.name == "transport.py" or layer_of(path) in ("sandbox", "webhooks")
    if "cattrs" in names:
        assert path.name == "codec.py"


@each("path", [path for path in FILES if not is_generated(path)], ids=lambda path: path.relative_to(PACKAGE))
def test_files_can_be_taken_in_at_a_glance(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500


def test_importing_the_package_imports_no_client() -> None:
    code = (
        "import sys, leat_async; leat_async.errors; leat_async.__version__;"
        "print([m for m in ('aiohttp', 'cattrs', 'msgspec', 'sqlite3') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_verifying_and_reading_webhooks_is_light() -> None:
    heavy = "('aiohttp', 'asyncio', 'cattrs', 'sqlite3', 'redis', 'psycopg', 'leat_async.models')"
    code = (
        'import sys; from leat_async import webhooks; body = b\'{"type": "x"}\';'
        "webhooks.unwrap(body, {'Signature': webhooks.sign(body, 's')}, 's');"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_all_public_names_exist() -> None:
    import leat_async

    for name in leat_async.__all__:
        assert getattr(leat_async, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        leat_async.nonsense  # noqa: B018


async def test_asyncio_is_in_debug_mode() -> None:
    assert asyncio.get_running_loop().get_debug()
    assert not asyncio.get_running_loop().create_future()._source_traceback, "the stacks cost more than the tests"  # type: ignore[attr-defined]


def test_an_example_may_take_as_long_as_the_machine_lets_it() -> None:
    slow = iter([0.3])

    @hypothesis.given(hypothesis.strategies.integers())
    def once_delayed(number: int) -> None:
        time.sleep(next(slow, 0.0))

    once_delayed()


def test_what_a_checker_is_told_to_overlook_has_its_reason() -> None:
    """Beside it, or in the comment above. What is private is the package's own, and users may hand in any type."""
    plain = re.compile(r"pyright: ignore\[report(PrivateUsage|UnnecessaryIsInstance)\]$")
    mark = re.compile(r"#\s*(?:noqa|nosec|type: ignore|pyright: ignore)\b[\w:,]*(?: [A-Z]+\d+)*(?:\[[\w, -]*\])?(.*)")
    bare: list[str] = []
    for folder in ("leat_async", "tools", "examples", "benchmarks"):
        for path in sorted((TESTS.parent / folder).rglob("*.py")):
            above = ""
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                found = mark.search(line)
                if found and not (found[1].strip(" -#") or above.strip().startswith("# ") or plain.search(line)):
                    bare.append(f"{path.relative_to(TESTS.parent)}:{number}")
                above = line
    assert bare == []


def test_what_catches_every_error_says_why_or_raises_it_again() -> None:
    """So does what keeps it, for whoever it is told to."""
    bare: list[str] = []
    for path in FILES:
        text = path.read_text("utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.ExceptHandler) or not (
                node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            ):
                continue
            kept = node.name is not None and any(
                isinstance(inner, ast.Name) and inner.id == node.name for inner in ast.walk(node)
            )
            again = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            logged = "log.exception" in ast.unparse(node) or "print_exc" in ast.unparse(node)
            told = "#" in lines[node.lineno - 1] or lines[node.lineno].strip().startswith("#")
            if not (kept or again or logged or told):
                bare.append(f"{path.relative_to(PACKAGE.parent)}:{node.lineno}")
    assert bare == []


def test_a_contact_is_nobodys_he_or_she() -> None:
    told = re.compile(r"\b(?:s?he|him|his|hers|himself|herself)\b", re.IGNORECASE)
    folders = ("leat_async", "docs", "examples", "tools", "benchmarks", "tests")
    written = [path for folder in folders for end in ("py", "md") for path in (TESTS.parent / folder).rglob(f"*.{end}")]
    found = [
        f"{path.relative_to(TESTS.parent)}:{number}"
        for path in [*written, *TESTS.parent.glob("*.md")]
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if told.search(line) and path != Path(__file__)
    ]
    assert found == []


@pytest.mark.parametrize("workers", [0, 1])
def test_a_part_of_the_suite_that_is_not_there_is_an_error(workers: int) -> None:
    """With workers it would be one without tests, which the Makefile puts up with."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "tests/none.py"],
        cwd=TESTS.parent, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, "there is no tests/none.py" in ran.stderr) == (4, True)
