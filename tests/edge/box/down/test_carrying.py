"""Firmware from a box to a bus of terminals at once: who has it, who is not there, and what stands against it."""

from itertools import pairwise
from random import Random

import pytest

from edge.box.down.carrying import BUSY_S, GATHER_S
from edge.box.down.gate import LEAD_S, RUSH_S, UNSENT_MAX
from edge.box.down.serving import KEY_S
from edge.link import messages as link
from edge.link.broadcast import Symbol
from edge.link.messages import Type
from edge.terminal.down.broadcast import MemorySlot, Receiver
from edge.terminal.down.documents import Documents
from edge.terminal.store.papers import MemoryPapers
from shared.clocks.clock import DAY_S
from shared.fleet.document import CAMPUS, DocumentKind, device_scope, model_scope
from shared.fleet.firmware import Image
from shared.fleet.parameters import MealRow, ParameterBody
from shared.fleet.permit import Permit
from shared.keys.document_key import Keyring
from shared.wire.fleet_lane import FirmwareProgress, Stage, Verdict, Why
from tests.edge.fleet_rig import Holder
from tests.edge.rig import Body, Field, device, settings

FIRMWARE = DocumentKind.FIRMWARE, model_scope(1)
PROGRAM = "def words(face, zh, en):\n    return zh, en\n#" + "x" * 3000
LONG = PROGRAM + "y" * 15_000
FRAMES = 60
"""Of a tick: what a bus of 125 kbit/s carries beside others in a quarter of a second is more."""


class Hearing(Holder):
    """A terminal's own documents and receiver. deaf_to: frames that it does not hear; off: its plug is out."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.papers, self.slot = number, MemoryPapers(), MemorySlot()
        self.off, self.deaf_to, self.is_busy = False, lambda _down: False, False
        self.spoils = lambda down: down
        self.power()

    def power(self) -> None:
        self.documents = Documents(device(self.number), 1, Keyring(1, self.campus_key), self.papers)
        self.documents.boot()
        self.documents.is_busy = lambda: self.is_busy
        self.receiver = Receiver(self.documents.announced, self.slot)

    def hear(self, kind: Type, payload: bytes) -> list[tuple[Type, bytes]]:
        self.heard.append((kind, payload))
        match kind:
            case Type.DOCUMENT_KEY:
                self.documents.key(link.DOCUMENT_KEY.decode(payload))
                return []
            case Type.DOCUMENT_HEAD:
                return self._said(self.documents.head(link.DOCUMENT_HEAD.decode(payload), 1, 0.0))
            case Type.DOCUMENT_DELTA:
                return self._said(self.documents.delta(link.DOCUMENT_DELTA.decode(payload), 1))
        return self._said(self.documents.page(link.DOCUMENT_PAGE.decode(payload), 1, 0.0))

    def pages(self) -> int:
        """Of firmware, that it was sent."""
        sent = [link.DOCUMENT_PAGE.decode(raw) for kind, raw in self.heard if kind is Type.DOCUMENT_PAGE]
        return sum(page.kind is DocumentKind.FIRMWARE for page in sent)

    def _said(self, said):
        return [(Type[one.layout.name], one.layout.encode(one.message)) for one in said]


class Bus:
    """A box and terminals that hear all of it."""

    def __init__(self, terminals: int = 3, on: str = "can0") -> None:
        self.field, self.on = Field(settings(terminals, on)), on
        self.field.connect()
        self.sender = self.field.box.sender(self.field.now(), on)
        self.bodies = {number: self.join(number) for number in range(1, terminals + 1)}
        self.frames: list[object] = []
        self.permitted = [*self.bodies]

    def join(self, number: int, holder: Hearing | None = None) -> Body:
        body = Body(number, holder=holder or Hearing(number))
        self.field.join(body, (self.on, number))
        if not body.current:
            self.field.join(body, (self.on, number))
        said = body.holder._said(body.holder.documents.joined())
        self.field.hear((self.on, number), body.status(), *(body.say(*one) for one in said))
        return body

    def release(self, number: int, program: str = PROGRAM) -> None:
        image = Image(1, number, "lines", program.encode()).encode()
        made = self.field.centre.make(image, *FIRMWARE, generation=number)
        self.field.offer(self.field.centre.key(DocumentKind.FIRMWARE), made.offer())
        self.field.offer(self.field.centre.key(DocumentKind.PERMIT))
        for one in self.permitted:
            permit = Permit(1, number, made.head.digest).encode()
            self.field.offer(self.field.centre.make(permit, DocumentKind.PERMIT, device_scope(device(one))).offer())

    def run(self, seconds: float) -> None:
        for at in range(int(seconds * 4)):
            self.field.wait(0.25)
            self._turn()
            for number, body in self.bodies.items():
                if at % 40 == 39 and not body.holder.off:
                    self.field.hear((self.on, number), body.status())

    def _turn(self) -> None:
        for at in range(FRAMES):
            now_s = self.field.s + at * 0.004
            if self.sender is None:
                return
            self.sender.tick(now_s)
            down = self.sender.next_frame(now_s)
            if down is not None:
                self.frames.append(down)
                self.sender.seen(136, True, now_s)
            for number, body in self.bodies.items():
                self._hears(number, body, down, now_s)

    def _hears(self, number: int, body: Body, down, now_s: float) -> None:
        holder = body.holder
        if holder.off:
            return
        if down is not None and not holder.deaf_to(down):
            holder.receiver.hear(holder.spoils(down))
        whole, holder.receiver.whole = holder.receiver.whole, None
        if whole is not None:
            for said in holder._said(holder.documents.received(whole.signed, whole.body, 1)):
                self.field.hear((self.on, number), body.say(*said))
        while (answer := holder.receiver.next_answer()) is not None:
            self.sender.hear(number, answer, now_s)

    def rows(self) -> dict[int, tuple[Stage, Why]]:
        """The newest progress of each."""
        said = [row for one in self.field.up if isinstance(one, FirmwareProgress) for row in one.rows]
        return {int.from_bytes(row.device[2:], "big"): (row.stage, row.why) for row in said}

    def stored(self) -> list[int]:
        """Generations that wait to be tried."""
        papers = (body.holder.documents.to_try for body in self.bodies.values())
        return [paper.head.generation if paper else 0 for paper in papers]

    def pages(self) -> int:
        return sum(body.holder.pages() for body in self.bodies.values())

    @property
    def symbols(self) -> int:
        return sum(isinstance(one, Symbol) and one.page < 960 for one in self.frames)


@pytest.fixture
def bus() -> Bus:
    return Bus()


def needed(program: str = PROGRAM) -> int:
    return -(-len(Image(1, 2, "lines", program.encode()).encode()) // 8)


def test_one_pass_reaches_all_and_no_page_goes_to_anybody(bus):
    bus.release(2)
    bus.run(30)
    assert bus.stored() == [2, 2, 2]
    assert bus.symbols == needed()
    assert bus.pages() == 0
    assert set(bus.rows().values()) == {(Stage.WHOLE, Why.NOTHING)}
    before = len(bus.frames)
    bus.run(30)
    assert len(bus.frames) == before, "it is not sent twice"


def test_nothing_is_announced_before_the_key_has_had_time_to_arrive(bus):
    bus.release(2)
    while not all(Type.DOCUMENT_KEY in body.holder.types() for body in bus.bodies.values()):
        bus.run(0.25)
    bus.run(KEY_S - 0.5)
    assert bus.frames == []
    bus.run(1)
    assert bus.frames


def test_progress_says_each_step_and_no_step_twice(bus):
    bus.release(2)
    bus.run(30)
    said = [row for one in bus.field.up if isinstance(one, FirmwareProgress) for row in one.rows]
    mine = [row for row in said if row.device == device(1)]
    assert mine[0].stage in (Stage.WAITING, Stage.ERASING)
    assert mine[-1].stage is Stage.WHOLE
    assert not any(a == b for a, b in pairwise(mine))
    coming = [row for row in mine if row.stage is Stage.COMING]
    assert coming == sorted(coming, key=lambda row: -row.lacking)
    assert {row.total for row in coming} <= {needed()}
    bus.field.disconnect()
    bus.field.up.clear()
    bus.field.connect()
    bus.run(1)
    assert len(bus.rows()) == 3, "all of it at each connection"


def test_who_is_not_there_is_named_and_has_it_when_it_is_back(bus):
    gone = bus.bodies[3].holder
    bus.release(2)
    bus.run(1)
    gone.off = True
    del bus.field.places["can0", 3]
    bus.run(90)
    assert bus.stored() == [2, 2, 0]
    assert bus.rows()[3] == (Stage.WAITING, Why.AWAY)
    assert [fact.code for fact in bus.field.facts].count("firmware-unheard") == 1
    gone.off = False
    gone.power()
    bus.bodies[3] = bus.join(3, gone)
    before = bus.symbols
    bus.run(30)
    assert bus.stored() == [2, 2, 2]
    assert bus.symbols - before <= needed()


def test_what_was_heard_before_the_plug_is_not_sent_again(bus):
    late = bus.bodies[2].holder
    late.deaf_to = lambda down: isinstance(down, Symbol) and down.page == 1
    bus.release(2)
    bus.run(4)
    assert sorted(late.slot.pages) in ([0, 2], [0, 2, 3]), "all but that page"
    late.power()
    late.deaf_to = lambda _down: False
    before = bus.symbols
    bus.bodies[2] = bus.join(2, late)
    bus.run(30)
    assert (bus.stored(), bus.pages()) == ([2, 2, 2], 0)
    assert bus.symbols - before <= 128 * 2


def test_a_terminal_that_hears_no_broadcast_gets_pages(bus):
    bus.bodies[2].holder.deaf_to = lambda _down: True
    bus.release(2)
    bus.run(60)
    assert bus.stored() == [2, 2, 2]
    assert bus.pages() == 3
    assert bus.bodies[2].holder.pages() == 3


def test_one_that_heard_a_wrong_symbol_gets_pages_whose_table_tells_which_is_wrong(bus):
    def spoils(down):
        is_it = isinstance(down, Symbol) and (down.page, down.number) == (1, 5)
        return down._replace(data=bytes(8)) if is_it else down

    bus.bodies[2].holder.spoils = spoils
    bus.release(2)
    bus.run(30)
    assert bus.stored() == [2, 2, 2]
    assert (bus.bodies[2].holder.pages(), bus.pages()) == (3, 3)
    assert not bus.field.facts, "nobody was silent"


def test_one_that_is_busy_is_asked_again(bus):
    bus.bodies[1].holder.is_busy = True
    bus.release(2)
    bus.run(20)
    assert bus.rows()[1] == (Stage.WAITING, Why.TAPPING)
    bus.bodies[1].holder.is_busy = False
    bus.run(BUSY_S + 20)
    assert bus.stored() == [2, 2, 2]
    assert bus.pages() == 0


def test_one_whose_medium_is_full_holds_up_nobody(bus):
    bus.bodies[1].holder.slot.is_full = True
    bus.release(2)
    bus.run(20)
    assert (bus.stored(), bus.rows()[1]) == ([0, 2, 2], (Stage.WAITING, Why.NO_ROOM))


def meals(bus: Bus, from_s: int) -> None:
    """The parameters name one that begins then, beside the one that the day begins with."""
    body = ParameterBody(0, 0, (MealRow(1, "早餐", 0), MealRow(2, "午餐", from_s)))
    made = bus.field.centre.make(body.encode(), DocumentKind.PARAMETERS, CAMPUS)
    bus.field.offer(bus.field.centre.key(DocumentKind.PARAMETERS), made.offer())


@pytest.mark.parametrize("ahead_s", [LEAD_S - 60, -1, 60 - RUSH_S])
def test_nothing_begins_in_a_meal_period(bus, ahead_s):
    meals(bus, (bus.field.now().campus_s + ahead_s) % DAY_S)
    bus.release(2)
    bus.run(20)
    assert (bus.symbols, bus.pages(), set(bus.rows().values())) == (0, 0, {(Stage.WAITING, Why.MEAL)})


def test_where_pages_are_the_only_way_a_meal_period_stands_against_them_too():
    bus = Bus(2, "tcp")
    meals(bus, (bus.field.now().campus_s + 60) % DAY_S)
    bus.release(2)
    bus.run(20)
    assert (bus.pages(), set(bus.rows().values())) == (0, {(Stage.WAITING, Why.MEAL)})
    bus.field.s += RUSH_S + 120
    bus.run(20)
    assert (bus.stored(), bus.pages()) == ([2, 2], 6)


@pytest.mark.parametrize("ahead_s", [LEAD_S + 60, -RUSH_S - 1])
def test_between_the_rushes_it_begins(bus, ahead_s):
    meals(bus, (bus.field.now().campus_s + ahead_s) % DAY_S)
    bus.release(2)
    bus.run(20)
    assert bus.stored() == [2, 2, 2]


def test_a_meal_that_comes_stops_it_and_afterwards_it_goes_on_where_it_was(bus):
    meals(bus, (bus.field.now().campus_s + LEAD_S + 4) % DAY_S)
    bus.release(2, LONG)
    bus.run(20)
    sent = bus.symbols
    assert 0 < sent < needed(LONG)
    assert set(bus.rows().values()) == {(Stage.WAITING, Why.MEAL)}
    bus.field.s += LEAD_S + RUSH_S
    for number, body in bus.bodies.items():
        bus.bodies[number] = bus.join(number, body.holder)
    bus.run(30)
    assert bus.stored() == [2, 2, 2]
    assert bus.symbols < needed(LONG) * 1.1


def test_nothing_begins_while_one_on_the_bus_owes_records(bus):
    body = bus.bodies[2]
    for _ in range(UNSENT_MAX + 1):
        body.sell()
    bus.field.hear(("can0", 2), body.status())
    bus.release(2)
    bus.run(20)
    assert (bus.symbols, set(bus.rows().values())) == (0, {(Stage.WAITING, Why.UNDRAINED)})
    bus.field.hear(("can0", 2), *body.resend(), body.status())
    bus.run(20)
    assert bus.stored() == [2, 2, 2]


def test_on_a_full_bus_nothing_begins(bus):
    def fill() -> None:
        for at in range(250):
            bus.sender.seen(300, False, bus.field.s + at / 1000)

    for _ in range(60):
        bus.run(0.25)
        fill()
    bus.release(2)
    for _ in range(40):
        bus.run(0.25)
        fill()
    assert (bus.symbols, set(bus.rows().values())) == (0, {(Stage.WAITING, Why.BUS_LOAD)})
    bus.run(GATHER_S + 20)
    assert bus.stored() == [2, 2, 2]


def test_a_release_that_is_newer_ends_the_one_before(bus):
    bus.release(2)
    bus.run(2)
    bus.release(3)
    bus.run(40)
    assert bus.stored() == [3, 3, 3]
    assert bus.pages() == 0


def test_only_those_whose_turn_it_is_take_it(bus):
    bus.permitted = [1, 3]
    bus.release(2)
    bus.run(3)
    assert bus.frames, "it waits for nobody whose turn it is not"
    bus.run(17)
    assert (bus.stored(), bus.pages(), bus.rows()[2]) == ([2, 0, 2], 0, (Stage.WAITING, Why.TURN))
    sent = bus.symbols
    bus.permitted = [2]
    bus.release(2)
    bus.run(20)
    assert bus.stored() == [2, 2, 2]
    assert bus.symbols <= 2 * sent


def test_an_image_that_fails_its_test_is_named_and_not_sent_again(bus):
    bus.release(2)
    bus.run(20)
    holder = bus.bodies[1].holder
    holder.documents.try_firmware(lambda _image: False, 1)
    before = bus.symbols
    bus.bodies[1] = bus.join(1, holder)
    bus.run(90)
    assert bus.rows()[1] == (Stage.RETURNED, Why.NOTHING)
    assert [fact.code for fact in bus.field.facts].count("firmware-returned") == 1
    assert bus.symbols == before
    for number in (2, 3):
        other = bus.bodies[number].holder
        other.documents.try_firmware(lambda _image: True, 1)
        bus.bodies[number] = bus.join(number, other)
    bus.run(2)
    assert {bus.rows()[number][0] for number in (2, 3)} == {Stage.IN_USE}


def test_another_broadcast_under_the_same_number_is_another_one():
    """The box was killed in the middle, and counts from anywhere."""
    bus = Bus()
    for first, second in ((2, 3), (3, 4)):
        bus.release(first)
        bus.run(2)
        holders = [body.holder for body in bus.bodies.values()]
        bus.field.crash()
        bus.field.connect()
        bus.sender = bus.field.box.sender(bus.field.now(), "can0")
        bus.sender._stream = (holders[0].receiver._stream - 1) % 64
        bus.release(second, PROGRAM + "y" * Random(second).randrange(2000))
        bus.bodies = {holder.number: bus.join(holder.number, holder) for holder in holders}
        bus.run(40)
        assert (bus.stored(), bus.pages()) == ([second] * 3, 0)
        wanted = bus.field.centre.newest[FIRMWARE].head.digest
        assert {holder.documents.to_try.digest for holder in holders} == {wanted}


def test_a_link_that_is_no_bus_carries_no_broadcast():
    field = Field()
    assert field.box.sender(field.now(), "tcp") is None


def test_verdicts_of_a_broadcast_that_are_final_are_reported(bus):
    bus.release(5)
    bus.run(20)
    newer = bus.bodies[1].holder
    newer.documents.try_firmware(lambda _image: True, 1)
    assert newer.documents.in_use(DocumentKind.FIRMWARE).head.generation == 5
    field = bus.field
    field.centre.newest.clear()
    assert bus.rows()[1][0] is Stage.WHOLE
    assert Verdict.STORED in {one.verdict for one in field.up if hasattr(one, "verdict")}
