"""How the signer of boxes says it stands: a small file in the cloud's folder, made anew each second while it runs.

Read only. One that is not there, cannot be read or is older than FRESH_S is unknown, and so raises and ends nothing.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from cloud.watch.alarms.terms import Kind, Signal, Source
from shared.wire.enrol.office import STANDING_FILE

SIGNER = Source(Kind.SERVICE, "signer")
LIST = Source(Kind.SERVICE, "revocations")
FRESH_S = 60
FILE_MAX = 4096


def enrolment_signals(folder: Path, now_ms: int) -> Iterator[Signal]:
    """Is the newest list not proved at the broker; codes tried wrongly, or used by another key; days of the list."""
    said = standing(folder / STANDING_FILE, now_ms // 1000)
    unproved = None if not said else int(said["proved"] != said["number"])
    yield Signal("revocation-unproved", SIGNER, now_ms, unproved)
    yield Signal("enrol-wrong", SIGNER, now_ms, said.get("wrong"))
    yield Signal("enrol-stolen", SIGNER, now_ms, said.get("stolen"))
    yield Signal("certificate-left", LIST, now_ms, said.get("days"))


def standing(file: Path, now_s: int) -> dict[str, int]:
    """Its numbers; empty: nothing is known now."""
    found = last_standing(file)
    return found if found and abs(now_s - found["at"]) <= FRESH_S else {}


def last_standing(file: Path) -> dict[str, int]:
    """As it was said last, `at` says when; empty: it never was here."""
    try:
        with file.open("rb") as opened:
            said = json.loads(opened.read(FILE_MAX))
        found = {name: said[name] for name in ("at", "number", "proved", "wrong", "stolen", "days")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if all(type(one) is int for one in found.values()) else {}
