"""Where our own code stumbles over one of many, the others go on: by halves, down to the one. Knows nothing of records.

A key process or database that is away is no stumbling: everything comes again. Bound: for each poisoned one, twice as
many attempts as the number of halvings down to it.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from shared.errors import KeyFault, StoreFault

AWAY = (KeyFault, StoreFault)
_T = TypeVar("_T")
_R = TypeVar("_R")


def by_halves(
    items: Sequence[_T], act: Callable[[Sequence[_T]], list[_R]], alone: Callable[[_T, Exception], list[_R]]
) -> list[_R]:
    """What `act` gives for all of them, in order; `alone` for each one that it stumbles over by itself.

    act: all or nothing, and may be repeated. What `alone` raises ends it.
    """
    try:
        return act(items)
    except AWAY:
        raise
    except Exception as fault:  # noqa: BLE001  # a defect of ours: narrowed down to what it is about
        if len(items) == 1:
            return alone(items[0], fault)
    half = len(items) // 2
    return by_halves(items[:half], act, alone) + by_halves(items[half:], act, alone)
