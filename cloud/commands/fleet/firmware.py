"""`cloud firmware`: releases that the officers signed are brought here, and rolled out to terminals in waves.

A release is proven by the campus key before anything of it is kept. A roll-out is signed at the key process's socket
for orders, kept in the ledger, and moved on by the ingest. What a terminal runs is what it has reported itself.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from cloud.commands.fleet.jobs import Place, Targets
from cloud.commands.opening import open_books
from cloud.fleet.beside import campus_clock, orders_socket
from cloud.fleet.rolling import (
    TO_TAKE_BACK,
    TO_TRY_AGAIN,
    RolloutAsked,
    Rollouts,
    in_turn,
    no_way_back,
    nobody_left,
    to_take_back,
    to_try_again,
)
from cloud.keys.client import KeyClient
from cloud.ledger.fleet.firmware.door import FirmwareLedger
from cloud.ledger.fleet.firmware.releases import Release, model_text, release_text, way_back
from cloud.ledger.fleet.firmware.state import Rollout, TerminalRow, waves_of
from cloud.ledger.fleet.firmware.views import FirmwareView, RolloutView
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.process.given_file import read_given
from cloud.process.settings import CloudSettings, load_settings
from cloud.words.fleet import firmware as words
from cloud.words.fleet.jobs import Named, Names
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault, WireFault
from shared.fleet.document import LENGTH_MAX, DocumentKind, Head
from shared.fleet.firmware import Image
from shared.keys.firmware_file import MAGIC, read
from shared.words.voice import Text

FOLLOW_S = 0.5
FILE_MAX = LENGTH_MAX[DocumentKind.FIRMWARE] + 1024


def release(place: Place, file: Path, who: str, *, as_json: bool) -> int:
    """Proven and kept. 1: it is not as the officers signed it, and why. ConfigFault: no such file; its number is not
    above what is here."""
    settings, now = load_settings(place.data), _now(campus_clock(place.data, place.clock))
    raw = read_given(file, FILE_MAX)
    with closing(open_prepared(settings.books(place.dsn))) as opened:
        ledger = FirmwareLedger(opened)
        try:
            proven = read(raw, settings.campus, settings.campus_key)
            trust = _trust(file, proven[2], proven[1], settings, is_needed=ledger.trust() is not None)
        except WireFault as fault:
            if raw.startswith(MAGIC):
                ledger.tell_forged(str(fault)[:80], who, now)
            _say(str(Text(f"✗ {file}：不收：{fault}", f"✗ {file}: refused: {fault}")))
            return 1
        made, is_new = ledger.take(*proven, who, now, trust)
    if as_json:
        _say(json.dumps(words.release_json(made) | {"new": is_new}, ensure_ascii=False))
    else:
        _say(words.release_line(made, campus_clock(place.data, place.clock)))
    return 0


def listing(place: Place, *, as_json: bool) -> int:
    """Releases, roll-outs, and what each terminal runs. Always 0."""
    clock = campus_clock(place.data, place.clock)
    with open_books(place.data, place.dsn) as reader:
        view, found, names = reader.fleet.firmware(), reader.fleet.rollouts(_now(clock)), _names(reader)
    if as_json:
        _say(json.dumps(words.view_json(view, found, names, _now(clock)), ensure_ascii=False))
        return 0
    _say(*([words.release_line(one, clock) for one in view.releases] or [words.nothing_line()]))
    _say(*(words.rollout_line(one, clock) for one in reversed(found)), *words.running_lines(view, names))
    return 0


def roll_out(place: Place, named: str, targets: Targets, asked: RolloutAsked, *, as_json: bool, follow: bool) -> int:
    """Its first wave has begun when this returns; followed: as `status`. ConfigFault, KeyFault: nothing has."""
    with open_books(place.data, place.dsn) as reader:
        view = reader.fleet.firmware()
        found = _release(view, named)
        devices = _chosen(view, _names(reader), targets, found)
    waves = waves_of(devices, asked.canary, asked.waves)
    return _make(place, asked.rollout(found.model, found.release), found, waves, as_json=as_json, follow=follow)


def roll_back(
    place: Place, number: int, named: str, asked: RolloutAsked, *, as_json: bool, follow: bool
) -> int:  # fmt: skip
    """Stopped if it was not, and a way back is rolled out to whoever uses its release, or may. ConfigFault: the
    officers have signed no way back."""
    with open_books(place.data, place.dsn) as reader:
        now = _now(campus_clock(place.data, place.clock))
        view, (one, there) = reader.fleet.firmware(), _found(reader, number, now)
        back = _way_back(view, one, named)
    if not one.is_over:
        _with_ledger(place, lambda ledger, now: ledger.stop(number, asked.who, asked.reason, now))
    devices = to_take_back(there)
    if not devices:
        raise nobody_left(number, TO_TAKE_BACK)
    waves = waves_of(devices, asked.canary, asked.waves)
    return _make(
        place, asked.rollout(back.model, back.release, returns=number), back, waves, as_json=as_json, follow=follow
    )


def retry(place: Place, number: int, asked: RolloutAsked, *, as_json: bool, follow: bool) -> int:
    """A new roll-out for whoever failed or was left out; not for an image that has failed its self-test there."""
    with open_books(place.data, place.dsn) as reader:
        now = _now(campus_clock(place.data, place.clock))
        view, (one, there) = reader.fleet.firmware(), _found(reader, number, now)
        found = _release(view, release_text(one.rollout.model, one.rollout.release))
    devices = to_try_again(there)
    if not devices:
        raise nobody_left(number, TO_TRY_AGAIN)
    waves = waves_of(devices, asked.canary, asked.waves)
    return _make(
        place, asked.rollout(found.model, found.release, retries=number), found, waves, as_json=as_json, follow=follow
    )


def stop(place: Place, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """Who has not begun to run it never will."""
    _with_ledger(place, lambda ledger, now: ledger.stop(number, who, reason, now))
    status(place, number, as_json=as_json, follow=False)
    return 0


def resume(place: Place, number: int, who: str, reason: str, *, as_json: bool, follow: bool) -> int:
    """It goes on where it paused, or was stopped by a person."""
    with closing(open_prepared(load_settings(place.data).books(place.dsn))) as opened, _signer(place) as keys:
        now = _now(campus_clock(place.data, place.clock))
        Rollouts(FirmwareLedger(opened), keys).resume(number, who, reason, now)
    return status(place, number, as_json=as_json, follow=follow) if follow else 0


def status(place: Place, number: int, *, as_json: bool, follow: bool) -> int:
    """One roll-out (0: the newest), terminal by terminal. 1 where one has failed, silent ones too; followed: until it
    does not go on by itself."""
    clock = campus_clock(place.data, place.clock)
    told: list[TerminalRow] = []
    with open_books(place.data, place.dsn) as reader:
        names = _names(reader)
        while True:
            one, there = _found(reader, number, _now(clock))
            fresh = there if as_json else [row for row in there if row not in told]
            if there != told or not told:
                _say(*_lines(one, fresh, names, clock, as_json=as_json))
                told = there
            if one.is_over or not follow:
                return int(one.failed > 0)
            time.sleep(FOLLOW_S)


def _lines(
    one: RolloutView, there: Sequence[TerminalRow], names: Names, clock: CampusClock, *, as_json: bool
) -> list[str]:
    if as_json:
        rows = [words.row_json(row, names) for row in there]
        return [json.dumps(words.rollout_json(one, _now(clock)) | {"rows": rows}, ensure_ascii=False)]
    release = one.rollout.release
    return [words.rollout_line(one, clock), *(words.row_line(row, release, names, clock) for row in there)]


def _trust(file: Path, image: Image, head: Head, settings: CloudSettings, *, is_needed: bool) -> bytes:
    """What the officers stand for, of the file beside; b"": there is none. WireFault unless that is this release.

    is_needed: boxes have a chain, and would pass on nothing that it does not stand for.
    """
    from shared.keys import trust

    beside = file.with_name(file.name + trust.TRUST_SUFFIX)
    if not beside.exists() and is_needed:
        raise WireFault(f"{beside.name} is missing: boxes pass on only what the officers stand for")
    if not beside.exists():
        return b""
    raw = read_given(beside, FILE_MAX)
    releases = trust.officers_prove(trust.decode_officers(raw), settings.campus, settings.campus_key)
    length, _ = releases.get(trust.path_of(image.model, image.release), (0, ""))
    if length != head.length:
        raise WireFault(f"{beside.name}: the officers do not stand for release {image.release}")
    return raw


def _make(
    place: Place, rollout: Rollout, found: Release, waves: dict[bytes, int], *, as_json: bool, follow: bool
) -> int:
    with closing(open_prepared(load_settings(place.data).books(place.dsn))) as opened, _signer(place) as keys:
        now = _now(campus_clock(place.data, place.clock))
        number = Rollouts(FirmwareLedger(opened), keys).make(rollout, found, waves, now)
    if follow:
        return status(place, number, as_json=as_json, follow=True)
    with open_books(place.data, place.dsn) as reader:
        one, _ = _found(reader, number, now)
    _say(json.dumps(words.rollout_json(one, now), ensure_ascii=False) if as_json else words.made_line(one))
    return 0


def _with_ledger(place: Place, act: Callable[[FirmwareLedger, Now], None]) -> None:
    with closing(open_prepared(load_settings(place.data).books(place.dsn))) as opened:
        act(FirmwareLedger(opened), _now(campus_clock(place.data, place.clock)))


def _release(view: FirmwareView, named: str) -> Release:
    """'pos:3', or '3' where one model alone has it."""
    found = [one for one in view.releases if named in (one.text, str(one.release))]
    if len(found) > 1:
        all_of = ", ".join(one.text for one in found)
        raise ConfigFault(
            Text(f"第 {named[:20]} 版不止一种：{all_of}", f"release {named[:20]} is of several: {all_of}")
        )
    if not found:
        raise ConfigFault(Text(f"没有固件 {named[:20]}", f"there is no release {named[:20]}"))
    return found[0]


def _way_back(view: FirmwareView, one: RolloutView, named: str) -> Release:
    rollout = one.rollout
    back = _release(view, named) if named else way_back(view.releases, rollout.model, rollout.release)
    if back is not None and back.model == rollout.model and back.release > rollout.release:
        return back
    raise no_way_back(rollout)


def _chosen(view: FirmwareView, names: Names, targets: Targets, found: Release) -> list[bytes]:
    """ConfigFault, by its name, for one that is not there or of another model; where nobody is left."""
    if targets.to:
        devices = list(dict.fromkeys(_terminal(names, one) for one in targets.to))
        other = next((device for device in devices if view.models.get(device) != found.model), None)
        if other is not None:
            name, model = names[other].name, model_text(found.model)
            raise ConfigFault(Text(f"终端 {name} 不是 {model}", f"terminal {name} is no {model}"))
        return devices
    devices = [
        device for device, model in view.models.items()
        if model == found.model and (targets.everybody or names[device].box == targets.box)
    ]  # fmt: skip
    if not devices:
        model = model_text(found.model)
        raise ConfigFault(Text(f"没有 {model} 终端", f"there is no terminal of model {model}"))
    return in_turn(found.digest, devices)


def _terminal(names: Names, text: str) -> bytes:
    for device, at in names.items():
        if text in (at.name, device.hex()):
            return device
    raise ConfigFault(Text(f"没有终端 {text[:40]}", f"there is no terminal {text[:40]}"))


def _found(reader: Reader, number: int, now: Now) -> tuple[RolloutView, list[TerminalRow]]:
    """number 0: the newest."""
    if not number:
        number = max((one.rollout.number for one in reader.fleet.rollouts(now)), default=0)
    found = reader.fleet.rollout(number, now)
    if found is None:
        raise ConfigFault(
            Text("没有升级", "there is no roll-out")
            if not number
            else Text(f"没有升级 {number}", f"there is no roll-out {number}")
        )
    return found


def _names(reader: Reader) -> dict[bytes, Named]:
    return {row.device: Named(row.name, row.place, row.box) for row in reader.terminals()}


def _signer(place: Place) -> KeyClient:
    return KeyClient(orders_socket(place.data, place.keys))


def _now(clock: CampusClock) -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), int(clock.at(unix_s)))


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
