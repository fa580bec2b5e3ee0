"""When to say Hello, and when to say it again because nobody has answered. Pure.

A broker that has lost its memory takes a Hello, and batches, for an ingest that has not subscribed yet, and drops them.
So money waits for the answer to the Hello of its connection; but a now lane that stays dumb holds it up no longer
than PATIENCE_S.
"""

AGAIN_S = 0.5
AGAIN_MAX_S = 4.0
"""An unanswered Hello is said again after AGAIN_S, doubling up to this, for as long as the connection lasts."""
PATIENCE_S = 10.0
"""So long the first batch of a connection waits for the answer."""
REFUSED_S = 60.0
"""After a refusal nothing is said for so long."""

_NEVER = float("inf")


class Greeting:
    """One Hello and its repeats."""

    def __init__(self) -> None:
        self._wait_s = AGAIN_S
        self._again_s = _NEVER
        self._money_from_s = _NEVER

    def begin(self, mono_s: float) -> None:
        """A new connection: nobody has answered on it yet."""
        self._wait_s = AGAIN_S
        self._money_from_s = mono_s + PATIENCE_S

    def said(self, mono_s: float) -> float:
        """A Hello goes out now; how long it is worth being delivered."""
        wait_s = self._wait_s
        self._again_s = mono_s + wait_s
        self._wait_s = min(2 * wait_s, AGAIN_MAX_S)
        return wait_s

    def answered(self) -> None:
        """The ledger has spoken to us."""
        self._wait_s = AGAIN_S
        self._again_s = _NEVER
        self._money_from_s = -_NEVER

    def refused(self, mono_s: float) -> None:
        """The ledger understands no form that we speak. Money waits here, and after a while we ask again: for it may
        have been upgraded, and who said so need not have been the ledger."""
        self._again_s = mono_s + REFUSED_S
        self._money_from_s = self._again_s + PATIENCE_S

    def is_due(self, mono_s: float) -> bool:
        """Nobody has answered for long enough."""
        return mono_s >= self._again_s

    def may_send(self, mono_s: float) -> bool:
        """May records go out?"""
        return mono_s >= self._money_from_s
