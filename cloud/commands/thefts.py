"""`cloud psam-stolen`: a PSAM is stolen, or found again; said as often as one likes, each time with how far it is."""

import json
import os
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cloud.commands.opening import wall_now
from cloud.ledger.held.thefts import Report
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.thefts import TheftView
from cloud.process.settings import load_settings
from cloud.words.thefts import cards_sheet, theft_json, theft_lines
from shared.clocks.clock import ClockError, parse_time
from shared.errors import ConfigFault
from shared.ids import PsamId
from shared.words.screen import ProgressLine
from shared.words.voice import Text

POLL_S = 0.2
WAIT_MAX_S = 3600
AHEAD_S = 600
"""A theft lies in the past, but for clocks that differ."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line said. since: of a theft, not of a find. wait_s: for every box to confirm."""

    psam: PsamId
    since: str | None
    who: str
    reason: str
    body: bool
    found: bool
    wait_s: float
    csv: Path | None
    unlisted: bool = False
    """It is meant to be in no inventory, as one stolen from the stock is."""


def psam_stolen(data: Path, dsn: str | None, wish: Wish, *, as_json: bool) -> int:
    """0 done; 1 when a box has not confirmed within --wait. ConfigFault for wrong use, and then nothing was changed."""
    if not 0 <= wish.wait_s <= WAIT_MAX_S:
        raise ConfigFault(f"--wait: 0..{WAIT_MAX_S}")
    with closing(open_ledger(load_settings(data).books(dsn))) as ledger:
        _act(ledger, wish)
        confirmed = _await_boxes(Reader(ledger.database), wish.wait_s)
        view = Reader(ledger.database).theft_views(wish.psam)[0]
        _say(Reader(ledger.database), view, as_json=as_json)
    if wish.csv is not None:
        wish.csv.write_bytes(cards_sheet(view.cards))
    return 0 if confirmed or not wish.wait_s else 1


def _act(ledger: Ledger, wish: Wish) -> None:
    now = wall_now()
    if wish.found:
        ledger.psam_found(wish.psam, wish.who, wish.reason, now)
        return
    if wish.since is None:
        raise ConfigFault(
            Text("--since: 何时起失控，如 2026-11-26T11:30", "--since: when it was lost, as 2026-11-26T11:30")
        )
    try:
        since_s = parse_time(wish.since)
    except ClockError as fault:
        form = Text(f"应如 2026-11-26T11:30（{fault}）", f"as 2026-11-26T11:30 ({fault})")
        said = wish.since[:40]
        raise ConfigFault(Text(f"--since {said}: {form.zh}", f"--since {said}: {form.en}")) from fault
    if since_s > now.campus_s + AHEAD_S:
        raise ConfigFault(Text(f"--since {wish.since}: 在将来", f"--since {wish.since}: lies in the future"))
    if not (wish.unlisted or Reader(ledger.database).knows_psam(wish.psam)):
        raise ConfigFault(
            Text(
                f"清单中没有 PSAM {wish.psam.hex()}，请核对号码；若是库存中未启用的，加 --unlisted",
                f"no PSAM {wish.psam.hex()} in the inventory: check the number; for one of the stock, add --unlisted",
            )
        )
    ledger.psam_stolen(Report(wish.psam, wish.body, since_s, wish.who, wish.reason), now)


def _await_boxes(reader: Reader, wait_s: float) -> bool:
    """Do all boxes hold the list, at the latest after this time?"""
    last = time.monotonic() + wait_s
    with ProgressLine(sys.stderr, os.environ) as progress:
        while not all(confirmed := [word.confirmed for word in reader.box_words()]):
            if time.monotonic() >= last:
                return False
            progress.tell(Text("等网关确认", "waiting for the boxes"), sum(confirmed), len(confirmed))
            time.sleep(POLL_S)
    return True


def _say(reader: Reader, view: TheftView, *, as_json: bool) -> None:
    boxes, version, reach = reader.box_words(), reader.revocations().version, reader.reach(wall_now().campus_s)
    if as_json:
        found = theft_json(view, boxes, version, reach)
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    sys.stdout.write("\n".join(theft_lines(view, boxes, version, reach)) + "\n")
