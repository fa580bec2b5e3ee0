"""Deposits through a provider 渠道充值 in a small world of their own: a ledger, the process that speaks to the
provider, and a provider that signs, repeats, delays, forges, lies, loses answers, and gives back or not. The process
may die at any request and any commit. All of it is drawn from one seed, or by whoever calls the deeds in any order. The
provider may be a bank by files, which takes back by itself what it has done.

Laws: a callback moves nothing; no yuan is posted twice and no deposit is lost; nothing goes back twice, nor more than
there was; what is taken aside is what is on its way; when all is quiet, each account and the provider's equal its bill.
After every day, in whatever mood: account = bill = bank, which is paid − given back − fees − brought, each once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from cloud.emulators.providers.mood import Mood
from cloud.emulators.providers.trades import CHINA, Callback, day_of
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.books import check_balances, check_entries
from cloud.ledger.checks.money.deposits import check_deposits
from cloud.ledger.checks.money.refunds import check_refunds
from cloud.ledger.funds.providers.terms import OrderState
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import DepositRefused
from cloud.payments.providers.interface import ProviderFault
from tests.cloud.ledger import campus as c
from tests.cloud.payments.rig import START_S, Killed, Rig, crash_points
from tests.sim.world import Violation

CARDS, DEEDS = 3, 30
CHECKS = (check_balances, check_entries, check_book_chain, check_deposits, check_refunds)
MOODS = (
    Mood(), Mood(repeat=3, reorder=True, delay_s=40), Mood(silent=True, forge=True), Mood(fail=50, lost=50),
    Mood(unsigned=60), Mood(over_fen=9), Mood(refuse=True), Mood(poor=True), Mood(back_s=120),
    Mood(back_s=60, break_back=True), Mood(fee_bp=60, twice=True),
)  # fmt: skip
BANK_MOODS = (Mood(), Mood(over_fen=9), Mood(refuse=True), Mood(fee_bp=60))
PROVIDERS = ("wechat", "alipay", "bank")


class DepositWorld:
    """One run. opened: an empty campus; provider: one of PROVIDERS."""

    def __init__(self, seed: int, opened: OpenedLedger, folder: Path, provider: str = "wechat") -> None:
        self.random = Random(seed)
        self.rig = Rig(opened, provider, Mood(seed=seed, fee_bp=60 * (seed % 2)), folder)
        self.numbers: list[str] = []
        self.kept: list[tuple[dict[str, str], bytes]] = []
        """Genuine callbacks, as anybody on the way could keep them."""
        self._days: list[str] = []
        """Those that are over, and whose files were taken in."""
        self.is_mortal = True
        """Does the process die?"""

    # --- deeds, in any order --------------------------------------------------------------------------------------

    def order(self, card: int, fen: int) -> None:
        """Somebody tops up."""
        key = f"k{len(self.numbers)}"
        try:
            self.numbers.append(self.rig.deposits.order(key, c.card(1 + card % CARDS), fen, self.rig.provider).number)
        except DepositRefused:  # too many of a card wait
            return

    def pay(self, which: int) -> None:
        """And pays, if he can."""
        if self.numbers:
            self.rig.trades.pay(self.numbers[which % len(self.numbers)], self.rig.now_s)

    def callback(self, which: int, *, is_forged: bool) -> None:
        """About any order, whatever became of it: it moves nothing."""
        number = self.numbers[which % len(self.numbers)] if self.numbers else ""
        if number not in self.rig.trades.all or self.rig.bank is not None:
            return
        head, body = self.rig.emulator.callback(Callback(self.rig.now_s, which, number, is_forged), self.rig.now_s)
        heads = {name.lower(): value for name, value in head.items()}
        if not is_forged:
            self.kept.append((heads, body))
        self._wakes(heads, body, is_forged)

    def replay(self, which: int) -> None:
        """One that somebody has kept, a day old perhaps."""
        if self.kept:
            self._wakes(*self.kept[which % len(self.kept)], False)

    def refund(self, which: int, fen: int) -> None:
        """Two persons want a part of one, if there is so much of it still."""
        n = which % max(1, len(self.numbers))
        order = self.rig.deposits.state(f"k{n}")
        if order is None or not order.txn:
            return
        try:
            self.rig.refund(order.number, 1 + fen % order.paid_fen)
        except ProposalRefused:
            return

    def shop_refunds(self, which: int, fen: int) -> None:
        """Somebody gives back at the provider, without us; of a bank it is the bank itself, and all that is left."""
        if self.rig.bank is not None:
            self._bank_takes_back(which)
        elif self.numbers:
            number = self.numbers[which % len(self.numbers)]
            mood, self.rig.trades.mood = self.rig.trades.mood, Mood()
            self.rig.trades.refund(number, f"SHOP{which}", fen, self.rig.now_s)
            self.rig.trades.mood = mood

    def mood(self, which: int) -> None:
        """The provider's, from now on."""
        moods = MOODS if self.rig.bank is None else BANK_MOODS
        self.rig.trades.take_mood(moods[which % len(moods)])

    def turn(self) -> None:
        """Of the process."""
        self._survives(self.rig.deposits.turn)

    def dies(self, after: int) -> None:
        """The process, at so many'th point from here."""
        if self.is_mortal:
            self.rig.crash_at = self.rig.points + 1 + after

    def passes(self, seconds: int) -> None:
        """Time, with turns and callbacks as they fall due."""
        with crash_points(self.rig.opened, self.rig):
            self.rig.pass_time(seconds, max(15, seconds // 8))

    def bill(self) -> None:
        """Of today, as far as it goes."""
        self._survives(lambda: self.rig.deposits.bill(self.rig.provider, self.rig.day, ""))

    def files_again(self, which: int) -> None:
        """Of a day that is over, as often as anybody likes."""
        if self._days:
            before = self.rig.balances()
            self._take(self._days[which % len(self._days)])
            if self.rig.balances() != before:
                raise Violation("deposits: a file again moves nothing", self._days[which % len(self._days)])

    def day_ends(self) -> None:
        """Its bill and its settlement are taken in, whatever the mood; then account, bill and bank are one."""
        day = self.rig.day
        midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=CHINA) + timedelta(days=1)
        self.rig.now_s = int(midnight.timestamp()) + 60  # nobody is asked in between
        self._over(day)
        self.require_days()

    def _over(self, day: str) -> None:
        self._take(day)
        self._days += [day] if day not in self._days else []

    def _take(self, day: str) -> None:
        if self.rig.bank is not None:
            self.rig.bank.serve(self.rig.folder, day.replace("-", ""), self.rig.now_s)
        self.rig.take_bill(day)
        self.rig.take_settlement(day)

    def _bank_takes_back(self, which: int) -> None:
        trade = self.rig.trades.all.get(self.numbers[which % len(self.numbers)]) if self.numbers else None
        if trade is None or self.rig.bank is None or f"{trade.number}R" in trade.refunds:
            return
        fen = trade.paid_fen - _back(trade)
        if trade.txn and fen > 0:
            trade.refunds[f"{trade.number}R"] = (fen, self.rig.now_s)
            line = f"V|{trade.number}|{trade.txn}|{fen}|{self.rig.now_s}||"
            self.rig.bank._bill.setdefault(self.rig.day.replace("-", ""), []).append(line)

    # --- a run of its own -----------------------------------------------------------------------------------------

    def run(self) -> None:
        """A day of deeds; then all comes to rest, and the laws are asked."""
        self.begins(self.random)
        for _ in range(DEEDS):
            self._deed(self.random)
        self.rest()

    def begins(self, rng: Random) -> None:
        """An order of each card, paid and posted."""
        for n in range(CARDS):
            self.order(n, rng.randint(100, 60_00))
            self.passes(15)
            self.pay(n)
            self.callback(n, is_forged=False)
        self.passes(30)

    def _deed(self, rng: Random) -> None:
        number, fen = rng.randrange(64), rng.randint(1, 60_00)
        deeds: tuple[Callable[[], None], ...] = (
            lambda: self.order(number, fen), lambda: self.pay(number), lambda: self.pay(number), self.turn, self.bill,
            lambda: self.callback(number, is_forged=False), lambda: self.callback(number, is_forged=True),
            lambda: self.replay(number), lambda: self.refund(number, fen), lambda: self.refund(number, fen),
            lambda: self.shop_refunds(number, fen),
            lambda: self.mood(number), lambda: self.dies(number % 12), lambda: self.passes(rng.choice((15, 60, 600))),
            self.day_ends, lambda: self.files_again(number),
        )  # fmt: skip
        rng.choice(deeds)()

    def rest(self) -> None:
        """The provider is honest again, time passes, each day's bill is taken in, and the laws are asked."""
        self.rig.trades.take_mood(Mood())
        self.rig.crash_at = 0
        self.rig.pass_time(4_000, 100)
        self.rig.pass_time(40 * 3600, 3_600)
        with self.rig.opened.database.reading():
            rows = self.rig.opened.database.run("SELECT number FROM deposit_refund WHERE state = 4")
        for (number,) in rows:
            self.rig.deposits.ask_again(number)
        self.rig.pass_time(120, 15)
        first, last = START_S, self.rig.now_s
        for day in sorted({day_of(at_s) for at_s in (*range(first, last, 43_200), last)}):
            self._over(day)
        self.require_days()
        self.require()

    # --- the laws -------------------------------------------------------------------------------------------------

    def require(self) -> None:
        """All of them, where nothing is on its way."""
        rig = self.rig
        with rig.opened.database.reading():
            for check in CHECKS:
                if broken := check(rig.opened.database).broken:
                    raise Violation("deposits: the books are sound", broken)
        if rig.refunding_fen():
            raise Violation("deposits: what is taken aside is on its way", f"{rig.refunding_fen()} fen for ever")
        paid = {one.number: one.paid_fen - _back(one) for one in rig.trades.all.values() if one.txn}
        cards: dict[bytes, int] = {}
        for n, number in enumerate(self.numbers):
            order = rig.deposits.state(f"k{n}")
            if order is not None and order.number == number:
                cards[order.card] = cards.get(order.card, 0) + paid.get(number, 0)
                if bool(order.txn) != (number in paid) or order.state == OrderState.PERSON:
                    raise Violation("deposits: none is lost", f"order {n} stands at {order.state}")
        for card, fen in cards.items():
            if rig.online_fen(card) != fen:
                raise Violation("deposits: each yuan once", f"{card.hex()} has {rig.online_fen(card)}, paid {fen}")

    def require_days(self) -> None:
        """Of all days that are over, whatever is on its way: account = bill = bank."""
        rig, last = self.rig, max(self._days)
        paid = [one for one in rig.trades.all.values() if one.txn and day_of(one.paid_s) <= last]
        back_fen = sum(
            fen for one in rig.trades.all.values() for name, (fen, at_s) in one.refunds.items()
            if name not in one.broken and day_of(at_s) <= last
        )  # fmt: skip
        fees_fen = sum(one.fee_fen for one in paid)
        brought_fen = sum(rig.trades.flow_of(day)[1] for day in self._days)
        owed = sum(one.paid_fen for one in paid) - back_fen - fees_fen - brought_fen
        said = (("fees", rig.fees_fen(), fees_fen), ("bank", rig.brought_fen(), brought_fen),
                ("account", rig.provider_fen(), owed))  # fmt: skip
        for name, booked, wanted in said:
            if booked != wanted:
                raise Violation("deposits: account = bill = bank after every day", f"{name} {booked} of {wanted}")

    def _wakes(self, heads: dict[str, str], body: bytes, is_forged: bool) -> None:
        before, dies_at = self.rig.balances(), self.rig.crash_at
        self.rig.crash_at = 0
        is_genuine = self.rig.deposits.wake(self.rig.provider, heads, body)
        self.rig.crash_at = dies_at
        if self.rig.balances() != before:
            raise Violation("deposits: a callback moves nothing", "it moved money")
        if is_forged and is_genuine:
            raise Violation("deposits: a forged callback is none", "it was taken for genuine")

    def _survives(self, act: Callable[[], object]) -> None:
        with crash_points(self.rig.opened, self.rig):
            try:
                act()
            except Killed:
                self.rig.born()
            except ProviderFault:
                return


def _back(trade: object) -> int:
    refunds, broken = trade.refunds, trade.broken  # type: ignore[attr-defined]  # a trade of the emulator's
    return sum(fen for name, (fen, _) in refunds.items() if name not in broken)
