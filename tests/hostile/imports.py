"""One import through a hostile world: killed, resumed, its ledger moved, its clock set wrong; and what must hold."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from .book import SHOP, Row
from .importing import SPEED
from .personality import FAMILIES, Personality
from .processes import Child, Processes, exists, until
from .server import World

KINDS = ("visits", "bookings", "contacts")
DONE = ("created", "existed", "skipped")
# Runs among faults; then the server is kind, and one more must finish.
HOSTILE_RUNS = 8


@attrs.define
class Journey:
    """One seed: the rows, the runs, and what was claimed about each row."""

    seed: int
    directory: Path
    processes: Processes
    families: Sequence[str] = tuple(FAMILIES)
    personality: Personality = attrs.field(init=False)
    draw: random.Random = attrs.field(init=False)
    world: World = attrs.field(init=False)
    kind: str = attrs.field(init=False)
    # Whether the contacts of unknown addresses are to be made.
    creates: bool = attrs.field(init=False)
    rows: list[Row] = attrs.field(factory=list[Row])
    # By row: whether the API takes it. Rows that it does not are refused, here or there.
    valid: list[bool] = attrs.field(factory=list[bool])
    claims: dict[int, list[str]] = attrs.field(factory=lambda: defaultdict(list))
    results: dict[int, dict[str, Any]] = attrs.field(factory=dict[int, dict[str, Any]])
    log: list[str] = attrs.field(factory=list[str])
    wrong: list[str] = attrs.field(factory=list[str])
    # Whether a run was killed or put to sleep, so that anything may be in doubt.
    _disturbed: bool = False
    _moves: int = 0

    def __attrs_post_init__(self) -> None:
        self.draw = random.Random(f"journey {self.seed}")
        self.kind = KINDS[self.seed % len(KINDS)]
        self.personality = Personality.of(self.seed, among=self.families)
        self.world = World(self.personality)
        self.creates = self.kind != "contacts" and self.draw.random() < 0.3
        people = [self.world.book.add_contact(f"guest{n}@example.com") for n in range(3)]
        for contact in people:
            contact["at"] = float("-inf")
        for n in range(self.draw.randint(8, 24)):
            row, valid = self._person(n) if self.kind == "contacts" else self._stay(n, people)
            self.rows.append(row)
            self.valid.append(valid)

    def _spaced(self, text: str) -> str:
        return self.draw.choice([text, text, f"{text} ", f" {text}"])

    def _stay(self, n: int, people: list[Row]) -> tuple[Row, bool]:
        draw = self.draw
        if draw.random() < 0.06:
            return {"contact_uuid": "nobody", "shop_uuid": SHOP, "source": f"row {n}"}, False
        if draw.random() < 0.04:
            return {"contact_uuid": people[0]["uuid"], "shop_uuid": SHOP, "starts_at": f"2024-05-01 {n}"}, False
        if self.rows and draw.random() < 0.1 and self.valid[-1] and "external_id" not in self.rows[-1]:
            return dict(self.rows[-1]), True
        if self.rows and draw.random() < 0.06 and self.valid[-1]:
            return dict(self.rows[-1]), True
        contact = draw.choice(people)
        row = {
            "shop_uuid": SHOP,
            "starts_at": f"2024-05-{n + 1:02d}T20:00:00+02:00",
            "source": self._spaced(f"row {n}"),
        }
        row |= draw.choice(
            [{"contact_uuid": contact["uuid"]}, {"contact_email": self._spaced(contact["email"].upper())}]
        )
        if self.creates and draw.random() < 0.2:
            row.pop("contact_uuid", None)
            row["contact_email"] = self._spaced(f"Walkin{n % 3}@example.com")
        if draw.random() < 0.5:
            row["external_id"] = self._spaced(f"A{n}")
        return row, True

    def _person(self, n: int) -> tuple[Row, bool]:
        draw = self.draw
        if draw.random() < 0.06:
            return {"email": f"no address {n}"}, False
        row: Row = {"email": self._spaced(f"New{n}@Example.com")}
        if draw.random() < 0.1 and n < 3:
            row["email"] = f"guest{n}@example.com"
        if draw.random() < 0.5:
            row["attributes"] = {"firstname": self._spaced(f"Guest {n}"), "note": draw.choice(["", "x"])}
            if draw.random() < 0.1 and not row["email"].startswith("guest"):
                row["attributes"]["refused"] = 1
                return row, False
        return row, True

    # -- runs ------------------------------------------------------------------------------------

    async def travel(self) -> None:
        """Run until it is through, then once more in good times, and look at what there is."""
        async with self.world.serving():
            ledger = self.directory / "import.ledger"
            for number in range(HOSTILE_RUNS):
                if await self._run(ledger, kills=number < 4 and self.draw.random() < 0.75):
                    break
                ledger = await self._move(ledger)
                if self.draw.random() < 0.2:
                    self._shuffle()
            await self.world.landed()
            self.world.calm = True
            for _ in range(3):
                self.claims.clear()
                if await self._run(ledger, kills=False):
                    break
            else:
                self.wrong.append("in good times the import does not come to its end")
            await self.world.landed()
        self._judge()

    def _shuffle(self) -> None:
        """A fresh export of the same rows has them in another order."""
        both = list(zip(self.rows, self.valid, strict=True))
        self.draw.shuffle(both)
        self.rows, self.valid = [row for row, _ in both], [ok for _, ok in both]
        self.log.append("rows in another order")

    def _job(self, ledger: Path) -> dict[str, Any]:
        draw = self.draw
        return {
            "url": self.world.url,
            "kind": self.kind,
            "rows": self.rows,
            "lazy": draw.random() < 0.5,
            "ledger": str(ledger),
            "boot": draw.choice([10.0, 5000.0, 10**6]),
            "ahead": draw.choice([0.0, 0.0, 3600.0, -3600.0, 86400.0 * 3, -86400.0]),
            "jump": draw.choice([(0.0, 0.0), (0.0, 0.0), (4.0, 7200.0), (4.0, -7200.0)]),
            "client": {
                "timeout": self.personality.timeout * SPEED,
                "concurrency": draw.choice([1, 3, 16]),
            },
            "options": {
                "grace": self.personality.grace * SPEED,
                "patience": 80.0,
                "create_contacts": self.creates,
                # Some contacts are there before, and stay as they are.
                **({"on_change": "skip"} if self.kind == "contacts" else {}),
            },
        }

    async def _run(self, ledger: Path, *, kills: bool) -> bool:
        """One run; whether it was the last that is needed."""
        draw, world = self.draw, self.world
        child = await self.processes.start(self._job(ledger))
        loop = asyncio.get_running_loop()
        self._disturbed = self._disturbed or kills
        if kills:
            at, delay = world.requests + draw.randint(1, 60), draw.choice([0.0, 0.0, 0.002, 0.02, 0.2])

            def watch(number: int) -> None:
                if number == at:
                    loop.call_later(delay, child.kill) if delay else child.kill()

            world.watch = watch
            if draw.random() < 0.3:
                loop.call_later(draw.uniform(0.02, 1.5), child.kill)
        elif draw.random() < 0.25:
            await self._suspend(child, ledger)
        told = await child.end()
        world.watch = lambda number: None
        kept_waiting = max(line.get("kept_waiting", 0.0) for line in [{}, *told])
        self._disturbed = self._disturbed or kept_waiting > self.personality.timeout / 3
        self.log.append(f"run {'to be killed' if kills else ''}: {len(told)} lines, ends {told[-1] if told else None}")
        for line in told:
            if "index" in line:
                self.claims[line["index"]].append(line["status"])
                self._claimed(line)
            elif "broke" in line:
                self.wrong.append(f"raised {line}")
            elif line.get("failed") == "ConfigError":
                self.wrong.append(f"refused to go on: {line}")
        if not told or "total" not in told[-1]:
            if not kills and told and "failed" not in told[-1] and "broke" not in told[-1]:
                self.wrong.append(f"ended by itself: {told[-1]}")
            return False
        if told[-1]["stopped"] is None and told[-1]["total"] != len(self.rows):
            self.wrong.append(f"outcomes are missing: {told[-1]}")
        return told[-1]["stopped"] is None

    async def _suspend(self, child: Child, ledger: Path) -> None:
        """Put the run to sleep for a while; somebody else may try to take its ledger meanwhile."""
        before = self.world.requests
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(until(lambda: self.world.requests > before + 3 or not exists(child.pid)), 2.0)
        if not exists(child.pid):
            return
        self._disturbed = True
        os.kill(child.pid, signal.SIGSTOP)
        try:
            let_in = await self._intrude(ledger)
            await asyncio.sleep(self.draw.choice([0.0, 0.1, 2 * self.personality.grace]))
            before = self.world.requests
        finally:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGCONT)
        if let_in:
            # The first may have let go of its ledger just before it was put to sleep: then it asks for nothing more.
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(until(lambda: not exists(child.pid)), 5.0)
            if exists(child.pid) or self.world.requests > before:
                self.wrong.append(f"two runs at a time, {let_in}")

    async def _intrude(self, ledger: Path) -> str:
        """A second run on a ledger in use, under whatever name, is let in by nobody; how it was, if it was."""
        other = self.directory / f"other-{self.draw.random()}.ledger"
        how = self.draw.choice(["the same name", "a symbolic link", "a hard link", "no lock file"])
        if how == "a symbolic link":
            other.symlink_to(_real(ledger))
        elif how == "a hard link":
            os.link(_real(ledger), other)
        else:
            other = ledger
        if how == "no lock file":
            for file in self.directory.glob("*.lock"):
                file.unlink()
        told = await (await self.processes.start(self._job(other))).end()
        if other != ledger:
            other.unlink()
        self.log.append(f"a second run, by {how}: {told[-1]}")
        return f"by {how}: {told[-1]}" if "failed" not in told[-1] else ""

    async def _move(self, ledger: Path) -> Path:
        """Between runs files are renamed, copied, linked, or lose what lies beside them."""
        self._moves += 1
        to = self.directory / f"moved-{self._moves}.ledger"
        how = self.draw.choice(["stays", "stays", "renamed", "copied", "symlink", "no lock", "no wal", "damaged"])
        present = [suffix for suffix in ("", "-wal", "-shm") if _there(f"{ledger}{suffix}")]
        if "" not in present:
            return ledger
        self.log.append(f"ledger {how}, with {present}")
        if how == "renamed":
            real = Path(_real(ledger))
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.rename(f"{real}{suffix}", f"{to}{suffix}")
        elif how == "copied":
            real = Path(_real(ledger))
            for suffix in ("", "-wal"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(f"{real}{suffix}", f"{to}{suffix}")
        elif how == "symlink":
            to.symlink_to(_real(ledger))
        elif how == "no lock":
            for file in self.directory.glob("*.lock"):
                file.unlink()
            return ledger
        elif how in ("no wal", "damaged"):
            await self._incomplete(ledger, how)
            return ledger
        else:
            return ledger
        return to

    async def _incomplete(self, ledger: Path, how: str) -> None:
        """A ledger that lost its journal, or part of itself, must not be taken for one that knows of nothing."""
        real, aside = _real(ledger), self.directory / "aside.ledger"
        present = [suffix for suffix in ("", "-wal") if _there(f"{real}{suffix}")]
        if not _rows_in(real, present, self.directory):
            return
        for suffix in present:
            shutil.copyfile(f"{real}{suffix}", f"{aside}{suffix}")
        if how == "no wal":
            if "-wal" not in present:
                return
            os.remove(f"{real}-wal")
        else:
            self._damage(real)
        with suppress(FileNotFoundError):
            os.remove(f"{real}-shm")
        told = await (await self.processes.start(self._job(ledger))).end()
        self.log.append(f"{how}: {told[-1] if told else None}")
        if "failed" not in told[-1]:
            self.wrong.append(f"a ledger with {how} is taken as it is: {told[-1]}")
        # Somebody has a copy of it as it was.
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.remove(f"{real}{suffix}")
        for suffix in present:
            shutil.copyfile(f"{aside}{suffix}", f"{real}{suffix}")

    def _damage(self, real: str) -> None:
        """Cut it off, or write nonsense over its beginning."""
        with suppress(FileNotFoundError):
            os.remove(f"{real}-wal")
        size = os.path.getsize(real)
        with open(real, "r+b") as file:
            if self.draw.random() < 0.5:
                file.truncate(self.draw.choice([10, size // 2]))
            else:
                file.write(b"\0" * 200)

    # -- what must hold --------------------------------------------------------------------------

    def _mark(self, row: Row) -> str:
        text: str = row.get("email" if self.kind == "contacts" else "source") or ""
        return text.strip().lower()

    def _there(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in getattr(self.world.book, self.kind):
            if not row.get("stranger"):
                found[self._mark(row)].append(row)
        return found

    def _claimed(self, line: dict[str, Any]) -> None:
        """A claim is looked at when it is made: later runs may make it true."""
        index, status, result = line["index"], line["status"], line["result"]
        there = self._there()[self._mark(self.rows[index])]
        text = f"row {index} {self.rows[index]} is told as {line}"
        if status in DONE and not there and self.valid[index]:
            self.wrong.append(f"not there: {text}")
        if status == "rejected" and self.valid[index]:
            self.wrong.append(f"lost: {text}")
        if status in DONE and not self.valid[index]:
            self.wrong.append(f"can't be: {text}")
        mark = self._mark(self.rows[index])
        if status == "unknown" and not self.world.told and not self._disturbed:
            self.wrong.append(f"unknown without a reason: {text}")
        if status == "existed" and self.kind != "contacts" and sum(self._mark(r) == mark for r in self.rows) == 1:
            self.wrong.append(f"ours, not another's: {text}")
        if result and result["uuid"] and result["uuid"] not in [row["uuid"] for row in there]:
            self.wrong.append(f"another's object: {text}")

    def _judge(self) -> None:
        there = self._there()
        wanted = Counter(self._mark(r) for r, ok in zip(self.rows, self.valid, strict=True) if ok)
        for row in self.rows:
            if "external_id" in row:  # equal ones are one and the same
                wanted[self._mark(row)] = 1
        overdue = b"\n".join(self.world.overdue).decode().lower()
        finals = {index: claims[-1] for index, claims in self.claims.items()}
        if sorted(finals) != list(range(len(self.rows))):
            self.wrong.append(f"outcomes: {sorted(finals)} of {len(self.rows)} rows")
        for mark, count in wanted.items():
            rows = there.get(mark, [])
            if len(rows) > count and not (mark in overdue and not self.world.book.unique):
                self.wrong.append(f"doubled: {mark} is there {len(rows)} times instead of {count}")
            indices = [n for n, row in enumerate(self.rows) if self._mark(row) == mark and self.valid[n]]
            done = sum(finals.get(n) in DONE for n in indices)
            done = min(done, 1) if "external_id" in self.rows[indices[0]] else done
            if done > len(rows):
                self.wrong.append(f"told as done {done} times, there {len(rows)} times: {mark}")
            if self.kind != "bookings" and (len(rows) < count or done < count):
                self.wrong.append(f"lost: {mark} is there {len(rows)} times, ends {[finals.get(n) for n in indices]}")
            self._faithful(self.rows[indices[0]], rows)
        self._nothing_else(there, wanted)

    def _faithful(self, sent: Row, rows: list[Row]) -> None:
        for row in rows:
            if self.kind == "contacts":
                wanted = {
                    n: (v.strip() or None) if isinstance(v, str) else v for n, v in sent.get("attributes", {}).items()
                }
                kept = {n: (v or "").strip() or None if isinstance(v, str) else v for n, v in row["attributes"].items()}
                if kept != wanted and not sent["email"].startswith("guest"):
                    self.wrong.append(f"attributes of {sent['email']}: {kept} instead of {wanted}")
                continue
            named = sent.get("contact_uuid") or sent["contact_email"].strip().lower()
            if named not in (row["contact"]["uuid"], row["contact"]["email"]):
                self.wrong.append(f"{sent} was made for {row['contact']}")
            if "external_id" in sent and (row["external_id"] or "").strip() != sent["external_id"].strip():
                self.wrong.append(f"{sent} has the external_id {row['external_id']!r}")

    def _nothing_else(self, there: dict[str, list[Row]], wanted: Counter[str]) -> None:
        for mark, rows in there.items():
            if self.kind == "contacts" and mark.startswith("guest"):
                continue
            refused = any(self._mark(row) == mark for row in self.rows)
            if mark not in wanted and not (self.kind == "contacts" and refused):
                self.wrong.append(f"nobody asked for {rows}")
        addresses = Counter(contact["email"] for contact in self.world.book.contacts)
        if max(addresses.values()) > 1:
            self.wrong.append(f"contacts are doubled: {addresses}")
        for contact in self.world.book.contacts[:3]:
            asked = [r for r in self.rows if self.kind == "contacts" and self._mark(r) == contact["email"]]
            if contact["attributes"] and not asked:
                self.wrong.append(f"{contact['email']} was given {contact['attributes']}")

    def report(self) -> str:
        """All that helps to see why."""
        return "\n".join(
            [
                f"seed {self.seed}: LEAT_SEED={self.seed} pytest tests/hostile/test_imports.py",
                f"{self.kind}, {self.personality}",
                *(f"  WRONG {text}" for text in self.wrong),
                *(f"  {text}" for text in self.log),
                "  faults: " + ", ".join(self.world.told),
                f"  kept: {sqlite3.sqlite_version}, {self.directory}",
            ]
        )


def _rows_in(ledger: str, present: list[str], directory: Path) -> int:
    """How many rows a ledger knows of, seen through a copy of it."""
    copy = directory / "look.ledger"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
    for suffix in present:
        shutil.copyfile(f"{ledger}{suffix}", f"{copy}{suffix}")
    base = sqlite3.connect(copy)
    try:
        return int(base.execute("SELECT count(*) FROM rows").fetchone()[0])
    except sqlite3.Error:
        return 0
    finally:
        base.close()


def _real(path: Path | str) -> str:
    return os.path.realpath(path)


def _there(path: str) -> bool:
    return os.path.exists(path)
