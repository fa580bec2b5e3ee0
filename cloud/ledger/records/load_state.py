"""How a load case 圈存 stands: asked by what is beside the loads, too, so it stands below both."""

from enum import IntEnum


class CaseState(IntEnum):
    """Frozen numbers: they stand in the books."""

    REFUSED = 0
    PENDING = 1
    CONFIRMED = 2
    CONFIRMED_BY_COUNTER = 3
    REVERSED = 4
