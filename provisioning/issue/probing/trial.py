"""A blank body made a card with keys that are thrown away, loaded, sold with, and cut between commands. Sans-I/O.

Writes to a blank alone: one that does not look it is not touched, and one whose transport key is another loses at most
one try. Afterwards the body is waste: nobody has its keys.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from provisioning.issue.jobs import CardWriter, School
from provisioning.issue.order import Order, OrderLine
from provisioning.issue.personalise import PURCHASE_KEY_ID, usual_validity
from provisioning.issue.personalise_apdu import CardJob, check, condition, write
from provisioning.issue.probing.asking import SLOW_MS
from provisioning.issue.probing.finding import Finding, Mark
from provisioning.issue.production import Attempt, Step
from provisioning.issue.work import CardSpoiled, Condition
from provisioning.keeper.issuing_keys import of_store
from provisioning.keys.levels import Random, new_root, region_of, school_of
from shared.clocks.clock import date_time_bcd
from shared.purse import commands
from shared.purse.apdu import CardChannel, ResponseApdu, Sw
from shared.purse.crypto import (
    TYPE_EP_LOAD,
    TYPE_EP_PURCHASE,
    Key,
    load_mac1,
    load_mac2,
    load_session_key,
    purchase_mac1,
    purchase_mac2,
    purchase_session_key,
    purchase_tac_input,
    tac,
)
from shared.purse.errors import PurseError
from shared.purse.profiles import AID_PURSE, PurchaseForm
from shared.words.voice import Text, told_by

LOAD_FEN, PRICE_FEN = 1_000, 250
PURCHASE_MS = 2 * SLOW_MS
_REGION, _CAMPUS, _VERSION, _CEILING_FEN = 1, 1, 1, 100_000
_TERMINAL, _TTN = bytes.fromhex("000750000001"), 1


class _Wrong(Exception):
    """A body did otherwise; the text says what."""


@dataclass(frozen=True, slots=True)
class Trial:
    """card, power and now: as of `asking.ask`. at: campus seconds."""

    card: CardChannel
    power: Callable[[], bool]
    now: Callable[[], float]
    transport: Key = field(repr=False)
    random: Random
    at: int

    def run(self) -> list[Finding]:
        """What was tried, until something went wrong."""
        found: list[Finding] = []
        job = self._job()
        steps: list[tuple[str, Callable[[], Text]]] = [
            ("write", lambda: self._write(job)), ("readback", lambda: self._read_back(job)),
            ("load", lambda: self._load(job)), ("cut", self._cut), ("purchase", lambda: self._buy(job)),
        ]  # fmt: skip
        for name, step in steps:
            try:
                found.append(Finding(name, Mark.GOOD, step()))
            except (CardSpoiled, PurseError, _Wrong) as fault:
                found.append(Finding(name, Mark.BAD, told_by(fault)))
                break
        return [*found, *(Finding(name, Mark.UNKNOWN, _NOT_TRIED) for name, _ in steps[len(found) :])]

    def _job(self) -> CardJob:
        """Of a school that is nobody's."""
        keys = school_of(region_of(new_root(self.random), _REGION), _CAMPUS)
        school = School(_REGION, _CAMPUS, usual_validity(self.at), _VERSION, _CEILING_FEN)
        writer = CardWriter(school, Order("-", (OrderLine(1, "-", "-", "-", 1),)), of_store(keys), self.transport)
        return writer.job(Attempt(1, 1, 1, Step.RESERVED, self.at))

    def _write(self, job: CardJob) -> Text:
        if condition(self.card, self.transport, job) is not Condition.BLANK:
            raise _Wrong(Text("不是空白卡，或传输密钥不符：未写", "not blank, or another transport key: not written"))
        began = self.now()
        write(self.card, self.transport, job)
        spent = self.now() - began
        return Text(f"写成，{spent:.1f} 秒", f"written, {spent:.1f} s")

    def _read_back(self, job: CardJob) -> Text:
        self._power()
        check(self.card, job)
        return Text("断电后逐字节读回相符", "read back byte for byte after a power cut")

    def _load(self, job: CardJob) -> Text:
        self._select()
        answer = self._done(commands.init_load(1, LOAD_FEN, _TERMINAL))
        balance, counter, rnd = _number(answer[:4]), _number(answer[4:6]), answer[8:12]
        session = load_session_key(job.keys.load, rnd, counter)
        _need(answer[12:16] == load_mac1(session, balance, LOAD_FEN, TYPE_EP_LOAD, _TERMINAL), "MAC1")
        stamp = date_time_bcd(self.at)
        self._done(commands.credit(stamp, load_mac2(session, LOAD_FEN, TYPE_EP_LOAD, _TERMINAL, stamp)))
        _need(self._balance() == LOAD_FEN, "balance")
        return Text(
            f"圈存后余额 {LOAD_FEN} 分，算法 {answer[7]:02X}", f"loaded, {LOAD_FEN} fen, algorithm {answer[7]:02X}"
        )

    def _cut(self) -> Text:
        """Between 8050 and 8054: nothing was debited, and the counter is what it was."""
        before = self._begin()
        self._power()
        self._select()
        _need(self._balance() == LOAD_FEN, "balance")
        _need(self._begin()[:6] == before[:6], "counter")
        return Text("扣款前断电：余额、计数不变", "power cut before the debit: balance and counter as before")

    def _buy(self, job: CardJob) -> Text:
        """And what it was answered is still there after the power has gone."""
        self._power()
        self._select()
        began = self.now()
        answer = self._begin()
        counter, rnd, stamp = _number(answer[4:6]), answer[11:15], date_time_bcd(self.at)
        session = purchase_session_key(job.keys.purchase, rnd, counter, _TTN)
        mac1 = purchase_mac1(session, PRICE_FEN, TYPE_EP_PURCHASE, _TERMINAL, stamp)
        proof = self._done(commands.debit(_TTN, stamp, mac1))
        spent = (self.now() - began) * 1_000
        wanted = tac(job.keys.tac, purchase_tac_input(PRICE_FEN, TYPE_EP_PURCHASE, _TERMINAL, _TTN, stamp))
        _need(proof[:4] == wanted, "TAC")
        _need(proof[4:8] == purchase_mac2(session, PRICE_FEN), "MAC2")
        self._power()
        self._select()
        _need(self._balance() == LOAD_FEN - PRICE_FEN, "balance")
        _need(self._kept(counter) == {proof[:4], proof[4:8]}, "805A")
        if spent > PURCHASE_MS:
            raise _Wrong(Text(f"消费 {spent:.0f} 毫秒，太慢", f"a purchase takes {spent:.0f} ms: too slow"))
        return Text(
            f"消费 {spent:.0f} 毫秒，断电后凭证仍在", f"a purchase takes {spent:.0f} ms, its proof outlives the power"
        )

    def _kept(self, counter: int) -> set[bytes]:
        """What 805A gives: by the next counter as most say, by the one before as some do; in either order."""
        for number in (counter + 1, counter):
            answer = ResponseApdu.of_any(self.card.transmit(commands.prove(TYPE_EP_PURCHASE, number)))
            if answer.sw == Sw.OK:
                return {answer.data[:4], answer.data[4:8]}
        return set()

    def _begin(self) -> bytes:
        return self._done(commands.init_purchase(PurchaseForm.PLAIN, PURCHASE_KEY_ID, PRICE_FEN, _TERMINAL))

    def _select(self) -> None:
        self._done(commands.select_name(AID_PURSE))

    def _balance(self) -> int:
        return _number(self._done(commands.GET_BALANCE))

    def _power(self) -> None:
        if not self.power():
            raise _Wrong(Text("断电后无应答", "no answer after a power cut"))

    def _done(self, apdu: bytes) -> bytes:
        answer = ResponseApdu.of_any(self.card.transmit(apdu))
        if answer.sw != Sw.OK:
            head = f"{apdu[:4].hex().upper()}: {answer.sw:04X}"
            raise _Wrong(Text(head, head))
        return answer.data


_NOT_TRIED = Text("未试", "not tried")


def not_tried() -> Iterator[Finding]:
    """Of a probe that writes nothing."""
    for name in ("write", "readback", "load", "cut", "purchase"):
        yield Finding(name, Mark.UNKNOWN, _NOT_TRIED)


def _need(is_right: bool, what: str) -> None:  # reads as a sentence where it is called
    if not is_right:
        raise _Wrong(Text(f"不符：{what}", f"otherwise: {what}"))


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")
