"""A whole tap through real PC/SC: pcscd, two virtual readers and pyscard between the till and our card and PSAM.

The cards live in this process too, as threads behind the readers' sockets: a figure for the way, not for a chip.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.card.reader.psam import PsamReader
from edge.card.reader.reader import NoCard, Reader
from edge.card.sim.chip import Chip
from edge.card.sim.pcscd import PrivatePcscd, why_not
from edge.card.sim.place import CARD_READER, PSAM_READER
from edge.card.sim.server import CardServer
from shared.errors import ConfigFault
from shared.ids import PsamId
from shared.purse.commands import GET_BALANCE
from tests.bench.row import Row, not_measured
from tests.bench.tap import buy

NAME, UNIT = "full purchase through pcscd, power-on to MAC2", "taps/s"
GOAL = 300
ROUNDS = 5
TAPS = 200
EXCHANGES = 500
COMMANDS = 7
"""Five of the card (SELECT, 0017, 8050, 80DC, 8054), two of the PSAM (8070, 8072)."""
SEEN_S = 10.0
_POLL_S = 0.01


def row(card: Chip, psam: Chip, psam_id: PsamId, time_s: int) -> Row:
    """Taps/s, beside what pcscd would allow if there were nothing but its exchanges."""
    missing = why_not()
    if missing:
        return not_measured(NAME, UNIT, str(missing))
    try:
        with _readers(card, psam) as (reader, psam_reader):
            rounds = [(_taps(reader, psam_reader, psam_id, time_s), _floor(reader)) for _ in range(ROUNDS)]
    except ConfigFault as fault:
        return not_measured(NAME, UNIT, str(fault))
    taps, floor = (statistics.median(column) for column in zip(*rounds, strict=True))
    return Row(NAME, taps, UNIT, f"bare GET BALANCE through pcscd ÷ {COMMANDS}", floor, f"≥ {GOAL}", taps >= GOAL)


@contextmanager
def _readers(card: Chip, psam: Chip) -> Iterator[tuple[Reader, PsamReader]]:
    """Both chips in readers of a pcscd of our own."""
    with tempfile.TemporaryDirectory(prefix="ykt-", ignore_cleanup_errors=True) as run, PrivatePcscd(Path(run)) as own:
        os.environ.update(own.environment)
        server, reader, psam_reader = CardServer(own.dial), Reader(CARD_READER), PsamReader(Reader(PSAM_READER))
        try:
            server.psam.insert(psam)
            server.card.insert(card)
            _await(reader)
            probe = Reader(PSAM_READER)
            _await(probe)
            probe.close()
            yield reader, psam_reader
        finally:
            psam_reader.close()
            reader.close()
            server.close()


def _await(reader: Reader) -> None:
    """pcscd looks every 0.4 s."""
    until_s = time.monotonic() + SEEN_S
    while True:
        try:
            reader.lay().close()
        except NoCard as none:
            if time.monotonic() > until_s:
                raise ConfigFault(str(none)) from none
            time.sleep(_POLL_S)
        else:
            return


def _taps(reader: Reader, psam: PsamReader, psam_id: PsamId, time_s: int) -> float:
    began = time.perf_counter()
    for _ in range(TAPS):
        with reader.lay() as laid:
            buy(laid, psam, psam_id, 1, time_s)
    return TAPS / (time.perf_counter() - began)


def _floor(reader: Reader) -> float:
    """The door alone: no threads, no bounds, no logic."""
    connection = reader.connect()
    try:
        began = time.perf_counter()
        for _ in range(EXCHANGES):
            connection.transmit(GET_BALANCE)
        return EXCHANGES / (time.perf_counter() - began) / COMMANDS
    finally:
        reader.release(connection, lost=False)
