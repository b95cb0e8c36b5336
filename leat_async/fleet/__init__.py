"""Jobs: imports and exports of many accounts, in this process or on an engine of yours.

A job is plain data that can be sent anywhere, and finds its token where it runs. `run` does many, `run_job` one: it may
be killed and run again, and what runs elsewhere it leaves alone. docs/fleet.md says what to run when.
"""

from .jobs import Export, FleetAccount, Import, Job
from .loading import load
from .results import FleetResult, JobBusy, JobResult
from .running import run, run_job
from .tokens import TokenFrom
from .warehouse import dlt_source

__all__ = [
    "load",
    "run",
    "run_job",
    "Import",
    "Export",
    "Job",
    "FleetAccount",
    "TokenFrom",
    "JobResult",
    "FleetResult",
    "JobBusy",
    "dlt_source",
]
