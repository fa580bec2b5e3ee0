"""A bank that takes our files and brings its own. Files come in and go out as bytes; `serve` does it in a folder.

A debit whose account begins with `BAD` fails; of all others it does as the mood says.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

from cloud.emulators.providers.trades import Trades

_BAD = "BAD"


class BankEmulator:
    """One customer's view of it. reversals: transactions that were undone, with their sums."""

    def __init__(self, trades: Trades) -> None:
        self.trades = trades
        self.reversed: dict[str, int] = {}
        self._done: list[str] = []
        self._bill: dict[str, list[str]] = {}
        self._back: list[tuple[str, str]] = []

    def take(self, raw: bytes, day: str, now_s: int) -> bytes:
        """What it brings for one of our files. ValueError: it does not hold together."""
        rows, said = _opened(raw), []
        for row in rows:
            sign, number, *cells = row.split("|")
            said.append(self._debit(number, cells, now_s) if sign == "D" else self._reverse(number, cells, now_s))
            self._back += [(number, day)] if sign == "D" else []
        self._bill.setdefault(day, []).extend(one for one in said if one.split("|")[5] == "")
        return _sealed("RESULT", day, said)

    def bill_of(self, day: str) -> bytes:
        """All that was done on a day, `20261127`."""
        self._take_back(day)
        return _sealed("BILL", day, self._bill.get(day, []))

    def settlement_of(self, day: str) -> bytes:
        """What it brought to the school's account at the end of a day, and its fee."""
        rows = [row.split("|") for row in self._bill.get(day, [])]
        net = sum(int(row[3]) * (1 if row[0] == "O" else -1) for row in rows)
        fee = sum(self.trades.all[row[1]].fee_fen for row in rows if row[0] == "O")
        said = [f"S|fee|F{day}|{fee}"] if fee else []
        return _sealed("SETTLE", day, [*said, f"S|bank|B{day}|{net - fee}"] if net > fee else said)

    def _take_back(self, day: str) -> None:
        """Without being asked, the day after: 自动冲正."""
        for number, done in self._back if self.trades.mood.takes_back else []:
            trade = self.trades.all[number]
            if done < day and trade.txn and not trade.refunds:
                trade.refunds[f"{number}R"] = (trade.paid_fen, trade.paid_s + 86_400)
                self._bill.setdefault(day, []).append(f"V|{number}|{trade.txn}|{trade.paid_fen}|{trade.paid_s}||")

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
        _whole(folder / "in" / f"SETTLE-{day}.txt", self.settlement_of(day))
        return taken

    def kept(self) -> dict[str, Any]:
        """What is to be known again after a restart."""
        return {"trades": self.trades.kept(), "reversed": self.reversed, "done": self._done, "bill": self._bill}

    def know(self, kept: dict[str, Any]) -> None:
        """What was known before."""
        self.trades.know(kept["trades"])
        self.reversed, self._done, self._bill = kept["reversed"], kept["done"], kept["bill"]

    def _debit(self, number: str, cells: list[str], now_s: int) -> str:
        account, fen, expires_s = cells
        self.trades.make(number, int(fen), int(expires_s), now_s)
        if account.startswith(_BAD) or not self.trades.pay(number, now_s):
            return f"O|{number}||{fen}|0|E01"
        trade = self.trades.all[number]
        return f"O|{number}|{trade.txn}|{trade.paid_fen}|{now_s}|"

    def _reverse(self, number: str, cells: list[str], now_s: int) -> str:
        txn, fen, refund = cells
        trade = self.trades.all.get(number)
        if trade is None or trade.txn != txn or not self.trades.refund(number, refund, int(fen), now_s):
            return f"V|{number}|{txn}|{fen}|0|E02|{refund}"
        self.reversed[txn] = int(fen)
        return f"V|{number}|{txn}|{fen}|{now_s}||{refund}"


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
