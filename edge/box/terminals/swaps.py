"""Spare bodies 备用机 and swap orders 换机单 at a box: one person's word puts a spare in a broken body's place. Pure.

No cloud is needed: the spare proves the K_term that this box knows of it, brings a PSAM that the broken body sold with
here, and gets its epoch from this box. What it sells posts like any sale; its merchant side waits 待核 at the centre
until two persons have confirmed the swap. Refuses a spare without an order, and one with a PSAM that the broken body
never had; the broken body sells no more, and hands over what it owes.
"""

from collections.abc import Iterable, Sequence

from edge.box.terminals.epochs import Epochs
from edge.settings import BoxSettings, SwapOrder, TerminalSetting
from shared.ids import DeviceId
from shared.wire.messages import Swap

TELL_EVERY_S = 60.0
"""The centre is told of the swaps at each connection and so often: it may have been put back, or not have heard."""


class Swaps:
    """orders: those that stand now."""

    def __init__(self, settings: BoxSettings, epochs: Epochs) -> None:
        self.orders: tuple[SwapOrder, ...] = ()
        self._epochs = epochs
        self._spares = {spare.device: spare for spare in settings.spares}
        self._served = {terminal.device: terminal for terminal in settings.terminals}
        self._bodies: dict[DeviceId, TerminalSetting] = {}

    def ordered(self, orders: Sequence[SwapOrder]) -> set[DeviceId]:
        """What stands now; the bodies, spare and broken, for which that is news. Orders for others do not count."""
        known = tuple(order for order in orders if order.spare in self._spares and order.broken in self._served)
        news = {*known} ^ {*self.orders}
        self.orders = known
        self._bodies = {order.spare: self._in_place_of(order) for order in known}
        return {device for order in news for device in (order.spare, order.broken)}

    def placed(self, terminal: TerminalSetting) -> None:
        """It has an address from now on, and so has the body in its place."""
        self._served[terminal.device] = terminal
        self._bodies = {order.spare: self._in_place_of(order) for order in self.orders}

    def is_spare(self, device: DeviceId) -> bool:
        """Is it one that may be ordered?"""
        return device in self._spares

    def body(self, device: DeviceId) -> TerminalSetting | None:
        """A spare where the broken body was wired, with its own key; None without an order."""
        return self._bodies.get(device)

    def bodies(self) -> Iterable[TerminalSetting]:
        """All spares that are in somebody's place."""
        return self._bodies.values()

    def order_of(self, spare: DeviceId) -> SwapOrder | None:
        """The order that puts it in place."""
        return next((order for order in self.orders if order.spare == spare), None)

    def is_replaced(self, device: DeviceId) -> bool:
        """Has its PSAM gone into a spare?"""
        return any(order.broken == device for order in self.orders)

    def told(self) -> list[Swap]:
        """What the centre has to hear: of each spare that has an epoch under its order."""
        return [
            Swap(kept.device, order.broken, kept.storage, kept.psam, kept.epoch, order.at_s, order.who)
            for order in self.orders
            for kept in self._epochs.of(order.spare)
            if kept.psam in self._epochs.psams_of(order.broken)
        ]

    def _in_place_of(self, order: SwapOrder) -> TerminalSetting:
        spare, broken = self._spares[order.spare], self._served[order.broken]
        where = broken.kind, broken.link, broken.address
        return TerminalSetting(spare.device, spare.name, *where, spare.key, spare.key_version)
