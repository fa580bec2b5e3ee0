"""`cloud box-release`: releases of boxes that the officers signed are brought here, and rolled out in waves.

An archive is kept only when the officers' part beside it stands for these very bytes. What a box runs is what it has
said itself; a roll-out is moved on by the ingest, and no key is needed to make, stop or take back one.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cloud.commands.fleet.firmware import FOLLOW_S
from cloud.commands.fleet.jobs import Place, Targets
from cloud.commands.opening import open_books
from cloud.fleet.beside import campus_clock
from cloud.fleet.box_rolling import BoxRollouts, boxes_in_turn, release_named, rollout_numbered
from cloud.fleet.rolling import RolloutAsked
from cloud.ledger.fleet.boxes.door import BoxesView, BoxLedger, view
from cloud.ledger.fleet.boxes.rows import BoxRelease
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.process.given_file import read_given
from cloud.process.settings import load_settings
from cloud.words.fleet import box_releases as words
from shared.errors import ConfigFault, WireFault
from shared.fleet.box_release import ARCHIVE_MAX, read_archive
from shared.words.voice import Text


def release(place: Place, file: Path, who: str, *, as_json: bool) -> int:
    """Proven and kept. 1: it is not as the officers signed it, and why. ConfigFault: its number is not above."""
    from shared.keys import trust

    settings, now = load_settings(place.data), _now(place)
    raw = read_given(file, ARCHIVE_MAX)
    beside = read_given(file.with_name(file.name + trust.TRUST_SUFFIX), ARCHIVE_MAX)
    with closing(open_prepared(settings.books(place.dsn))) as opened:
        ledger = BoxLedger(opened)
        try:
            archive = read_archive(raw)
            signed = trust.officers_prove(trust.decode_officers(beside), settings.campus, settings.campus_key)
            number = archive.number_in(signed)
            if not number:
                raise WireFault("the officers do not stand for these bytes")
        except WireFault as fault:
            ledger.tell_forged(str(fault)[:80], who, now)
            _say(str(Text(f"✗ {file}：不收：{fault}", f"✗ {file}: refused: {fault}")))
            return 1
        digest = bytes.fromhex(archive.digest)
        made = BoxRelease(archive.machine, number, archive.name, archive.length, digest, who, now.unix_ms)
        is_new = ledger.take(made, raw, beside, now)
    _say(json.dumps(words.release_json(made) | {"new": is_new}) if as_json else words.release_line(made))
    return 0


def listing(place: Place, *, as_json: bool) -> int:
    """Releases, roll-outs, and what each box runs. Always 0."""
    found = _view(place)
    if as_json:
        _say(json.dumps(words.view_json(found), ensure_ascii=False))
    else:
        _say(*words.view_lines(found))
    return 0


def roll_out(place: Place, named: str, targets: Targets, asked: RolloutAsked, *, as_json: bool, follow: bool) -> int:
    """Its first wave has begun when this returns. ConfigFault: nothing has."""
    one = release_named(_view(place), named)
    boxes = _chosen(place, one, targets)
    return _made(place, lambda rollouts, _, now: rollouts.make(one, boxes, asked, now), as_json=as_json, follow=follow)


def roll_back(place: Place, number: int, named: str, asked: RolloutAsked, *, as_json: bool, follow: bool) -> int:
    """As `BoxRollouts.take_back`."""
    return _made(
        place, lambda rollouts, found, now: rollouts.take_back(found, number, named, asked, now), as_json=as_json,
        follow=follow,
    )  # fmt: skip


def retry(place: Place, number: int, asked: RolloutAsked, *, as_json: bool, follow: bool) -> int:
    """As `BoxRollouts.try_again`."""
    return _made(
        place, lambda rollouts, found, now: rollouts.try_again(found, number, asked, now), as_json=as_json,
        follow=follow,
    )  # fmt: skip


def stop(place: Place, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """Who has not begun to run it never will."""
    _with_ledger(place, lambda ledger, now: ledger.stop(number, who, reason, now))
    status(place, number, follow=False, as_json=as_json)
    return 0


def resume(place: Place, number: int, who: str, reason: str, *, follow: bool, as_json: bool) -> int:
    """It goes on where it paused, or was stopped by a person."""
    _with_ledger(place, lambda ledger, now: ledger.resume(number, who, reason, now))
    return status(place, number, follow=True, as_json=as_json) if follow else 0


def status(place: Place, number: int, *, follow: bool, as_json: bool) -> int:
    """One roll-out (0: the newest), box by box. 1 where one has failed; followed: until it does not go on by itself."""
    told: list[str] = []
    while True:
        found = _view(place)
        one = rollout_numbered(found, number)
        lines = [json.dumps(words.rollout_json(one), ensure_ascii=False)] if as_json else words.rollout_lines(one)
        if lines != told:
            _say(*(line for line in lines if as_json or line not in told))
            told = lines
        if one.is_over or not follow:
            return int(one.failed > 0)
        time.sleep(FOLLOW_S)


# --- inside ----------------------------------------------------------------------------------------------------------


def _made(
    place: Place, act: Callable[[BoxRollouts, BoxesView, Now], int], *, as_json: bool, follow: bool
) -> int:  # fmt: skip
    found = _view(place)
    with closing(open_prepared(load_settings(place.data).books(place.dsn))) as opened:
        number = act(BoxRollouts(BoxLedger(opened)), found, _now(place))
    return status(place, number, follow=follow, as_json=as_json) if follow else _shown(place, number, as_json=as_json)


def _shown(place: Place, number: int, *, as_json: bool) -> int:
    one = rollout_numbered(_view(place), number)
    _say(json.dumps(words.rollout_json(one), ensure_ascii=False) if as_json else words.rollout_line(one))
    return 0


def _view(place: Place) -> BoxesView:
    with open_books(place.data, place.dsn) as reader, reader.database.reading():
        return view(reader.database, _now(place))


def _with_ledger(place: Place, act: Callable[[BoxLedger, Now], None]) -> None:
    with closing(open_prepared(load_settings(place.data).books(place.dsn))) as opened:
        act(BoxLedger(opened), _now(place))


def _chosen(place: Place, one: BoxRelease, targets: Targets) -> list[str]:
    """Named boxes in their order; all boxes in an order in which no canteen is first by its name. A box that has never
    said its processor is among all: it learns that nothing is for it, and is silent in the end."""
    with open_books(place.data, place.dsn) as reader:
        known = {row.box for row in reader.boxes()}
    if targets.everybody:
        return boxes_in_turn(one, known)
    wanted = targets.to or ((targets.box,) if targets.box else ())
    unknown = next((box for box in wanted if box not in known), None)
    if unknown is not None or not wanted:
        raise ConfigFault(Text(f"没有网关 {unknown or ''}", f"there is no box {unknown or ''}"))
    return list(dict.fromkeys(wanted))


def _now(place: Place) -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), int(campus_clock(place.data, place.clock).at(unix_s)))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
