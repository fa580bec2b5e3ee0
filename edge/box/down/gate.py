"""What stands against sending firmware now, as a box sees it. Pure.

Meal periods of the parameters border on each other, so a meal counts as on from shortly before it begins until its rush
is over. The one that a business day begins with begins nothing: somebody has to be the first.
"""

from collections.abc import Iterable, Mapping
from math import exp

from edge.box.down.documents import Document, Name
from edge.box.terminals.conversation import Conversation
from edge.box.values.effects import Now
from shared.clocks.clock import DAY_S
from shared.fleet.document import CAMPUS, DocumentKind, Scope, device_scope, model_scope
from shared.fleet.parameters import decode_parameters
from shared.wire.fleet_lane import Why

LEAD_S, RUSH_S = 600, 9_000
"""Before a meal period begins, and from then on."""
UNSENT_MAX = 8
"""Records of a terminal that this box does not hold, by its last word: above, they go first."""
LOAD_S = 5.0
"""So long others' load is averaged over."""
LOAD_SHARE = 0.5
"""Of the bit-rate, taken by others: above, no broadcast begins."""


class Load:
    """What others put on one bus. Counting a frame is an addition, for there are many of them."""

    __slots__ = ("_fresh", "_level", "_since_s")

    def __init__(self, mono_s: float) -> None:
        self._level, self._fresh, self._since_s = 0.0, 0, mono_s

    def seen(self, bits: int) -> None:
        """A frame went over the bus that was none of a broadcast's."""
        self._fresh += bits

    def share(self, bitrate: int, mono_s: float) -> float:
        """Of the bit-rate, averaged; what came since it was asked last counts as new."""
        self._level = self._level * exp((self._since_s - mono_s) / LOAD_S) + self._fresh
        self._fresh, self._since_s = 0, mono_s
        return self._level / LOAD_S / bitrate


class Meals:
    """Of the parameters that are held here."""

    def __init__(self, held: Mapping[Name, Document]) -> None:
        self._held = held
        self._read: dict[bytes, tuple[int, ...]] = {}
        """By digest: seconds after midnight at which its meals begin. No more than there are documents."""

    def is_on(self, now: Now, talk: Conversation) -> bool:
        """Is there one, or nearly, for this terminal?"""
        device, model = talk.terminal.device, talk.hello.model
        return any(_is_on(now.campus_s, begin) for begin in self._begins(_scopes(device_scope(device), model)))

    def _begins(self, scopes: Iterable[Scope]) -> tuple[int, ...]:
        """By the most particular document there is."""
        for scope in scopes:
            held = self._held.get((DocumentKind.PARAMETERS, scope))
            if held is not None:
                return self._of(held)
        return ()

    def _of(self, held: Document) -> tuple[int, ...]:
        digest = held.head.digest
        if digest not in self._read:
            live = {one.head.digest for one in self._held.values()}
            self._read = {known: begins for known, begins in self._read.items() if known in live}
            body = decode_parameters(held.kept.body)
            self._read[digest] = tuple(meal.from_s for meal in body.meals if meal.from_s != body.day_start_s)
        return self._read[digest]


def why_not(now: Now, talk: Conversation, meals: Meals) -> Why:
    """What stands against firmware for this terminal, whichever way it would come."""
    if meals.is_on(now, talk):
        return Why.MEAL
    return Why.UNDRAINED if talk.unsent > UNSENT_MAX else Why.NOTHING


def _scopes(own: Scope, model: int) -> tuple[Scope, ...]:
    return own, model_scope(model), CAMPUS


def _is_on(campus_s: int, begin: int) -> bool:
    return (campus_s - begin) % DAY_S <= RUSH_S or (begin - campus_s) % DAY_S <= LEAD_S
