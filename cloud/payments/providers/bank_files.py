"""A bank's front-end 银行前置: daily files, both ways, each with a head and a trailer that sums it up. Pure.

    H|OPENYKT|DEBIT|20261127|001|3|15000           the head: kind, day, batch, lines, fen
    D|Y0123…|623000001234|5000|EXPIRES             a debit 代扣 that we ask for; `R|Y0123…|TXN|5000|REFUND` reverses one
    T|3|15000|SHA256                               the trailer: lines, fen, and the hash of all above it

The bank answers with RESULT: each line's outcome `S` (done, with its transaction) or `F` (failed, with a code). A file
whose head, trailer and lines do not agree is not used at all. What the bank has done and we cannot use is reversed in
our next file by itself; what failed was never posted. What the bank takes back by itself 自动冲正 comes as a V line
that nobody asked for, in RESULT or BILL. SETTLE has what it brought to the school's account, and its fee.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.payments.providers.interface import ProviderFault

LINES_MAX = 200_000
_WORD = re.compile(r"[0-9A-Za-z_.:-]{1,64}")


class Debit(NamedTuple):
    """What we ask for. account: what the holder has signed for."""

    number: str
    account: str
    fen: int
    expires_s: int


class Reversal(NamedTuple):
    """What the bank has done and shall undo 冲正. refund: our number of it."""

    number: str
    txn: str
    fen: int
    refund: str


class Outcome(NamedTuple):
    """What the bank says of a line. txn: its number, of what is done; code: why it failed; is_reversal: of a 冲正, with
    our number of it; without one the bank took it back by itself."""

    number: str
    txn: str
    fen: int
    paid_s: int
    code: str
    is_reversal: bool = False
    refund: str = ""

    @property
    def is_done(self) -> bool:
        """Has money moved?"""
        return not self.code


def write_debits(day: str, batch: int, debits: Sequence[Debit], reversals: Sequence[Reversal]) -> bytes:
    """day: `20261127`."""
    rows = [f"D|{one.number}|{one.account}|{one.fen}|{one.expires_s}" for one in debits]
    rows += [f"R|{one.number}|{one.txn}|{one.fen}|{one.refund}" for one in reversals]
    return _sealed("DEBIT", day, batch, rows, sum(one.fen for one in debits) + sum(one.fen for one in reversals))


def write_results(day: str, batch: int, outcomes: Sequence[Outcome], kind: str = "RESULT") -> bytes:
    """As the bank does."""
    rows = [
        f"{'V' if one.is_reversal else 'O'}|{one.number}|{one.txn}|{one.fen}|{one.paid_s}|{one.code}"
        + (f"|{one.refund}" if one.is_reversal else "")
        for one in outcomes
    ]  # fmt: skip
    return _sealed(kind, day, batch, rows, sum(one.fen for one in outcomes))


def read_debits(raw: bytes) -> tuple[list[Debit], list[Reversal]]:
    """ProviderFault: it does not hold together."""
    debits, reversals = [], []
    for sign, *cells in _opened(raw, "DEBIT"):
        if sign == "D" and len(cells) == 4:
            debits.append(Debit(_word(cells[0]), _word(cells[1]), _sum(cells[2]), _sum(cells[3])))
        elif sign == "R" and len(cells) == 4:
            reversals.append(Reversal(_word(cells[0]), _word(cells[1]), _sum(cells[2]), _word(cells[3])))
        else:
            raise ProviderFault("a line of another form")
    return debits, reversals


def read_results(raw: bytes, kind: str = "RESULT") -> list[Outcome]:
    """RESULT, or the day's BILL, which has all that was done. ProviderFault: it does not hold together."""
    found = []
    for sign, *cells in _opened(raw, kind):
        is_back = sign == "V"
        if sign not in ("O", "V") or len(cells) != 5 + is_back:
            raise ProviderFault("a line of another form")
        code, refund = cells[4] and _word(cells[4]), cells[5] and _word(cells[5]) if is_back else ""
        txn = _word(cells[1]) if not code else cells[1]
        found.append(Outcome(_word(cells[0]), txn, _sum(cells[2]), _sum(cells[3]), code, is_back, refund))
    return found


def read_settled(raw: bytes) -> list[tuple[str, str, int]]:
    """SETTLE: `S|bank|IDENT|FEN`, or `fee` in the place of `bank`. ProviderFault: it does not hold together."""
    found = []
    for sign, *cells in _opened(raw, "SETTLE"):
        if sign != "S" or len(cells) != 3 or cells[0] not in ("bank", "fee"):
            raise ProviderFault("a line of another form")
        found.append((cells[0], _word(cells[1]), _sum(cells[2])))
    return found


def _sealed(kind: str, day: str, batch: int, rows: Sequence[str], fen: int) -> bytes:
    head = f"H|OPENYKT|{kind}|{day}|{batch:03d}|{len(rows)}|{fen}"
    body = "".join(f"{row}\n" for row in (head, *rows)).encode()
    return body + f"T|{len(rows)}|{fen}|{hashlib.sha256(body).hexdigest()}\n".encode()


def _opened(raw: bytes, kind: str) -> Iterable[list[str]]:
    """Lines between a head and a trailer that agree with them."""
    try:
        rows = raw.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise ProviderFault("a file is not ASCII") from None
    if not 2 <= len(rows) <= LINES_MAX or not raw.endswith(b"\n"):
        raise ProviderFault("a file is cut off, or too long")
    head, trailer, lines = rows[0].split("|"), rows[-1].split("|"), [row.split("|") for row in rows[1:-1]]
    if len(head) != 7 or head[:3] != ["H", "OPENYKT", kind] or len(trailer) != 4 or trailer[0] != "T":
        raise ProviderFault("a file of another form")
    at = {"D": 3, "R": 3, "O": 3, "V": 3, "S": 3}
    fen = sum(_sum(row[at[row[0]]]) for row in lines if row[0] in at and len(row) > at[row[0]])
    body = raw[: raw.rindex(b"\nT|") + 1]
    told = [str(len(lines)), str(fen)]
    if head[5:] != told or trailer[1:] != [*told, hashlib.sha256(body).hexdigest()]:
        raise ProviderFault("a file that does not add up")
    return lines


def _word(cell: str) -> str:
    if not _WORD.fullmatch(cell):
        raise ProviderFault("a cell of another form")
    return cell


def _sum(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and len(cell) <= 12):
        raise ProviderFault("a sum is no sum")
    return int(cell)
