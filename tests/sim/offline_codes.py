"""Offline codes 脱机付款码 in a small world of their own: two real tills whose network comes and goes, their flash, a
real ledger that certifies phones, and between them whoever has seen a screen; records come late, twice and in any
order, clocks are wrong, and the power goes at any moment.

A phone keeps a use before it shows it, as the wallet does, or is a changed wallet that shows one use again and again.
A thief has a picture of every code. A holder reports the loss at some time, and tills hear of it when they are on
line; he takes money out while what his phone has spent is on its way.

Laws: a till takes no use twice, whatever the power did; what it has shown is on record; it takes nothing of a phone
whose end it has heard of, nothing older than two minutes, and no more than the school's sum a day. Every record is in
the books once, and merchants have all of it. The holder pays each use once, within what it is for, and never what he
has not; the loss account bears the rest, to the fen. All of it is drawn from one seed; defects: test_offline_codes.py.
"""

from collections import Counter
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec

from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.funds.offline.document import wallets_now
from cloud.ledger.funds.offline.terms import CodeRule, EndWhy, OfflineRefused
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.payments.offline.door import OfflineDoor
from edge.terminal.play.phones import Phone, public_of
from edge.terminal.store.book import Row
from shared.fleet.document import DocumentKind
from shared.fleet.wallets import Wallets, wallets_body
from shared.ids import DeviceId, PsamId
from shared.keys.document_key import DocumentKey
from shared.keys.offline_code import Certificate, certify_phone, decode_certificate
from shared.keys.offline_code import Phone as Certified
from shared.records import CodeRecord, Kind, Stored, decode
from tests.cloud.ledger import campus as c
from tests.edge.terminal.codes import CodeTill
from tests.edge.terminal.conftest import DEVICE, PSAM_ID, School, SmallEdge
from tests.edge.terminal.down.centre import Centre
from tests.edge.terminal.supplied import PowerGoes
from tests.sim.small import TillRow, book, goes_dark, make_ledger, pupil_card, require_verified
from tests.sim.world import Violation

STEPS, RULE = 60, CodeRule(2, 30_00, 70_00)
FUNDS_FEN = 60_00
"""What two uses may cost: with a further certificate the account can run out."""
FLOAT_FEN = 10_000_00
TILLS = (
    TillRow(DEVICE, PSAM_ID, "pos-01", "pos-01", "一楼大伙"),
    TillRow(DeviceId(bytes.fromhex("000100000008")), PsamId(bytes.fromhex("510000000024")), "pos-02", "pos-02", "面点"),
)
HOLDERS = 3
CHANGED, SHOWN_AGAIN = 0.3, 0.5
"""Of wallets: those that show a use again, and how often they do."""
FRESH_S = 120
"""The law's own, not the till's."""


class Signer:
    """As the key process: with the key that signs the document of codes."""

    def __init__(self) -> None:
        self._centre = Centre(DocumentKind.WALLETS)

    def certify_phone(self, phone: Certified) -> Certificate:
        """By the campus's key for phones."""
        return certify_phone(phone, self._centre.private)

    def document_keys(self) -> list[DocumentKey]:
        """The one there is."""
        return [self._centre.key]


class SimTill(CodeTill):
    """One of two. heard: what it has been told of codes; shown: what its display has shown, by place in the ring."""

    def __init__(self, school: School, device: DeviceId, psam: PsamId, name: str, start_s: float) -> None:
        edge = SmallEdge(device=device)
        super().__init__(school, None, edge=edge, device=device.hex(), psam_id=psam, name=name)
        self.device, self.psam_id = device, psam
        self.heard: Wallets | None = None
        self.seen: set[tuple[int, int]] = set()
        self.mono_s = start_s
        self.counter.log = self.note

    def note(self, row: Row) -> None:
        """成功."""
        if row.kind is Kind.CODE and (row.epoch, row.seq) not in self.written():
            raise Violation("codes: on record before it is shown", f"{self.device.hex()} {row.seq}")
        self.seen.add((row.epoch, row.seq))

    def on_again(self) -> None:
        """The power is back."""
        self.port.crash(self.chance)
        self.was_dark()
        self.power_on()
        self.counter.log = self.note
        if self.net:
            self.connect()

    def chance(self, size: int) -> int:
        """What of the last writes the flash has."""
        return int(self.school.rng.randint(0, size))


class Holder:
    """With his card, his account and his phone. is_changed: his wallet shows a use again; left_fen: of his account, as
    the law says it."""

    def __init__(self, number: int, random: Random) -> None:
        self.card = pupil_card(number)
        self.random = random
        self.key = ec.derive_private_key(random.getrandbits(200) + 1, ec.SECP256R1())
        self.is_changed = random.random() < CHANGED
        self.skew_s = random.choice((-200, -90, 0, 0, 60, 110))
        self.phones: list[Phone] = []
        self.paid_in = self.left_fen = 0

    def certified(self, raw: bytes) -> None:
        """Kept, when it is a new one."""
        certificate = decode_certificate(raw)
        if all(certificate != one.certificate for one in self.phones):
            self.phones.append(Phone(certificate, self.key, self.random.randbytes))

    def shows(self, now_s: int) -> str:
        """The newest certificate's next use; a changed wallet's, one of before. Empty: there is none."""
        if not self.phones:
            return ""
        phone = self.phones[-1]
        if self.is_changed and phone.used and self.random.random() < SHOWN_AGAIN:
            return phone.shows(now_s + self.skew_s, self.random.randint(1, phone.used))
        return phone.shows(now_s + self.skew_s) if phone.has_uses else ""


class CodeWorld:
    """One seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.ledger: Ledger = make_ledger(folder / f"{seed}.db", HOLDERS, TILLS)
        self.school = School(seed)
        self.mono_s = 1000.0
        self.tills = [SimTill(self.school, row.device, row.psam, row.name, self.mono_s) for row in TILLS]
        self.door = OfflineDoor(self.ledger.opened, Signer(), self.random.randbytes)
        self.door.set_rule(RULE, "A", "sim", self.now())
        self.holders = [Holder(number, self.random) for number in range(1, HOLDERS + 1)]
        self.pictures: list[str] = []
        self.ended: dict[int, int] = {}
        """Certificate → campus second since when it counts no more, by what the world did."""
        self.arrived: dict[tuple[bytes, int, int], CodeRecord] = {}
        """In the order in which the ledger first had them, while nothing of a law was looked at."""
        self.expected: dict[tuple[int, int], list[int]] = {}
        self.happened: set[str] = set()
        self._rows: dict[tuple[bytes, int, int], int] = {}
        self._waiting: list[tuple[SimTill, int, int, bytes]] = []
        self.desk = DeskLedger(self.ledger.opened)
        self.desk.cash_float(bytes(16), "A", FLOAT_FEN, self.now())
        for one in self.holders:
            self._deposit(one, FUNDS_FEN)
        for till in self.tills:
            self._tell(till)

    def run(self) -> None:
        """Some hours; then everything comes in; then the laws."""
        try:
            for one in self.holders:
                self._renew(one)
            for _ in range(STEPS):
                self._step()
                self._require_tills()
            self._deliver(everything=True)
            self._require_tills()
            self._require_books()
        finally:
            self.ledger.close()

    def now(self) -> Now:
        """The ledger's, and the tills' own."""
        return Now(c.NOW.unix_ms + int(self.mono_s * 1000), self.tills[0].now().rtc_s)

    # --- what happens ---------------------------------------------------------------------------------------------

    def _step(self) -> None:
        acts = (
            (self._pays, 8), (self._dark, 3), (self._steals, 5), (self._waits, 3), (self._net, 3), (self._renews, 3),
            (self._reports, 1), (self._deposits, 1), (self._spends, 2), (self._deliver, 4), (self._settles, 1),
        )  # fmt: skip
        self.random.choices([act for act, _ in acts], [weight for _, weight in acts])[0]()

    def _pays(self) -> None:
        digits = self._shows()
        if digits:
            self._take(self.random.choice(self.tills), digits)

    def _dark(self) -> None:
        """The power goes between the record and its display, and comes again; half of the time he shows it again."""
        digits = self._shows()
        if not digits:
            return
        till, fen = self.random.choice(self.tills), self._fen()
        till.counter.log = goes_dark
        try:
            till.pay(digits, fen)
        except PowerGoes:
            self.happened.add("dark")
        till.on_again()
        if self.random.random() < 0.5:
            self._take(till, digits, fen)

    def _steals(self) -> None:
        """A picture of some screen, at some till."""
        if self.pictures:
            self._take(self.random.choice(self.tills), self.random.choice(self.pictures[-3:]))

    def _waits(self) -> None:
        self.mono_s += self.random.choice((5, 40, 130, 1_800, 6 * 3_600))
        for till in self.tills:
            till.mono_s = self.mono_s
            till.wait(0)

    def _net(self) -> None:
        """A till's line is cut, or back: then it hears."""
        till = self.random.choice(self.tills)
        till.net = not till.net
        if till.net:
            till.connect()
            self._tell(till)

    def _renews(self) -> None:
        self._renew(self.random.choice(self.holders))

    def _renew(self, holder: Holder) -> None:
        """The phone is on line for a moment."""
        try:
            key = f"k{self.random.random()}"
            issued = self.door.certify(holder.card, public_of(holder.key), key, self.now())
        except OfflineRefused as refused:
            self.happened.add(f"refused: {refused.why.value}")
            return
        holder.certified(issued.certificate)
        self._tell_those_on_line()

    def _reports(self) -> None:
        """Lost, or given up; those on line hear at once."""
        now, card = self.now(), self.random.choice(self.holders).card
        for one in self.door.of_card(card, now):
            if self.door.end(card, one.number, now, EndWhy.LOST, "sim"):
                self.ended[one.number] = now.campus_s
                self.happened.add("ended")
        self._tell_those_on_line()

    def _deposits(self) -> None:
        self._deposit(self.random.choice(self.holders), self.random.choice((500, 3_000)))

    def _spends(self) -> None:
        """Cash at the desk, while what his phone has spent is on its way."""
        holder = self.random.choice(self.holders)
        fen = self.random.randint(0, holder.left_fen)
        if fen:
            self.desk.cash_out(self.random.randbytes(16), "A", holder.card, fen, self.now())
            holder.left_fen -= fen
            holder.paid_in -= fen

    def _settles(self) -> None:
        till = self.random.choice(self.tills)
        if till.net:
            till.deliver(till.edge.settle())

    def _deliver(self, *, everything: bool = False) -> None:
        """In any order, some of them twice; a till without a network keeps its own."""
        if everything:
            for till in self.tills:
                if not till.net:
                    till.net = True
                    till.connect()
                till.exchange()
        self._collect()
        waiting = self._waiting
        self.random.shuffle(waiting)
        some = len(waiting) if everything else self.random.randint(0, len(waiting))
        for till, epoch, seq, wire in waiting[:some]:
            place = (till.device, epoch, seq)
            self._account(place, wire)
            stored = Stored(till.device, epoch, till.psam_id, wire).to_bytes()
            for _ in range(self.random.choice((1, 1, 2))):
                book(self.ledger, self._rows[place], stored, self.now())
        del waiting[:some]

    def _collect(self) -> None:
        for till in self.tills:
            for (epoch, seq), wire in sorted(till.edge.kept.items()):
                place = (till.device, epoch, seq)
                if place not in self._rows:
                    self._rows[place] = len(self._rows) + 1
                    self._waiting.append((till, epoch, seq, wire))

    # --- phone, thief, till ---------------------------------------------------------------------------------------

    def _shows(self) -> str:
        """Some holder's screen, of which somebody takes a picture. Empty: he has no use left."""
        digits = self.random.choice(self.holders).shows(self.now().campus_s)
        if digits:
            self.pictures.append(digits)
        return digits

    def _take(self, till: SimTill, digits: str, fen: int = 0) -> None:
        before = till.codes()
        till.pay(digits, fen or self._fen())
        new = [one for one in till.codes() if one not in before]
        for one in new:
            heard = till.heard
            if heard is None or one.certificate in heard.ended:
                raise Violation("codes: nothing of a phone whose end was heard of", str(one.certificate))
            if abs(one.age_s) > FRESH_S:
                raise Violation("codes: two minutes", f"{one.age_s} s")
        self.happened.add("taken" if new else f"not taken: {till.displays[-1].title.en}")

    def _fen(self) -> int:
        return self.random.choice((800, 1_500, 30_00, 30_01))

    def _deposit(self, holder: Holder, fen: int) -> None:
        self.ledger.deposit(holder.card, fen, f"k{self.random.random()}", self.now())
        holder.paid_in += fen
        holder.left_fen += fen

    def _tell_those_on_line(self) -> None:
        for till in self.tills:
            if till.net:
                self._tell(till)

    def _tell(self, till: SimTill) -> None:
        with self.ledger.database.reading():
            limits = wallets_now(self.ledger.database, self.now().campus_s)
        if limits is not None and limits != till.heard:
            till.supply(wallets_body(limits))
            till.heard = limits

    # --- the laws -------------------------------------------------------------------------------------------------

    def _account(self, place: tuple[bytes, int, int], wire: bytes) -> None:
        """Who pays, as the law says it, in the order in which records come in."""
        one = decode(wire)
        if not isinstance(one, CodeRecord) or place in self.arrived:
            return
        self.arrived[place] = one
        paid = self.expected.setdefault((one.certificate, one.use), [])
        holder = next(who for who in self.holders if who.card == one.card)
        is_late = one.time >= self.ended.get(one.certificate, one.time + 1)
        own = 0 if paid or is_late else min(one.amount_fen, holder.left_fen)
        if not paid and not is_late and own < one.amount_fen:
            self.happened.add("short")
        if paid:
            self.ended.setdefault(one.certificate, self.now().campus_s)
        holder.left_fen -= own
        paid.append(own)
        self.happened.update(name for name, so in (("twice", len(paid) > 1), ("late", is_late)) if so)

    def _require_tills(self) -> None:
        for till in self.tills:
            codes = till.codes()
            uses = Counter((one.certificate, one.use) for one in codes)
            if uses and max(uses.values()) > 1:
                raise Violation("codes: no use twice at one till", str(uses.most_common(1)))
            days = Counter[int]()
            for one in codes:
                days[till.firmware.body.day_of(one.time)] += one.amount_fen
            if days and max(days.values()) > RULE.day_fen:
                raise Violation("codes: the sum of a day", str(days))

    def _require_books(self) -> None:
        wanted = {(till.device, *place): one.amount_fen for till in self.tills for place, one in till.written().items()}
        if wanted != {place: one.amount_fen for place, one in self.arrived.items()}:
            raise Violation("codes: nothing is lost", f"{len(wanted)} at tills, {len(self.arrived)} arrived")
        if any(not till.seen <= till.written().keys() for till in self.tills):
            raise Violation("codes: on record before it is shown", "shown, and no record of it")
        books = c.balances(self.ledger)
        for device, _, _, _, merchant in TILLS:
            has = -books.get(f"merchant:{merchant}", 0)
            takings = sum(fen for place, fen in wanted.items() if place[0] == device)
            if has != takings:
                raise Violation("codes: a merchant has all of it", f"{merchant}: {has} of {takings}")
        paid, borne = sum(map(sum, self.expected.values())), books.get("offline-code-loss", 0)
        for who in self.holders:
            left = -books.get(f"online:{who.card.hex()}", 0)
            if left != who.left_fen:
                told = f"{left} left of {who.paid_in}, and {who.left_fen} are his"
                raise Violation("codes: a holder pays each use once", told)
        if borne != sum(wanted.values()) - paid:
            raise Violation("codes: the school bears the rest", f"{borne} of {sum(wanted.values()) - paid}")
        self.happened.update(name for name, so in (("borne", borne), ("own", paid)) if so)
        require_verified("codes", self.ledger)
