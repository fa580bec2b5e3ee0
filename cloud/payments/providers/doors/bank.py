"""A bank by its folder: `out/` is what we write and its transport takes away, `in/` is what it brings.

Asked for an order, the door looks at what the bank has brought. An order that is new, and a reversal that is wanted,
waits in `waiting/` until the next file is written; so a power cut between the two loses neither.
"""

import json
from hashlib import sha256
from pathlib import Path

from cloud.payments.providers.bank_files import Debit, Outcome, Reversal, read_results, read_settled, write_debits
from cloud.payments.providers.interface import (
    Back,
    BackSeen,
    BackStanding,
    Bill,
    BillEntry,
    Headers,
    KeyEnd,
    Movement,
    OpenerRefused,
    ProviderFault,
    Refusal,
    Seen,
    Settlement,
    Standing,
    Wanted,
)
from cloud.payments.providers.reading import of_a_file
from cloud.process.whole_file import write_whole

FILES_MAX = 4_000
"""Files in `in/` that are looked at; a bank brings some a day, and old ones are moved away by its transport."""
FILE_MAX = 64 << 20
REVERSED = "R"
"""Ends the number of what the bank takes back by itself."""


class BankDoor:
    """One bank. account: what is debited where a holder has named none, for a demonstration."""

    name = "bank"
    reverses = True

    def __init__(self, folder: Path, account: str = "DEMO") -> None:
        self._folder, self._account = folder, account
        for part in ("out", "in", "waiting"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)

    def opener(self, code: str) -> str:  # noqa: ARG002  # the protocol's
        """A bank has no chat app."""
        raise OpenerRefused("a bank has no chat app")

    def make(self, wanted: Wanted) -> str:
        """It waits for the next file. What a phone shows: that the bank will be asked."""
        debit = Debit(wanted.number, self._account, wanted.fen, wanted.expires_s)
        if not self._written(wanted.number):
            write_whole(self._waiting(wanted.number, "D"), json.dumps(list(debit)).encode())
        return f"bank:{wanted.number}"

    def query(self, number: str) -> Seen:
        """By what the bank has brought."""
        found = [one for one in self._outcomes() if one.number == number and not one.is_reversal]
        done = next((one for one in found if one.is_done), None)
        if done is not None:
            return Seen(Standing.PAID, number, done.txn, done.fen, done.paid_s)
        if found:
            return Seen(Standing.CLOSED, number)
        if self._waiting(number, "D").exists() or self._written(number):
            return Seen(Standing.WAITING, number)
        return Seen(Standing.NOWHERE, number)

    def close(self, number: str) -> None:
        """What no file has yet is taken back. What one has, only the bank's answer closes."""
        self._waiting(number, "D").unlink(missing_ok=True)

    def refund(self, back: Back) -> Refusal | None:
        """冲正, in the next file; the same again is the same."""
        if self.refunded(back.number, back.refund).standing is BackStanding.NOWHERE:
            wanted = Reversal(back.number, back.txn, back.fen, back.refund)
            write_whole(self._waiting(back.refund, "R"), json.dumps(list(wanted)).encode())
        return None

    def refunded(self, number: str, refund: str) -> BackSeen:
        """By what the bank has brought."""
        found = next((one for one in self._outcomes() if one.refund == refund and one.number == number), None)
        if found is not None:
            standing = BackStanding.DONE if found.is_done else BackStanding.FAILED
            return BackSeen(standing, refund, found.fen, found.paid_s)
        waits = self._waiting(refund, "R").exists() or self._written(refund, "R")
        return BackSeen(BackStanding.WORKING if waits else BackStanding.NOWHERE, refund)

    def woken(self, headers: Headers, body: bytes) -> str:  # noqa: ARG002  # the protocol's
        """A bank calls nobody."""
        raise ProviderFault("a bank has no callbacks", is_forged=True)

    def bill(self, day: str) -> Bill:
        """Its file of that day, with all that was done."""
        file = self._folder / "in" / f"BILL-{day.replace('-', '')}.txt"
        if not file.exists():
            raise ProviderFault("the bank has brought no bill of that day")
        raw = _read(file)
        done = [one for one in of_a_file(lambda: read_results(raw, "BILL")) if one.is_done]
        lines = tuple(
            BillEntry(one.txn, one.number, one.fen, _refund_of(one)) for one in done
        )  # fmt: skip
        return Bill(lines, sha256(raw).digest())

    def settlement(self, day: str) -> Settlement:
        """Its file of that day."""
        file = self._folder / "in" / f"SETTLE-{day.replace('-', '')}.txt"
        if not file.exists():
            raise ProviderFault("the bank has brought no settlement of that day")
        raw = _read(file)
        lines = of_a_file(lambda: read_settled(raw))
        return Settlement(tuple(Movement(*one) for one in lines), sha256(raw).digest())

    def key_ends(self) -> list[KeyEnd]:
        """Its files have no keys."""
        return []

    def write_out(self, day: str) -> Path | None:
        """The next file of what waits; None: nothing does. What was written waits no more."""
        waiting = sorted((self._folder / "waiting").glob("*.json"))
        if not waiting:
            return None
        debits = [Debit(*json.loads(one.read_bytes())) for one in waiting if one.name.startswith("D-")]
        reversals = [Reversal(*json.loads(one.read_bytes())) for one in waiting if one.name.startswith("R-")]
        plain, batch = day.replace("-", ""), 1
        while (file := self._folder / "out" / f"DEBIT-{plain}-{batch:03d}.txt").exists():
            batch += 1
        write_whole(file, write_debits(plain, batch, debits, reversals))
        for one in waiting:
            write_whole(self._folder / "out" / f".{one.name}", file.name.encode())
            one.unlink()
        return file

    def _waiting(self, number: str, sign: str) -> Path:
        return self._folder / "waiting" / f"{sign}-{number}.json"

    def _written(self, number: str, sign: str = "D") -> bool:
        return (self._folder / "out" / f".{sign}-{number}.json").exists()

    def _outcomes(self) -> list[Outcome]:
        """Of all result files that hold together; one that does not is as if it had not come."""
        found: list[Outcome] = []
        for file in sorted((self._folder / "in").glob("RESULT-*.txt"))[-FILES_MAX:]:
            try:
                found += read_results(_read(file))
            except ProviderFault:
                continue
        return found


def _refund_of(one: Outcome) -> str:
    return (one.refund or f"{one.number}{REVERSED}") if one.is_reversal else ""


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > FILE_MAX:
            raise ProviderFault("a file is too long")
        return file.read_bytes()
    except OSError as fault:
        raise ProviderFault(f"a file: {type(fault).__name__}") from None
