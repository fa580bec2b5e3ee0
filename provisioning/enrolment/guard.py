"""Proves again and again that the broker refuses who is revoked, and takes a revoked box's session from it.

A list at a broker proves nothing: mosquitto that could not read one runs on without, and one that was not told has the
list of before. So two canaries knock: one that this very list is the first to name must be refused, a good one must be
let in. While that is not so the list is
put in place anew and the broker is told again; after TOLD_MAX times it is ended, for at its start it reads the list or
does not run. Each failed handshake costs mosquitto 2.0 a bystander's connection now and then (docs/open.md), so without
a cause it is asked once in PROVE_S only.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from provisioning.certificates.authority import Authority
from provisioning.enrolment import broker, files
from provisioning.enrolment.knock import DoorPlace, Heard, Knocker, knock

PROVE_S = 3600.0
TOLD_MAX = 5
TAKES_S = 2.0
"""So long a broker may need to read a list that it was told of."""
KEEPER_S = 5.0
"""A broker that is not this machine's has a keeper who looks at the list once a second."""
POLL_S = 0.05
NOT_PROVED = "not-proved"
FAILS_OPEN = "fails-open"
AWAY = "broker-away"


@dataclass(frozen=True, slots=True)
class Doors:
    """The boxes' door, and the cloud's own."""

    boxes: DoorPlace
    cloud: DoorPlace


class Found(NamedTuple):
    """A turn: the number of the list that was proved, 0: none; what hinders; whose sessions were taken."""

    proved: int
    hinders: str
    cut: Sequence[str]


class Guard:
    """One broker's. Blocking; each turn ends within some knocks."""

    def __init__(self, data: Path, ca: Authority, doors: Doors, now: Callable[[], datetime]) -> None:
        self._data, self._ca, self._doors, self._now = data, ca, doors, now
        self._proved = 0
        self._proved_at_s = 0.0
        self._pid = ""
        self._told = 0

    def turn(self, number: int, uncut: Sequence[str], out: Sequence[str]) -> Found:
        """Prove the list of this number where that is needed, and cut whom it revokes.

        out: boxes that have no certificate at all. After a time without proof each of them may have come in, and a list
        that is there again ends no session: so they are all cut again.
        """
        was_proved = self._proved
        hinders = self._prove(number) if self._is_needed(number) else ""
        if hinders:
            self._proved = 0
            return Found(0, hinders, ())
        wanted = dict.fromkeys((*uncut, *(() if was_proved else out)))
        return Found(self._proved, "", [box for box in wanted if self._cut(box)])

    def _is_needed(self, number: int) -> bool:
        aged = time.monotonic() - self._proved_at_s > PROVE_S
        return number != self._proved or aged or self._broker() != self._pid

    def _prove(self, number: int) -> str:
        """Empty when it is proved."""
        pid = self._broker()
        last_s = time.monotonic() + (TAKES_S if broker.tell(self._data) else KEEPER_S)
        good = self._knocker(files.canary(self._data, self._ca, files.GOOD, self._now()))
        bad = self._knocker(files.list_canary(self._data, number))
        heard = self._ask(bad)
        while heard is Heard.LET_IN and time.monotonic() < last_s:
            time.sleep(POLL_S)
            heard = self._ask(bad)
        if heard is Heard.LET_IN:
            return self._open()
        if heard is Heard.AWAY or self._ask(good) is not Heard.LET_IN or self._ask(bad) is not Heard.REFUSED:
            return AWAY if heard is Heard.AWAY else NOT_PROVED
        self._proved, self._proved_at_s, self._pid, self._told = number, time.monotonic(), pid, 0
        return ""

    def _open(self) -> str:
        """Told again at the next turn; in the end it is ended."""
        self._told += 1
        if self._told > TOLD_MAX:
            self._told = 0
            broker.end(self._data)
        return FAILS_OPEN

    def _ask(self, who: Knocker) -> Heard:
        return knock(self._doors.boxes, who, who.certificate.stem)

    def _cut(self, box: str) -> bool:
        own = self._data / "cloud"
        cloud = Knocker(own / "ca.pem", own / "watch.pem", own / "watch.key")
        return knock(self._doors.cloud, cloud, box) is Heard.LET_IN

    def _knocker(self, pair: files.Pair) -> Knocker:
        return Knocker(self._data / "ca.pem", pair.certificate, pair.key)

    def _broker(self) -> str:
        """Which process it is; empty where it is not this machine's."""
        file = self._data / broker.PID
        return file.read_text(encoding="ascii").strip() if file.exists() else ""
