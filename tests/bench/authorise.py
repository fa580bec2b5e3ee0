"""Account payments: from the request of a till to its answer. The link alone in virtual time, CAN beside the formula
and RS-485, while firmware is broadcast; and end to end through real processes on TCP, while tills sell."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from edge.box.down.guard import SHARE, BusGuard
from edge.link import messages as link
from edge.link.broadcast import Symbol
from edge.link.can.broadcast import down_frame
from edge.link.can.frame import CanFrame, frame_bits
from edge.link.can.ids import EDGE_ADDRESS
from edge.link.can.isotp import CONTINUE_FRAME, Transfer, TransferLimits
from edge.link.can.node import CanNode
from edge.link.messages import Ask, Type
from edge.link.port import Peer
from edge.link.seal import OVERHEAD
from edge.link.sim.can_bus import NS_PER_S, BusSettings
from edge.link.sim.can_world import VirtualCan
from shared.clocks.clock import CampusTime
from shared.online import PaymentResult, Purpose, parse_payment, presence_id
from shared.purse.cos.card import UserCard
from shared.purse.effects import drive
from shared.purse.flows.load import presence
from shared.purse.flows.till import identify
from shared.purse.outcomes import CardIdentity, LoadOrder, LoadRefused
from shared.purse.profiles import CAMPUS
from tests.bench.campus import join_all, stock
from tests.bench.load import Till, Watch
from tests.bench.row import Row, at_most
from tests.bench.scene import Made, Scene, make, run, standing

GOAL_BITRATE, OTHERS, BAUDS = 125_000, (50_000, 250_000, 500_000), (115_200, 9_600)
TERMINALS, RATE, LINK_S = 32, 6.4, 60.0
LINK_MS, WHOLE_MS = 60.0, 150.0
REQUEST_BYTES, ANSWER_BYTES, RECORD_BYTES, ACK_BYTES = OVERHEAD + 39, OVERHEAD + 14, OVERHEAD + 43, 7
LINE_OVERHEAD, CHUNK = 7, 250
"""Of a frame on RS-485 (edge/link/rs485/frame.py), and what one carries."""
PAYMENTS, PAYMENT_FEN, TAP_RATE = 300, 10, 20.0


def rows() -> Iterator[Row]:
    """The goals are those at 125 kbit/s, and end to end."""
    link_ms = 0.0
    for bitrate in (GOAL_BITRATE, *OTHERS):
        found = list(_on_the_link(bitrate))
        link_ms = link_ms or found[-1].value or 0.0
        yield from found
    for baud in BAUDS:
        name = f"authorisation, link part, RS-485 {baud}, {TERMINALS} tills, formula"
        yield Row(name, _line_ms(baud), "ms", "CAN 125k, formula", _formula_ms(GOAL_BITRATE))
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        found = list(_end_to_end(make(folder), folder / "lite"))
        yield from found
        whole_ms = link_ms + (found[-1].value or 0.0)
        name = "authorisation, p99 of CAN 125k under firmware and p99 of the way from its box, together"
        yield at_most(name, whole_ms, "ms", WHOLE_MS, "the latter alone", found[-1].value)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- the link, in virtual time ---------------------------------------------------------------------------------------


def _on_the_link(bitrate: int) -> Iterator[Row]:
    quiet, wire = _Wire(bitrate, is_busy=False).run(), _Wire(bitrate, is_busy=True)
    busy = wire.run()
    kib_s = wire.broadcast.frames * 8 / 1024 / LINK_S
    name = f"authorisation, link part, CAN {bitrate // 1000}k, firmware at {kib_s:.1f} KiB/s meanwhile"
    formula = _formula_ms(bitrate)
    yield Row(f"{name}, p50", _quantile(busy, 50), "ms", "formula, bus idle", formula)
    p99 = _quantile(busy, 99)
    is_goal = bitrate == GOAL_BITRATE
    yield (
        at_most(f"{name}, p99", p99, "ms", LINK_MS, "without the broadcast", _quantile(quiet, 99))
        if is_goal else Row(f"{name}, p99", p99, "ms", "without the broadcast", _quantile(quiet, 99))
    )  # fmt: skip


class _Broadcast:
    """Firmware without end at the pace that the box's guard leaves it: see edge.link.can.broadcast.Broadcasting."""

    malformed = 0

    def __init__(self, bitrate: int) -> None:
        self._guard = BusGuard(bitrate, SHARE, 0.0)
        self._symbol = down_frame(Symbol(1, 7, 9, bytes(range(8))))
        self.frames = 0

    def hear(self, _frame: CanFrame, _now_s: float) -> bool:
        """Nobody answers."""
        return False

    def next_frame(self, now_s: float) -> CanFrame | None:
        """A symbol, when the bus has room for it."""
        if not self._guard.has_room(now_s):
            return None
        self.frames += 1
        return self._symbol

    def seen(self, frame: CanFrame, now_s: float) -> None:
        """Whosever."""
        self._guard.seen(frame_bits(frame), now_s)

    def tick(self, now_s: float) -> None:
        """Nothing is due."""

    def due_s(self, now_s: float) -> float:
        """When there is room again."""
        return self._guard.due_s(now_s)


class _Wire:
    """32 tills; every sale asks, is answered, writes its record and has it acknowledged."""

    def __init__(self, bitrate: int, *, is_busy: bool) -> None:
        """is_busy: firmware is broadcast all the while."""
        self.world = VirtualCan(BusSettings(bitrate=bitrate, nodes_max=TERMINALS + 1), seed=7)
        self.edge = CanNode(EDGE_ADDRESS)
        self.broadcast = _Broadcast(bitrate)
        if is_busy:
            self.edge.broadcasting = self.broadcast
        self.world.add(self.edge, self._at_edge)
        self.tills = [CanNode(address) for address in range(1, TERMINALS + 1)]
        for address, node in enumerate(self.tills, 1):
            self.world.add(node, self._at_till(address))
        self.asked_ns: dict[int, int] = {}
        self.took_ms: list[float] = []
        self._random = Random(2026)

    def run(self) -> list[float]:
        """Milliseconds from the request to its answer."""
        at_s = 0.1
        while at_s < LINK_S:
            at_s += self._random.expovariate(RATE)
            self.world.at(int(at_s * NS_PER_S), self._asking(self._random.randint(1, TERMINALS)))
        self.world.run_until(int((LINK_S + 2) * NS_PER_S))
        return self.took_ms

    def _asking(self, address: int) -> Callable[[], None]:
        def ask() -> None:
            if address not in self.asked_ns:  # one question at a time
                self.asked_ns[address] = self.world.now_ns
                self.tills[address - 1].offer(EDGE_ADDRESS, _bytes(self._random, Type.ONLINE_REQUEST, REQUEST_BYTES))

        return ask

    def _at_edge(self, peer: Peer, message: bytes) -> None:
        if message[0] == Type.ONLINE_REQUEST:
            self.edge.offer(peer, _bytes(self._random, Type.ONLINE_ANSWER, ANSWER_BYTES), urgent=True)
        else:
            self.edge.offer(peer, _bytes(self._random, Type.ACK, ACK_BYTES))

    def _at_till(self, address: int) -> Callable[[Peer, bytes], None]:
        def hear(_: Peer, message: bytes) -> None:
            if message[0] == Type.ONLINE_ANSWER:
                self.took_ms.append((self.world.now_ns - self.asked_ns.pop(address)) / 1e6)
                self.tills[address - 1].offer(EDGE_ADDRESS, _bytes(self._random, Type.RECORD, RECORD_BYTES))

        return hear


def _bytes(chance: Random, kind: Type, size: int) -> bytes:
    return bytes((kind,)) + chance.randbytes(size - 1)


def _formula_ms(bitrate: int) -> float:
    """Request and answer alone on the bus, with their flow control: the exact bits of their frames."""
    return sum(_message_bits(size) for size in (REQUEST_BYTES, ANSWER_BYTES)) / bitrate * 1000


def _message_bits(size: int) -> int:
    transfer, bits = Transfer(Random(size).randbytes(size), TransferLimits()), 0
    while not transfer.done:
        data = transfer.next_frame(0.0)
        if data is None:
            transfer.hear_flow_control(CONTINUE_FRAME, 0.0)
        bits += frame_bits(CanFrame(0x8CDA_F001, data or CONTINUE_FRAME))
    return bits


def _line_ms(baud: int) -> float:
    """Half a round of polls until the till may speak, then its request, and the answer at once: 10 bits a byte."""
    poll_s = 2 * LINE_OVERHEAD * 10 / baud
    sizes = (REQUEST_BYTES + LINE_OVERHEAD, ANSWER_BYTES + LINE_OVERHEAD)
    return 1000 * (TERMINALS / 2 * poll_s + sum(sizes) * 10 / baud)


# --- end to end ------------------------------------------------------------------------------------------------------


class _Payer(Till):
    """A till that also asks."""

    async def pay(self, card: UserCard, number: int) -> float:
        """Seconds from the request on its socket to the answer. RuntimeError when it is no yes."""
        wire, seal, body = self._link, self._seal, self.body
        if wire is None or seal is None:
            raise RuntimeError("not joined")
        asked = _shown(card, presence_id(body.device, self.epoch, body.psam_id, number))
        payload = link.ONLINE_REQUEST.encode(Ask(number, 3000, asked))
        began_s = time.monotonic()
        heard = wire.heard(Type.ONLINE_ANSWER)
        wire.send(seal.seal(Type.ONLINE_REQUEST, payload, self._index))
        answer = parse_payment(link.ONLINE_ANSWER.decode(_opened(await heard)).payload)
        took_s = time.monotonic() - began_s
        if answer.result is not PaymentResult.APPROVED:
            raise RuntimeError(f"the bench's payment is refused: {answer}")
        return took_s


def _opened(raw: bytes) -> bytes:
    """The payload; whose it is was proven in other places."""
    return raw[4:-8]


def _shown(card: UserCard, named: bytes) -> bytes:
    identity = drive(identify(CAMPUS, CampusTime(0, is_set=False)), card=card)
    if not isinstance(identity, CardIdentity):
        raise RuntimeError(f"the bench's card is refused: {identity}")
    shown = drive(presence(LoadOrder(PAYMENT_FEN, named, purpose=Purpose.PAYMENT), identity), card=card)
    if isinstance(shown, LoadRefused):
        raise RuntimeError(f"the bench's card shows nothing: {shown}")
    return shown.to_bytes()


def _end_to_end(made: Made, folder: Path) -> Iterator[Row]:
    folder.mkdir()
    with standing(made, folder) as scene:
        run("cloud", "deposit", "--data", str(made.data), "--all", "--yuan", "500", "--key", "bench")
        took_s, floor_s = asyncio.run(_paid(made, scene))
    took, floor = ([1000 * one for one in seconds] for seconds in (took_s, floor_s))
    name = f"authorisation, end to end, TCP, {TAP_RATE:g} taps/s meanwhile"
    beside = "two messages, two syncs, meanwhile"
    yield Row(f"{name}, p50", _quantile(took, 50), "ms", beside, _quantile(floor, 50))
    yield at_most(f"{name}, p99", _quantile(took, 99), "ms", WHOLE_MS, beside, _quantile(floor, 99))


async def _paid(made: Made, scene: Scene) -> tuple[list[float], list[float]]:
    rng = Random(2026)
    tills = [_Payer(body) for body in made.bodies]
    stock(made, list(tills), rng, int(PAYMENTS * 2 + TERMINALS))
    took_s: list[float] = []
    async with Watch(tills, made.partition, made.data) as watch:
        await watch.connect(scene.where.broker_port)
        await join_all(list(tills), scene)
        for number in range(1, PAYMENTS + 1):
            selling, paying = rng.sample(tills, 2)
            if selling.records:
                selling.tap()
            took_s.append(await paying.pay(rng.choice(made.cards), number))
            await asyncio.sleep(rng.expovariate(TAP_RATE))
        floor_s = watch.floor_s
    for till in tills:
        till.leave()
    return took_s, floor_s


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
