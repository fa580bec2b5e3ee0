"""Many terminals in one process, each as it is alone: its own files and line; nobody comes, they wait for orders.

`python -m tests.scenes.hall --data FOLDER BOX=PORT:NAME,NAME …`. READY when all have booted; STATUS each second.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from json import dumps
from pathlib import Path

from compose.parts.part import Part
from edge.life import end_with_stdin, every, on_signals, say
from edge.terminal.station.station import Station
from edge.terminal.station.wires import Wire
from shared.clocks.campus_clock import WALL
from tests.scenes.campus import Campus

BOOTS_S = 0.02
"""Between two that boot: a box takes a hundred handshakes a second."""


def hall(campus: Campus, name: str, tills: set[str]) -> Part:
    """These terminals of a campus as one part, in the place of a part each."""
    ports = campus.where.ports
    of_box = {box.box: [one.name for one in box.terminals if one.name in tills] for box in campus.plan.boxes}
    groups = [f"{box}={ports[box]}:{','.join(names)}" for box, names in of_box.items() if names]
    argv = (sys.executable, "-m", "tests.scenes.hall", "--data", str(campus.data), *groups)
    return Part(name, argv, ready_timeout_s=120.0)


def stations(data: Path, groups: list[str]) -> Iterator[Station]:
    """Each with its line to its box."""
    for group in groups:
        where, names = group.split(":")
        wire = Wire(tcp=f"127.0.0.1:{where.split('=')[1]}")
        for name in names.split(","):
            yield Station(data / "terminals" / name, wire, WALL, lambda _: None)


def said(there: list[Station]) -> dict[str, int]:
    """How many there are, are with their box, are locked."""
    joined = sum(one.firmware.line.is_registered for one in there)
    locked = sum(one.firmware.body.documents.orders.lock is not None for one in there)
    return {"terminals": len(there), "joined": joined, "locked": locked}


async def main(arguments: list[str]) -> int:
    """Until its standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("groups", nargs="+")
    given = parser.parse_args(arguments)
    stop = asyncio.Event()
    on_signals(stop, asyncio.Event())
    end_with_stdin(stop)
    there: list[Station] = []
    for one in stations(given.data, given.groups):
        one.start()
        there.append(one)
        await asyncio.sleep(BOOTS_S)
    say(f"READY hall of {len(there)}")
    await every(1.0, stop, lambda: say(f"STATUS {dumps(said(there))}"))
    await asyncio.gather(*(one.close() for one in there))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
