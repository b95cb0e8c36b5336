"""Import examples/visits.csv into a sandbox, as anybody would type it, and check the result against three counts.

Ends with 0 exactly when the import's own sums, the generator's and the sandbox's agree, and the exit code is the one
that such a file must give: 1, since some of its rows have to be refused.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from make_visits import PATH, expected


def main() -> int:
    """Run the import and compare."""
    with tempfile.TemporaryDirectory() as directory:
        report_path = Path(directory) / "report.json"
        command = [
            "import",
            "visits",
            str(PATH.relative_to(Path.cwd())) if PATH.is_relative_to(Path.cwd()) else str(PATH),
        ]
        print(f"$ leat {' '.join(command)} --sandbox", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "leat_async", *command, "--sandbox", "--report", str(report_path)], check=False
        )
        if not report_path.is_file():
            print(f"FAILED: no report, exit code {done.returncode}")
            return 1
        report = json.loads(report_path.read_bytes())
    counts = expected()
    wanted = {
        "exit code": (done.returncode, 1 if counts["rejected"] else 0),
        "rows": (report["total"], counts["rows"]),
        "created": (report["created"], counts["created"]),
        "rejected": (report["rejected"], counts["rejected"]),
        "existed, skipped, unknown": (report["existed"] + report["skipped"] + report["unknown"], 0),
        "visits in the sandbox": (report["sandbox"], counts["created"]),
    }
    wrong = {name: pair for name, pair in wanted.items() if pair[0] != pair[1]}
    for name, (got, want) in wrong.items():
        print(f"FAILED: {name}: {got}, expected {want}")
    if not wrong:
        print(f"as expected: {counts['created']:,} visits created, {counts['rejected']} rows refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
