"""Addresses on a CAN bus for terminals that edge.json gives none: the lowest free one, durable before it is said. Pure.

An address belongs to a position, for ever: a spare body in a broken one's place has it, too. Only a device of that very
bus is answered; that it is this device is not proven by a claim, and whoever claims in its name learns an address and
nothing else: the join proves who is who. Bounds: CLAIMS_PER_S of a bus, one address for each terminal of edge.json.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from edge.box.terminals.bucket import Bucket
from edge.box.terminals.conversation import Conversation, Place
from edge.box.terminals.swaps import Swaps
from edge.box.terminals.terminals import Tell, Terminals
from edge.box.values.effects import Effect, KeepAddress, Now, Send
from edge.link.port import CLAIMANTS, FIRST_TERMINAL, LAST_TERMINAL
from edge.settings import BoxSettings, LinkKind, TerminalSetting
from shared.facts.terminals import TerminalUnknown
from shared.ids import DeviceId, device_id

CLAIMS_PER_S, CLAIMS_BURST = 20.0, 256.0
"""Claims of a bus that are looked at; those above are dropped and counted, and come again after a pause that grows."""
TOLD_PER_S, TOLD_BURST = 1.0, 20.0
"""Claims of strangers that are looked at for a fact: a flood of them, each in another name, is not told."""
KEEP_AGAIN_S = 2.0
"""An address that is not durable by then is given to the outbox again when its terminal asks again."""


class Addresses:
    """Of one box. placed: hears of every terminal that has an address from now on."""

    def __init__(
        self, settings: BoxSettings, kept: Iterable[KeepAddress], terminals: Terminals, swaps: Swaps, tell: Tell,
        placed: Callable[[TerminalSetting], None],
    ) -> None:  # fmt: skip
        self.counters: Counter[str] = Counter()
        buses = {link.name for link in settings.links if link.kind is LinkKind.CAN}
        self._wanting = {one.device: one for one in settings.terminals if one.link in buses and not one.address}
        self._taken = {(one.link, one.address): one.device for one in settings.terminals if one.address}
        """Configured, given, or on the way to the disk; by whom."""
        self._given: dict[DeviceId, int] = {}
        self._pending: dict[DeviceId, tuple[KeepAddress, float, DeviceId | None]] = {}
        """By position: what is on its way, since when, and who waits for an answer."""
        self._buckets = {bus: Bucket(CLAIMS_PER_S, CLAIMS_BURST, 0.0) for bus in buses}
        self._told = Bucket(TOLD_PER_S, TOLD_BURST, 0.0)
        self._terminals, self._swaps, self._tell, self._placed = terminals, swaps, tell, placed
        for one in kept:
            self._restore(one)

    def claim(self, now: Now, link: str, raw: bytes) -> list[Effect]:
        """Somebody claims an address. WireFault for what is no device number."""
        self.counters["claims"] += 1
        bucket = self._buckets.get(link)
        if bucket is None or not bucket.take(now.mono_s):
            self.counters["claims_dropped"] += 1
            return []
        device = device_id(raw)
        position = self._position(link, device)
        if position is None:
            self.counters["claims_refused"] += 1
            if self._told.take(now.mono_s):
                self._tell(now, TerminalUnknown(device, link), device)
            return []
        return self._address(now, position, device)

    def hello(self, link: str, peer: int, device: DeviceId) -> list[Effect]:
        """It speaks where it is not: it is told where it belongs, which is no more than it could ask for."""
        position = self._position(link, device)
        given = self._given.get(position) if position else None
        return [] if given in (None, peer) else [_answer(link, device, given)]

    def joined(self, now: Now, talk: Conversation) -> list[Effect]:
        """It has proven who it is. A box that has lost its memory believes its address, unless it is another's."""
        (link, peer), device = talk.place, talk.terminal.device
        position = self._position(link, device)
        if position is None or position in self._given:
            return []
        wanted = KeepAddress(position, link, peer)
        if self._taken.get((link, peer), position) != position:
            return self._address(now, position, device)
        return [self._keep(now, wanted, None)]

    def kept(self, kept: KeepAddress) -> list[Effect]:
        """It is durable, and may be said."""
        pending = self._pending.get(kept.device)
        if pending is None or pending[0] != kept:
            return []
        del self._pending[kept.device]
        self._give(kept)
        asker = pending[2]
        return [] if asker is None else [_answer(kept.link, asker, kept.address)]

    # ---- inside

    def _restore(self, kept: KeepAddress) -> None:
        """What edge.json says has precedence: of another bus, configured by now, or another's."""
        wanting = self._wanting.get(kept.device)
        if wanting is not None and wanting.link == kept.link and (kept.link, kept.address) not in self._taken:
            self._give(kept)

    def _give(self, kept: KeepAddress) -> None:
        self._given[kept.device] = kept.address
        self._taken[kept.link, kept.address] = kept.device
        self._placed(replace(self._wanting[kept.device], address=kept.address))

    def _position(self, link: str, device: DeviceId) -> DeviceId | None:
        """Whose place a body has on this bus; None: none without an address of its own. A body that a spare has
        replaced has none."""
        order = self._swaps.order_of(device)
        position = order.broken if order is not None else device
        if order is None and self._swaps.is_replaced(device):
            return None
        wanting = self._wanting.get(position)
        return position if wanting is not None and wanting.link == link else None

    def _address(self, now: Now, position: DeviceId, device: DeviceId) -> list[Effect]:
        link, given = self._wanting[position].link, self._given.get(position)
        if given is not None:
            return [_answer(link, device, given)]
        pending = self._pending.get(position)
        if pending is not None and now.mono_s - pending[1] < KEEP_AGAIN_S:
            self._pending[position] = (*pending[:2], device)
            return []
        address = pending[0].address if pending is not None else self._free(link, device)
        if not address:
            self.counters["claims_full"] += 1
            return []
        return [self._keep(now, KeepAddress(position, link, address), device)]

    def _keep(self, now: Now, wanted: KeepAddress, asker: DeviceId | None) -> KeepAddress:
        before = self._pending.get(wanted.device)
        if before is not None:
            self._taken.pop((before[0].link, before[0].address), None)
        self._taken[wanted.link, wanted.address] = wanted.device
        self._pending[wanted.device] = wanted, now.mono_s, asker
        return wanted

    def _free(self, link: str, device: DeviceId) -> int:
        """The lowest that is nobody's, and where nobody else has proven to be; 0 when there is none."""
        free = (n for n in range(FIRST_TERMINAL, LAST_TERMINAL + 1) if self._is_free((link, n), device))
        return next(free, 0)

    def _is_free(self, place: Place, device: DeviceId) -> bool:
        talk = self._terminals.at(place)
        return place not in self._taken and (talk is None or talk.terminal.device == device)


def _answer(link: str, device: DeviceId, address: int) -> Send:
    return Send(link, CLAIMANTS, device + bytes((address,)))
