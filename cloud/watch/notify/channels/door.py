"""What every way out is: it takes one message and says what it was given for it. Pure."""

from typing import Protocol

from cloud.watch.notify.queue import Message
from shared.errors import LinkFault


class ChannelFault(LinkFault):
    """Happens when a way has not taken a message. for_good: trying again is of no use (no such address)."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


class Door(Protocol):
    """A way out; blocking, within its own named bound."""

    def send(self, message: Message) -> str:
        """What the way gives for it: an id, a reply. ChannelFault."""
