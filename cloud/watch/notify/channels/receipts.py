"""Which message a receipt of one of its parts is about. Pure.

A message of several parts has arrived when each of them has; one that has not is told once, and ends it.
"""

from typing import Generic, TypeVar

from cloud.watch.notify.channels.door import Arrived

PARTS_KEPT = 500
"""Parts whose receipt is waited for; the oldest are given up."""
_Number = TypeVar("_Number", int, str)


class Receipts(Generic[_Number]):
    """By the way's own numbers of parts."""

    def __init__(self) -> None:
        self._waits: dict[_Number, str] = {}
        self._left: dict[str, int] = {}
        self._early: dict[_Number, bool] = {}
        """Receipts of parts whose message is still being sent."""

    def forget_early(self) -> None:
        """Numbers come round: what came before is not the next message's."""
        self._early.clear()

    def sent(self, numbers: list[_Number]) -> tuple[str, list[Arrived]]:
        """What stands for the message, as `7+8`, and what is known of it already."""
        receipt = "+".join(map(str, numbers))
        self._left[receipt] = len(numbers)
        self._waits.update(dict.fromkeys(numbers, receipt))
        early = [(number, self._early.pop(number)) for number in numbers if number in self._early]
        found = [one for number, is_there in early for one in self.came(number, is_there=is_there)]
        self._bound()
        return receipt, found

    def came(self, number: _Number, *, is_there: bool) -> list[Arrived]:
        """The last word about a part; what it says of its message, if anything yet."""
        receipt = self._waits.pop(number, None)
        if receipt is None:
            self._early[number] = is_there
            self._bound()
            return []
        if receipt not in self._left:
            return []
        self._left[receipt] -= 1
        if is_there and self._left[receipt] > 0:
            return []
        del self._left[receipt]
        return [Arrived(receipt, is_there)]

    def _bound(self) -> None:
        _cut(self._waits)
        _cut(self._left)
        _cut(self._early)


_Kept = TypeVar("_Kept")
_At = TypeVar("_At")


def _cut(kept: dict[_At, _Kept]) -> None:
    while len(kept) > PARTS_KEPT:
        del kept[next(iter(kept))]
