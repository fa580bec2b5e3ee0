"""How often one sender may ask: a bucket for each address, so many addresses. Pure.

A sender whose codes are wrong pays more for each question, so guessing gets slower by itself; others notice nothing.
"""

from dataclasses import dataclass

SENDERS_MAX = 4096
"""Addresses that are remembered; the longest silent one is forgotten first, and has by then a full bucket again."""
FULL = 30.0
PER_S = 0.5
"""A box that waits for its words to be compared asks as often."""
WRONG_COST = 10.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at_s: float


class Senders:
    """All of them. Not thread-safe."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def may_ask(self, sender: str, now_s: float) -> bool:
        """Take one question from its bucket."""
        bucket = self._filled(sender, now_s)
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True

    def was_wrong(self, sender: str, now_s: float) -> None:
        """The question was refused for its code or certificate."""
        self._filled(sender, now_s).left -= WRONG_COST

    def waits_s(self, sender: str, now_s: float) -> int:
        """Until it may ask again."""
        return max(1, round((1 - self._filled(sender, now_s).left) / PER_S))

    def _filled(self, sender: str, now_s: float) -> _Bucket:
        bucket = self._buckets.pop(sender, None) or _Bucket(FULL, now_s)
        bucket.left = min(FULL, bucket.left + (now_s - bucket.at_s) * PER_S)
        bucket.at_s = now_s
        self._buckets[sender] = bucket  # the newest is the last
        if len(self._buckets) > SENDERS_MAX:
            del self._buckets[next(iter(self._buckets))]
        return bucket
