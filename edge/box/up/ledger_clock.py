"""The ledger's clock as this box knows it, so that a request can say in the ledger's time when it is too late. Pure.

A box without a clock (1 January 2000) or with a wrong one must neither lose its loads nor let a late one through:
the ledger says its time, and from then on only monotonic seconds count. Never ahead of the ledger's clock by its doing:
a time that was long under way is merely old, so that a request counts as late too early and not too late.
"""

from edge.box.values.effects import Now


class LedgerClock:
    """Unknown until the ledger has said its time once."""

    def __init__(self) -> None:
        self._ledger_ms = 0
        self._mono_s = 0.0

    def heard(self, now: Now, ledger_ms: int) -> None:
        """The ledger's Unix ms, just arrived."""
        self._ledger_ms = ledger_ms
        self._mono_s = now.mono_s

    def at(self, mono_s: float) -> int | None:
        """The ledger's Unix ms at this monotonic second, or a little less; None when not known."""
        if not self._ledger_ms:
            return None
        return self._ledger_ms + int((mono_s - self._mono_s) * 1000)
