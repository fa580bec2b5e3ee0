"""An afternoon behind the day of a share of the seeds: what is loaded by itself, then copies of cards and replays.

First accounts are split: rule and order load at any tap, over a network that loses and cards that tear, down to a floor
(law auto-load, floor). Then two cards are copied, key and all: each body sells, one of them at a till that comes home
late, and one purse is spent to below zero; last, records come again under other numbers. Whatever the copies do: every
copy is found, and nobody else (law copy); what a purse is below zero is found over that sum (overdraft); expected, late
and unexplained make all that a card was known to hold, and nothing is late any more when all has come (late); a record
that comes again is found once and moves nothing (replay). Chance is dealt from a stream of its own, after the day.
"""

from collections import Counter
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

from cloud.ledger.cards.listing import Why
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.findings.closing import apart
from cloud.ledger.findings.found import CardFinding, What, findings
from cloud.ledger.findings.rows import Kind as DifferenceKind
from cloud.ledger.findings.rows import differences
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.loads.split.moving import Quota
from cloud.ledger.loads.split.orders import OrderRefused
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Received
from edge.terminal.taps.steps import End, Result
from shared.ids import BoxId, StoreId, partition_of
from shared.online import Purpose
from shared.records import PROVEN, PurchaseRecord, Stored, decode, encode, parse_stored
from tests.sim.final import card_chain, exactly_once, explained, no_difference, zero_sum
from tests.sim.ingest_part import SimDatabase
from tests.sim.paying_law import FLOOR_FEN
from tests.sim.truth import CardTruth
from tests.sim.world import Violation

if TYPE_CHECKING:
    from tests.sim.campus import Campus
    from tests.sim.terminal_part import TerminalPart

SHARE = 0.3
"""Of the seeds."""
QUOTA = Quota(80_00, 120_00, 200_00)
POOR, LEFT_FEN = 12, 60_00
"""So many of the cards with the least have taken out all but this above the floor of their accounts."""
OFTEN = 5
"""So many of those, and so many others, come again and again: what was granted is claimed first, and then loaded."""
TAPS, ORDERS, LENGTH_S = 60, 8, 60.0
TRIES, TAP_MAX_S = 20, 30
LEAST_FEN = 20_00
"""On a card that is worth copying."""
LOOKED_S = 70.0
"""Longer than a difference waits for what a terminal owes."""
REPLAYED, AGAIN, FAR = 3, 12, 9_000
"""Records that come under another number, records that come as they came before, and how far that number is off."""
STORE = StoreId(b"replayer")


def has_afternoon(seed: int) -> bool:
    """Has this seed one?"""
    return Random(seed ^ 0xC0B1).random() < SHARE


class Afternoon:
    """Of one campus, when its day has come to rest."""

    def __init__(self, campus: "Campus") -> None:
        self._campus, self._world, self._judge = campus, campus.world, campus.judge
        self._random = Random(campus.world.seed ^ 0xC0B2)
        lost = {card for (card,) in campus.ingest.database.execute("SELECT card FROM card_deed UNION "
                                                                   "SELECT card FROM hotlisted")}  # fmt: skip
        self._cards = [card for card in campus.crowd.cards if card.card not in lost]
        self._tills = [till for till in campus.crowd.tills if till is not campus.crowd.avoided]
        self._ordered: Counter[bytes] = Counter()
        low = sorted(self._cards, key=lambda card: card.balance_fen)[:POOR]
        self._often = [*self._random.sample(low, OFTEN), *self._random.sample(self._cards, OFTEN)]

    def play(self) -> None:
        """Violation when a law breaks."""
        self._split()
        self._copy()
        self._replay()

    # --- what is loaded by itself ---------------------------------------------------------------------------------

    def _split(self) -> None:
        began_ms, opened = self._campus.ingest.now().unix_ms, self._opened()
        BankLedger(opened).set_floor(1, FLOOR_FEN, "A", "simulator", self._campus.ingest.now())
        self._take_out(DeskLedger(opened))
        SplitLedger(opened).set_of_class(1, QUOTA, "A", "simulator", self._campus.ingest.now())
        for number in range(ORDERS):
            self._world.after(self._random.uniform(0.0, LENGTH_S / 2), self._order, number)
        for _ in range(TAPS):
            self._world.after(self._random.uniform(0.0, LENGTH_S), self._tap)
        faults = self._campus.faults
        faults.wire.loss, faults.wire.double = self._random.choice((0.0, 0.1, 0.3)), self._random.choice((0.0, 0.1))
        faults.card_tear, faults.keys_away = self._random.choice((0.0, 0.03)), self._random.choice((0.0, 0.1))
        self._world.after(self._random.uniform(5.0, LENGTH_S), self._campus.ingest.kill)
        self._world.run(self._world.now_s + LENGTH_S)
        faults.calm()
        self._campus.rest()
        self._require_split(began_ms)

    def _take_out(self, desk: DeskLedger) -> None:
        now = self._campus.ingest.now()
        poor = sorted(self._cards, key=lambda card: card.balance_fen)[:POOR]
        has = [-self._judge.books.balances[f"online:{card.card.hex()}"] - FLOOR_FEN - LEFT_FEN for card in poor]
        desk.cash_float(b"afternoon" + bytes(7), "A", sum(max(0, fen) for fen in has), now)
        for number, (card, fen) in enumerate(zip(poor, has, strict=True)):
            if fen > 0:
                desk.cash_out(b"afternoon" + bytes((0, 0, 0, 0, 0, 1, number)), "A", card.card, fen, now)

    def _order(self, number: int) -> None:
        card, fen = self._random.choice(self._often), self._random.choice((5_00, 30_00))
        with suppress(OrderRefused):
            SplitLedger(self._opened()).order(f"afternoon-{number}", card.label, fen, "A", self._campus.ingest.now())
            self._ordered[card.card] = max(fen, self._ordered[card.card])
            self._world.note("ordered", card.label, fen)

    def _tap(self) -> None:
        random = self._random
        card = random.choice(self._often if random.random() < 0.8 else self._cards)
        verb, fen = ("claim", 0) if random.random() < 0.7 else ("sell", random.randint(1, 30) * 50)
        self._campus.crowd.try_at(random.choice(self._tills), card, verb, fen)

    def _require_split(self, began_ms: int) -> None:
        open_cases = explained(self._campus)
        no_difference(self._campus)
        exactly_once(self._campus, open_cases)
        card_chain(self._campus, open_cases)
        zero_sum(self._campus)
        query = (
            "SELECT card, balance_fen, amount_fen, payload, state FROM load_case WHERE debited = 1 AND opened_ms >= ?"
        )
        loaded: Counter[bytes] = Counter()
        for card, balance_fen, fen, payload, state in self._campus.ingest.database.execute(query, (began_ms,)):
            if payload[0] != Purpose.AUTO:
                continue
            self._world.note("auto-load", card, fen, state)
            by_rule = QUOTA.target_fen - balance_fen if balance_fen < QUOTA.below_fen else 0
            if fen > max(by_rule, self._ordered[card]):
                raise Violation("auto-load", f"{card.hex()}: {fen} fen onto {balance_fen}")
            loaded[card] += fen if state != CaseState.REVERSED else 0
        for card, fen in loaded.items():
            left_fen = -self._judge.books.balances[f"online:{card.hex()}"]
            if fen and left_fen < FLOOR_FEN:
                raise Violation("floor", f"{card.hex()}: {fen} fen were loaded by themselves, {left_fen} are left")

    # --- copies ---------------------------------------------------------------------------------------------------

    def _copy(self) -> None:
        open_cases = {deed.card for deed in explained(self._campus)}
        worth = [card for card in self._cards if card.balance_fen >= LEAST_FEN and card.card not in open_cases]
        copied, drained = self._random.sample(sorted(worth, key=lambda card: card.balance_fen)[:12], 2)
        late, other = self._random.sample(self._tills, 2)
        line = next(line for line in self._campus.lines if line.device == late.device)
        line.cut()
        self._world.note("copied", copied.label, drained.label, late.name)
        tills = (late, other) if self._random.random() < 0.5 else (other, late)
        self._sell_both(copied, tills, [(5_00, 6_00), (3_00, 3_00)])
        self._sell_both(drained, (other, late), [(drained.balance_fen - 1_00, 1_00)])
        self._require_sums(is_late=True)
        line.mend()
        self._campus.drain()
        self._looked()
        self._require_found([copied, drained])
        self._require_sums(is_late=False)

    def _sell_both(
        self, card: CardTruth, tills: tuple["TerminalPart", "TerminalPart"], sums: list[tuple[int, int]]
    ) -> None:
        """The card at the first till and its copy at the other one, from the same counter on; then whatever the copy
        has left but 1 yuan."""
        self._judge.copied.add(card.card)
        copy = CardTruth(card.card, f"{card.label}'", card.image)
        of_card, of_copy = tills
        for mine, theirs in sums:
            self._sell(of_card, card, mine)
            self._sell(of_copy, copy, theirs)
        self._sell(of_copy, copy, copy.balance_fen - 1_00)

    def _sell(self, till: "TerminalPart", card: CardTruth, fen: int) -> None:
        ended: list[Result | None] = []
        for _ in range(TRIES):
            if till.free and not card.busy:
                till.present(card, "sell", fen, ended.append)
                break
            self._world.run(self._world.now_s + 1.0)
        for _ in range(TAP_MAX_S):
            if ended:
                break
            self._world.run(self._world.now_s + 1.0)
        if ended and ended[0] is not None and ended[0].end is End.DONE:
            self._world.note("sold beside a copy", card.label, fen)

    def _looked(self) -> None:
        """All is looked at, and what a terminal owed has been waited for."""
        self._world.run(self._world.now_s + LOOKED_S)
        ledger = self._campus.ingest.ledger
        while ledger is not None and ledger.find_differences(self._campus.ingest.now()):
            pass
        self._judge.ledger_committed(self._campus.ingest.database)

    def _require_found(self, copied: list[CardTruth]) -> None:
        db, found = self._database(), self._findings()
        twice = Counter(deed.card for deed, done in self._judge.rivals.items() if len(done) > 1)
        clones = Counter(one.seen.card for one in found if one.seen.what is What.CLONE)
        if clones != twice:
            raise Violation("copy", f"{dict(clones)} copies are found, {dict(twice)} purchases stood beside another")
        rows = db.connection.execute("SELECT card FROM hotlisted WHERE reason = ?", (int(Why.CLONE),))
        if (listed := {card for (card,) in rows}) != twice.keys():
            raise Violation("copy", f"{len(listed)} cards are refused as copies, {len(twice)} are")
        known = {one.number: one for one in differences(db)}
        over = Counter[bytes]()
        for one in found:
            if one.seen.what is What.OVERDRAFT and known[one.seen.mark].found.kind is DifferenceKind.NEGATIVE:
                over[one.seen.card] += known[one.seen.mark].found.read_fen
        for card in self._cards:
            fen = min(0, -self._judge.books.balances[f"purse:{card.card.hex()}"])
            if over[card.card] != fen:
                raise Violation("overdraft", f"{card.label}: {fen} fen below zero, {over[card.card]} found")
            if fen:
                self._world.note("overdrawn", card.label, fen)
        if not {one.seen.card for one in found} <= {card.card for card in copied}:
            raise Violation("copy", "something is found of a card that nobody has copied")

    def _require_sums(self, *, is_late: bool) -> None:
        """Of every purse that does not close. is_late: a till has not come home yet."""
        ledger = self._campus.ingest.ledger
        with self._database().reading():
            rows = apart(self._database())
        for one in rows:
            if one.expected_fen + one.late_fen + one.unexplained_fen != one.known_fen:
                raise Violation("late", f"{one}: the sums are not the whole")
            float_fen = -self._judge.books.balances[f"{('purse', 'subsidy')[one.whose[1]]}:{one.whose[0].hex()}"]
            if not is_late and (one.late_fen or one.expected_fen != float_fen):
                raise Violation("late", f"{one}: all has come, and the books have {float_fen} fen")
        fault = self._campus.ingest.closing(ledger) if ledger is not None else ""
        if fault:
            raise Violation("closing", fault)

    # --- replays --------------------------------------------------------------------------------------------------

    def _replay(self) -> None:
        """Some records come as they came, and some under another number of their terminal."""
        ledger, before = self._campus.ingest.ledger, dict(self._judge.books.balances)
        known = [one for one in self._sold() if one.wire and decode_purchase(one).card not in self._judge.copied]
        if ledger is None or not known:
            return
        chosen = self._random.sample(known, min(REPLAYED, len(known)))
        forged = [one._replace(wire=encode(_renumbered(one))).to_bytes() for one in chosen]
        found = len(self._findings())
        plain = [one.to_bytes() for one in self._random.sample(known, min(AGAIN, len(known)))]
        box = next(BoxId(till.made.box) for till in self._tills)
        for row, stored in enumerate([*plain, *forged, *forged], 1):
            batch = Received(box, partition_of(box), STORE, row, (stored,))
            ledger.receive([batch], self._campus.ingest.keys.check_tac, self._campus.ingest.now())
        self._world.note("replayed", len(plain), len(forged))
        self._looked()
        replays = Counter(one.seen.card for one in self._findings()[found:])
        wanted = Counter(bytes(decode_purchase(one).card) for one in chosen)
        if replays != wanted or any(one.seen.what is not What.REPLAY for one in self._findings()[found:]):
            raise Violation("replay", f"{dict(replays)} are found, {dict(wanted)} came under another number")
        moved = {code for code, fen in self._judge.books.balances.items() if fen != before.get(code, 0)}
        if moved:
            raise Violation("replay", f"records that came before have moved {min(moved)}")

    def _sold(self) -> list[Stored]:
        """Proven purchases of these tills, of the epoch that each is in."""
        rows = self._campus.ingest.database.execute("SELECT stored FROM record WHERE verdict = 1 ORDER BY id DESC")
        found = (parse_stored(stored) for (stored,) in rows)
        devices = {bytes(till.device) for till in self._tills if till.made.box == self._tills[0].made.box}
        return [one for one in found if bytes(one.device) in devices and _is_proven(one)]

    # --- what is asked --------------------------------------------------------------------------------------------

    def _findings(self) -> list[CardFinding]:
        db = self._database()
        with db.reading():
            return findings(db)

    def _database(self) -> SimDatabase:
        return SimDatabase(self._campus.ingest.database, lambda point: None)

    def _opened(self) -> OpenedLedger:
        return OpenedLedger(SimDatabase(self._campus.ingest.database, self._at))

    def _at(self, point: str) -> None:
        if point == "committed":
            self._judge.ledger_committed(self._campus.ingest.database)


def decode_purchase(one: Stored) -> PurchaseRecord:
    """The purchase of stored bytes that are known to be one."""
    record = decode(one.wire)
    if not isinstance(record, PurchaseRecord):
        raise TypeError("no purchase")
    return record


def _is_proven(one: Stored) -> bool:
    record = decode(one.wire)
    return isinstance(record, PurchaseRecord) and record.kind in PROVEN and record.amount_fen > 0


def _renumbered(one: Stored) -> PurchaseRecord:
    said = decode_purchase(one)
    return said._replace(seq=said.seq + FAR)

