"""The signer as a process: two sockets (mode 0600), one register, the guard beside it in a thread of its own.

It holds the campus CA's key and no other: that is the only one taken out of the store. `READY signer` when it serves;
STATUS counts, and what hinders the proof of the list. Bounds of the sockets are the key process's.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from provisioning.certificates.authority import Authority
from provisioning.custody import files as key_files
from provisioning.custody import log as custody
from provisioning.enrolment import files
from provisioning.enrolment.guard import Doors, Guard
from provisioning.enrolment.office import Office, Place, Rim
from provisioning.process.memory import leave_no_core
from provisioning.process.process import SILENT, KeyServer, listen, watch_stdin
from shared.support.watchdog import Duty, Watchdog
from shared.wire.enrol.office import Side

TURN_S = 1.0


class Sockets(NamedTuple):
    """Where it is asked."""

    door: Path
    office: Path


def serve_signer(
    data: Path, ca: Authority, sockets: Sockets, place: Place, doors: Doors | None, *, end_with_stdin: bool,
    for_group: bool = False,
) -> None:  # fmt: skip
    """Until SIGTERM, SIGINT or the end of stdin. doors None: no broker is guarded here. ConfigFault, OSError.

    for_group: as the key process's.
    """
    leave_no_core()
    record = partial(custody.append, data / key_files.FOLDER / key_files.CUSTODY)
    with ExitStack() as ends:
        ends.enter_context(files.alone(data))
        listening = {}
        for side, path in ((Side.DOOR, sockets.door), (Side.OFFICE, sockets.office)):
            listening[side] = listen(path, for_group=for_group)
            ends.callback(path.unlink, missing_ok=True)
            ends.callback(listening[side].close)
        files.server_pair(data, ca, _now())
        office = Office(data, ca, place, Rim(time.time, os.urandom, record))
        guard = Guard(data, ca, doors, _now) if doors is not None else None
        asyncio.run(_run(office, guard, listening, end_with_stdin=end_with_stdin))


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


async def _run(office: Office, guard: Guard | None, listening: Mapping[Side, object], *, end_with_stdin: bool) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if end_with_stdin:
        watch_stdin(loop, stop)
    server = KeyServer(office)
    turns = Duty()
    turning = loop.create_task(_turn(office, guard, stop, turns))
    turning.add_done_callback(lambda _: stop.set())  # a turn that cannot be taken ends the process, which says why
    _say("READY signer")
    with Watchdog("signer", lambda: {"turn": turns.turns}) as watchdog:
        watchdog.ready()
        await server.serve(listening, stop)  # type: ignore[arg-type]  # sockets by their side
    await turning


async def _turn(office: Office, guard: Guard | None, stop: asyncio.Event, turns: Duty) -> None:
    """Publish what is due, prove it, cut who is revoked; then say so. A launcher that has gone is a reason to end."""
    while not stop.is_set():
        turns.turned()
        number = office.publish()
        if guard is not None:
            found = await asyncio.to_thread(guard.turn, number, office.uncut(), office.out())
            office.proved, office.hinders = found.proved, found.hinders
            office.note_cut(found.cut, found.proved)
        standing = office.standing()._asdict()
        files.tell_standing(office.data, {**standing, "at": int(time.time())})
        try:
            _tell("STATUS " + json.dumps({**asdict(office.counts), **standing}))
        except BrokenPipeError:
            stop.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(TURN_S):
                await stop.wait()


def _tell(line: str) -> None:
    if not os.environ.get(SILENT):
        _say(line)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
