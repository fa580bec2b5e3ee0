"""The releases of a box in the world: real folders on a disk of its own, whose every durable step may lose its power.

What a release is worth its name says: it runs, it finds itself unwell, it ends at once, it says nothing; or it should
never run, for officers have not signed it, its bytes are rotten, its number is not above the one in use. A box that is
told to change ends, and what starts then is what `openykt-box step` says. A seed without releases hears nothing of
them: they draw from a source of chance of their own.
"""

import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from enum import Enum
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Protocol

from edge.upgrade.folders import CURRENT, MANIFEST, Folders
from edge.upgrade.standing import Offered, Standing
from edge.upgrade.starting import ARCHIVE, LAUNCHER, WANTED, WELL, Machine, Starting
from edge.upgrade.trial import BOUND_S, WELL_S
from tests.sim.box_release_law import BoxReleaseLaw
from tests.sim.clock import Clock
from tests.sim.disk import PowerCut
from tests.sim.world import World

SHARE = 0.12
OFFER_S = (15.0, 40.0)
"""Means of seconds between two releases of one box."""
CUT = 0.02
"""Of each durable step."""
JUDGE_S = 60.0
MACHINE = Machine("3.13", "sim")
MEMORY = Path("/dev/shm")
"""Where there is one: a disk that is not waited for."""


class Kind(Enum):
    """What a release is worth."""

    GOOD = "good"
    UNWELL = "unwell"
    DIES = "dies"
    MUTE = "mute"
    UNSIGNED = "unsigned"
    ROTTEN = "rotten"
    OLDER = "older"


RUNS = frozenset({Kind.GOOD, Kind.UNWELL, Kind.DIES, Kind.MUTE})
"""What may ever start; of these only the first is ever in use."""


def is_released(seed: int) -> bool:
    """Do boxes change their releases in this seed?"""
    return Random(seed ^ 0xB0C5).random() < SHARE


class Ends(Protocol):
    """The box."""

    alive: bool

    def kill(self) -> None: ...


class BoxReleases:
    """Of one box. Subclasses plant defects."""

    starting: type[Starting] = Starting
    folders: type[Folders] = Folders

    def __init__(self, world: World, clock: Clock, box: str, part: Ends) -> None:
        self._world, self._clock, self._box, self._part = world, clock, box, part
        self._random = Random(f"{world.seed}/{box}/releases")
        self._room = Path(tempfile.mkdtemp(prefix="ykt-sim-", dir=MEMORY if MEMORY.is_dir() else None))
        self._incoming = self._room / "incoming"
        self._incoming.mkdir()
        self._signed: set[tuple[str, int]] = set()
        self._number = 0
        self._life = 0
        self._cuts = CUT
        shipped = self._laid(self._room / "shipped", "shipped-good")
        self._folders = self.folders(self._room, shipped, self._step)
        self.law = BoxReleaseLaw(box, self._folders)

    def begin(self) -> None:
        """From now on releases come."""
        self._world.after(self._random.expovariate(1 / self._random.choice(OFFER_S)), self._offer)

    def quiet(self) -> None:
        """No more of them, and no more power cuts here."""
        self._cuts = 0.0

    def close(self) -> None:
        """The world ends."""
        shutil.rmtree(self._room)

    def start(self) -> None:
        """Before each start of the box; PowerCut in the midst of it. What starts begins to show what it is worth."""
        self._life += 1
        uptime = self._world.seed, self._world.now_s
        one = self.starting(
            self._folders, self._incoming, self._prove, MACHINE, lambda: (str(uptime[0]), self._world.now_s)
        )
        standing = one.step(self._clock.unix_ms() // 1000)
        self.law.started(standing)
        kind = kind_of(standing.started)
        self._world.note("box release", self._box, standing.started.number, kind.value, standing.starts)
        if standing.trial is not None:
            self._world.after(JUDGE_S, self._judge, self._life, one)
            self._shows(kind, standing)

    # ---- what runs

    def _shows(self, kind: Kind, standing: Standing) -> None:
        acts: dict[Kind, tuple[float, Callable[[int, Standing], None]]] = {
            Kind.GOOD: (WELL_S, self._is_well), Kind.UNWELL: (BOUND_S, self._is_unwell),
            Kind.DIES: (self._random.uniform(0.1, 3.0), self._dies),
        }  # fmt: skip
        if kind in acts:
            after_s, act = acts[kind]
            self._world.after(after_s, act, self._life, standing)

    def _is_well(self, life: int, standing: Standing) -> None:
        if life == self._life and self._part.alive:
            self.law.well(standing.started)
            self._say(standing, well=True)

    def _is_unwell(self, life: int, standing: Standing) -> None:
        if life == self._life and self._part.alive:
            self._say(standing, well=False)
            self._part.kill()

    def _dies(self, life: int, _: Standing) -> None:
        if life == self._life and self._part.alive:
            self._part.kill()

    def _say(self, standing: Standing, *, well: bool) -> None:
        said = {"name": standing.started.name, "well": well, "said": ""}
        (self._incoming / WELL).write_text(json.dumps(said))

    def _judge(self, life: int, one: Starting) -> None:
        """`openykt-trial.timer`."""
        if life != self._life or not self._part.alive:
            return
        try:
            is_over = one.judge(self._clock.unix_ms() // 1000)
        except PowerCut:
            is_over = True
        self.law.looked()
        if is_over:
            self._part.kill()
        elif self._folders.standing().trial is not None:
            self._world.after(JUDGE_S, self._judge, life, one)

    # ---- what comes

    def _offer(self) -> None:
        """The box has fetched one; half of the times it ends for it at once."""
        if not self._cuts:
            return
        kind = self._random.choice([*Kind, Kind.GOOD, Kind.GOOD, Kind.OLDER])
        self._number += 1
        newest = self.law.newest
        number = self._number if kind is not Kind.OLDER else self._random.randint(min(1, newest), newest)
        name = f"r{self._number}-{kind.value}"
        raw = self._archive(name)
        digest = sha256(raw).hexdigest()
        if kind is not Kind.UNSIGNED:
            self._signed.add((digest, number))
        if kind is Kind.ROTTEN:
            raw = raw[:700] + bytes((raw[700] ^ 1,)) + raw[701:]
        (self._incoming / ARCHIVE).write_bytes(raw)
        (self._incoming / WANTED).write_text(json.dumps({"name": name, "number": number, "digest": digest}))
        self._world.note("box offered", self._box, number, kind.value)
        if self._part.alive and self._random.random() < 0.7:
            self._part.kill()
        self.begin()

    def _archive(self, name: str) -> bytes:
        made = self._laid(self._room / "made", name)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            tar.add(made, name)
        shutil.rmtree(self._room / "made")
        return out.getvalue()

    def _laid(self, room: Path, name: str) -> Path:
        folder = room / name
        (folder / LAUNCHER).parent.mkdir(parents=True)
        (folder / LAUNCHER).write_text(name)
        files = {LAUNCHER: sha256(name.encode()).hexdigest()}
        said = {"python": MACHINE.python, "machine": MACHINE.name, "files": files}
        (folder / MANIFEST).write_text(json.dumps(said))
        return folder

    def _prove(self, archive: Path, offered: Offered) -> str:
        del archive
        return "" if (offered.digest, offered.number) in self._signed else "not signed"

    def _step(self, name: str) -> None:
        if self._cuts and self._random.random() < self._cuts:
            self._world.note("box release cut", self._box, name)
            self.law.cut((self._room / CURRENT).exists())
            raise PowerCut


def kind_of(one: Offered) -> Kind:
    """By its name."""
    return Kind(one.name.rpartition("-")[2])
