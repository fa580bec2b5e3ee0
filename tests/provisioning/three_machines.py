"""Three issuing machines on one order and one stock: real processes, killed as they work, with bodies that refuse.

Also a program: `python -m tests.provisioning.three_machines DATA CARDS [SEED]` on a campus folder of its own, with the
arithmetic at the end.
"""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.issue import bodies as body_file
from provisioning.issue.campus_facts import read_campus
from provisioning.issue.files import LeaseFolder
from provisioning.issue.production import Step
from shared.purse.cos.images import blank_card_image
from tests.provisioning.desk import WHO, ok, provision

MACHINES = ("m1", "m2", "m3")
CLASSES = 7
LEASE = 40
FIRST = 500_001
BAD_ONE_IN = 25
KILLS_EACH = 6
WAIT_S = 120.0
ROOT = Path(__file__).parents[2]


@dataclass
class Days:
    """What happened."""

    cards: int
    received: int
    bad: frozenset[int]
    kills: int = 0
    looks: int = 0
    sheets: list[tuple[int, ...]] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    seconds: float = 0.0


def prepare(data: Path, cards: int, seed: int) -> Days:
    """Order and stock; every so-many-th body answers to another transport key, and three stand side by side."""
    received = cards + cards // 10 + 40
    ok("stock", "receive", "--data", data, *WHO, "--first", FIRST, "--count", received, "--virtual")
    chance = random.Random(seed)
    bad = set(chance.sample(range(FIRST, FIRST + received), received // BAD_ONE_IN)) | {FIRST + n for n in (5, 6, 7)}
    for blank in bad:
        path = body_file.body_path(data / "production/blanks", blank)
        path.unlink()
        body_file.new_body(path.parent, blank, blank_card_image())
    classes = [f"{chance.randrange(1, CLASSES + 1)}班" for _ in range(cards)]
    rows = [{"label": f"s{n:05d}", "name": f"学生{n}", "class": group} for n, group in enumerate(classes)]
    (data / "o.json").write_text(json.dumps({"batch": "autumn", "cards": rows}))
    ok("batch", "start", "--data", data, *WHO, "--order", data / "o.json")
    return Days(cards, received, frozenset(bad))


def work(data: Path, days: Days, seed: int) -> None:
    """All three until no line is left; meanwhile somebody reads the stock's sum again and again."""
    began = time.monotonic()
    over = threading.Event()
    threads = [
        threading.Thread(target=_guarded, args=(days, _machine, data, name, seed + n, days))
        for n, name in enumerate(MACHINES)
    ]
    reader = threading.Thread(target=_guarded, args=(days, _read_sheets, data, days, over))
    for thread in (*threads, reader):
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    reader.join()
    days.seconds = time.monotonic() - began
    if days.faults:
        raise days.faults[0]


def _guarded(days: Days, run, *arguments) -> None:
    try:
        run(*arguments)
    except BaseException as fault:  # noqa: BLE001  # it is raised again in the test's own thread
        days.faults.append(fault)


def _machine(data: Path, name: str, seed: int, days: Days) -> None:
    chance, kills = random.Random(seed), KILLS_EACH
    while True:
        told = _verb("batch", "lease", "--data", data, *WHO, "--batch", "autumn", "--machine", name, "--lines", LEASE)
        if told.returncode:
            assert "没有待制的行" in told.stderr, told
            return
        while True:
            kill_after = chance.randrange(1, 12) if kills else 0
            code, said = _work(data, name, kill_after)
            if code == -9:
                kills -= 1
                days.kills += 1
            elif code == 0:
                break
            else:
                if "交回" in said:
                    break
                assert "检查设备" in said, said
                days.looks += 1
                assert _verb("batch", "seen", "--data", data, *WHO, "--machine", name).returncode == 0
        back = _verb("batch", "return", "--data", data, *WHO, "--machine", name)
        assert back.returncode == 0, back


def _work(data: Path, name: str, kill_after: int) -> tuple[int, str]:
    """One run of the machine's program; killed when it has told of so many cards, if it is to be."""
    words = ["batch", "work", "--data", str(data), "--machine", name]
    command = [sys.executable, "-u", "-P", "-m", "provisioning", *words]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = []
    for line in child.stdout:
        said.append(line)
        if kill_after and len(said) >= kill_after:
            child.kill()
            break
    child.stdout.close()
    return child.wait(WAIT_S), "".join(said)


def _verb(*words) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "provisioning", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=WAIT_S)


def _read_sheets(data: Path, days: Days, over: threading.Event) -> None:
    while not over.wait(0.2):
        told = _verb("stock", "sheet", "--data", data)
        assert told.returncode == 0, told
        days.sheets.append(sums(told.stdout))


def sums(told: str) -> tuple[int, ...]:
    """issued, spoiled, left, at machines, received."""
    assert "相符" in told, told
    return tuple(map(int, re.findall(r"[发废库机] (\d+)", told)))


def require_right(data: Path, days: Days) -> str:
    """Every line has one card, each body is accounted for; the arithmetic, for people."""
    leases = [LeaseFolder(path) for path in sorted((data / "production/leases").iterdir())]
    runs = [lease.run() for lease in leases]
    order = leases[0].order
    done = {one.line: one for run in runs for one in run.done}
    every = [one for run in runs for one in run.attempts]
    assert sorted(done) == list(range(1, days.cards + 1))
    assert sum(len(run.done) for run in runs) == days.cards
    assert len({one.number for one in every}) == len({one.blank for one in every}) == len(every)
    spoiled = {one.blank: one for one in every if one.step is Step.SPOILED}
    reasons = Counter(one.reason for one in spoiled.values())
    assert all(blank in spoiled for blank in days.bad if blank in {one.blank for one in every})
    assert [line.group for line in order.lines] == sorted(line.group for line in order.lines)
    ok("batch", "inventory", "--data", data, *WHO)
    rows = {row.label: row for row in read_campus(data).inventory.cards}
    for line, attempt in done.items():
        assert rows[order.line(line).label].hotlist_index == attempt.number
    trays = {name: len(list((data / "production/blanks" / name).glob("*.card"))) for name in (".", "done", "spoiled")}
    issued, waste, left, away, received = sums(ok("stock", "sheet", "--data", data))
    assert (issued, waste, away, received) == (days.cards, len(spoiled), 0, days.received)
    assert left == received - issued - waste == trays["."]
    assert (trays["spoiled"], trays["done"]) == (waste, 0)
    assert len(rows) - 40 == days.cards
    assert all(sum(sheet[:4]) == sheet[4] for sheet in days.sheets)
    by_machine = Counter(run.lease.machine for run in runs for _ in run.done)
    classes = ", ".join(f"{group} {span.first}..{span.last}" for group, span in order.groups())
    return (
        f"{days.cards} cards by {dict(by_machine)} in {len(runs)} leases, {days.seconds:.0f} s, {days.kills} kills, "
        f"{days.looks} stops for a person\n"
        f"issued {issued} + spoiled {waste} + left {left} + at machines {away} = received {received}\n"
        f"the sum was right in {len(days.sheets)} readings meanwhile; classes by lines: {classes}\n"
        f"spoiled: {dict(reasons)}\n"
    )


if __name__ == "__main__":
    folder, count, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else 1
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    made = provision("plan", "demo", "--cards", 40, "--out", folder / "plan.json")
    ok("campus", "--data", folder / "d", "--plan", folder / "plan.json")
    all_days = prepare(folder / "d", count, number)
    work(folder / "d", all_days, number)
    sys.stdout.write(require_right(folder / "d", all_days))
