"""What the centre answers a card desk: bytes in, bytes out. The HTTP around it is app.py's.

Refuses unknown operations and malformed arguments with a code; a ledger or a key process that is away is `away`:
whether something was done is then not known, and the same request asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cloud.ledger.desk_ledger import DeskLedger
from cloud.ledger.values import Now
from shared.desk import DeskOp, No, decode_ask, encode_answer, parse_card_ask
from shared.errors import KeyFault, StoreFault, WireFault

UNKNOWN_CARD = No("unknown-card", "账本没有这张卡", "the ledger does not know this card")
MALFORMED = No("malformed", "请求有误", "a malformed request")
AWAY = No("away", "账本或密钥进程暂不可用，请重试", "ledger or key process is away, ask again")

Answer = Sequence[object] | No


@dataclass(slots=True)
class DeskCounts:
    """Since the start; the numbers of STATUS."""

    asked: int = 0
    refused: int = 0
    away: int = 0


class DeskAnswers:
    """One centre's answers. Not thread-safe: the ledger is one thread's."""

    def __init__(self, ledger: DeskLedger) -> None:
        self._ledger = ledger
        self.counts = DeskCounts()
        self._deeds: dict[str, Callable[[list[Any], str, Now], Answer]] = {DeskOp.CARD: self._card}

    def answer(self, raw: bytes, cashier: str, now: Now) -> bytes:
        """Never raises for bad bytes. cashier: who asks, as its token proved."""
        self.counts.asked += 1
        answer = self._answered(raw, cashier, now)
        self.counts.refused += isinstance(answer, No)
        return encode_answer(answer)

    def _answered(self, raw: bytes, cashier: str, now: Now) -> Answer:
        try:
            operation, arguments = decode_ask(raw)
            deed = self._deeds.get(operation)
            return MALFORMED if deed is None else deed(arguments, cashier, now)
        except WireFault:
            return MALFORMED
        except (StoreFault, KeyFault):
            self.counts.away += 1
            return AWAY

    def _card(self, arguments: list[Any], cashier: str, now: Now) -> Answer:  # noqa: ARG002  # reading needs neither
        books = self._ledger.card_books(parse_card_ask(arguments))
        return UNKNOWN_CARD if books is None else books.to_list()
