"""`cloud job`: terminals are ordered to do something, and what became of it is told, hop by hop.

An order is signed at the key process's own socket for that, kept in the ledger, and sent by the ingest. Each step is
one transaction. A name is the person's word for himself, as with the other commands.
"""

import json
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cloud.commands.opening import open_books
from cloud.fleet.beside import campus_clock, orders_socket
from cloud.fleet.ordering import Orders
from cloud.keys.client import KeyClient
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.jobs.pieces import Paper
from cloud.ledger.fleet.jobs.state import Job, JobRow
from cloud.ledger.fleet.jobs.views import JobView
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.process.settings import load_settings
from cloud.words.fleet import jobs as words
from cloud.words.fleet.jobs import Named, Names, Said
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault
from shared.fleet.order import Deed, Lock, Order
from shared.words.refused import why_not
from shared.words.voice import Text

FOLLOW_S = 0.5
MODEL = "model:"
TARGETS_MAX = 14_000
"""Terminals of one job: all of a large campus."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the books are, where orders are signed (None: found), and the campus clock of a replay ("": found)."""

    data: Path
    dsn: str | None
    keys: Path | None = None
    clock: str = ""


@dataclass(frozen=True, slots=True)
class Targets:
    """One of the three: names or numbers; a box; everybody."""

    to: tuple[str, ...] = ()
    box: str = ""
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """An order and how it is given. expires_s 0: never."""

    deed: Deed
    targets: Targets
    who: str
    reason: str
    expires_s: int
    width: int = 0
    stop_percent: int = 0
    stop_min: int = 1
    is_sure: bool = False


def run(place: Place, asked: Asked, *, as_json: bool, follow: bool) -> int:
    """0: ordered (followed: and done by all); 1: it stops terminals that sell, and nobody said --yes (followed: not
    done by all). ConfigFault, KeyFault: nothing was ordered."""
    clock = campus_clock(place.data, place.clock)
    with open_books(place.data, place.dsn) as reader:
        names = _names(reader)
        chosen = _chosen(names, asked.targets, reader.fleet.kinds())
        if not _may(reader, asked, chosen, names, clock):
            return 1
    now = _now(clock)
    expires_ms = now.unix_ms + asked.expires_s * 1000 if asked.expires_s else 0
    job = Job(
        0, Order(asked.deed).verb, b"", asked.who, asked.reason, now.unix_ms, expires_ms, 0, asked.width,
        asked.stop_percent, asked.stop_min,
    )  # fmt: skip
    with closing(open_prepared(load_settings(place.data).books(place.dsn))) as opened, _signer(place) as keys:
        number = Orders(JobLedger(opened), keys, clock).give(asked.deed, chosen, job, now)
    return _ordered(place, number, len(chosen), as_json=as_json, follow=follow)


def cancel(place: Place, number: int, who: str, reason: str, *, as_json: bool, follow: bool) -> int:
    """What has not left is cancelled at once; what has is asked for, by a job of its own."""
    clock = campus_clock(place.data, place.clock)
    with closing(open_prepared(load_settings(place.data).books(place.dsn))) as opened, _signer(place) as keys:
        made = Orders(JobLedger(opened), keys, clock).cancel(number, who, reason, _now(clock))
    if made:
        return _ordered(place, made, None, as_json=as_json, follow=follow)
    show(place, number, as_json=as_json, follow=False)
    return 0


def retry(
    place: Place, number: int, who: str, reason: str, expires_s: int, *, as_json: bool, follow: bool
) -> int:  # fmt: skip
    """A new job for what has failed. ConfigFault: nothing has."""
    clock = campus_clock(place.data, place.clock)
    now = _now(clock)
    with closing(open_prepared(load_settings(place.data).books(place.dsn))) as opened, _signer(place) as keys:
        expires_ms = now.unix_ms + expires_s * 1000 if expires_s else 0
        made = Orders(JobLedger(opened), keys, clock).retry(number, who, reason, expires_ms, now)
    if not made:
        raise ConfigFault(Text(f"任务 {number} 没有未成的终端", f"no terminal of job {number} has failed"))
    return _ordered(place, made, None, as_json=as_json, follow=follow)


def listing(place: Place, *, as_json: bool) -> int:
    """Every job, the newest first. Always 0."""
    clock = campus_clock(place.data, place.clock)
    with open_books(place.data, place.dsn) as reader:
        found = reader.fleet.jobs()
    if as_json:
        _say(json.dumps({"jobs": [words.job_json(one, _now(clock)) for one in found]}, ensure_ascii=False))
    else:
        _say(*words.jobs_lines(found, clock))
    return 0


def log(place: Place, number: int, targets: Targets, out: Path | None, *, as_json: bool) -> int:
    """What terminals said at length about their orders, into files, or as it is. 1 where any of it is not whole."""
    clock = campus_clock(place.data, place.clock)
    with open_books(place.data, place.dsn) as reader:
        names = _names(reader)
        _, rows = _found(reader, number, _now(clock))
        chosen = set(_chosen(names, targets, reader.fleet.kinds())) if targets.to or targets.box else {*names}
        there = [row for row in rows if row.device in chosen]
        said = reader.fleet.said({(row.device, row.generation) for row in there})
    files = {device: _written(out, words.log_name(number, names, device), paper) for device, paper in said.items()}
    if as_json:
        _say(json.dumps({"job": number, "logs": words.logs_json(there, said, names, files)}, ensure_ascii=False))
    else:
        _say(*words.log_lines(there, said, names, files))
    return int(any(row.device not in said or not said[row.device].is_whole for row in there))


def _written(out: Path | None, name: str, paper: Paper) -> Path | None:
    """ConfigFault where it cannot be."""
    if out is None:
        return None
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        (out / name).write_bytes(paper.raw)
    except OSError as fault:
        raise ConfigFault(Text(f"{out}: 无法写入：{why_not(fault).zh}", f"{out}: {why_not(fault).en}")) from fault
    return out / name


def show(place: Place, number: int, *, as_json: bool, follow: bool) -> int:
    """One job, row by row. 1 where one has failed, silent ones too; followed: to its end."""
    clock = campus_clock(place.data, place.clock)
    told: list[JobRow] = []
    with open_books(place.data, place.dsn) as reader:
        names = _names(reader)
        while True:
            view, rows = _found(reader, number, _now(clock))
            said = reader.fleet.said({(row.device, row.generation) for row in rows})
            fresh = rows if as_json else [row for row in rows if row not in told]
            if rows != told:
                _say(*_lines(view, fresh, Said(names, said), clock, as_json=as_json))
                told = rows
            if view.is_over or not follow:
                return int(view.failed > 0)
            time.sleep(FOLLOW_S)


def _lines(view: JobView, rows: list[JobRow], there: Said, clock: CampusClock, *, as_json: bool) -> list[str]:
    if as_json:
        told = [words.row_json(row, there.names, there.papers.get(row.device)) for row in rows]
        return [json.dumps(words.job_json(view, _now(clock)) | {"rows": told}, ensure_ascii=False)]
    lines = (words.row_line(row, there.names, clock, there.papers.get(row.device)) for row in rows)
    return [words.job_line(view, clock), *lines]


def _ordered(place: Place, number: int, count: int | None, *, as_json: bool, follow: bool) -> int:
    if follow:
        return show(place, number, as_json=as_json, follow=True)
    with open_books(place.data, place.dsn) as reader:
        now = _now(campus_clock(place.data, place.clock))
        view, rows = _found(reader, number, now)
    if as_json:
        _say(json.dumps(words.job_json(view, now), ensure_ascii=False))
    else:
        _say(words.ordered_line(number, words.ordered_text(view.job.verb), len(rows) if count is None else count))
    return 0


def _found(reader: Reader, number: int, now: Now) -> tuple[JobView, list[JobRow]]:
    found = reader.fleet.job(number, now)
    if found is None:
        raise ConfigFault(Text(f"没有任务 {number}", f"there is no job {number}"))
    return found


def _may(reader: Reader, asked: Asked, chosen: Collection[bytes], names: Names, clock: CampusClock) -> bool:
    """Does a lock stop nobody, or does its orderer know what it stops?"""
    if asked.is_sure or not isinstance(asked.deed, Lock):
        return True
    selling = [one for one in reader.fleet.stops(chosen, _now(clock)) if one.is_selling]
    if selling:
        _say(*words.stops_lines(selling, names))
    return not selling


def _names(reader: Reader) -> dict[bytes, Named]:
    return {row.device: Named(row.name, row.place, row.box) for row in reader.terminals()}


def _chosen(names: Names, targets: Targets, kinds: Mapping[bytes, str]) -> tuple[bytes, ...]:
    """ConfigFault, by its name, for one that is not there; for a box without terminals; for more than a job has."""
    if targets.to:
        found = tuple(dict.fromkeys(device for one in targets.to for device in _named(names, one, kinds)))
    else:
        found = tuple(sorted(device for device, at in names.items() if targets.everybody or at.box == targets.box))
    if not found:
        whom = targets.box[:40]
        raise ConfigFault(Text(f"网关 {whom} 没有终端", f"there is no terminal at box {whom}"))
    if len(found) > TARGETS_MAX:
        raise ConfigFault(Text(f"一个任务至多 {TARGETS_MAX} 台", f"a job has at most {TARGETS_MAX} terminals"))
    return found


def _named(names: Names, text: str, kinds: Mapping[bytes, str]) -> list[bytes]:
    """A terminal, or by `model:` all of one kind: each kind is one hardware of ours."""
    if not text.startswith(MODEL):
        return [_terminal(names, text)]
    model = text.removeprefix(MODEL)
    found = sorted(device for device in names if kinds.get(device) == model)
    if not found:
        there = ", ".join(sorted(set(kinds.values())))
        raise ConfigFault(
            Text(f"没有型号 {model[:40]} 的终端，有：{there}", f"no terminal of model {model[:40]}, there are: {there}")
        )
    return found


def _terminal(names: Names, text: str) -> bytes:
    for device, at in names.items():
        if text in (at.name, device.hex()):
            return device
    raise ConfigFault(Text(f"没有终端 {text[:40]}", f"there is no terminal {text[:40]}"))


def _signer(place: Place) -> KeyClient:
    return KeyClient(orders_socket(place.data, place.keys))


def _now(clock: CampusClock) -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), int(clock.at(unix_s)))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
