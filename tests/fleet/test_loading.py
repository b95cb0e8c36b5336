"""Jobs out of a TOML file, and what is wrong with one."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from leat_async.errors import ConfigError
from leat_async.fleet import Export, Import, TokenFrom, load
from leat_async.fleet.jobs import EXPORT_OPTIONS, IMPORT_OPTIONS

WHOLE = """
[accounts.amsterdam]
token = { env = "LEAT_AMSTERDAM" }
requests = 4000

[accounts.utrecht]
client_id = { file = "secrets/id" }
client_secret = { command = ["pass", "show", "leat/utrecht"] }
base_url = "http://127.0.0.1:8000"

[[jobs]]
name = "visits"
account = "amsterdam"
import = "visits"
file = "in/visits.csv"
mapping = "visits.toml"
max_errors = 0.05

[[jobs]]
name = "transactions-{account}"
accounts = "all"
export = "loyalty_transactions"
file = "out/{account}/transactions.parquet"
since = "2026-05"
filters = { type = "credit_receptions" }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "jobs.toml"
    path.write_text(text)
    return path


def test_a_kind_may_be_written_as_on_the_command_line(tmp_path: Path) -> None:
    _, first, _ = load(written(tmp_path, WHOLE.replace('"loyalty_transactions"', '"loyalty-transactions"')))
    assert first.kind == "loyalty_transactions"


@pytest.mark.parametrize(
    ("of", "making", "options"), [("an import", Import, IMPORT_OPTIONS), ("an export", Export, EXPORT_OPTIONS)]
)
def test_the_page_has_every_setting_of_a_job(of: str, making: type[Import | Export], options: tuple[str, ...]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text(encoding="utf-8")
    told = {
        of: set(re.findall(r"`(\w+)`", line))
        for of, line in re.findall(r"^\| (every job|an \w+) \| (.*)$", page, re.MULTILINE)
    }
    own = {field.name for field in attrs.fields(making)} - {"kind", "options"}
    assert told["every job"] | told[of] == own | {*options, "accounts", making.does}


def test_a_whole_file(tmp_path: Path) -> None:
    visits, first, second = load(written(tmp_path, WHOLE))
    assert isinstance(visits, Import)
    assert isinstance(first, Export)
    assert (visits.kind, visits.file, visits.mapping) == (
        "visits", str(tmp_path / "in/visits.csv"), str(tmp_path / "visits.toml")
    )  # fmt: skip
    assert visits.options == {"max_errors": 0.05}
    assert visits.account.token == TokenFrom(env="LEAT_AMSTERDAM")
    assert visits.account.requests == 4000
    assert (first.name, second.name) == ("transactions-amsterdam", "transactions-utrecht")
    assert second.file == str(tmp_path / "out/utrecht/transactions.parquet")
    assert first.options == {"since": "2026-05"}
    assert first.filters == {"type": "credit_receptions"}
    assert second.account.client_id == TokenFrom(file=str(tmp_path / "secrets/id"))
    assert second.account.client_secret == TokenFrom(command=("pass", "show", "leat/utrecht"))


ACCOUNT = '[accounts.a]\ntoken = { env = "T" }\n'
EXPORT = '[[jobs]]\nname = "j"\naccount = "a"\nexport = "visits"\nfile = "f.csv"\n'
JOB = '[[jobs]]\nname = "j"\naccount = "a"\nimport = "visits"\nfile = "f.csv"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accounts = 1", "accounts must be a table"),
        ("[[jobs", "is no TOML"),
        (ACCOUNT, "there are no jobs"),
        ("x = 1\n" + ACCOUNT + JOB, "no setting 'x'"),
        (ACCOUNT.replace("token =", "tokn =") + JOB, "account a: there is no setting 'tokn'"),
        ('[accounts.a]\ntoken = "s3cret"\n' + JOB, "jobs hold no tokens"),
        ("[accounts.a]\ntoken = { }\n" + JOB, "one of env, file, command or keyring"),
        ('[accounts.a]\ntoken = { env = "T", file = "f" }\n' + JOB, "env and file"),
        ('[accounts.a]\nclient_id = { env = "T" }\n' + JOB, "where its token is"),
        (ACCOUNT + 'shared = "redis://u:s3cret@h/0"\n' + JOB, "LEAT_SHARED_PACE"),
        (ACCOUNT + 'shared = "redis://h/0?password=s3cret"\n' + JOB, "LEAT_SHARED_PACE"),
        (ACCOUNT + 'base_url = "https://u:s3cret@h"\n' + JOB, "base_url must not carry a user name or password"),
        (ACCOUNT + 'base_url = "http://h.example"\n' + JOB, "base_url must be https"),
        (ACCOUNT + "requests = 0\n" + JOB, "requests must be"),
        (ACCOUNT + JOB.replace('account = "a"', 'account = "b"'), r"there is no \[accounts.b\]"),
        (ACCOUNT + JOB + 'accounts = ["a"]\n', "either account = NAME or"),
        (ACCOUNT + JOB.replace('"visits"', '"visit"'), "kind of an import is one of"),
        (ACCOUNT + JOB + 'export = "visits"\n', "either import = KIND or"),
        (ACCOUNT + JOB + "grace = 1\nahead = 2\n", "no setting 'ahead'"),
        (ACCOUNT + JOB.replace('name = "j"\n', ""), "name"),
        (ACCOUNT + JOB.replace('"j"', '"a/b"'), "without /"),
        (ACCOUNT + JOB + JOB, "two jobs are called 'j'"),
        (ACCOUNT + JOB.replace('"f.csv"', "7"), "file must be a text"),
        ("x = " + "[" * 5000, "is no TOML"),
        (ACCOUNT + JOB.replace('account = "a"', 'account = ["a"]'), r"there is no \[accounts"),
        (ACCOUNT + JOB.replace('account = "a"', 'accounts = [["a"]]'), r"there is no \[accounts"),
        (ACCOUNT + "api = []\n" + JOB, "api is one of oauth, register"),
        ('[accounts.a]\ntoken = { command = "pass s3cret" }\n' + JOB, "a program with its arguments"),
        ('[accounts.a]\ntoken = { keyring = "s3cret" }\n' + JOB, "'service/user'"),
        # A text is true, whatever it says.
        (ACCOUNT + JOB + 'resend_unknown = "false"\n', "resend_unknown must be true or false, got 'false'"),
        (ACCOUNT + JOB + "batch = 7\n", "batch must be a text, got 7"),
        (ACCOUNT + JOB + 'batch = ""\n', "batch must be a name"),
        (ACCOUNT + JOB + 'on_change = "ask"\n', "on_change must be one of 'reject', 'update', 'skip'"),
        (ACCOUNT + JOB + "grace = -1\n", "grace must be seconds"),
        (ACCOUNT + JOB + "resend_unknown = true\naccept_unknown = true\n", "exclude each other"),
        (ACCOUNT + EXPORT + "excel = 1\n", "excel must be true or false, got 1"),
        (ACCOUNT + EXPORT + 'attributes = "note"\n', "attributes must be a list of texts, got 'note'"),
        (ACCOUNT + EXPORT + "filters = 7\n", "filters must be a mapping, got 7"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load(written(tmp_path, text))
    assert str(caught.value).startswith(str(tmp_path / "jobs.toml"))
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml: No such file"):
        load(tmp_path / "nothing.toml")
    for wrong in (5, None, b"jobs.toml", ""):
        with pytest.raises((TypeError, ValueError), match="path must be a path, got"):
            load(wrong)  # type: ignore[arg-type]


def test_urls_and_months_stay_as_they_are(tmp_path: Path) -> None:
    jobs = """
[accounts.amsterdam]
token = { env = "LEAT_AMSTERDAM" }

[[jobs]]
name = "visits"
account = "amsterdam"
import = "visits"
file = "visits.csv"
ledger = "postgresql://leat@db/leat?ledger={account}-visits"

[[jobs]]
name = "credits"
account = "amsterdam"
export = "loyalty_transactions"
file = "lake/account={account}/month={month}/part.parquet"
since = "2024-01"
"""
    visits, by_month = load(written(tmp_path, jobs))
    assert isinstance(visits, Import)
    assert visits.ledger == "postgresql://leat@db/leat?ledger=amsterdam-visits"
    assert str(visits.ledger_place()) == "postgresql://db/leat?ledger=amsterdam-visits"
    assert by_month.file == str(tmp_path / "lake/account=amsterdam/month={month}/part.parquet")
    assert isinstance(by_month, Export)
    assert by_month.monthly
    with pytest.raises(ConfigError, match=r"job 'credits': a file for each month needs since"):
        load(written(tmp_path, jobs.replace('since = "2024-01"', "")))
