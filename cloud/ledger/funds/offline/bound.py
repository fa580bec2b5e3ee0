"""The most that the school may have to bear by offline codes that can still be shown. Inside of a snapshot.

    each use that no terminal has brought, of a living certificate, once: its holder's account may be empty by then
    + for each terminal that is silent: each such use once more, of certificates that lived when it was heard last,
      ended ones too, for it has not heard of that; no more than its sum of a day × business days since

A terminal that is heard brings a second use within seconds; that ends the certificate, and the next document says so.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from cloud.ledger.funds.offline.certificates import showable
from cloud.ledger.funds.offline.rules import highest_day_fen
from cloud.store.db import Database
from shared.clocks.clock import DAY_S

_TAKEN = "SELECT certificate, COUNT(DISTINCT use) FROM code_use GROUP BY certificate"


class Bound(NamedTuple):
    """certificates: living ones with a use left."""

    certificates: int
    fen: int


def bound(db: Database, silent_since_s: Iterable[int], now_s: int) -> Bound:
    """silent_since_s: of each terminal that is not heard, when it was last, campus seconds."""
    silent = sorted(silent_since_s)
    rows = showable(db, min([now_s, *silent]))
    taken: dict[int, int] = dict(db.run(_TAKEN)) if rows else {}
    left = sorted((one.until_s, max(0, one.uses - taken.get(one.number, 0)) * one.one_fen, one) for one in rows)
    living = [fen for _, fen, one in left if fen and one.is_living(now_s)]
    ends = [until_s for until_s, _, _ in left]
    behind = [*accumulate((fen for _, fen, _ in reversed(left)), initial=0)]
    day_fen = highest_day_fen(db)
    fen = sum(
        min(behind[len(ends) - bisect_left(ends, since_s + 1)], day_fen * ((now_s - since_s) // DAY_S + 2))
        for since_s in silent
    )
    return Bound(len(living), sum(living) + fen)
