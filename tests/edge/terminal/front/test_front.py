"""A body's front at real readers (pcscd, vpcd): keys and cards in, records and a picture out."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from edge.card.reader.reader import Reader
from edge.card.sim.place import CARD_READER
from edge.card.sim.slot import Cut
from edge.files.memory import FileMemory
from edge.terminal.counter.commands import Command, Verb
from edge.terminal.front import words
from edge.terminal.front.beeper import Beeper
from edge.terminal.front.board import Board
from edge.terminal.front.front import KEYED_S, KEYS_MAX, PRESENT_S, SHOWN_S, Front
from edge.terminal.front.glass import Glass, stated
from edge.terminal.front.keypad import Mode
from edge.terminal.front.keys_file import KeysFile
from edge.terminal.front.presses import KEY, Key, event
from edge.terminal.front.spot import Spot
from edge.terminal.station.station import Station
from edge.terminal.station.wires import Wire
from edge.terminal.taps.display import Face
from shared.clocks.campus_clock import WALL
from shared.fleet.parameters import EVERY_OTHER
from shared.online import ORDER_PREFIX, PAYMENT_TEXT, OrderAnswer, PaymentResult, Purpose, code_of
from shared.purse.cos.images import decode_card_image
from shared.purse.reasons import REASON_TEXT, Reason
from shared.records import PROVEN
from tests.edge.readers import seen, wait_for
from tests.edge.terminal.codes import allow_in, phone_of
from tests.edge.terminal.test_process import OPENING, Campus
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
SIZE = "480x320x16"
DEBIT = 5
"""Which command of a sale moves the money, by its place."""
BOSS = "530300000000f0000001"


class PowerGoes(BaseException):
    """Between a record and its display."""


class Place:
    """A till at the readers, its box beside it in the same loop."""

    def __init__(self, campus, readers, tmp_path, wires=None):
        self.campus, self.readers = campus, readers
        self.glass = Glass(tmp_path / "glass", stated(SIZE))
        self.file = tmp_path / "glass"
        self.late_s = 0.0
        self.wires = wires or campus.wire()
        self.faces = []

    async def __aenter__(self):
        campus = self.campus
        self.board = Board(self.glass, Beeper(None))
        wire = Wire(tcp=self.wires[1])
        self.station = Station(campus.folder, wire, WALL, self.show, psam=self.readers.psam)
        self.spot = Spot(Reader(CARD_READER))
        loop = asyncio.get_running_loop()
        self.till = Front(self.station, self.spot, self.board, lambda: loop.time() + self.late_s)
        self.station.start()
        assert await self.station.joined(PATIENCE_S)
        await self.till.beat()
        return self

    async def __aexit__(self, *_):
        self.spot.close()
        await self.station.close()

    def show(self, what):
        self.faces.append(what.face)
        self.board.show(what)

    async def keys(self, words):
        for word in words.split():
            for key in [word] if word in set(Key) else word:
                self.till.key(Key(key))
        await self.till.beat()

    async def until(self, holds):
        """Turns, until it is true."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await self.till.beat()
                await asyncio.sleep(0.01)

    async def until_face(self, face, count=1):
        await self.until(lambda: self.faces.count(face) >= count)

    def put(self, memory):
        self.readers.server.card.insert(self.campus.school.card(memory))

    def pull(self):
        self.readers.server.card.pull()

    @property
    def colour(self):
        """Of the picture's middle, at its left edge, as RGB565."""
        raw = self.file.read_bytes()
        return int.from_bytes(raw[(160 * 480 + 2) * 2 :][:2], "little")


@pytest.fixture
def campus(kit, school, tmp_path):
    one = Campus(kit, school, tmp_path)
    file = one.folder / "terminal.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"operators": [BOSS]}))
    return one


@pytest.fixture
def play(campus, readers, tmp_path):
    """Run a scene at a front; its PSAM lies in the second reader."""
    memory = FileMemory(campus.folder / "psam.bin", None)
    readers.put_psam(campus.school.psam(memory))

    def run(scene):
        async def main():
            await campus.serve()
            try:
                async with Place(campus, readers, tmp_path) as front:
                    await scene(front)
            finally:
                await campus.end()

        asyncio.run(main())

    yield run
    memory.close()


def paid(campus):
    return [record.amount_fen for record in campus.kept() if record.kind in PROVEN]


def balance(memory):
    return decode_card_image(memory.image).balance_fen


def test_from_a_key_to_the_ledgers_door_and_a_card_that_stays_pays_once(campus, school, play):
    memory = school.memory(1, OPENING)

    async def scene(front):
        await front.keys("12.50 enter")
        assert front.till.view().wish == words.wish(Command(Verb.SELL, amount_fen=1250), words.PRESENT)
        front.put(memory)
        await front.until_face(Face.DONE)
        assert front.colour >> 5 & 63 > front.colour >> 11 * 2, "green"
        await front.until(lambda: paid(campus) == [1250])
        await front.keys("8 enter")
        await front.until(lambda: front.spot.is_stale)
        assert front.till.view().wish.todo == words.TAKE_AWAY
        for _ in range(30):
            await front.till.beat()
        assert front.faces.count(Face.DONE) == 1
        front.put(memory)
        await front.until_face(Face.DONE, 2)
        await front.until(lambda: paid(campus) == [1250, 800])
        assert front.till.view().unsettled in (0, 1)

    play(scene)
    assert balance(memory) == OPENING - 2050


def test_a_card_pulled_at_the_debit_is_asked_for_again_and_pays_once(campus, school, play):
    memory = school.memory(1, OPENING)

    async def scene(front):
        front.put(memory)
        front.readers.server.card.tear(Cut.AFTER, DEBIT)
        await front.keys("3 enter")
        await front.until_face(Face.AGAIN)
        assert front.till.view().shown.todo.zh.startswith("勿放行")
        front.put(memory)
        await front.until(lambda: Face.DONE in front.faces or Face.EARLIER in front.faces)
        await front.until(lambda: paid(campus) == [300])

    play(scene)
    assert balance(memory) == OPENING - 300


def test_the_power_goes_between_record_and_display(campus, school, play):
    """Nobody saw 成功: the same card over the same sum is told, and not charged again."""
    memory = school.memory(1, OPENING)

    async def dies(front):
        put = front.glass.put

        def go(raw):
            if front.board.shown is not None and front.board.shown.face is Face.DONE:
                raise PowerGoes
            put(raw)

        front.glass.put = go
        await front.keys("12.50 enter")
        front.put(memory)
        with pytest.raises(PowerGoes):
            await front.until_face(Face.SUSPECT)
        assert not front.station.shown.last_told.seq
        front.pull()
        await asyncio.to_thread(wait_for, lambda: not seen(CARD_READER).atr)

    async def again(front):
        assert Face.NOTICE in front.faces
        assert "断电前最后一笔 ¥12.50" in front.till.view().shown.title.zh
        await front.keys("12.50 enter")
        front.put(memory)
        await front.until(lambda: Face.EARLIER in front.faces)
        await front.until(lambda: paid(campus) == [1250])

    play(dies)
    play(again)
    assert balance(memory) == OPENING - 1250


def test_a_pin_is_its_holders(campus, school, play, capsys):
    memory = school.memory(1, OPENING, pin=bytes.fromhex("735281"))

    async def scene(front):
        body = front.station.firmware.body
        asks = replace(body.settings.parameters, pins={(EVERY_OTHER, meal): 1000 for meal in range(4)})
        body.settings = replace(body.settings, parameters=asks)
        await front.keys("12.50 enter")
        front.put(memory)
        await front.until(lambda: front.till.view().pad.mode is Mode.PIN)
        await front.keys("7352")
        dots = front.file.read_bytes()
        await front.keys("back back back back 9999")
        assert front.file.read_bytes() == dots, "the same dots for other digits"
        await front.keys("enter")
        assert front.faces[-1] is Face.DECLINED
        assert "7352" not in repr(front.till.view())
        front.pull()
        front.put(memory)
        await front.keys("12.50 enter")
        await front.until(lambda: front.till.view().pad.mode is Mode.PIN)
        await front.keys("735281 enter")
        assert front.faces[-1] is Face.DONE

    play(scene)
    assert balance(memory) == OPENING - 1250
    assert paid(campus) == [1250]
    said = capsys.readouterr()
    assert "735281" not in said.out + said.err


def test_keys_of_before_are_no_digits_of_a_pin(campus, school, play, tmp_path):
    """The cashier keyed on while the tap ran: what lies in the keypad's own queue is not the holder's."""
    memory = school.memory(1, OPENING, pin=bytes.fromhex("735281"))
    os.mkfifo(tmp_path / "keypad")
    hand = os.open(tmp_path / "keypad", os.O_RDWR | os.O_NONBLOCK)

    async def scene(front):
        keypad = KeysFile(tmp_path / "keypad", front.till.key)
        keypad.look()
        front.till.forget_keys = keypad.drop
        body = front.station.firmware.body
        asks = replace(body.settings.parameters, pins={(EVERY_OTHER, meal): 0 for meal in range(4)})
        body.settings = replace(body.settings, parameters=asks)
        await front.keys("5 enter")
        front.put(memory)
        await asyncio.to_thread(wait_for, lambda: seen(CARD_READER).atr)
        os.write(hand, b"".join(event(KEY, code, 1) for code in (79, 80, 81)))
        await front.till.beat()
        assert front.till.view().pad.mode is Mode.PIN
        await asyncio.sleep(0.05)  # the loop has looked at the keypad: nothing else would show that nothing came
        await front.till.beat()
        assert front.till.view().pad.secret == ""
        os.write(hand, event(KEY, 79, 1))
        await front.until(lambda: front.till.view().pad.secret == "1")
        keypad.close()

    play(scene)
    os.close(hand)
    assert balance(memory) == OPENING


def test_another_card_laid_while_the_pin_is_keyed_pays_nothing(campus, school, play):
    memory, other = (school.memory(n, OPENING, pin=bytes.fromhex("735281")) for n in (1, 2))

    async def scene(front):
        body = front.station.firmware.body
        asks = replace(body.settings.parameters, pins={(EVERY_OTHER, meal): 0 for meal in range(4)})
        body.settings = replace(body.settings, parameters=asks)
        await front.keys("5 enter")
        front.put(memory)
        await front.until(lambda: front.till.view().pad.mode is Mode.PIN)
        front.put(other)
        assert front.readers.server.card.until_seen(PATIENCE_S)
        await front.keys("735281 enter")
        assert front.till.view().shown.title == words.CARD_CHANGED

    play(scene)
    assert balance(memory) == balance(other) == OPENING
    assert paid(campus) == []


def test_voids_by_the_card_that_paid_and_by_a_supervisors(campus, school, play):
    memory, other = school.memory(1, OPENING), school.memory(2, OPENING)

    async def scene(front):
        for count, (fen, card) in enumerate((("3", memory), ("40", other)), 1):
            await front.keys(f"{fen} enter")
            front.put(card)
            await front.until_face(Face.DONE, count)
        await front.keys("1 void")
        assert "主管卡" in front.till.view().wish.title.zh
        front.put(school.operator())
        await front.until_face(Face.VOIDED)
        await front.keys("7 enter")
        front.put(other)
        await front.until_face(Face.DONE, 3)
        await front.keys("void")
        front.pull()
        front.put(other)
        await front.until_face(Face.VOIDED, 2)
        await front.keys("menu 3")
        assert [row.endswith("已撤销") for row in front.till.view().rows] == [True, False, True]

    play(scene)


def test_what_nobody_finishes_is_forgotten(campus, school, play):
    async def scene(front):
        await front.keys("12")
        front.late_s += KEYED_S + 1
        await front.keys("5")
        assert front.till.view().pad.text == "5", "never 125"
        await front.keys("enter")
        front.late_s += PRESENT_S + 1
        await front.till.beat()
        assert front.till.view().wish is None
        assert front.till.view().shown.title == words.NOBODY
        front.late_s += SHOWN_S + 1
        await front.till.beat()
        assert front.till.view().shown is None
        await front.keys("9 enter clear")
        assert front.till.view().shown.title == words.OFF
        for _ in range(KEYS_MAX + 5):
            front.till.key(Key("1"))
        assert len(front.till._keys) == KEYS_MAX
        await front.till.beat()
        await front.keys("clear enter")
        assert front.till.view().shown.title == words.NOTHING_WAITS

    play(scene)
    assert paid(campus) == []


def test_balance_and_log_are_read_and_nothing_is_paid(campus, school, play):
    memory = school.memory(1, OPENING)

    async def scene(front):
        await front.keys("menu 1")
        front.put(memory)
        await front.until(lambda: any("¥200.00" in row for row in front.till.view().rows))
        await front.keys("menu 4")
        assert any("可消费" in row for row in front.till.view().rows)

    play(scene)
    assert balance(memory) == OPENING


def test_a_reader_that_is_gone_is_said(campus, play):
    async def scene(front):
        front.till._spot = Spot(Reader("none of this name"))
        await front.keys("5 enter")
        assert front.till.view().why.zh == "没有这台读卡器"
        front.till._spot.close()

    play(scene)
    assert Path(campus.folder / "shown.log").read_bytes() == b""


def test_a_scanned_code_is_asked_about_and_a_mistyped_one_is_not(campus, play):
    """The centre behind this box knows no codes, and says so."""
    code = code_of(4711)

    async def scene(front):
        await front.keys(f"12.50 pay {code[:-1]}{(int(code[-1]) + 1) % 10} enter")
        assert front.board.shown.title == words.NO_CODE
        assert Face.DECLINED not in front.faces
        await front.keys(f"12.50 pay {code} enter")
        await front.until_face(Face.DECLINED)
        assert front.board.shown.title == PAYMENT_TEXT[PaymentResult.NOT_NOW]

    play(scene)
    assert campus.kept() == []


def test_a_scanners_burst_of_an_offline_code_is_heard_whole_and_draws_nothing(campus, play):
    phone = phone_of(allow_in(campus.folder))

    async def scene(front):
        await front.keys("12.50 pay")
        drawn, now_s = front.board.drawn, front.station.firmware.body.time().seconds
        digits = phone.shows(now_s)
        for at in range(0, len(digits), 50):
            await front.keys(digits[at : at + 50])
        assert front.board.drawn == drawn
        await front.keys("enter")
        assert front.faces.count(Face.DONE) == 1
        await front.keys(f"3 pay {digits} enter")
        assert front.board.shown.title == REASON_TEXT[Reason.CODE_USED]
        await front.until(campus.kept)

    play(scene)
    assert [one.amount_fen for one in campus.kept()] == [1250]


def test_a_code_on_the_glass_is_called_off_by_a_key_while_its_tap_goes_on(campus, play):
    shown, closed = OrderAnswer(PaymentResult.ORDER_OPEN, 500, code_of(5, ORDER_PREFIX)), PaymentResult.ORDER_CLOSED
    campus.edge.online = lambda _, asked: OrderAnswer(closed) if asked.purpose is Purpose.ORDER_CLOSE else shown

    async def scene(front):
        sale = asyncio.ensure_future(front.keys("5 menu"))
        await front.until(lambda: front.board.shown is not None and front.board.shown.code == shown.code)
        front.till.key(Key.CLEAR)
        await asyncio.wait_for(sale, PATIENCE_S)
        assert front.faces[-3:] == [Face.NOTICE, Face.AGAIN, Face.DECLINED]
        assert front.board.shown.title.zh == "未付款，收款码已作废 ¥5.00"

    play(scene)
