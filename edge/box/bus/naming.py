"""Who disturbs a bus, from how the error counters of its nodes have grown. Pure, and it may say that it cannot know.

Who is bus-off is no answer: a node that is faulty on receive flags what others send, never leaves, and throws the
innocent off. It shows in its receive counter, which grows by 9 for each error where the others' grow by 1. A node that
is faulty on transmit has all the transmit errors; a bad line gives them to all, each for what it sends.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from edge.link.can.health import SENDING

EDGE = 0
"""The box's own node; no terminal has this address."""
ERRORS_MIN = 8
"""Destroyed frames below which nobody is named."""
RECEIVER_LEADS = 4
"""So many times what any other node has, and of what each error gives to who hears of it: between 1 and 9."""
SENDER_HAS = 0.8
"""The part of all transmit errors that one node must have."""
SENDER_LEADS = 5
"""So many times the errors per frame of all others."""
EXPECTED_MIN = 5.0
"""Errors that the others would have had, if it were the line: with fewer frames nothing is said of them."""
SPREAD = 5
"""On a bad line nobody has so many times the errors per frame of all together."""
SENDERS_MIN = 3
WITNESSES_MIN = 3
"""Nobody leads where hardly anybody else has said anything."""


class Culprit(StrEnum):
    """What it is. A word on the wire of facts: added to, never renamed."""

    SENDER = "sender"
    RECEIVER = "receiver"
    LINE = "line"
    UNKNOWN = "unknown"
    QUIET = "quiet"


class Grown(NamedTuple):
    """What the counters of one node have grown by."""

    tec: int = 0
    rec: int = 0
    frames: int = 0
    offs: int = 0

    @property
    def destroyed(self) -> int:
        """Frames of its own that were destroyed."""
        return self.tec // SENDING

    @property
    def seen(self) -> int:
        """Errors that it has seen; the first flagger counts those of others nine times."""
        return self.destroyed + self.rec

    @property
    def share(self) -> float:
        """The part of its frames that was destroyed."""
        return self.destroyed / max(1, self.frames + self.destroyed)


class Named(NamedTuple):
    """address: of the node, EDGE where it is no terminal's. errors: destroyed frames that this rests on."""

    fault: Culprit
    address: int = EDGE
    errors: int = 0


def name_culprit(grown: Mapping[int, Grown], silent: int = 0, away: Sequence[int] = ()) -> Named:
    """Who it was, over one window. silent: nodes that are there and have said nothing of their errors; away: those
    that have fallen silent altogether."""
    errors = sum(one.destroyed for one in grown.values())
    if errors < ERRORS_MIN:
        return _gone(grown, errors, away)
    receiver = _receiver(grown, errors)
    if receiver is not None:
        return Named(Culprit.RECEIVER, receiver, errors)
    sender = _sender(grown, errors)
    if sender is not None:
        return Named(Culprit.SENDER, sender, errors)
    fault = Culprit.LINE if not silent and _is_line(grown, errors) else Culprit.UNKNOWN
    return Named(fault, EDGE, errors)


def _gone(grown: Mapping[int, Grown], errors: int, away: Sequence[int]) -> Named:
    """All have heard of errors and nobody has sent them: then it was the one that can say nothing any more."""
    heard = sorted(one.rec for address, one in grown.items() if address not in away)
    is_it = len(away) == 1 and len(heard) > 1 and heard[0] >= ERRORS_MIN and heard[-1] < RECEIVER_LEADS * heard[0]
    return Named(Culprit.SENDER, away[0], heard[0]) if is_it else Named(Culprit.QUIET, EDGE, errors)


def _receiver(grown: Mapping[int, Grown], errors: int) -> int | None:
    """One receive counter leads: of the others, and of what the errors that it has heard of can explain."""
    first, *rest = sorted(grown, key=lambda address: -grown[address].rec)
    second = grown[rest[0]].rec if rest else 0
    heard = max(1, errors - grown[first].destroyed)
    leads = grown[first].rec >= RECEIVER_LEADS * max(second, heard)
    return first if leads and len(grown) >= WITNESSES_MIN else None


def _sender(grown: Mapping[int, Grown], errors: int) -> int | None:
    """One node has the transmit errors, and the others have sent enough to have had some."""
    worst = max(grown, key=lambda address: grown[address].destroyed)
    one = grown[worst]
    others = [each for address, each in grown.items() if address != worst]
    frames, destroyed = sum(each.frames for each in others), sum(each.destroyed for each in others)
    if one.destroyed < SENDER_HAS * errors or frames * one.share < EXPECTED_MIN:
        return None
    return worst if one.share >= SENDER_LEADS * destroyed / max(1, frames + destroyed) else None


def _is_line(grown: Mapping[int, Grown], errors: int) -> bool:
    """All that send have errors, none many times as many as all together."""
    pooled = errors / max(1, errors + sum(each.frames for each in grown.values()))
    speaking = [each for each in grown.values() if each.frames * pooled >= EXPECTED_MIN / 2]
    alike = all(each.destroyed and each.share <= SPREAD * pooled for each in speaking)
    return len(speaking) >= SENDERS_MIN and alike
