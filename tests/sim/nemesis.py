"""Makes things happen at random moments: cuts, kills, restarts, disasters. `quiet` ends it."""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from cloud.ledger.held.thefts import Report
from shared.wire.topics import DOWN_NOW
from tests.sim.flood import FloodingBox
from tests.sim.hostile_box import HostileBox
from tests.sim.ingest_part import copy_of
from tests.sim.lying_box import LyingBox
from tests.sim.office import Office
from tests.sim.stores import Held
from tests.sim.stranger import Stranger
from tests.sim.theft import Theft
from tests.sim.witnesses import acks_at_hand, gone_links

if TYPE_CHECKING:
    from tests.sim.campus import Campus


NOBODYS_CARD = bytes(10)


class Nemesis:
    """Works on a campus until told to be quiet."""

    def __init__(self, campus: "Campus") -> None:
        self._campus = campus
        self._world = campus.world
        self._on = True
        self._copy: sqlite3.Connection | None = None
        self._stranger = Stranger(campus.world, campus.judge.answers)
        self._liar = LyingBox(campus)
        if campus.faults.stranger_s:
            campus.broker.overheard.append(self._stranger.overhear)
        if campus.faults.lying_box_s:
            campus.broker.overheard.append(self._liar.overhear)

    def begin(self, span_s: float) -> None:
        """Plan what is to happen; span_s: about how long the day's selling lasts."""
        faults = self._campus.faults
        self._every(faults.line_cut_s, self._cut_line)
        self._every(faults.uplink_cut_s, self._cut_uplink)
        self._every(faults.broker_restart_s, self._restart_broker)
        self._every(faults.edge_kill_s, lambda: self._world.random.choice(self._campus.edges).kill())
        self._every(faults.ingest_kill_s, self._kill_ingest)
        self._every(faults.terminal_kill_s, lambda: self._world.random.choice(self._campus.terminals).cut())
        self._every(faults.disk_full_s, self._fill_disk)
        self._every(faults.bit_rot_s, self._rot)
        self._every(faults.hostile_box_s, self._by_day(HostileBox(self._campus).send))
        self._every(faults.flood_s, self._by_day(FloodingBox(self._campus).send))
        self._every(faults.stranger_s, self._by_day(self._speak_for_the_ledger))
        if self._campus.office is not None:
            self._go_down(self._campus.office, span_s)
        if faults.outbox_destroyed:
            self._world.after(self._world.between(0.2, 0.9) * span_s, self._destroy)
        if faults.theft:
            self._world.after(self._world.between(0.1, 0.8) * span_s, self._steal)
        if faults.ledger_put_back:
            self._campus.judge.backup = Held() if faults.backups else None
            first = self._world.between(0.05, 0.5) * span_s
            self._world.after(first, self._copy_ledger, self._world.between(0.1, 0.4) * span_s)

    def _go_down(self, office: Office, span_s: float) -> None:
        """People at the centre have something to say to terminals."""
        faults = self._campus.faults
        self._every(faults.listing_s, self._by_day(office.list_card))
        self._every(faults.ordering_s, self._by_day(office.order))
        self._every(5 * faults.ordering_s, self._by_day(office.cancel))
        self._every(faults.lying_box_s, self._by_day(self._liar.to_terminal))
        self._every(faults.lying_box_s, self._by_day(self._liar.to_box))
        if faults.firmware:
            self._every(span_s / 3, office.release)

    def _by_day(self, act: Callable[[], None]) -> Callable[[], None]:
        """What nobody does at night, when firmware is tried."""
        return lambda: None if self._campus.is_night else act()

    def close(self) -> None:
        """The world ends: a copy that was never put back goes."""
        if self._copy is not None:
            self._copy.close()

    def quiet(self) -> None:
        """Nothing more; what is broken is mended."""
        self._on = False
        for line in self._campus.lines:
            line.mend()
        for edge in self._campus.edges:
            edge.uplink_cut = False
            edge.disk(full=False)
        if not self._campus.broker.up:
            self._broker_up(forget=False)

    def _every(self, mean_s: float, act: Callable[[], None]) -> None:
        if mean_s:
            self._world.after(self._world.random.expovariate(1 / mean_s), self._act, mean_s, act)

    def _act(self, mean_s: float, act: Callable[[], None]) -> None:
        if self._on:
            act()
            self._every(mean_s, act)

    def _cut_line(self) -> None:
        line = self._world.random.choice(self._campus.lines)
        self._world.note("line cut", line.device)
        line.cut()
        self._world.after(self._world.between(1.0, 40.0), line.mend)

    def _cut_uplink(self) -> None:
        edge = self._world.random.choice(self._campus.edges)
        edge.uplink_cut = True
        edge.hang_up()
        self._world.after(self._world.between(2.0, 60.0), self._mend_uplink, edge.name)

    def _mend_uplink(self, name: str) -> None:
        for edge in self._campus.edges:
            if edge.name == name:
                edge.uplink_cut = False

    def _kill_ingest(self) -> None:
        if self._campus.ingest.alive:
            self._campus.ingest.kill()

    def _fill_disk(self) -> None:
        edge = self._world.random.choice(self._campus.edges)
        edge.disk(full=True)
        self._world.after(self._world.between(1.0, 30.0), lambda: edge.disk(full=False))

    def _speak_for_the_ledger(self) -> None:
        """Somebody with rights at the broker answers in the ledger's name."""
        broker = self._campus.broker
        if not broker.up:
            return
        topics = [edge.topic_of(DOWN_NOW) for edge in self._campus.edges]
        to, payload = self._stranger.word(topics)
        self._world.note("stranger", to)
        broker.publish(to, DOWN_NOW, payload)

    def _rot(self) -> None:
        """A bit flips while a terminal or a box is off: at most one until it is looked at again."""
        campus, random = self._campus, self._world.random
        if self._world.chance(0.7):
            terminal = random.choice(campus.terminals)
            terminal.rot()
        else:
            random.choice(campus.edges).rot()

    def _restart_broker(self) -> None:
        if self._campus.broker.up:
            self.restart_broker(forget=self._world.chance(0.6))

    def restart_broker(self, *, forget: bool) -> None:
        """Down for a moment; with `forget`, its sessions and queues are gone."""
        broker = self._campus.broker
        self._world.note("broker down", forget)
        broker.up = False
        for edge in self._campus.edges:
            edge.hang_up()
        self._campus.ingest.disconnected()
        self._world.after(self._world.between(0.3, 4.0), self._broker_up, forget)

    def _broker_up(self, forget: bool) -> None:
        broker = self._campus.broker
        if broker.up:
            return
        if forget:
            broker.forget()
        broker.up = True
        self._world.note("broker up")
        self._world.after(self._world.between(0.1, 1.0), self._campus.ingest.connect)

    def _destroy(self) -> None:
        if self._on:
            self._world.random.choice(self._campus.edges).destroy_outbox()

    def _steal(self) -> None:
        """A till's PSAM is reported stolen, half of the times with its body; people go on trying there for a while."""
        if not self._on:
            return
        campus, till = self._campus, self._world.random.choice(self._campus.crowd.tills)
        body, device = self._world.chance(0.5), bytes(till.device)
        psam = next(row.psam for row in campus.plan.inventory.psams if row.device == till.device)
        report = Report(psam, body, 0, "simulator", "theft")
        self._world.note("theft", till.name, body)
        last, mark = campus.ingest.psam_stolen(report)
        campus.judge.books.theft = Theft(bytes(psam), device, body, last, mark)
        campus.crowd.avoided = till
        if campus.judge.paying is not None:  # what it still says waits for two persons
            campus.judge.paying.excused.add(bytes(till.device))

    def _copy_ledger(self, later_s: float) -> None:
        if self._on and not self._campus.ingest.database.in_transaction:
            copy = self._copy = copy_of(self._campus.ingest.database)
            self._world.note("ledger copied")
            if self._campus.faults.backups:
                self._world.after(0.1 * later_s, self._tell_of_backup, copy)
            for share in (0.3, 0.6):
                self._world.after(share * later_s, self._act_in_the_books, copy)
            self._world.after(later_s, self._put_back, copy)

    def _tell_of_backup(self, copy: sqlite3.Connection) -> None:
        """It is archived and verified, while the day goes on."""
        if self._on and self._copy is copy and not self._campus.ingest.database.in_transaction:
            self._world.note("backed up")
            self._campus.ingest.backed_up(copy)

    def _act_in_the_books(self, copy: sqlite3.Connection) -> None:
        """What no record can bring again, about a card that nobody has: its loss moves nothing else."""
        if self._on and self._copy is copy and not self._campus.ingest.database.in_transaction:
            self._world.note("book-only")
            self._campus.ingest.hotlist(NOBODYS_CARD)

    def _put_back(self, copy: sqlite3.Connection) -> None:
        if self._on:
            self._copy = None
            campus = self._campus
            # a Hello that the broker has kept from before makes the ingest take its box for heard (docs/open.md): where
            # accounts pay, so much is booked that a box then has a newer head before it says what it has seen
            is_kept = campus.wallets is not None and campus.broker.queued()
            campus.judge.gone_links = set() if is_kept else gone_links(acks_at_hand(campus.edges), copy)
            if campus.judge.gone_links:
                self._world.note("witnessed and gone")
            campus.ingest.put_back(copy)
            if self._world.chance(0.5):  # a command that books before the ingest runs
                campus.ingest.hotlist(NOBODYS_CARD)
