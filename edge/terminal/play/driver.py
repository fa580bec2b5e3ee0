"""The driver's unit of the demonstration: at which stop its bus is, by the campus clock alone.

So the validators of both doors, each in a process of its own, agree without talking. A shuttle: there, and back.
"""

STOP_S = 4
"""Campus seconds from stop to stop."""


def stop_at(campus_s: float, stops: int) -> tuple[int, int]:
    """(stop from 1, direction 0 there or 1 back) of a line with so many stops. It stands at each end twice as long."""
    leg = int(campus_s // STOP_S) % (2 * stops)
    return (leg + 1, 0) if leg < stops else (2 * stops - leg, 1)


def is_last(stop: int, direction: int, stops: int) -> bool:
    """Does it turn round here? Nobody gets on before it has."""
    return stop == (1 if direction else stops)
