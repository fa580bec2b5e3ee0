"""People at the centre: they list cards and find them, order terminals about, and give out firmware."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from cloud.fleet.ordering import Orders
from cloud.fleet.rolling import Rollouts
from cloud.ledger.fleet.firmware.door import FirmwareLedger
from cloud.ledger.fleet.firmware.state import Rollout
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.jobs.state import Job
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from edge.terminal.taps.body import MODELS
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault, KeyFault
from shared.fleet.document import decode_head
from shared.fleet.firmware import Image
from shared.fleet.order import CloseShift, Deed, Locate, Lock, Reboot, Reread, SendLog, Silence, Unlock
from shared.ids import CardId
from shared.keys.firmware_file import SignedImage
from tests.sim.blueprint import HOSTILE
from tests.sim.fleet_keys import FleetKeys, signed_release
from tests.sim.fleet_law import FleetLaw
from tests.sim.fleet_watch import DEADLY
from tests.sim.ingest_part import SimDatabase

if TYPE_CHECKING:
    from tests.sim.campus import Campus

LOST_CARDS = 20
"""So many of the campus's cards are listed and found again, time after time."""
ROLLOUT_MS = 60_000
"""So long a roll-out waits for a terminal; then the next one may begin."""
GOOD = b"def words(face, zh, en):\n    return (zh, en)\n"
BAD = b"def words(face, zh, en):\n    return ()\n"


class Office:
    """Of one campus. Each act is a command of its own, over the ledger's database."""

    def __init__(self, campus: "Campus", law: FleetLaw) -> None:
        self._campus, self._world, self._ingest, self._law = campus, campus.world, campus.ingest, law
        self._keys = FleetKeys(campus.plan.key_operations(), campus.world, campus.faults)
        self._cards = [card.card for card in self._world.random.sample(campus.cards, LOST_CARDS)]
        self._lost_ms: dict[CardId, int] = {}
        self._gone = frozenset(made.settings.device for made in campus.plan.terminals if made.settings.name == HOSTILE)
        """Written off: nobody ever hears of it."""
        self._releases = dict.fromkeys(MODELS.values(), 1)

    def list_card(self) -> None:
        """A card is lost, or found again; often one that somebody is just paying with."""
        paying = [card.card for card in self._campus.cards if card.busy and card.card in self._cards]
        card = self._world.random.choice(paying or self._cards)
        self._set(card, is_lost=not self._is_lost(card))
        self._release()

    def order(self) -> None:
        """Something is ordered of one terminal, or of a few."""
        random = self._world.random
        devices = [terminal.device for terminal in random.sample(self._campus.terminals, random.choice((1, 1, 3)))]
        self._give(self._deed(), devices, random.choice((0, 0, 20_000, 120_000)))

    def cancel(self) -> None:
        """The newest job is taken back, as far as that is possible."""
        ((number,),) = self._ingest.database.execute("SELECT COALESCE(MAX(number), 0) FROM job WHERE cancels = 0")
        if number:
            self._do("cancel", lambda orders: orders.cancel(number, "A", "simulator", self._ingest.now()))

    def release(self) -> None:
        """Firmware for one model: good, bad, or deadly; to all of its terminals at once."""
        random = self._world.random
        model, program = random.choice((1, 1, 2, 3)), random.choice((GOOD, GOOD, BAD, DEADLY + GOOD))
        number = self._releases[model] = self._releases[model] + 1
        if program == GOOD:
            self._law.good.add((model, number))
        image = Image(model, number, "sim", program)
        signed = signed_release(image, self._campus.clock.campus_s())
        self._world.note("firmware", model, number, program == GOOD)
        with suppress(KeyFault, ConfigFault):  # away, or another roll-out of these terminals goes on
            self._roll_out(image, signed)

    def _roll_out(self, image: Image, signed: SignedImage) -> None:
        now, ledger = self._ingest.now(), FirmwareLedger(self._opened())
        release, _ = ledger.take(signed, decode_head(signed.signed.raw), image, "officers", now)
        there = [one.device for one in self._campus.terminals if MODELS[one.made.settings.kind] == image.model]
        wanted = Rollout(
            0, image.model, image.release, "A", "simulator", 0, 0, "100", 0, len(there), ROLLOUT_MS, ROLLOUT_MS
        )
        number = Rollouts(ledger, self._keys).make(wanted, release, dict.fromkeys(there, 1), now)
        self._world.note("roll-out", number, len(there))

    def quiet(self) -> None:
        """Every card is found, every terminal sells again."""
        for card in self._cards:
            if self._is_lost(card):
                self._set(card, is_lost=False)
        self._give(Unlock(), [terminal.device for terminal in self._campus.terminals], 0)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _release(self) -> None:
        """Of which lost card does the ledger say that nobody has to be waited for any more?"""
        database = self._opened().database
        with database.reading():
            for card, since_ms in self._lost_ms.items():
                if not self._ingest.waits_for(database, card, since_ms, self._gone):
                    self._world.note("released", card)
                    self._law.release(card, self._campus.judge)

    def _opened(self) -> OpenedLedger:
        return OpenedLedger(SimDatabase(self._ingest.database, self._at))

    def _at(self, point: str) -> None:
        if point == "committed":
            self._campus.judge.ledger_committed(self._ingest.database)

    def _is_lost(self, card: CardId) -> bool:
        rows = self._ingest.database.execute("SELECT 1 FROM hotlisted WHERE card = ?", (card,))
        return bool(rows.fetchall())

    def _set(self, card: CardId, *, is_lost: bool) -> None:
        self._world.note("listed" if is_lost else "unlisted", card)
        self._law.released.discard(card)
        self._lost_ms.pop(card, None)
        if is_lost:
            self._lost_ms[card] = self._ingest.now().unix_ms
        Ledger(self._opened()).set_hotlisted(card, is_lost, self._ingest.now())

    def _deed(self) -> Deed:
        random = self._world.random
        return random.choice((
            Lock("simulator"), Unlock(), Unlock(), Reboot(), Locate(7), Silence(random.choice((0, 3, 20))),
            SendLog(random.choice((0, 1, 3))), CloseShift(), Reread(1, 1, random.randint(1, 40)),
        ))  # fmt: skip

    def _give(self, deed: Deed, devices: list[bytes], expires_ms: int) -> None:
        now = self._ingest.now()
        job = Job(0, 0, b"", "A", "simulator", 0, now.unix_ms + expires_ms if expires_ms else 0, 0)
        self._world.note("order", type(deed).__name__, len(devices))
        self._do("order", lambda orders: orders.give(deed, tuple(sorted(devices)), job, now))

    def _do(self, what: str, act: Callable[[Orders], int]) -> None:
        now = self._ingest.now()
        clock = CampusClock(now.campus_s, now.unix_ms / 1000, 1.0)
        try:
            act(Orders(JobLedger(self._opened()), self._keys, clock))
        except (KeyFault, ConfigFault) as fault:
            self._world.note(f"no {what}", type(fault).__name__)


def owed_down(database: sqlite3.Connection, devices: list[bytes]) -> str:
    """A terminal that does not use the newest hotlist, by its own word in the ledger, or an order that is not over."""
    rows = database.execute("SELECT device FROM job_row WHERE state < 10").fetchall()
    open_rows = sum(bytes(device) in devices for (device,) in rows)
    newest = database.execute("SELECT MAX(generation) FROM document WHERE kind = 1").fetchall()[0][0]
    query = "SELECT device FROM document_reported WHERE kind = 1 AND generation = ?"
    has = {bytes(device) for (device,) in database.execute(query, (newest,))}
    lacking = [device for device in devices if newest and device not in has]
    said = [f"{len(lacking)} terminals lack hotlist {newest}"] if lacking else []
    return ", ".join(said + ([f"{open_rows} orders are not over"] if open_rows else []))
