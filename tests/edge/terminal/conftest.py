"""A counter in memory: real COS, real PSAM, real firmware on a flash that can lose what was not synced, and a small
edge and centre at the other end of the sealed link."""

import random
from dataclasses import replace

import pytest

from edge.link import messages as link
from edge.link.messages import Type
from edge.link.seal import Direction, Session, session_key
from edge.terminal.firmware.firmware import Firmware
from edge.terminal.settings import settings as terminal_settings
from edge.terminal.station.tapping import Counter, Tapping, run_through
from edge.terminal.store.clock import Now
from edge.terminal.store.flash import Flash, flash_size, format_flash
from edge.terminal.store.port import MemoryFlash
from edge.terminal.store.untold import NOWHERE, Place
from shared import records
from shared.ids import DeviceId, PsamId, StorageId, StoreId
from shared.online import LoadAnswer, LoadResult, parse_request
from shared.purse.caps import CardCounters
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import (
    Application,
    CardKey,
    CardKeys,
    PsamMaster,
    RamMemory,
    decode_card_image,
    new_card_image,
    new_psam_image,
    operator_card_image,
    personalised_card_image,
)
from shared.purse.cos.layout import FID_SUBSIDY
from shared.purse.cos.psam import Psam
from shared.purse.crypto import Key, diversify
from shared.purse.files import PublicData
from shared.purse.load_auth import LoadAuth, authorise
from shared.purse.profiles import CAMPUS, SUBSIDY
from tests.edge.terminal.rides import card_memory, ride

DEVICE = DeviceId(bytes.fromhex("000100000007"))
PSAM_ID = PsamId(bytes.fromhex("510000000023"))
TERMINAL_KEY = bytes(range(16))
NOON_S = 817_300_800
TERMINAL_JSON = {
    "format": 1, "name": "pos-01", "kind": "pos", "campus": 1, "demo": True, "box": "canteen-1",
    "device": DEVICE.hex(), "key": TERMINAL_KEY.hex(), "key_version": 1, "profile": "campus",
    "link": {"name": "tcp", "kind": "tcp"}, "address": 0, "merchant": "一档口", "place": "1号窗口",
    "hotlist": {"version": 1, "cards": ["53030000000000000666"]},
    "parameters": {"version": 1, "caps": None, "meals": [{"meal": 1, "name": "早餐", "from_s": 0},
                                                         {"meal": 2, "name": "午餐", "from_s": 36_000}]},
    "ring_slots": 64,
}  # fmt: skip


PROOF = Key(bytes(range(16)))
"""Of what cards prove themselves by."""


class School:
    """Keys, cards, PSAMs and the key process's part of a load."""

    def __init__(self, seed=1):
        self.rng = random.Random(seed)
        self.purchase = Key(self.rng.randbytes(16))
        self.loads = Key(self.rng.randbytes(16))
        self.tac = Key(self.rng.randbytes(16))

    def memory(self, number=0x4711, balance=50_000, subsidy=None, expiry="20290731", locked=False, pin=None):
        """subsidy: what its second purse holds, None: it has none; expiry, locked: of that purse."""
        serial = number.to_bytes(8, "big")
        public = PublicData(
            b"\x53\x03", serial, bytes.fromhex("20250901"), bytes.fromhex("20290731"), b"\x45\x10", b"\0\1"
        )
        purchase = CardKey(1, 1, diversify(self.purchase, serial))
        load = CardKey(1, 1, diversify(self.loads, serial))
        proof = CardKey(0, 1, diversify(PROOF, serial))
        keys = CardKeys((purchase,), (load,), diversify(self.tac, serial), internal_auth=proof, pin=pin)
        if subsidy is None:
            return RamMemory(new_card_image(CAMPUS, public, keys, opening_balance_fen=balance))
        main = Application(CAMPUS, public, keys, balance)
        second = replace(
            main, profile=SUBSIDY, public=replace(public, expiry=bytes.fromhex(expiry)), opening_balance_fen=subsidy,
            fid=FID_SUBSIDY, records=(CardCounters(locked=locked).encode(),),
        )  # fmt: skip
        return RamMemory(personalised_card_image([main, second]))

    def operator(self, number=1):
        """A supervisor's card; its key is its own number."""
        serial = b"\0\0\0\0\xf0\0\0" + bytes((number,))
        public = PublicData(
            b"\x53\x03", serial, bytes.fromhex("20250901"), bytes.fromhex("20290731"), b"\x45\x10", b"\0\1"
        )
        return RamMemory(operator_card_image(public, CardKey(0, 1, Key(serial * 2))))

    def card(self, memory):
        card = UserCard(memory, self.rng.randbytes)
        card.power_on()
        return card

    def psam(self, memory=None, psam_id=PSAM_ID):
        memory = memory or RamMemory(new_psam_image(psam_id, {1: PsamMaster(self.purchase)}))
        psam = Psam(memory, self.rng.randbytes)
        psam.power_on()
        return psam

    def grant(self, request, terminal_id, time_s):
        dlk = diversify(self.loads, request.card[2:])
        auth = LoadAuth(
            request.card, request.key_version, request.algorithm, request.rnd, request.counter, request.balance_fen,
            request.amount_fen, request.type, terminal_id, request.mac1,
        )  # fmt: skip
        mac2 = authorise(dlk, auth, time_s)
        if mac2 is None:
            return LoadAnswer(LoadResult.WRONG_MAC)
        return LoadAnswer(LoadResult.GRANTED, time_s, mac2, request.amount_fen)


class SmallEdge:
    """The edge's end of one link: keeps records, ACKs, and SETTLES when told. `online` answers load requests."""

    def __init__(self, store=b"store-01", online=None, epoch_for=None, device=DEVICE):
        self.store = StoreId(store)
        self.device = device
        self.kept = {}
        self.settled = {}
        self.online = online
        self.epoch_for = epoch_for or (lambda hello: 1)
        self.statuses = []
        self.hellos = []
        self.heard = []
        self.requests = []
        self.acks = True
        self.reports = []
        self.pieces = []
        self.tallies = []
        self.has_way_on = True
        self.wanted = lambda want: []
        self._session = None
        self._hello = None
        self.epochs = []

    def take(self, raw, campus_s=NOON_S):
        """Messages to send back."""
        kind = link.type_of(raw)
        self.heard.append(kind)
        if kind is Type.HELLO:
            return self._hello_came(raw, campus_s)
        if kind is Type.HEARTBEAT:
            return []
        opened = self._session.open(raw)
        if opened.type is Type.EMCY:
            return []
        if opened.type is Type.AUTH:
            return [self._welcome(link.AUTH.decode(opened.payload), campus_s)]
        if opened.type is Type.STATUS:
            self.statuses.append(link.STATUS.decode(opened.payload))
            return []
        if opened.type is Type.ONLINE_REQUEST:
            return self._answer(opened)
        return self._keep(opened) if opened.type is Type.RECORD else self._of_fleet(opened)

    def _of_fleet(self, opened):
        if opened.type is Type.DOCUMENT_WANT:
            return self.wanted(link.DOCUMENT_WANT.decode(opened.payload))
        if opened.type is Type.PIECE:
            return self._piece(link.PIECE.decode(opened.payload))
        if opened.type is Type.TALLY:
            self.tallies.append(link.TALLY.decode(opened.payload))
        else:
            self.reports.append(link.DOCUMENT_REPORT.decode(opened.payload))
        return []

    def _piece(self, piece):
        if not self.has_way_on:
            return []
        self.pieces.append(piece)
        return [self.seal(Type.PIECE_TAKEN, link.PIECE_TAKEN.encode(link.PieceTaken(piece.generation, piece.number)))]

    def said(self, generation):
        """All that was said at length about an order."""
        return b"".join(piece.data for piece in self.pieces if piece.generation == generation)

    def say_time(self, campus_s):
        return self._session.seal(Type.TIME, link.TIME.encode(link.Time(campus_s)))

    def settle(self, epoch=1, seq=None):
        seq = self.held(epoch) if seq is None else seq
        self.settled[epoch] = seq
        return self._session.seal_seq(Type.SETTLED, epoch, seq)

    def held(self, epoch):
        """Contiguous from the lowest known."""
        held = self.settled.get(epoch, 0)
        while (epoch, held + 1) in self.kept:
            held += 1
        return held

    def seal(self, kind, payload, index=0):
        return self._session.seal(kind, payload, index)

    def seqs(self, epoch=1):
        return sorted(seq for e, seq in self.kept if e == epoch)

    def _hello_came(self, raw, campus_s):
        self._hello = link.HELLO.decode(raw)
        self.hellos.append(self._hello)
        r_edge = bytes(16)
        key = session_key(TERMINAL_KEY, r_edge, self._hello.r_term, self.device)
        self._session = Session(key, self.device, Direction.DOWN)
        return [link.CHALLENGE.encode(link.Challenge(r_edge, 1, campus_s))]

    def _welcome(self, auth, campus_s):
        current = self.epoch_for(self._hello)
        self.epochs = [row.epoch for row in auth.epochs]
        for row in auth.epochs:
            self.settled[row.epoch] = max(self.settled.get(row.epoch, 0), row.oldest - 1)
        if current and current not in self.epochs:
            self.epochs.append(current)
        rows = tuple(link.WelcomeEpoch(e, self.held(e), self.settled.get(e, 0)) for e in self.epochs)
        welcome = link.Welcome(self.store, current, campus_s, 1, 1, rows)
        return self._session.seal(Type.WELCOME, link.WELCOME.encode(welcome))

    def _keep(self, opened):
        epoch = self.epochs[opened.epoch_index]
        seq = records.peek(opened.payload).seq
        assert self.kept.setdefault((epoch, seq), opened.payload) == opened.payload, "a fork"
        return [self._session.seal_seq(Type.ACK, epoch, self.held(epoch))] if self.acks else []

    def _answer(self, opened):
        online = link.ONLINE_REQUEST.decode(opened.payload)
        request = parse_request(online.payload)
        self.requests.append((online.request, request))
        answer = self.online(online.request, request) if self.online else None
        if answer is None:
            return []
        payload = link.ONLINE_ANSWER.encode(link.Online(online.request, answer.to_bytes()))
        return [self._session.seal(Type.ONLINE_ANSWER, payload, opened.epoch_index)]


class Bench:
    """One terminal body and what is around it. `net` False: messages are lost both ways."""

    def __init__(
        self, school, *, kind="pos", edge=None, port=None, ring_slots=64, clock_set=True, has_psam=True, papers=None,
        slot=None, psam_id=PSAM_ID, **changed
    ):  # fmt: skip
        self.school = school
        self.settings = terminal_settings.parse({**TERMINAL_JSON, "kind": kind, "ring_slots": ring_slots, **changed})
        self.port = port or MemoryFlash(flash_size(ring_slots))
        if port is None:
            format_flash(self.port, StorageId(b"storage1"), ring_slots)
        self.edge = edge or SmallEdge(online=lambda number, request: school.grant(request, PSAM_ID, NOON_S + 5))
        self.psam_memory = RamMemory(new_psam_image(psam_id, {1: PsamMaster(school.purchase)}))
        self.options = {"clock_set": clock_set, "has_psam": has_psam, "papers": papers, "slot": slot}
        self.mono_s = 1000.0
        self.net = True
        self.told = NOWHERE
        self.rtc_off_s = 0
        self.shown = []
        self.displays = []
        self.power_on()

    def power_on(self):
        self.psam = self.school.psam(self.psam_memory)
        self.counter = Counter(self.psam, self.shown.append, self._tell)
        flash = Flash(self.port)
        self.firmware = Firmware(self.settings, flash, self.school.rng.randbytes, **self.options)
        run_through(self.firmware.boot(self.now(), self.told), self.counter)

    def _tell(self, what):
        self.displays.append(what)
        if self.shown:
            self.told = Place(self.shown[-1].epoch, self.shown[-1].seq)

    def was_dark(self):
        """What was written last was not shown: the power had gone."""
        self.told = NOWHERE

    def now(self):
        return Now(self.mono_s, NOON_S + int(self.mono_s) - 1000 + self.rtc_off_s)

    def connect(self):
        self.firmware.wire(True, self.now())
        self.exchange()
        self.notices = self.firmware.take_displays()
        return self

    def exchange(self):
        """Carry messages until both ends are quiet."""
        for _ in range(200):
            messages = self.firmware.take_messages()
            if not messages:
                return
            for message in messages:
                for answer in self.edge.take(message, self.now().rtc_s - self.rtc_off_s) if self.net else []:
                    self.firmware.message(answer, self.now())
        raise AssertionError("the two ends never come to rest")

    def deliver(self, message):
        self.firmware.message(message, self.now())
        self.exchange()

    def wait(self, seconds):
        """Time passes, tick by tick as the firmware asks for it."""
        until = self.mono_s + seconds
        while True:
            due = min(self.firmware.due_s(), until)
            self.mono_s = max(self.mono_s, due)
            self.firmware.tick(self.now())
            self.exchange()
            self.displays += self.firmware.take_displays()
            if self.mono_s >= until:
                return

    def tap(self, tap, card):
        """Drive a tap; a wait for the centre lets time pass until it is settled."""
        tapping = Tapping(tap, self.counter, card)
        while not tapping.run():
            for _ in range(1000):
                if self.firmware.is_answered:
                    break
                self.firmware.tick(self.now())
                self.exchange()
                if not self.firmware.is_answered:
                    self.mono_s = max(self.mono_s, self.firmware.due_s())
            else:
                raise AssertionError("never answered")
        self.exchange()
        self.displays += self.firmware.take_displays()
        return tapping.answer

    def sell(self, memory, amount=1250, card=None, pin=None):
        return self.tap(self.firmware.sell(amount, self.now(), pin), card or self.school.card(memory))

    def again(self, memory):
        return self.tap(self.firmware.again(self.now()), self.school.card(memory))

    def void(self):
        return self.tap(self.firmware.void(self.now()), None)

    def void_with(self, memory, seq=0, card=None):
        return self.tap(self.firmware.void_with_card(seq, self.now()), card or self.school.card(memory))

    def load(self, memory, amount=5000, card=None):
        return self.tap(self.firmware.load(amount, self.now()), card or self.school.card(memory))

    def written(self):
        """Every record in the ring that is not settled, and what the edge has."""
        found = dict(self.edge.kept)
        for row in self.firmware.body.flash.epochs:
            for seq in range(row.settled + 1, row.last + 1):
                found[row.epoch, seq] = self.firmware.body.flash.read(row, seq)
        return {key: records.decode(raw) for key, raw in sorted(found.items())}


def balance(memory):
    return decode_card_image(memory.load()).balance_fen


def subsidy(memory):
    return decode_card_image(memory.load(), SUBSIDY.aid).balance_fen


@pytest.fixture
def school():
    return School()


@pytest.fixture
def bench(school):
    return Bench(school).connect()


@pytest.fixture
def kit():
    """The classes themselves, for tests that build more than one."""

    class Kit:
        School, SmallEdge, Bench = School, SmallEdge, Bench
        balance = staticmethod(balance)
        subsidy = staticmethod(subsidy)
        terminal_json = TERMINAL_JSON
        psam_id, device, noon_s = PSAM_ID, DEVICE, NOON_S

    return Kit


@pytest.fixture
def bus(kit, school):
    def make(door="both", line=2, stop=1, **changed):
        return kit.Bench(school, kind="validator", ride=ride(door, line, stop), **changed).connect()

    return make


@pytest.fixture
def memory(school):
    """A card with 50 yuan that may ride."""
    return card_memory(school, 5000)
