"""What a release is made by: the targets of make, the page on an index, the looks at a tag and at what was built."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version
from typing_extensions import deprecated
from uv import find_uv_bin

import hatch_build
from leat_async import LeatClient, models
from leat_async._core.declare import declared_by, never, operation
from leat_async.resources._base import Resource
from tools import check_build, check_release, try_wheel

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")}
ADDRESS = "https://example.com/us/leat-async"


def targets() -> set[str]:
    (line,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    return set(line.split())


def test_every_target_has_a_recipe_and_stands_in_make_help() -> None:
    ran = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^make (\S+) +\S", ran.stdout, re.MULTILINE)) == targets()
    rules = re.findall(r"^([\w-]+):(?!=)", MAKEFILE, re.MULTILINE)
    assert set(rules) == targets()


def test_every_target_is_told_of_to_contributors() -> None:
    told = (ROOT / "CONTRIBUTING.md").read_text()
    assert {name for name in targets() if f"make {name}" not in told} == set()


def test_what_runs_elsewhere_asks_for_targets_that_there_are() -> None:
    for path in (ROOT / ".ci/run", *(ROOT / ".github/workflows").glob("*.yml")):
        asked = re.findall(r"^\s*(?:- run: )?make ([a-z-]+)", path.read_text(), re.MULTILINE)
        assert set(asked) <= targets(), path
    assert re.findall(r"make (check-build|audit|sbom)", (ROOT / ".github/workflows/release.yml").read_text())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_one_commit_whose_version_stands_beside_it(name: str) -> None:
    used = re.findall(r"uses: (\S+)(.*)", (ROOT / ".github/workflows" / name).read_text())
    assert used
    assert [
        one
        for one, beside in used
        if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one) or not re.fullmatch(r" # v\d+\.\d+\.\d+", beside)
    ] == (["$/.github/workflows/site.yml"] if name == "release.yml" else [])


def test_no_job_may_do_more_than_read_and_its_own_task() -> None:
    assert {name: flow["permissions"] for name, flow in WORKFLOWS.items()} == {
        name: {"contents": "read"} for name in WORKFLOWS
    }
    pages = {"pages": "write", "id-token": "write"}
    assert {
        f"{name}/{key}": job["permissions"]
        for name, flow in WORKFLOWS.items()
        for key, job in flow["jobs"].items()
        if "permissions" in job
    } == {
        "release.yml/attest": {"id-token": "write", "attestations": "write"},
        "release.yml/publish": {"id-token": "write"},
        "release.yml/page": {"contents": "write"},
        "release.yml/site": {"contents": "read", **pages},
        "site.yml/deploy": pages,
    }


def test_a_release_is_published_after_all_looks_at_it_and_by_actions_alone() -> None:
    jobs = WORKFLOWS["release.yml"]["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "build": None,
        "try": "build",
        "attest": ["build", "try"],
        "publish": "attest",
        "page": "publish",
        "site": "page",
    }
    # What comes after a job that is left out is left out as well.
    assert jobs["attest"]["if"] == "github.ref_type == 'tag'"
    assert jobs["publish"]["environment"] == "pypi"
    # Nothing of the repository runs where the index trusts us.
    assert [step["uses"].partition("@")[0] for step in jobs["publish"]["steps"] if "uses" in step] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]


def test_the_site_is_put_together_of_what_releases_keep() -> None:
    build = WORKFLOWS["release.yml"]["jobs"]["build"]["steps"]
    (kept,) = [step["run"] for step in build if "site.tar.gz" in step.get("run", "")]
    assert kept.startswith("make docs-version SITE=build/site && tar -czf site.tar.gz")
    (published,) = [step["run"] for step in WORKFLOWS["release.yml"]["jobs"]["page"]["steps"] if "run" in step]
    assert " site.tar.gz " in published
    steps = WORKFLOWS["site.yml"]["jobs"]["build"]["steps"]
    (gathered,) = [step for step in steps if "site.tar.gz" in step.get("run", "")]
    # Else a download that fails would leave a release out.
    assert gathered["shell"] == "bash"
    assert steps.index(gathered) < [step.get("run") for step in steps].index("make docs-version SITE=build/site")


def test_every_extra_is_tried_alone_on_every_python() -> None:
    assert set(try_wheel.PROGRAMS) == {try_wheel.BASE, *PROJECT["project"]["optional-dependencies"]}
    classified = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert WORKFLOWS["release.yml"]["jobs"]["try"]["strategy"]["matrix"]["python"] == classified


def test_an_extra_that_does_not_do_what_it_is_for_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(try_wheel, "PROGRAMS", {"base": "import leat_async_is_not_there"})
    wheel = tmp_path / "empty-1-py3-none-any.whl"
    _wheel(wheel)
    assert "ModuleNotFoundError" in try_wheel.tried(find_uv_bin(), wheel, "base")


def _wheel(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("empty-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: empty\nVersion: 1\n")
        packed.writestr("empty-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr("empty-1.dist-info/RECORD", "")


def test_builds_that_differ_are_named(tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    for folder, text in ((first, b"1"), (again, b"2")):
        folder.mkdir()
        (folder / "a.whl").write_bytes(b"same")
        (folder / "a.tar.gz").write_bytes(text)
    assert [one.partition(":")[0] for one in check_build.differences(first, again)] == ["a.tar.gz"]
    (again / "a.whl").rename(again / "b.whl")
    assert len(list(check_build.differences(first, again))) == 2
    assert list(check_build.differences(first, first)) == []


def test_nothing_of_others_is_in_the_package() -> None:
    """Else its licence would have to be there as well."""
    notice = re.compile(rb"copyright|spdx-license|@license|\bgpl\b|all rights reserved", re.IGNORECASE)
    listed = subprocess.run(
        ["git", "ls-files", "leat_async", "examples", "docs"], cwd=ROOT, capture_output=True, text=True
    )
    files = [ROOT / name for name in listed.stdout.splitlines()]
    if not files:
        pytest.skip("no checkout")
    # The one notice is the site's own.
    assert [str(path) for path in files if path.suffix != ".png" and notice.search(path.read_bytes())] == [
        str(ROOT / "docs" / "conf.py")
    ]


def test_the_sdist_holds_what_its_tests_read() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    if not listed:
        pytest.skip("no checkout")
    held = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    always = {"pyproject.toml", "hatch_build.py", ".gitignore"}
    left_out = {"benchmarks", ".pre-commit-config.yaml"}
    assert {name.partition("/")[0] for name in listed} == {name.strip("/") for name in held} | always | left_out


def test_the_page_on_an_index_leads_to_the_tag() -> None:
    text = "![A page](docs/a.png) and [more](docs/cli.md#exit-codes), [Leat](https://leat.com), [here](#there)"
    assert hatch_build.readme(text, ADDRESS, hatch_build.ref_of("1.2.0")) == (
        f"![A page]({ADDRESS}/raw/v1.2.0/docs/a.png) and [more]({ADDRESS}/blob/v1.2.0/docs/cli.md#exit-codes), "
        "[Leat](https://leat.com), [here](#there)"
    )
    assert hatch_build.readme(text, "", "main") == " and more, [Leat](https://leat.com), [here](#there)"
    assert hatch_build.ref_of("1.2.1.dev3+gabc") == "main"
    assert hatch_build.ref_of("1.2rc1") == "v1.2rc1"


def test_no_link_of_the_page_on_an_index_is_relative() -> None:
    for address in (ADDRESS, ""):
        text = hatch_build.readme((ROOT / "README.md").read_text(), address, "main")
        assert re.findall(r"\]\((?!https://|#)", text) == []
        assert (ADDRESS in text) == bool(address)
    assert set(hatch_build.urls(ADDRESS, "main")) == {"Source", "Documentation", "Changelog", "Issues"}


def fit(root: Path) -> Path:
    """A copy in which everything is ready for 1.2.0, and what was built of it."""
    (root / "changes").mkdir()
    (root / "changes/README.md").touch()
    (root / "leat_async").mkdir()
    (root / "pyproject.toml").write_text(f'[tool.hatch.metadata.hooks.custom]\nrepository = "{ADDRESS}"\n')
    (root / "CHANGELOG.md").write_text(
        "# Changes\n\n## 1.2.0 (2026-01-01)\n\n- New.\n\n## 1.1.0 (2025-01-01)\n\n- Old.\n"
    )
    built = root / "dist"
    built.mkdir()
    (built / "leat_async-1.2.0-py3-none-any.whl").touch()
    (built / "leat_async-1.2.0.tar.gz").touch()
    return built


def test_a_tag_that_is_fit_prints_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_release.main(["v1.2.0", ADDRESS, str(fit(tmp_path))], tmp_path) == 0
    assert capsys.readouterr() == ("- New.\n", "")


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("pyproject.toml", '[tool.hatch.metadata.hooks.custom]\nrepository = ""\n', "repository is ''"),
        ("CHANGELOG.md", "# Changes\n", "nothing on 1.2.0"),
        ("changes/+a.added.md", "Something.", "+a.added.md are not in the changelog"),
        ("dist/leat_async-1.2.0.dev1.tar.gz", "", "holds"),
        ("leat_async/a.py", '@deprecated("a: use b; goes in 1.2")\ndef a(): ...\n', "was to go in 1.2"),
    ],
)
def test_a_tag_that_is_not_fit(
    file: str, text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = fit(tmp_path)
    (tmp_path / file).write_text(text)
    assert check_release.main(["v1.2.0", ADDRESS, str(built)], tmp_path) == 1
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("tag", ["1.2.0", "v1.2.0.dev3", "main", ""])
def test_what_is_no_tag_of_a_release(tag: str, tmp_path: Path) -> None:
    assert check_release.main([tag, ADDRESS, str(tmp_path)], tmp_path) == 2


def test_what_is_going_away_says_what_to_use_and_when_it_goes(tmp_path: Path) -> None:
    assert [one.place for one in check_release.deprecations(ROOT / "leat_async") if one.goes_in is None] == []
    package = tmp_path / "leat_async"
    package.mkdir()
    (package / "a.py").write_text(
        '@deprecated("a is going away: use b; goes in 2.0")\ndef a(): ...\n'
        'class B:\n    @typing_extensions.deprecated("gone soon")\n    async def c(self): ...\n'
    )
    found = list(check_release.deprecations(package))
    assert [(one.place, one.goes_in) for one in found] == [
        ("leat_async/a.py:2", Version("2.0")),
        ("leat_async/a.py:5", None),
    ]
    # As the page on versions shows it.
    (shown,) = re.findall(r"^DeprecationWarning: (.*)$", (ROOT / "docs/versions.md").read_text(), re.MULTILINE)
    assert check_release._SAID.search(shown)


class Moods(Resource):
    @deprecated("Moods.get is going away: use Moods.fetch; goes in 2.0")
    @operation("GET", "/moods/{mood_uuid}")
    async def get(self, mood_uuid: str) -> models.Shop:
        """Fetch one mood."""
        never()


async def test_an_operation_that_is_going_away_warns_and_stays_an_operation() -> None:
    assert [method.__name__ for method in declared_by(Moods)] == ["get"]
    async with LeatClient("token") as leat:
        with pytest.warns(DeprecationWarning, match="use Moods.fetch") as warned, pytest.raises(TypeError):
            await Moods(leat.shops._pipeline).get()  # type: ignore[call-arg]
    assert warned[0].filename == __file__


def test_it_is_told_how_to_cite() -> None:
    cited: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
    assert cited["license"] == PROJECT["project"]["license"]
    assert cited["authors"][0]["name"] == PROJECT["project"]["authors"][0]["name"]
