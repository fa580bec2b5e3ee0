"""What every way out is: it takes one message, says what it was given for it, and what it has heard since. Pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from cloud.watch.notify.queue import Message
from shared.errors import LinkFault


class ChannelFault(LinkFault):
    """Happens when a way has not taken a message. for_good: trying again is of no use (no such address). for_all: any
    other would fare the same now (the way is away, or out of breath)."""

    def __init__(self, why: str, *, for_good: bool = False, for_all: bool = False) -> None:
        super().__init__(why)
        self.for_good, self.for_all = for_good, for_all


class Given(NamedTuple):
    """What a way gave for a message: for people, and its numbers of those parts of which it tells what became."""

    receipt: str
    parts: tuple[str, ...] = ()


class Arrived(NamedTuple):
    """A receipt of the way's own: of a part, in every form that its number may have been given in, the likeliest first;
    and whether its address has it. address: of the receipt; empty where the way does not say it."""

    numbers: tuple[str, ...]
    is_there: bool
    address: str = ""


class Reply(NamedTuple):
    """Somebody has written back."""

    address: str
    text: str


Heard = Sequence[Arrived | Reply]
HEARD_MAX = 100
"""Most that one look at a way gives; more waits for the next one."""
AWAITED_MAX = 50
"""Most parts that a way is told to look for."""


Awaited = Callable[[], Sequence[str]]
"""Parts whose receipt is still out, at most AWAITED_MAX; asked for by a way that has to ask, as looking costs."""


class Door(Protocol):
    """A way out; blocking, within its own named bound."""

    def send(self, message: Message) -> Given:
        """What the way gives for it: an id, a reply. ChannelFault."""

    def heard(self, awaited: Awaited = tuple) -> Heard:
        """What has come since, at most HEARD_MAX; a way that hears nothing gives nothing. ChannelFault."""
