"""What keeps a job from being run, as far as it can be told with nothing sent."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..bulk.places import LedgerUrl, ledger_place
from ..bulk.postgres_base import connecting
from ..client import LeatClient
from ..export.arrow import pyarrow_or_advice
from ..export.columns import Layout
from ..export.formats import format_of
from ..export.request import request_of
from ..export.workbook import openpyxl_or_advice
from .importing import mapping_of, opened
from .jobs import Export, Import, Job
from .running import settings_of


def problems_of(job: Job) -> list[str]:
    """What is wrong with its account, its files and what is installed; a sentence each."""
    looks: list[Callable[[], object]] = [lambda: LeatClient(**settings_of(job.account))]
    looks += _of_import(job) if isinstance(job, Import) else [lambda: _request(job), lambda: _writer(job)]
    problems: list[str] = []
    for look in looks:
        try:
            look()
        except (ValueError, TypeError) as error:
            problems.append(str(error))
    return problems


def _of_import(job: Import) -> list[Callable[[], object]]:
    def read() -> None:
        with tempfile.TemporaryDirectory(prefix="leat-") as scratch:
            opened(job, told, Path(scratch))

    def read_mapping() -> None:
        told.update(mapping_of(job))

    told: dict[str, Any] = {}
    looks: list[Callable[[], object]] = [read_mapping, read]
    place = None if job.ledger is None else ledger_place(job.ledger)
    if isinstance(place, LedgerUrl):
        looks.append(lambda: connecting(place))
    return looks


def _request(job: Export) -> None:
    asked = {name: job.options.get(name) for name in ("since", "until")}
    lists = {name: job.options.get(name, ()) for name in ("attributes", "columns")}
    zone = job.options.get("timezone", "UTC")
    resource = getattr(LeatClient("any", api=job.account.api), job.kind)
    request = request_of(resource, **asked, timezone=zone, ahead=0, filters=dict(job.filters), **lists)
    Layout(request.kind, request.attributes, request.columns)


def _writer(job: Export) -> None:
    form = format_of(Path(job.file), job.options.get("format"))
    if form == "parquet":
        pyarrow_or_advice("Parquet")
    elif form == "xlsx":
        openpyxl_or_advice()
