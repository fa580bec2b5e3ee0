"""A small launcher for the tests: two polite parts, one that ignores SIGTERM; prints their pids, ends at a signal.

Usage: launcher.py DATA
"""

import asyncio
import json
import sys
from pathlib import Path

from compose.parts.hold import hold
from compose.parts.interrupts import Interrupts
from compose.parts.part import Part
from compose.parts.supervise import Supervisor

POLITE = """
import pathlib, signal, sys
name, ended = sys.argv[1:]
def end(*_):
    with open(ended, "a") as file: file.write(name + " ")
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("READY")
while True: signal.pause()
"""
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("READY")
while True: signal.pause()
"""


def parts(data: Path) -> list[Part]:
    """Return the parts of this campus."""
    python = (sys.executable, "-S", "-c")
    ended = str(data / "ended")
    return [
        Part("polite-1", (*python, POLITE, "polite-1", ended)),
        Part("polite-2", (*python, POLITE, "polite-2", ended), after=("polite-1",)),
        Part("stubborn", (*python, STUBBORN), after=("polite-1",), stop_timeout_s=0.3),
    ]


def say(value: dict) -> None:
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def main(data: Path) -> None:
    """Run until the first signal."""
    with hold(data) as held, Interrupts() as interrupts:
        async with Supervisor(data / "log", keep_fds=(held.fd,)) as supervisor:
            campus = parts(data)
            await supervisor.start(*campus)
            say({part.name: supervisor.pid(part.name) for part in campus})
            await interrupts.first.wait()
            ended = await supervisor.end(hurry=interrupts.second)
        say({"killed": ended.killed})


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
