"""The CAN buses of a box: what is heard of each goes to its watch; two terminals at one address are seen here. Pure."""

from collections.abc import Iterable

from edge.box.bus.watch import BusWatch
from edge.box.bus.wire_health import WireHealth
from edge.box.terminals.conversation import Conversation, Place, place_text
from edge.box.terminals.terminals import Tell
from edge.box.values.effects import Now, Send
from edge.link import messages as link
from edge.link.port import BusReport
from edge.link.seal import Opened
from edge.settings import BoxSettings, LinkKind, TerminalSetting
from shared.facts.buses import BusDuplicate
from shared.ids import DeviceId

BOTH_S = 120.0
"""Two that share an address are heard in turns within this; one that was exchanged is heard no more."""


class Buses:
    """Of one box. Links that are no CAN bus are not watched."""

    def __init__(self, settings: BoxSettings, tell: Tell) -> None:
        self.watches = {
            one.name: BusWatch(one.name, [each for each in settings.terminals if each.link == one.name], tell)
            for one in settings.links
            if one.kind is LinkKind.CAN
        }
        self._health = {
            one.name: WireHealth(one.name, one.bitrate, tell) for one in settings.links if one.kind is LinkKind.CAN
        }
        self._exchanged: dict[Place, tuple[DeviceId, DeviceId, float]] = {}
        """Place: who was there, who came, when. Bounded by the addresses of a bus."""
        self._wired = {one.name for one in settings.links if one.kind is not LinkKind.TCP}
        self._tell = tell

    def placed(self, terminal: TerminalSetting) -> None:
        """It has an address from now on."""
        self.watches[terminal.link].placed(terminal)

    def heard(self, now: Now, talk: Conversation, opened: Opened) -> None:
        """An EMCY. Malformed: WireFault; on a link that is no bus it changes nothing."""
        emcy = link.EMCY.decode(opened.payload)
        watch = self.watches.get(talk.place[0])
        if watch is not None:
            watch.heard(now, talk, emcy)
            self._health[talk.place[0]].heard(now, int(talk.place[1]), talk.terminal.name, emcy)

    def edge(self, now: Now, name: str, report: BusReport) -> None:
        """What the box's own controller counts on a link."""
        watch = self.watches.get(name)
        if watch is not None:
            watch.edge(now, report)
            self._health[name].edge(now, report)

    def hello(self, now: Now, place: Place, message: bytes, talk: Conversation | None) -> None:
        """One body in another's place is an exchange; if the one before speaks again, both have the same address.
        Malformed: WireFault."""
        if place[0] not in self._wired:
            return
        device = link.HELLO.decode(message).device
        before, other, since_s = self._exchanged.get(place, (device, device, float("-inf")))
        if device == before != other and now.mono_s - since_s < BOTH_S:
            where = place_text(place)
            self._tell(now, BusDuplicate(where, before, other), about=where)
        elif talk is not None and talk.terminal.device != device:
            self._exchanged[place] = talk.terminal.device, device, now.mono_s

    def tick(self, now: Now, talks: Iterable[Conversation]) -> list[Send]:
        """What is due on any of them."""
        talks = [*talks]
        return [send for watch in self.watches.values() for send in watch.tick(now, talks)]
