"""Before each start of a box: what the last start has shown, what the box has fetched, and so which release starts now.

The box writes three files into a folder of its own (INCOMING), which are believed as far as what they say is proven:
`wanted.json` and `archive`, a release that it has fetched; `well.json`, whether the one on trial is well. Nothing here
asks a network. What fails leaves what ran before.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.upgrade.folders import Folders, NotTaken, Prove, require_whole
from edge.upgrade.standing import TRIES_MAX, Offered, Standing, Why, offered

WANTED, ARCHIVE, WELL = "wanted.json", "archive", "well.json"
TRIAL_S = 300
"""So long a release on trial may run without having said that it is well (`judge`)."""
LAUNCHER = "bin/openykt"
FILE_MAX = 65_536
BEGUN, BOOT_ID = "begun", Path("/proc/sys/kernel/random/boot_id")
"""When this start began, by the time since the machine's own."""


class Machine(NamedTuple):
    """python: major.minor of Debian's; name: of the processor, as releases call it."""

    python: str
    name: str


def this_machine() -> Machine:
    """Where this runs."""
    return Machine(f"{sys.version_info.major}.{sys.version_info.minor}", os.uname().machine)


Uptime = Callable[[], tuple[str, float]]
"""Which start of the machine this is, and the seconds since then."""


class Starting:
    """Of one box."""

    def __init__(
        self, folders: Folders, incoming: Path, prove: Prove, machine: Machine, uptime: Uptime | None = None
    ) -> None:
        """uptime: of this machine, if no other is given."""
        self._folders, self._incoming, self._prove, self._machine = folders, incoming, prove, machine
        self._uptime = uptime or _uptime

    def step(self, now_s: int) -> Standing:
        """What is to start, with the link on it. Never refuses to start something that stands here."""
        standing = self._begun(self._judged(self._folders.standing(), now_s), now_s)
        if standing.trial is None:
            standing = self._taken(standing, now_s)
        standing = self._startable(standing, now_s)
        self._folders.keep(standing)
        self._folders.switch(standing)
        self._note_begun()
        (self._incoming / WELL).unlink(missing_ok=True)
        self._folders.prune(standing)
        return standing

    def judge(self, now_s: int) -> bool:
        """A release on trial that the box has found well is in use; has one run too long without a word? Then it is to
        be ended, and the next start goes back. OSError: who cannot look judges nothing."""
        standing = self._folders.standing()
        if standing.trial is None:
            return False
        next(self._incoming.iterdir(), None)
        well = self._said()
        if well.get("name") == standing.trial.name:
            if well.get("well") is True:
                self._folders.keep(standing.kept_on())
            return False
        if not self._is_overdue():
            return False
        self._folders.keep(standing.gone_back(Why.OVERDUE, f"{TRIAL_S} s", now_s))
        return True

    # ---- inside

    def _judged(self, standing: Standing, now_s: int) -> Standing:
        """What the box has said of the release on trial."""
        well, trial = self._said(), standing.trial
        if trial is None or not well or well.get("name") != trial.name:
            return standing
        if well.get("well") is True:
            return standing.kept_on()
        return standing.gone_back(Why.UNWELL, str(well.get("said", "")), now_s)

    def _begun(self, standing: Standing, now_s: int) -> Standing:
        """Another start of what is tried, unless it has had them all."""
        if standing.trial is None:
            return standing
        if standing.starts >= TRIES_MAX:
            return standing.gone_back(Why.STARTS, f"{standing.starts}", now_s)
        begun = standing.begun()
        self._folders.keep(begun)
        return begun

    def _taken(self, standing: Standing, now_s: int) -> Standing:
        """A release that was fetched is unpacked and put on trial; or refused, and why."""
        found = self._wanted()
        if found is None or standing.has_met(found):
            self._clear()
            return standing
        try:
            why = standing.may_take(found)
            if why is not None:
                raise NotTaken(why, f"{found.number} ≤ {standing.current.number}")
            is_here = standing.stands_here(found)
            self._folders.take(self._incoming / ARCHIVE, found, self._prove, self._machine, is_here=is_here)
            after = standing.tried(found)
        except NotTaken as fault:
            after = standing.refused(found, fault.why, fault.said, now_s)
        except OSError as fault:
            after = standing.refused(found, Why.FILES, f"{type(fault).__name__}: {fault.strerror}", now_s)
        self._folders.keep(after)
        self._clear()
        return after

    def _clear(self) -> None:
        if (self._incoming / WANTED).exists():
            for name in (WANTED, ARCHIVE):
                (self._incoming / name).unlink(missing_ok=True)

    def _startable(self, standing: Standing, now_s: int) -> Standing:
        """A release on trial is whole at each of its starts; one that lost its launcher gives way to the one before."""
        if standing.trial is not None:
            try:
                require_whole(self._folders.folder(standing.trial), *self._machine)
            except NotTaken as fault:
                standing = standing.gone_back(fault.why, fault.said, now_s)
            except OSError as fault:
                standing = standing.gone_back(Why.FILES, str(fault.strerror), now_s)
        if self._starts(standing.current):
            return standing
        former = standing.former if standing.former and self._starts(standing.former) else self._folders.shipped
        return standing._replace(current=former, former=None)

    def _starts(self, one: Offered) -> bool:
        return (self._folders.folder(one) / LAUNCHER).is_file()

    def _wanted(self) -> Offered | None:
        try:
            return offered(_read(self._incoming / WANTED))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _said(self) -> dict[str, object]:
        try:
            found = _read(self._incoming / WELL)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _is_overdue(self) -> bool:
        """By the time since this machine's start, which no clock sets; after another start of it nobody knows."""
        try:
            boot, began_s = (self._folders.place / BEGUN).read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            return False
        now_boot, now_s = self._uptime()
        return boot == now_boot and now_s - float(began_s) > TRIAL_S

    def _note_begun(self) -> None:
        boot, begun_s = self._uptime()
        (self._folders.place / BEGUN).write_text(f"{boot} {begun_s:.0f}\n", encoding="utf-8")


def _uptime() -> tuple[str, float]:
    return BOOT_ID.read_text(encoding="utf-8").strip(), time.clock_gettime(time.CLOCK_BOOTTIME)


def _read(path: Path) -> object:
    with path.open("rb") as opened:
        found: object = json.loads(opened.read(FILE_MAX))
    return found
