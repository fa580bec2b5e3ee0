"""camt.053, ISO 20022's statement of an account: balances that open and close a day, and the movements between them.

All are of one account, each adds up, and the next one opens with what the one before closed with, or the file is
refused. The XML is read as a stream: a document type, and so any entity, is refused; depth, texts and elements have
bounds.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType

from cloud.ledger.funds.bank_figures import LINES_MAX, BankRefused
from cloud.ledger.funds.bank_files.cells import day_of, no_sum, require_one_account, sum_of
from shared.words.voice import Text

FORM = Text("camt.053 对账单", "a camt.053 statement")
CURRENCY = "CNY"
NAMESPACE = "camt.053.001."
DEPTH_MAX, TEXT_MAX, ELEMENTS_MAX = 32, 1_000, 1_000_000
"""Above which a file is refused: a statement of LINES_MAX movements stays below."""
_STATEMENT = ("Document", "BkToCstmrStmt", "Stmt")
_ACCOUNT, _BALANCE, _ENTRY = (*_STATEMENT, "Acct"), (*_STATEMENT, "Bal"), (*_STATEMENT, "Ntry")
_OPENS, _CLOSES = ("OPBD", "PRCD", "OPBD/INTM"), ("CLBD", "CLBD/INTM")
_BOOKED = "BOOK"
_IBAN, _OTHER = "Id/IBAN", "Id/Othr/Id"
_KIND, _SUB, _AMOUNT, _WAY = "Tp/CdOrPrtry/Cd", "Tp/SubTp/Cd", "Amt", "CdtDbtInd"


class Balance(NamedTuple):
    """A Bal. kind: OPBD, CLBD, …"""

    line: int
    kind: str
    day: int
    fen: int


class Moved(NamedTuple):
    """A booked Ntry; fen is below zero where it went out."""

    line: int
    fen: int


class Account(NamedTuple):
    """Acct: which one, as the bank writes it."""

    line: int
    name: str


class Opened(NamedTuple):
    """A Stmt begins."""

    line: int


Step = Account | Balance | Moved | Opened


def is_camt053(text: str) -> bool:
    """Does it look like one?"""
    head = text[:4_000].lstrip()
    return head.startswith("<") and NAMESPACE in head


def balance_at(text: str, day: int, what: str) -> tuple[int, Text, int]:
    """The last balance that closes this day. BankRefused."""
    closed: int | None = None
    found: dict[int, int] = {}
    count = 0
    statements = [*_statements(_read(text, what))]
    require_one_account({_account(steps) for steps in statements}, what)
    for steps in statements:
        opens, closes = _ends(steps, what)
        if closed is not None and opens.fen != closed:
            raise no_sum(what, opens.line, opens.fen, closed)
        moves = [one.fen for one in steps if isinstance(one, Moved)]
        count += len(moves)
        if closes.fen != opens.fen + sum(moves):
            raise no_sum(what, closes.line, closes.fen, opens.fen + sum(moves))
        closed = found[closes.day] = closes.fen
    if count > LINES_MAX:
        raise BankRefused(Text(f"{what}：超过 {LINES_MAX} 笔", f"{what}: more than {LINES_MAX} movements"))
    if day not in found:
        raise BankRefused(Text(f"{what}：没有那一天的期末余额", f"{what}: no balance closes that day"))
    return found[day], FORM, count


def _account(steps: list[Step]) -> str:
    return next((one.name for one in steps if isinstance(one, Account)), "")


def _ends(steps: list[Step], what: str) -> tuple[Balance, Balance]:
    balances = [one for one in steps if isinstance(one, Balance)]
    opens = [one for one in balances if one.kind in _OPENS]
    closes = [one for one in balances if one.kind in _CLOSES]
    if len(opens) != 1 or len(closes) != 1:
        raise _unread(what, steps[0].line, "Bal OPBD, CLBD")
    return opens[0], closes[0]


def _statements(steps: list[Step]) -> Iterator[list[Step]]:
    found: list[Step] = []
    for one in steps:
        if isinstance(one, Opened) and found:
            yield found
            found = []
        found.append(one)
    if found:
        yield found


class _Reader:
    """Keeps the texts and attributes of the Acct, Bal or Ntry that is open, by their paths below it."""

    def __init__(self, parser: XMLParserType, what: str) -> None:
        self.steps: list[Step] = []
        self._parser, self._what, self._path = parser, what, list[str]()
        self._cells: dict[str, str] = {}
        self._currency = ""
        self._text = ""
        self._line = self._elements = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._path) >= DEPTH_MAX or self._elements > ELEMENTS_MAX:
            raise _unread(self._what, self._parser.CurrentLineNumber, name[:40])
        self._path.append(name.rpartition(":")[2])
        self._text = ""
        path = tuple(self._path)
        if path == _STATEMENT:
            self.steps.append(Opened(self._parser.CurrentLineNumber))
        elif path in (_ACCOUNT, _BALANCE, _ENTRY):
            self._cells, self._line, self._currency = {}, self._parser.CurrentLineNumber, ""
        elif path in ((*_BALANCE, _AMOUNT), (*_ENTRY, _AMOUNT)):
            self._currency = attributes.get("Ccy", "")

    def said(self, text: str) -> None:
        if len(self._text) < TEXT_MAX:
            self._text += text[:TEXT_MAX]

    def end(self, _: str) -> None:
        path = tuple(self._path)
        if len(path) > len(_BALANCE):
            self._cells.setdefault("/".join(path[len(_BALANCE) :]), self._text.strip())
        elif path == _ACCOUNT:
            self.steps.append(Account(self._line, self._cells.get(_IBAN) or self._cells.get(_OTHER, "")))
        elif path == _BALANCE:
            self.steps.append(self._balance())
        elif path == _ENTRY and self._is_booked():
            self.steps.append(Moved(self._line, self._fen()))
        self._path.pop()
        self._text = ""

    def _balance(self) -> Balance:
        day = self._cells.get("Dt/Dt") or self._cells.get("Dt/DtTm", "")
        sub = self._cells.get(_SUB, "")
        kind = self._cells.get(_KIND, "") + (f"/{sub}" if sub else "")
        return Balance(self._line, kind, day_of(day, self._what, self._line), self._fen())

    def _is_booked(self) -> bool:
        """Not what is only announced."""
        return (self._cells.get("Sts") or self._cells.get("Sts/Cd", "")) == _BOOKED

    def _fen(self) -> int:
        """A reversal has the way of what really moves."""
        if self._currency != CURRENCY:
            raise BankRefused(
                Text(
                    f"{self._what} 第 {self._line} 行：币种 {self._currency}",
                    f"{self._what} line {self._line}: currency {self._currency}",
                )
            )
        way = self._cells.get(_WAY)
        if way not in ("CRDT", "DBIT"):
            raise _unread(self._what, self._line, _WAY)
        fen = sum_of(_two_places(self._cells.get(_AMOUNT, "")) or "?", self._what, self._line)
        return fen if way == "CRDT" else -fen


def _read(text: str, what: str) -> list[Step]:
    parser = ParserCreate("utf-8")  # whatever its head says: it was decoded before
    reader = _Reader(parser, what)
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.said
    parser.StartDoctypeDeclHandler = _refuser(parser, what)
    try:
        parser.Parse(text.encode(), True)
    except ExpatError as fault:
        raise _unread(what, fault.lineno, "XML") from None
    return reader.steps


def _refuser(parser: XMLParserType, what: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise _unread(what, parser.CurrentLineNumber, "DOCTYPE")

    return refuse


def _two_places(amount: str) -> str:
    """ISO 20022 writes up to five places; only fen are money here."""
    whole, _, part = amount.partition(".")
    return f"{whole}.{part[:2]}{part[2:].rstrip('0')}" if part else whole


def _unread(what: str, line: int, name: str) -> BankRefused:
    return BankRefused(Text(f"{what} 第 {line} 行：{name} 看不懂", f"{what} line {line}: {name} cannot be read"))
