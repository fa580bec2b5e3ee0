"""`openykt edge doctor`: which box, where its broker is, and all checks."""

import argparse
import os
from pathlib import Path

from edge.doctor.checks import Around, box_checks
from shared.support.checks import Result, as_json
from shared.support.diagnostics import diagnostics as bundled
from shared.support.diagnostics import room_of
from shared.support.doctor import examine, say
from shared.support.machine import machine_checks

RUN = Path("/run/openykt")
JOURNAL = ("openykt-edge", "openykt-can@*")


def doctor(options: argparse.Namespace) -> int:
    """All boxes of the folder, one after another."""
    return say("edge", results(options), is_json=options.json)


def diagnostics(options: argparse.Namespace) -> int:
    """A bundle of this box: what the doctor found, settings by a list of fields, logs; shown, or written."""
    room = room_of(options.data, _run(), JOURNAL)
    return bundled("edge", room, as_json("edge", results(options)), options)


def results(options: argparse.Namespace) -> list[Result]:
    """Of each box, and once of the machine. Where there is no box at all the first check says so."""
    boxes = [result for folder in folders(options.data, options.box) for result in _of(folder, options)]
    return [*boxes, *examine(machine_checks(options.data))]


def folders(data: Path, box: str) -> list[Path]:
    """That of the box; else of all; else where one should be."""
    if box:
        return [data / "boxes" / box]
    try:
        found = sorted(entry for entry in (data / "boxes").iterdir() if entry.is_dir())
    except OSError:
        found = []
    return found or [data / "boxes"]


def _of(folder: Path, options: argparse.Namespace) -> list[Result]:
    found = examine(box_checks(Around(folder, _run(), options.broker or "", options.tls)))
    return [_about(result, folder.name) for result in found] if not options.box else found


def _about(result: Result, box: str) -> Result:
    about = f"{box} {result.answer.about}".strip()
    return result._replace(answer=result.answer._replace(about=about))


def _run() -> Path:
    return Path(os.environ.get("RUNTIME_DIRECTORY", RUN))
