"""Planted defects: the real cores under drivers, disks and databases that break one rule each.

Every one of them is a mistake that somebody could make. `laws`: which of the judge's laws may name it; it must be
found within DEFECT_SEEDS seeds, or the simulator is blind.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cloud.ingest.decoding import read
from cloud.ingest.ticket import Arrival
from cloud.ledger.ledger import Ledger
from cloud.ledger.loads import offers as load_offers
from cloud.ledger.receive import authorise as authorising
from cloud.ledger.receive import suspense
from cloud.ledger.records.stolen import Stolen
from cloud.store.db import Row
from edge.box.values.effects import Effect, Publish, Settle
from edge.box.values.streams import ref_of
from edge.link.messages import Type
from edge.terminal.store.layout import RING_AT, SLOTS_AT
from edge.terminal.store.untold import NOWHERE
from shared.ids import LedgerId
from shared.wire.messages import OnlineRequest, decode_batch, encode_now
from shared.wire.topics import UP_MONEY
from tests.sim.afternoon_defects import (
    BlindToOverdrafts,
    CallsItLate,
    FindsNoCopies,
    FindsNoReplays,
    LoadsBelowTheFloor,
    LoadsWhatNobodySays,
)
from tests.sim.answer_defects import BelievesTheBroker
from tests.sim.backup_defects import CoversAll, MarksWhatItHolds
from tests.sim.blueprint import HOSTILE, TerminalMade
from tests.sim.book_defects import (
    BreaksItsChain,
    CardWithoutCounters,
    DeafToVoids,
    FindsWithoutRecord,
    ForgetsTheOldest,
    InventsARow,
    RawKeys,
    TrustsAPin,
)
from tests.sim.box_release_defects import KeepsWhatRuns, SwitchesByHand, TakesOlderReleases
from tests.sim.clock import Clock
from tests.sim.disk import PowerCut, SimFlash
from tests.sim.edge_part import EdgePart, SimConnection
from tests.sim.exposed import HearsTheSilent
from tests.sim.faults import Faults
from tests.sim.fleet_defects import (
    AsksNoList,
    BeginsAgain,
    BelievesItsBox,
    HoldsTooEarly,
    ListsInATap,
    ReleasesAtOnce,
    ReportsTooEarly,
    TakesOlder,
    TriesForEver,
    WaitsForTheList,
)
from tests.sim.flood import FirstComeFirstServed
from tests.sim.hostile_box import BelievesAnyBox
from tests.sim.ingest_part import IngestPart, SimDatabase, tac_items
from tests.sim.judge import Judge
from tests.sim.losses import GoesByTheClock
from tests.sim.mixed_defects import KeepsAHalf
from tests.sim.parts import Parts
from tests.sim.paying_defects import (
    ChargesAgain,
    KeepsWhatIsReversed,
    LosesMeals,
    Overdraws,
    PaysTheLost,
    SellsOnUnknown,
)
from tests.sim.ride_defects import LeavesAboard
from tests.sim.rot_defects import BelievesItsDisk, NumbersOver
from tests.sim.terminal_part import TerminalPart
from tests.sim.wallets import CHANGED, OFTEN
from tests.sim.witnesses import DeafToWitnesses, ForgetsWhatWasSeen
from tests.sim.world import World

DEFECT_SEEDS = 50
SHORT_TAPS, LONG_TAPS = 90, 300
"""A day: the long one for what hardly a seed in a hundred shows in a short one."""


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong, in words; the laws that may say so; the parts that do it; taps of the days that show it."""

    text: str
    laws: frozenset[str]
    parts: Parts
    taps: int = SHORT_TAPS
    first: int = 0
    """The seed to begin with, where those before it see nothing and take long."""


# --- the edge ------------------------------------------------------------------------------------------------------


class LateConnection(SimConnection):
    """Says that a transaction is durable and makes it so with the next one."""

    _pending = False

    def execute(self, sql: str, values: Any = (), /) -> Any:
        if sql == "COMMIT":
            self._pending = True
            return None
        if self._pending and sql.startswith("BEGIN"):
            self._pending = False
            super().execute("COMMIT")
        return super().execute(sql, values)

    def crash(self) -> None:
        self._pending = False
        super().crash()


class AcksBeforeCommit(EdgePart):
    """ACK and SETTLED leave while their transaction is still open."""

    connection = LateConnection


class SettlesOnPuback(EdgePart):
    """Believes the broker: what it has taken counts as committed by the ledger."""

    def _publish(self, effect: Publish) -> None:
        self.__dict__.setdefault("_batches", {})[effect.token] = effect
        super()._publish(effect)

    def _back_here(self, message: tuple[str, bytes, int]) -> None:
        super()._back_here(message)
        effect = self.__dict__.setdefault("_batches", {}).pop(message[2], None)
        if self.box is None or message[0] or effect is None or effect.lane != UP_MONEY:
            return
        batch, uplink = decode_batch(effect.payload), self.box._uplink
        refs = tuple(map(ref_of, batch.records))
        rows = ((batch.first_row, batch.first_row + len(refs) - 1),)
        ledger = uplink._ledger or LedgerId(bytes(8))
        settle = Settle(rows, refs, tuple(uplink.sequences.settle(refs).items()), None, ledger, uplink._floor)
        uplink._settling.append(settle)
        self._do([settle])


class SettledBeforeSettle(EdgePart):
    """Tells SETTLED when the ledger's ack comes, not when the settle is durable."""

    def _do(self, effects: list[Effect]) -> None:
        super()._do(effects)
        for effect in effects:
            if isinstance(effect, Settle) and self.box is not None:
                self.box._uplink.sequences.confirm(effect.refs)
                super()._do(self.box._intake.settled(self._now(), [stream for stream, _ in effect.marks]))


class DeafConnection(SimConnection):
    """Does not hear that a COMMIT has failed."""

    def execute(self, sql: str, values: Any = (), /) -> Any:
        try:
            return super().execute(sql, values)
        except sqlite3.OperationalError:
            if sql != "COMMIT":
                raise
            self.raw.execute("ROLLBACK")
            return None


class AcksFailedCommits(EdgePart):
    """Takes a COMMIT that failed for one that was done."""

    connection = DeafConnection


class OverwritesOldest(EdgePart):
    """A full store makes room by dropping its oldest rows, settled or not."""

    ROOM = 12

    def _keep_house(self) -> None:
        if self._store is None:
            return
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(
                "DELETE FROM record WHERE row <= (SELECT max(row) FROM record) - ?", (self.ROOM,)
            )
            self._database.execute("COMMIT")
        except sqlite3.OperationalError:
            self._database.crash()
        except PowerCut:
            self.kill()


class NeverSendsAgain(EdgePart):
    """Sends every batch once."""

    def start(self) -> None:
        super().start()
        if self.box is not None:
            self.box._uplink.tick = lambda now: None  # type: ignore[method-assign]  # the defect


# --- terminals -----------------------------------------------------------------------------------------------------


class ForgetfulFlash(SimFlash):
    """Keeps no pending transactions."""

    def write(self, offset: int, raw: bytes) -> None:
        if not SLOTS_AT <= offset < RING_AT:
            super().write(offset, raw)


class ForgetsPending(TerminalPart):
    """The debit is sent before its pending record is durable."""

    flash_form = ForgetfulFlash


class LazyFlash(SimFlash):
    """A sync after a record is taken for done."""

    _last = 0

    def write(self, offset: int, raw: bytes) -> None:
        self._last = offset
        super().write(offset, raw)

    def sync(self) -> None:
        if self._last < RING_AT:
            super().sync()


class ShowsTooEarly(TerminalPart):
    """成功 is shown before the record is durable."""

    flash_form = LazyFlash


class TellsAgain(TerminalPart):
    """Does not look into its shown log at power-on: the newest record counts as one that nobody was told of."""

    def _boot(self, *, clock_set: bool) -> None:
        self.last_told = NOWHERE
        super()._boot(clock_set=clock_set)


class BelievesItsClock(TerminalPart):
    """Takes an RTC that calls itself set at its word, 2000-01-01 and all."""

    def _boot(self, *, clock_set: bool) -> None:
        super()._boot(clock_set=clock_set)
        if self.firmware is not None:
            self.firmware.body.clock._from_s = 0


class FreesOnAck(TerminalPart):
    """Takes the box's ACK for the ledger's word: the slot is used again. On a small ring that shows soon."""

    def __init__(self, world: World, clock: Clock, faults: Faults, judge: Judge, made: TerminalMade) -> None:
        faults.ring_slots = 8
        super().__init__(world, clock, faults, judge, made)

    def hear(self, message: bytes) -> None:
        super().hear(message)
        if message and message[0] == Type.ACK:
            self._guard(_free_acked)


def _free_acked(firmware: Any) -> None:
    flash = firmware.body.flash
    for lane in firmware.line.window.lanes:
        row = flash.epoch(lane.epoch)
        if row is not None:
            flash.settle(row, lane.acked)


# --- the ledger ----------------------------------------------------------------------------------------------------


class LateDatabase(SimDatabase):
    """Says that a transaction is committed and commits it with the next one."""

    _pending = False

    def _begin(self, *, write: bool) -> None:
        if self._pending:
            self._pending = False
            super()._end(commit=True)
        super()._begin(write=write)

    def _end(self, *, commit: bool) -> None:
        if commit and self._writes and self.connection.in_transaction:
            self._pending = True
        else:
            super()._end(commit=commit)


class AcksUncommitted(IngestPart):
    """The ledger's ack leaves before its commit."""

    form = LateDatabase


class KeylessDatabase(SimDatabase):
    """Forgets every key right after it was used: nothing is ever a duplicate."""

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        for (name,) in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self.connection.execute(f"DROP TRIGGER {name}")  # the ledger's own guard against this

    def _end(self, *, commit: bool) -> None:
        watched = self._writes and commit and self.connection.in_transaction
        super()._end(commit=commit)
        if watched:
            run = self.connection.execute
            run("UPDATE record SET key = CAST(printf('%012d', id) AS BLOB) WHERE length(key) = 12 AND key >= x'00'")
            run("UPDATE posting SET key = CAST(printf('%020d', entry) AS BLOB) WHERE kind = 3 OR kind > 6")
            run("DELETE FROM proof")


class KnowsNoDuplicates(IngestPart):
    """No duplicate check."""

    form = KeylessDatabase


class LosingDatabase(SimDatabase):
    """The last posting of a transaction gets lost now and then."""

    def insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        keep = rows[:-1] if table == "posting" and rows and rows[-1][0] % 5 == 0 else rows
        super().insert(table, columns, keep)


class LosesPostings(IngestPart):
    """A record is written without its entry."""

    form = LosingDatabase


class FoldsTwice(IngestPart):
    """The balances are folded without their watermark."""

    def _chores(self, life: int) -> None:
        super()._chores(life)
        self.database.execute("UPDATE watermark SET value = 0 WHERE name = 'fold'")


class CrossedDatabase(SimDatabase):
    """A purse account is mistaken for another card's now and then."""

    def insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        if table == "posting":
            rows = [self._crossed(row) for row in rows]
        super().insert(table, columns, rows)

    def _crossed(self, row: Row) -> Row:
        entry, line, debit, credit, fen, *rest = row
        ((code,),) = self.connection.execute("SELECT code FROM account WHERE id = ?", (debit,))
        if fen % 350 or not code.startswith("purse:"):
            return row
        first = "SELECT id FROM account WHERE code LIKE 'purse:%' AND id <> ? ORDER BY id LIMIT 1"
        ((other,),) = self.connection.execute(first, (debit,))
        return entry, line, other, credit, fen, *rest


class BooksOnAnotherCard(IngestPart):
    """The right sum on the wrong card."""

    form = CrossedDatabase


class GrantsLate(IngestPart):
    """What a request says about the terminal's patience is not looked at."""

    def _take(self, session: str, number: int, arrival: Arrival) -> None:
        _, body = read(arrival)
        if isinstance(body, OnlineRequest):
            arrival = arrival._replace(payload=encode_now(body._replace(until_ms=0)))
        super()._take(session, number, arrival)


class PaysTheThief(IngestPart):
    """The ledger does not ask whether a PSAM was reported stolen."""

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        picture = ledger.opened.picture
        look = picture.look_and_ask

        def forgetful(*values: Any) -> Any:
            found = look(*values)
            picture.registry.stolen = Stolen()
            return found

        picture.look_and_ask = forgetful  # type: ignore[method-assign]  # the defect
        return ledger


class TriesAgainAndAgain(IngestPart):
    """The ledger does not mark that a second try was granted: asked again, it grants another."""

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        authorise = ledger.load_authorise

        def forgetful(*values: Any) -> Any:
            mark, authorising.set_retry = authorising.set_retry, lambda *_: None
            claimable, load_offers.claimable_fen = load_offers.claimable_fen, lambda *_: 0  # so it is asked more often
            try:
                return authorise(*values)
            finally:
                authorising.set_retry, load_offers.claimable_fen = mark, claimable

        ledger.load_authorise = forgetful  # type: ignore[method-assign]  # the defect
        return ledger


class WelcomesTheThief(EdgePart):
    """A box that keeps the list of stolen devices, says so, and does not look at it."""

    def start(self) -> None:
        super().start()
        if self.box is not None:
            self.box._revoked.names = lambda *_: False  # type: ignore[method-assign]  # the defect


class TrustsTheOrder(IngestPart):
    """A grey record is settled by a later purchase only if that arrives later, too. Planted in the replay alone."""

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        if at == self._at:
            return ledger
        receive = ledger.receive

        def deaf(*values: Any) -> Any:
            case, suspense.Touched.case = suspense.Touched.case, lambda *_: None  # type: ignore[method-assign]
            try:
                return receive(*values)
            finally:
                suspense.Touched.case = case  # type: ignore[method-assign]

        ledger.receive = deaf  # type: ignore[method-assign,assignment]  # the defect
        return ledger


class BelievesATerminal(IngestPart):
    """The word of a terminal that is ours, at its own box, is enough: its TACs are not looked at."""

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        devices = {row.device for row in self._plan.inventory.devices if row.name == HOSTILE}
        (psam,) = (row.psam for row in self._plan.inventory.psams if row.device in devices)
        real = self.keys.check_tac
        self.keys.check_tac = lambda items: bytes(  # type: ignore[method-assign]  # the defect
            0 if psam in item else verdict for item, verdict in zip(tac_items(items), real(items), strict=True)
        )


def _laws(*names: str) -> frozenset[str]:
    return frozenset(names)


def _paid(text: str, laws: str, parts: Parts, first: int = 0) -> Defect:
    """Of online accounts: in every seed they pay."""
    return Defect(text, _laws(*laws.split()), replace(parts, paying=parts.paying or OFTEN), SHORT_TAPS, first)


def _down(text: str, laws: str, parts: Parts, taps: int = SHORT_TAPS, first: int = 0) -> Defect:
    """Of the way down: in every seed documents come down."""
    return Defect(text, _laws(*laws.split()), replace(parts, fleet=True), taps, first)


def _afternoon(text: str, laws: str, parts: Parts, first: int = 0) -> Defect:
    """Of the split and of copies: every seed has an afternoon."""
    return Defect(text, _laws(*laws.split()), replace(parts, afternoon=True), SHORT_TAPS, first)


DEFECTS: dict[str, Defect] = {
    "keeps-what-runs": Defect(
        "网关发行不自检 a release that is not well", _laws("box-trial"),
        Parts(edge=KeepsWhatRuns, releases=True), first=1
    ),
    "takes-older-releases": Defect(
        "旧发行又启动 an older release", _laws("box-older"), Parts(edge=TakesOlderReleases, releases=True), first=6
    ),
    "switches-by-hand": Defect(
        "先删链接再建 no release to start", _laws("box-active"), Parts(edge=SwitchesByHand, releases=True), first=7
    ),
    "no-duplicate-check": Defect(
        "I1: 不查重 every delivery posts", _laws("I1", "I4"), Parts(ingest=KnowsNoDuplicates)
    ),
    "loses-a-posting": Defect("I1: 漏记一笔 a record without its entry", _laws("I1"), Parts(ingest=LosesPostings)),
    "folds-twice": Defect("I2: 余额重复累计 folded twice", _laws("I2"), Parts(ingest=FoldsTwice)),
    "another-card": Defect("I3: 记错卡 booked on another card", _laws("I3"), Parts(ingest=BooksOnAnotherCard)),
    "ack-before-commit": Defect("I4: 未落盘先确认 ACK before the commit", _laws("I4"), Parts(edge=AcksBeforeCommit)),
    "settle-on-puback": Defect("I4: 把 PUBACK 当入账 PUBACK frees", _laws("I4"), Parts(edge=SettlesOnPuback)),
    "settled-before-settle": Defect(
        "I4: 未结清先放行 SETTLED before the settle", _laws("I4"), Parts(edge=SettledBeforeSettle)
    ),
    "acks-failed-commits": Defect("I4: 落盘失败仍确认 a failed commit", _laws("I4"), Parts(edge=AcksFailedCommits)),
    "ledger-acks-uncommitted": Defect(
        "I4: 未提交先回执 ledger ack before the commit", _laws("I4"), Parts(ingest=AcksUncommitted)
    ),
    "shows-too-early": Defect("I4: 未落盘先成功 成功 before the record", _laws("I4"), Parts(terminal=ShowsTooEarly)),
    "tells-again": Defect(
        "重启后再报成功 told again after a restart", _laws("told"), Parts(terminal=TellsAgain), first=5
    ),
    "numbers-over": Defect(
        "坏一位即覆盖 a record numbered over", _laws("number", "half", "I1", "I5"), Parts(terminal=NumbersOver), first=3
    ),
    "believes-its-disk": Defect(
        "发件箱不校验 no checksum of rows", _laws("I4", "I5", "liveness"), Parts(edge=BelievesItsDisk), first=10
    ),
    "believes-its-clock": Defect(
        "时钟归零怪卡 2000-01-01 blames cards", _laws("clock"), Parts(terminal=BelievesItsClock), first=7
    ),
    "forgets-pending": Defect("I5: 先扣款后记账 debit before the slot", _laws("I5"), Parts(terminal=ForgetsPending)),
    "frees-on-ack": Defect("I5: 收到即释放 a slot freed by ACK", _laws("I1", "I4", "I5"), Parts(terminal=FreesOnAck)),
    "overwrites-oldest": Defect(
        "I5: 满则覆盖 the oldest rows go", _laws("I1", "I5", "backup"), Parts(edge=OverwritesOldest)
    ),
    "grants-late": Defect("过时仍圈存 a load for nobody", _laws("late"), Parts(ingest=GrantsLate), first=5),
    "trusts-the-order": Defect("I7: 依赖到达次序 order matters", _laws("I7"), Parts(ingest=TrustsTheOrder)),
    "leaves-aboard": Defect(
        "下车后再收一次 a ride charged twice", _laws("ride"), Parts(terminal=LeavesAboard), first=3
    ),
    "pays-the-thief": Defect("被盗后仍付商户 a merchant is paid", _laws("theft"), Parts(ingest=PaysTheThief), first=6),
    "tries-again-and-again": Defect(
        "补两次 a load tried twice", _laws("once"), Parts(ingest=TriesAgainAndAgain), LONG_TAPS, first=4
    ),
    "welcomes-the-thief": Defect("挂失后仍放行 a thief may sell", _laws("theft"), Parts(edge=WelcomesTheThief)),
    "first-come-first-served": Defect(
        "先到先办 everybody behind a flood", _laws("turns"), Parts(ingest=FirstComeFirstServed), first=7
    ),
    "hears-the-silent": Defect(
        "未联系的不算 silent terminals sell nothing", _laws("exposure"), Parts(ingest=HearsTheSilent)
    ),
    "goes-by-the-clock": Defect("挂失按钟不按号 a loss by the clock", _laws("loss"), Parts(ingest=GoesByTheClock)),
    "believes-any-box": Defect("信任何网关 another box's word", _laws("apart"), Parts(ingest=BelievesAnyBox)),
    "keeps-a-half": Defect("付一半商户留下 half a pair is kept", _laws("half"), Parts(terminal=KeepsAHalf)),
    "deaf-to-voids": Defect("撤销不办 a void is never decided", _laws("void"), Parts(ingest=DeafToVoids)),
    "trusts-a-pin": Defect("凭口令撤销 a PIN moves money", _laws("forged-void"), Parts(ingest=TrustsAPin), first=5),
    "forgets-the-oldest": Defect(
        "始末缺开头 a story without its beginning", _laws("story"), Parts(ingest=ForgetsTheOldest)
    ),
    "invents-a-row": Defect("卡账核对不实 a card said not to close", _laws("closing"), Parts(ingest=InventsARow)),
    "finds-without-record": Defect(
        "无凭发现 a finding without record", _laws("closing"), Parts(ingest=FindsWithoutRecord)
    ),
    "breaks-its-chain": Defect("批次链不实 a chain of nothing", _laws("verify"), Parts(ingest=BreaksItsChain)),
    "card-without-counters": Defect(
        "卡计数器不动 a card's counter stays", _laws("card"), Parts(terminal=CardWithoutCounters)
    ),
    "believes-a-terminal": Defect(
        "假流水入账 a lie moves money", _laws("hostile"), Parts(ingest=BelievesATerminal), first=3
    ),
    "raw-keys": Defect("私自充值 a card is loaded with raw keys", _laws("difference"), Parts(terminal=RawKeys)),
    "deaf-to-witnesses": Defect(
        "放回旧账本不声不响 a put-back ledger says nothing", _laws("witness"), Parts(ingest=DeafToWitnesses)
    ),
    "forgets-what-was-seen": Defect(
        "放回清单漏首条 the list of what is gone begins too late", _laws("witness"), Parts(ingest=ForgetsWhatWasSeen),
        first=47,
    ),
    "marks-what-it-holds": Defect(
        "未备份先放行 a mark of rows that no backup has", _laws("backup", "I5"), Parts(ingest=MarksWhatItHolds),
        first=19,
    ),
    "covers-all": Defect(
        "有标记即全丢 a mark is taken for leave to drop all", _laws("backup", "I5"), Parts(edge=CoversAll), first=14
    ),
    "believes-the-broker": Defect(
        "代理说什么信什么 a box believes the broker", _laws("forged"), Parts(edge=BelievesTheBroker), first=4
    ),
    "takes-older": _down("收下旧文件 an older document", "older", Parts(terminal=TakesOlder), first=2),
    "believes-its-box": _down("网关说什么信什么 no signature of documents", "unmade", Parts(terminal=BelievesItsBox)),
    "reports-too-early": _down("未存先报 reported before it is kept", "undurable", Parts(terminal=ReportsTooEarly)),
    "holds-too-early": _down("网关未存先算 a box counts it before its disk", "undurable", Parts(edge=HoldsTooEarly)),
    "asks-no-list": _down("有名单不查 the hotlist is not asked", "listed release", Parts(terminal=AsksNoList)),
    "lists-in-a-tap": _down(
        "名单切断刷卡 a hotlist in the middle of a tap", "listed release", Parts(terminal=ListsInATap), LONG_TAPS, 18
    ),
    "begins-again": _down("指令做两次 an order begun twice", "order", Parts(terminal=BeginsAgain)),
    "tries-for-ever": _down(
        "坏固件再试 failed firmware tried again", "firmware", Parts(terminal=TriesForEver), first=5
    ),
    "releases-at-once": _down(
        "未拒先放 released before it is refused", "release", Parts(ingest=ReleasesAtOnce), first=2
    ),
    "waits-for-the-list": _down(
        "名单旧即停 an old list stops selling", "catching", Parts(terminal=WaitsForTheList), first=9
    ),
    "keeps-what-is-reversed": _paid(
        "冲正不退 a reversal gives nothing back", "paid", Parts(ingest=KeepsWhatIsReversed), first=2
    ),
    "overdraws": _paid("动用保底 a floor is not kept", "floor", Parts(ingest=Overdraws), first=2),
    "pays-the-lost": _paid("挂失后账户仍付 a lost card's account pays", "lost", Parts(ingest=PaysTheLost), first=8),
    "charges-again": _paid("一码扣两次 a use is charged twice", "use", Parts(ingest=ChargesAgain, paying=CHANGED), 4),
    "loses-meals": _paid("应急餐不入账 a meal is not posted", "given", Parts(ingest=LosesMeals), first=2),
    "sells-on-unknown": _paid("没答当收款 no answer is a yes", "word paid", Parts(terminal=SellsOnUnknown), first=2),
    "loads-what-nobody-says": _afternoon(
        "自动圈存无据 loaded by no rule", "auto-load", Parts(ingest=LoadsWhatNobodySays)
    ),
    "loads-below-the-floor": _afternoon(
        "自动圈存动用保底 loaded below the floor", "floor", Parts(ingest=LoadsBelowTheFloor)
    ),
    "finds-no-copies": _afternoon("复制卡不发现 a copy is not found", "copy", Parts(ingest=FindsNoCopies)),
    "finds-no-replays": _afternoon("重放不发现 a replay is not found", "replay", Parts(ingest=FindsNoReplays)),
    "blind-to-overdrafts": _afternoon(
        "透支不发现 an overdraft is not found", "overdraft", Parts(ingest=BlindToOverdrafts)
    ),
    "calls-it-late": _afternoon("不明说成在途 unexplained is called late", "late", Parts(ingest=CallsItLate)),
    "never-sends-again": Defect(
        "不重发 every batch is sent once", _laws("liveness"), Parts(edge=NeverSendsAgain), first=4
    ),
}
