"""What single bits of a record mean: its flags, and the byte that names a purse. Pure."""

from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from shared.errors import WireFault


class Proof(IntEnum):
    """Where the TAC came from: the debit's own answer, transaction prove (805A), or nowhere."""

    DEBIT = 0
    PROVE = 1
    NONE = 2


class Pair(IntEnum):
    """Mixed payment in one tap: two purchases, seq n and n+1."""

    ALONE = 0
    FIRST = 1
    SECOND = 2


class CounterKind(IntEnum):
    """EP has two counters: offline for purchases, online for loads."""

    OFFLINE = 0
    ONLINE = 1


class Flags(NamedTuple):
    """Flags of bytes 2..3: bits 0-1 proof, 2 counter kind, 3-4 pair, 5 online, 6 clock set, 7 claim; the rest zero.

    claim: of loads, a claim 领款: the money came from the pending load 过渡余额 and not from the online account.
    """

    proof: Proof
    counter_kind: CounterKind
    pair: Pair = Pair.ALONE
    online: bool = False
    clock_set: bool = True
    claim: bool = False

    def to_int(self) -> int:
        """The 16-bit field."""
        bits = int(self.online) << 5 | int(self.clock_set) << 6 | int(self.claim) << 7
        return self.proof | self.counter_kind << 2 | self.pair << 3 | bits


@lru_cache(maxsize=128)
def parse_flags(raw: int) -> Flags:
    """Flags of a 16-bit field; WireFault on a reserved bit or value."""
    if raw >> 8 or raw & 3 == 3 or raw >> 3 & 3 == 3:
        raise WireFault(f"unknown record flags {raw:#06x}")
    counter, pair = CounterKind(raw >> 2 & 1), Pair(raw >> 3 & 3)
    return Flags(Proof(raw & 3), counter, pair, bool(raw & 32), bool(raw & 64), bool(raw & 128))


def purse_byte(application: int, kind: int, key_id: int) -> int:
    """Purse/key field: application 0 main, 1 subsidy; kind 1 ED, 2 EP; key id 0..15."""
    return application << 6 | kind << 4 | key_id


def purse_of(purse: int) -> int:
    """Application and ED/EP bits: names the purse of a card (the key id does not)."""
    return purse >> 4


def application_of(purse: int) -> int:
    """0 main, 1 subsidy 补助."""
    return purse >> 6
