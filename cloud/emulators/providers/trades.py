"""What a provider knows: orders, payments, refunds, and the callbacks that it owes. Pure; the moment comes in."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from cloud.emulators.providers.mood import Mood

CHINA = timezone(timedelta(hours=8))
CALLBACKS_S = (0, 15, 30, 180, 600)
"""When each repeat of a callback comes."""


@dataclass
class Trade:
    """One order with the provider."""

    number: str
    fen: int
    expires_s: int
    txn: str = ""
    paid_fen: int = 0
    paid_s: int = 0
    is_closed: bool = False
    refunds: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Refund number → fen, unix when it is through."""
    broken: set[str] = field(default_factory=set)
    """Refunds that come to nothing when their time has come."""
    fee_fen: int = 0
    payer: str = ""
    """Who alone may pay it, of an order inside of the chat app."""


@dataclass(order=True)
class Callback:
    """One that is owed at a moment. is_forged: of nobody's key."""

    at_s: int
    turn: int
    number: str = field(compare=False)
    is_forged: bool = field(compare=False, default=False)


class Trades:
    """All of one provider. opens: where a payer finds an order by its number, '' where nobody looks."""

    opens = ""

    def __init__(self, mood: Mood | None = None) -> None:
        self.mood = mood or Mood()
        self.dice = self.mood.chance()
        self.all: dict[str, Trade] = {}
        self.owed: list[Callback] = []
        self.strays: list[Trade] = []
        self._turn = 0

    def take_mood(self, mood: Mood) -> None:
        """From now on."""
        self.mood, self.dice = mood, mood.chance()

    def kept(self) -> dict[str, Any]:
        """What is to be known again after a restart."""
        every = [asdict(one) | {"broken": sorted(one.broken)} for one in self.all.values()]
        return {"turn": self._turn, "all": every}

    def know(self, kept: dict[str, Any]) -> None:
        """What was known before; callbacks that were owed are lost, as a provider's may be."""
        self._turn = kept["turn"]
        for row in kept["all"]:
            refunds = {name: (int(fen), int(at_s)) for name, (fen, at_s) in row.pop("refunds").items()}
            broken = set(row.pop("broken", ()))
            self.all[row["number"]] = Trade(**row, refunds=refunds, broken=broken)

    def make(self, number: str, fen: int, expires_s: int, now_s: int) -> Trade | None:
        """None: there is another order under this number, or it was paid."""
        known = self.all.get(number)
        if known is not None:
            return known if known.fen == fen and not known.txn and not known.is_closed else None
        made = self.all[number] = Trade(number, fen, expires_s)
        if self.mood.forge:
            self._owe(number, now_s, is_forged=True)
        return made

    def pay(self, number: str, now_s: int, fen: int = 0) -> bool:
        """Somebody pays; False: it cannot be paid. fen: so much; 0: as the mood is."""
        trade = self.all.get(number)
        if trade is None or trade.is_closed or trade.txn or now_s >= trade.expires_s:
            return False
        trade.paid_fen = fen or max(trade.fen + self.mood.over_fen - self.mood.under_fen, 1)
        trade.paid_s, trade.txn = now_s, self._txn(now_s)
        trade.fee_fen = fee_of(trade.paid_fen, self.mood)
        for wait_s in CALLBACKS_S[: 1 + self.mood.repeat] if not self.mood.silent else ():
            self._owe(number, now_s + self.mood.delay_s + wait_s)
        return True

    def close(self, number: str) -> bool:
        """False: it was paid."""
        trade = self.all.get(number)
        if trade is None:
            return True
        trade.is_closed = trade.is_closed or not trade.txn
        return trade.is_closed

    def refund(self, number: str, refund: str, fen: int, now_s: int) -> bool:
        """False: there is not so much left, or it will not."""
        trade = self.all.get(number)
        if trade is None or not trade.txn:
            return False
        if refund in trade.refunds:
            is_broken = refund in trade.broken and now_s >= trade.refunds[refund][1]
            return trade.refunds[refund][0] == fen and not is_broken
        gone = sum(one for name, (one, _) in trade.refunds.items() if name not in trade.broken)
        if gone + fen > trade.paid_fen or self.mood.refuse or self.mood.poor:
            return False
        trade.refunds[refund] = (fen, now_s + self.mood.back_s)
        if self.mood.break_back:
            trade.broken.add(refund)
        return True

    def of_txn(self, txn: str) -> Trade | None:
        """By the provider's own number."""
        return next((one for one in (*self.all.values(), *self.strays) if one.txn and one.txn == txn), None)

    def refund_of(self, refund: str) -> tuple[Trade, int, int] | None:
        """Whose it is, fen, and when it is through."""
        return next(((one, *one.refunds[refund]) for one in self.all.values() if refund in one.refunds), None)

    def due(self, now_s: int) -> list[Callback]:
        """Those whose time has come, in order, or in any where the mood says so."""
        due = sorted(one for one in self.owed if one.at_s <= now_s)
        self.owed = [one for one in self.owed if one.at_s > now_s]
        if self.mood.reorder:
            self.dice.shuffle(due)
        return due

    def of_day(self, day: str) -> tuple[list[Trade], list[tuple[Trade, str, int, int]]]:
        """Payments and refunds of a day of China, `2026-11-27`."""
        if self.mood.stray and not self.strays:
            noon_s = int(datetime.strptime(f"{day} 12:00", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA).timestamp())
            self.strays.append(Trade("STRAY0001", 777, 0, self._txn(noon_s), 777, noon_s))
        every = [*self.all.values(), *self.strays]
        paid = [one for one in every if one.txn and day_of(one.paid_s) == day]
        back = [
            (one, number, fen, at_s)
            for one in every for number, (fen, at_s) in one.refunds.items()
            if day_of(at_s) == day and number not in one.broken
        ]  # fmt: skip
        return paid, back

    def is_quiet(self, day: str) -> bool:
        """Was nothing paid and nothing given back on it?"""
        return not any(self.of_day(day))

    def flow_of(self, day: str) -> tuple[int, int]:
        """Of a day: the fee that is kept, and what goes to the bank at its end, if it is more than nothing."""
        paid, back = self.of_day(day)
        fee = sum(one.fee_fen for one in paid)
        net = sum(one.paid_fen for one in paid) - sum(fen for _, _, fen, _ in back) - fee
        return fee, max(0, net)

    def _owe(self, number: str, at_s: int, *, is_forged: bool = False) -> None:
        self._turn += 1
        self.owed.append(Callback(at_s, self._turn, number, is_forged))

    def _txn(self, now_s: int) -> str:
        self._turn += 1
        return f"42000{now_s:011d}{self._turn:012d}"


def fee_of(fen: int, mood: Mood) -> int:
    """What is kept of a payment."""
    return (fen * mood.fee_bp + 5_000) // 10_000


def day_of(unix_s: int) -> str:
    """`2026-11-27`."""
    return datetime.fromtimestamp(unix_s, CHINA).strftime("%Y-%m-%d")


def text_of(unix_s: int) -> str:
    """`2026-11-27 12:01:02`."""
    return datetime.fromtimestamp(unix_s, CHINA).strftime("%Y-%m-%d %H:%M:%S")


def yuan(fen: int) -> str:
    """`12.30`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
