"""A campus under attack: its parts by their command lines, killed, stopped and started twice as the attack wants.

Nothing of the product is imported but how ports are found, which all tests share: what is known of it is on its
command lines, in its files and in RECORDS.md.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from compose.servers.ports import free_port

BOUND_S = 120.0
POLL_S = 0.02
CARDS = 20
RICH_FEN = 400_000
"""On each other card: however long an attack takes on a busy machine, its counters do not run out of customers."""
BOXES = {"canteen": ["pos-1", "pos-2", "pos-3", "load-1"], "annex": ["pos-4"]}
_PLAIN = "listener {port} 127.0.0.1\nallow_anonymous true\n"
"""Mosquitto as it comes, but for its port: nothing is kept, nothing is forbidden."""


def command(*words: object, code: int = 0) -> str:
    """A command of the product to its end; what it said. Its exit code must be `code`."""
    argv = [sys.executable, "-P", "-m", *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=BOUND_S)
    assert done.returncode == code, f"{words[:2]}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def make(folder: Path) -> Path:
    """Two boxes, four counters, a load machine, twenty cards with money on them and behind them."""
    folder.mkdir(parents=True)
    plan = {
        "campus": 1, "name": "演示校园", "demo": True, "caps": None, "hotlist": [], "ceiling_fen": 2 * RICH_FEN,
        "boxes": [_box(name, bodies) for name, bodies in BOXES.items()],
        "cards": [{"label": f"{n:04d}", "opening_fen": 1000 if n % 2 else RICH_FEN} for n in range(1, CARDS + 1)],
    }  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    data = folder / "campus"
    command("provisioning", "campus", "--data", data, "--plan", folder / "plan.json")
    command("cloud", "import", "--data", data)
    rows = [json.dumps({"card": f"{n:04d}", "fen": 200_000, "key": f"first-{n}"}) for n in range(1, CARDS + 1)]
    (folder / "deposits.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    command("cloud", "deposit", "--data", data, "--file", folder / "deposits.jsonl")
    for box in BOXES:
        settings = data / "boxes" / box / "edge.json"
        raw = json.loads(settings.read_text()) | {"outbox": {"ballast_bytes": 1 << 20}}
        settings.write_text(json.dumps(raw))
    return folder


def _box(name: str, bodies: list[str]) -> dict[str, Any]:
    rows = [
        {"name": body, "kind": body.split("-")[0], "link": "tcp", "address": 0, "merchant": body, "place": body}
        for body in bodies
    ]
    return {"box": name, "name": name, "links": [{"name": "tcp", "kind": "tcp", "plain": True}], "terminals": rows}


class Place:
    """Use as `with`. Parts: broker, keys, ingest, edge-BOX, BODY; `start` twice with another `name` for a double."""

    def __init__(self, room: Path, rate: float = 15.0) -> None:
        self.room = room
        self.data = room / "campus"
        self.port = free_port()
        self.ports = {box: free_port() for box in BOXES}
        self._run = Path(tempfile.mkdtemp(prefix="ykt-attack-"))
        self.environment: dict[str, dict[str, str]] = {}
        """Part → variables of its own, from its next start on."""
        self.reach: dict[str, int] = {}
        """Body → the port it calls instead of its box's, from its next start on."""
        self._rate = rate
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        (self.room / "log").mkdir(exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        self.kill(*self._parts)
        shutil.rmtree(self._run)

    # ---- parts

    def open(self, *bodies: str) -> None:
        """Everything, with these bodies or with all."""
        self.start("broker", "keys", "ingest")
        self.start(*(f"edge-{box}" for box in BOXES))
        self.start(*(bodies or [body for one in BOXES.values() for body in one]))

    def start(self, *names: str) -> None:
        """Start them at once; return when all are ready."""
        for name in names:
            self.begin(name, *self.words(name))
        for name in names:
            self.until(f"{name} is ready", lambda name=name: self.is_ready(name))

    def begin(self, name: str, *words: object) -> "subprocess.Popen[bytes]":
        """Start a process under a name, with any command line."""
        argv = [str(word) for word in words]
        if argv[0] != "mosquitto":
            argv = [sys.executable, "-P", "-m", *argv]
        else:
            argv[0] = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        if name in self._parts:
            assert not self.is_up(name), f"{name} runs already"
            self.kill(name)
        environment = {**os.environ, **self.environment.get(name, {})}
        with self._log(name).open("wb") as log:
            self._parts[name] = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment
            )
        return self._parts[name]

    def words(self, name: str) -> tuple[object, ...]:
        """The command line of a part."""
        broker, socket_ = f"127.0.0.1:{self.port}", self._run / "keys.sock"
        if name == "broker":
            (self._run / "mosquitto.conf").write_text(_PLAIN.format(port=self.port))
            return ("mosquitto", "-c", self._run / "mosquitto.conf")
        if name == "keys":
            return ("provisioning", "keys", "--data", self.data, "--socket", socket_, "--end-with-stdin")
        if name == "ingest":
            words = ("cloud", "ingest", "--data", self.data, "--keys", socket_, "--broker", broker)
            return (*words, "--end-with-stdin")
        if name.startswith("edge-"):
            box = name.removeprefix("edge-")
            words = ("edge", "run", "--data", self.data, "--box", box, "--broker", broker)
            return (*words, "--tcp-port", self.ports[box], "--end-with-stdin")
        box = next(box for box, bodies in BOXES.items() if name in bodies)
        people = ("--customers", "--rate", self._rate, "--tear", 0.03, "--seed", len(name) + ord(name[-1]))
        reach = ("--tcp", f"127.0.0.1:{self.reach.get(name, self.ports[box])}")
        return ("edge.terminal", "run", "--data", self.data, "--name", name, *reach, *people, "--end-with-stdin")

    def is_ready(self, name: str) -> bool:
        """Has it said so in this life? It must not have ended."""
        part = self._parts[name]
        assert part.poll() is None, f"{name} ended with {part.returncode}:\n{self.said(name)[-3000:]}"
        return ("READY" if name != "broker" else "running") in self.said(name)

    def said(self, name: str) -> str:
        """All it said in this life."""
        return self._log(name).read_text(encoding="utf-8", errors="replace")

    def status(self, name: str) -> dict[str, Any]:
        """Its newest STATUS line; empty before the first."""
        lines = [line for line in self.said(name).splitlines() if line.startswith("STATUS {") and line.endswith("}")]
        return dict(json.loads(lines[-1][7:])) if lines else {}

    def is_up(self, name: str) -> bool:
        """Does it run?"""
        return name in self._parts and self._parts[name].poll() is None

    def kill(self, *names: str) -> None:
        """kill -9, all of them before any is waited for."""
        self._end(names, signal.SIGKILL)

    def stop(self, *names: str) -> list[int]:
        """SIGTERM; their exit codes."""
        return self._end(names, signal.SIGTERM)

    def send(self, name: str, number: signal.Signals) -> None:
        """A signal."""
        os.kill(self._parts[name].pid, number)

    def wait(self, name: str) -> int:
        """Its exit code, when it ends by itself."""
        return self._parts[name].wait(BOUND_S)

    def _end(self, names: "tuple[str, ...] | dict[str, Any]", number: signal.Signals) -> list[int]:
        parts = [self._parts[name] for name in names if name in self._parts]
        for part in parts:
            part.send_signal(number)
        codes = [part.wait(BOUND_S) for part in parts]
        for part in parts:
            if part.stdin:
                part.stdin.close()
        return codes

    def _log(self, name: str) -> Path:
        return self.room / "log" / f"{name}.log"

    # ---- what is seen

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.data / "cloud" / "ledger.db"

    def outbox(self, box: str = "canteen") -> Path:
        """The outbox's file."""
        return self.data / "boxes" / box / "outbox.db"

    def lane(self, lane: str, box: str = "canteen") -> str:
        """A topic of a box."""
        partition = json.loads((self.data / "boxes" / box / "edge.json").read_text())["partition"]
        return f"oykt/v1/p{partition:02d}/{box}/{lane}"

    def shown(self) -> int:
        """成功 lines of all terminals."""
        return sum(log.read_bytes().count(b"\n") for log in self.data.glob("terminals/*/shown.log"))

    def posted(self) -> int:
        """Records in the ledger."""
        return int(asked(self.ledger, "SELECT count(*) FROM record")[0][0])

    # ---- waits

    def until(self, what: str, holds: Callable[[], object], bound_s: float = BOUND_S) -> None:
        """Poll; at the bound, say what was waited for and what the parts last said."""
        last_s = time.monotonic() + bound_s
        while not holds():
            if time.monotonic() > last_s:
                tails = "\n".join(f"--- {name}\n{self.said(name)[-1200:]}" for name in self._parts)
                raise AssertionError(f"waited {bound_s:g} s in vain: {what}\n{tails}")
            time.sleep(POLL_S)

    def until_shown(self, more: int) -> None:
        """So many more 成功."""
        goal = self.shown() + more
        self.until(f"{goal} 成功", lambda: self.shown() >= goal)

    def until_posted(self, more: int) -> None:
        """So many more records in the ledger."""
        goal = self.posted() + more
        self.until(f"{goal} records", lambda: self.posted() >= goal)

    def close_shop(self) -> None:
        """Stop selling, drain terminals and boxes."""
        bodies = [body for one in BOXES.values() for body in one if self.is_up(body)]
        for body in bodies:
            self.send(body, signal.SIGUSR1)
        for body in bodies:
            self.until(f"{body} drained", lambda body=body: self.status(body).get("drained"))
        for box in BOXES:
            name = f"edge-{box}"
            self.until(f"{box} settled", lambda name=name: self.status(name).get("unsettled") == 0)


def asked(file: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a SQLite file, without a chance to change it."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=BOUND_S)) as db:
        return db.execute(sql, values).fetchall()
