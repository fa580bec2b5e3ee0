"""Planted defects of a box that believes the broker: see defects.py."""

from edge.box.up.ledger_clock import LedgerClock, _Reckoning
from edge.box.values.effects import Now
from shared.wire.messages import decode_bound
from tests.sim.edge_part import EdgePart


class _Believing(LedgerClock):
    """Takes every time."""

    def heard(self, now: Now, ledger_ms: int) -> None:
        self._known = _Reckoning(ledger_ms, now.mono_s)


class BelievesTheBroker(EdgePart):
    """Whoever may publish to its topic is the ledger, as often as he likes."""

    def start(self) -> None:
        super().start()
        if self.box is not None:
            self.box._questions.opened = lambda _, signed: decode_bound(signed.body)  # type: ignore[method-assign]
            self.box._ledger_clock = self.box._intake._ledger_clock = _Believing()
