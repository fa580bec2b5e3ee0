"""A bank that takes our files and brings its own. Files come in and go out as bytes; `serve` does it in a folder.

A debit whose account begins with `BAD` fails; of all others it does as the mood says.
"""

import hashlib
import re
from pathlib import Path

from cloud.emulators.providers.trades import Trades

_BAD = "BAD"


class BankEmulator:
    """One customer's view of it. reversals: transactions that were undone, with their sums."""

    def __init__(self, trades: Trades) -> None:
        self.trades = trades
        self.reversed: dict[str, int] = {}
        self._done: list[str] = []
        self._bill: dict[str, list[str]] = {}

    def take(self, raw: bytes, day: str, now_s: int) -> bytes:
        """What it brings for one of our files. ValueError: it does not hold together."""
        rows, said = _opened(raw), []
        for row in rows:
            sign, number, *cells = row.split("|")
            said.append(self._debit(number, cells, now_s) if sign == "D" else self._reverse(number, cells, now_s))
        self._bill.setdefault(day, []).extend(one for one in said if one.endswith("|"))
        return _sealed("RESULT", day, said)

    def bill_of(self, day: str) -> bytes:
        """All that was done on a day, `20261127`."""
        return _sealed("BILL", day, self._bill.get(day, []))

    def serve(self, folder: Path, day: str, now_s: int) -> int:
        """Each file of `out/` once, and the day's bill anew; how many were taken."""
        taken = 0
        for file in sorted((folder / "out").glob("DEBIT-*.txt")):
            answer = folder / "in" / file.name.replace("DEBIT", "RESULT")
            if not answer.exists() and file.name not in self._done:
                self._done.append(file.name)
                _whole(answer, self.take(file.read_bytes(), day, now_s))
                taken += 1
        _whole(folder / "in" / f"BILL-{day}.txt", self.bill_of(day))
        return taken

    def _debit(self, number: str, cells: list[str], now_s: int) -> str:
        account, fen, expires_s = cells
        self.trades.make(number, int(fen), int(expires_s), now_s)
        if account.startswith(_BAD) or not self.trades.pay(number, now_s):
            return f"O|{number}||{fen}|0|E01"
        trade = self.trades.all[number]
        return f"O|{number}|{trade.txn}|{trade.paid_fen}|{now_s}|"

    def _reverse(self, number: str, cells: list[str], now_s: int) -> str:
        txn, fen = cells
        trade = self.trades.all.get(number)
        if trade is None or trade.txn != txn or not self.trades.refund(number, f"{number}R", int(fen), now_s):
            return f"V|{number}|{txn}|{fen}|0|E02"
        self.reversed[txn] = int(fen)
        return f"V|{number}|{txn}|{fen}|{now_s}|"


def _opened(raw: bytes) -> list[str]:
    rows = raw.decode("ascii").splitlines()
    digest = hashlib.sha256(raw[: raw.rindex(b"\nT|") + 1]).hexdigest()
    found = re.fullmatch(r"H\|OPENYKT\|DEBIT\|(\d{8})\|(\d{3})\|(\d+)\|(\d+)", rows[0])
    if found is None or rows[-1] != f"T|{found[3]}|{found[4]}|{digest}" or int(found[3]) != len(rows) - 2:
        raise ValueError("a file that does not add up")
    return rows[1:-1]


def _sealed(kind: str, day: str, rows: list[str]) -> bytes:
    fen = sum(int(row.split("|")[3]) for row in rows)
    body = "".join(f"{row}\n" for row in (f"H|OPENYKT|{kind}|{day}|001|{len(rows)}|{fen}", *rows)).encode()
    return body + f"T|{len(rows)}|{fen}|{hashlib.sha256(body).hexdigest()}\n".encode()


def _whole(file: Path, raw: bytes) -> None:
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(raw)
    part.replace(file)
