"""The power goes at every single step of a lunch: before and after each APDU, flash write, sync, log line, display.

Laws: every shown 成功 has exactly one proven record; no debit or credit is without a record or a pending slot; the
same cards presented again settle everything; nothing is sent twice under other bytes.
"""

import random
from collections import Counter

import pytest

from edge.terminal.store.flash import flash_size, format_flash
from edge.terminal.store.port import MemoryFlash
from edge.terminal.taps.steps import End
from shared.ids import StorageId
from shared.records import PROVEN, Kind

START = 50_000


class PowerCut(Exception):
    """The plug was pulled here."""


class Fuse:
    """Blows at the n-th step; steps have names, so that a failure says where."""

    def __init__(self, blows_at):
        self.left = blows_at
        self.where = None

    def step(self, name):
        if self.left is None:
            return
        self.left -= 1
        if self.left == 0:
            self.left, self.where = None, name
            raise PowerCut(name)


class FusedFlash(MemoryFlash):
    fuse = Fuse(None)

    def write(self, offset, raw):
        self.fuse.step("flash: before write")
        super().write(offset, raw)
        self.fuse.step("flash: after write")

    def sync(self):
        super().sync()
        self.fuse.step("flash: after sync")


class FusedChannel:
    def __init__(self, channel, fuse, name):
        self._channel, self._fuse, self._name = channel, fuse, name

    def transmit(self, apdu):
        self._fuse.step(f"{self._name}: before {apdu[1]:02X}")
        answer = self._channel.transmit(apdu)
        self._fuse.step(f"{self._name}: after {apdu[1]:02X}")
        return answer


class Lunch:
    """A counter whose power may go, two cards, and somebody who keeps trying."""

    def __init__(self, kit, seed, kind):
        self.kit, self.rng = kit, random.Random(seed)
        self.school = kit.School(seed)
        self.fuse = Fuse(None)
        port = FusedFlash(flash_size(64))
        format_flash(port, StorageId(b"storage1"), 64)
        self.bench = kit.Bench(self.school, kind=kind, port=port).connect()
        self.cards = [self.school.memory(0x11, START), self.school.memory(0x22, START)]
        self.shown = []

    def arm(self, blows_at):
        self.fuse = self.bench.port.fuse = Fuse(blows_at)
        bench = self.bench
        bench.counter.psam = FusedChannel(bench.psam, self.fuse, "psam")
        bench.counter.log = self._log
        bench.counter.show = lambda what: self.fuse.step(f"show {what.face}")

    def _log(self, row):
        self.fuse.step("log: before")
        self.shown.append(row)
        self.fuse.step("log: after")

    def visit(self, memory, act):
        channel = FusedChannel(self.school.card(memory), self.fuse, "card")
        return act(memory, card=channel)

    def reboot(self):
        kept = self.rng.choice((lambda size: 0, lambda size: size, lambda size: self.rng.randint(0, size)))
        self.bench.port.fuse = Fuse(None)
        self.bench.port.crash(kept)
        self.bench.power_on()
        self.bench.counter.log = self.shown.append
        self.bench.connect()

    def moved(self):
        return {memory: self.kit.balance(memory) - START for memory in self.cards}


def check(lunch, sign):
    bench, records_ = lunch.bench, lunch.bench.written()
    proven = [r for r in records_.values() if r.kind in PROVEN]
    assert all(n == 1 for n in Counter((r.card, r.counter) for r in proven).values()), "two proven records of one step"
    shown = [row for row, before in zip(lunch.shown, [None, *lunch.shown], strict=False) if row != before]
    assert len({(row.epoch, row.seq) for row in shown}) == len(shown), "one record shown twice, and not after a cut"
    for row in lunch.shown:
        record = records_[row.epoch, row.seq]
        assert (record.kind in PROVEN, record.card, record.counter, record.amount_fen) == (
            True, row.card, row.counter, row.amount_fen,
        )  # fmt: skip
    assert [seq for _, seq in records_] == list(range(1, len(records_) + 1))
    assert bench.edge.seqs() == [seq for _, seq in records_]
    for memory, change in lunch.moved().items():
        card = card_id(lunch, memory)
        told = {r.counter: r.amount_fen for r in records_.values() if r.card == card and r.kind in claims(sign)}
        assert abs(change) <= sum(told.values()), "money moved that no record tells of"


def claims(sign):
    if sign < 0:
        return {Kind.PURCHASE, Kind.RECOVERED, Kind.UNPROVEN}
    return {Kind.LOAD, Kind.LOAD_RECOVERED, Kind.LOAD_UNPROVEN}


def card_id(lunch, memory):
    number = 0x11 if memory is lunch.cards[0] else 0x22
    return b"\x53\x03" + number.to_bytes(8, "big")


def settled_exactly(lunch, sign):
    """Both cards have come back: proven records are exactly what the cards say."""
    records_ = lunch.bench.written()
    for memory, change in lunch.moved().items():
        card = card_id(lunch, memory)
        assert change == sign * sum(r.amount_fen for r in records_.values() if r.card == card and r.kind in PROVEN)
    assert not lunch.bench.firmware.body.flash.waiting


def steps_of(kit, visits, kind):
    lunch = Lunch(kit, 1, kind)
    lunch.arm(10**9)
    visits(lunch)
    return 10**9 - lunch.fuse.left


def buys(lunch):
    """Three purchases of two cards."""
    lunch.visit(lunch.cards[0], lambda m, card: lunch.bench.sell(m, 1250, card=card))
    lunch.visit(lunch.cards[1], lambda m, card: lunch.bench.sell(m, 300, card=card))
    lunch.visit(lunch.cards[0], lambda m, card: lunch.bench.sell(m, 700, card=card))


def loads(lunch):
    lunch.visit(lunch.cards[0], lambda m, card: lunch.bench.load(m, 5000, card=card))
    lunch.visit(lunch.cards[1], lambda m, card: lunch.bench.load(m, 10_000, card=card))


def cut_everywhere(kit, visits, kind, sign, settle):
    places = Counter()
    total = steps_of(kit, visits, kind)
    for at in range(1, total + 1):
        lunch = Lunch(kit, at, kind)
        lunch.arm(at)
        with pytest.raises(PowerCut):
            visits(lunch)
        places[lunch.fuse.where] += 1
        lunch.reboot()
        check(lunch, sign)
        for memory in lunch.cards:
            settle(lunch, memory)
        check(lunch, sign)
        settled_exactly(lunch, sign)
    return places


def test_purchases_cut_at_every_step(kit):
    def settle(lunch, memory):
        lunch.bench.again(memory)
        assert lunch.bench.sell(memory, 100).end is End.DONE

    places = cut_everywhere(kit, buys, "pos", -1, settle)
    for name in ("card: before 54", "card: after 54", "psam: after 70", "psam: after 72", "flash: after sync",
                 "flash: after write", "log: before", "log: after", "show done"):  # fmt: skip
        assert places[name], name


def test_loads_cut_at_every_step(kit):
    def settle(lunch, memory):
        lunch.bench.load(memory, 0)
        assert lunch.bench.load(memory, 100).end is End.DONE

    places = cut_everywhere(kit, loads, "load", +1, settle)
    for name in ("card: before 52", "card: after 52", "flash: after sync", "log: before", "show loaded"):
        assert places[name], name
