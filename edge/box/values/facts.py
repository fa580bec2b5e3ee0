"""Facts that an alarm rule of the cloud may want: their codes, levels, and a desk that does not repeat itself. Pure.

Codes are a promise to the alarm rules: they are added to, never renamed. Text is Chinese first, English second.
"""

from collections import Counter
from enum import StrEnum

from edge.box.values.effects import Now
from shared.facts import TEXT_MAX, Level
from shared.wire.messages import Fact

REPEAT_S = 60.0
"""The same code about the same device is said at most once in this time; the next one says how many there were."""
REMEMBERED_MAX = 1024
"""(code, device) pairs remembered; at the bound the oldest is forgotten, so its next fact is said at once."""


class Code(StrEnum):
    """What happened. The first six are the illegal-terminal cases 非法终端."""

    TERMINAL_UNKNOWN = "terminal-unknown"
    TERMINAL_WRONG_KEY = "terminal-wrong-key"
    TERMINAL_LIVE_TWICE = "terminal-live-twice"
    TERMINAL_MAC_FAILURES = "terminal-mac-failures"
    RECORD_FORK = "record-fork"
    TERMINAL_UNAUTHENTICATED = "terminal-unauthenticated"
    TERMINAL_MALFORMED = "terminal-malformed"
    TERMINAL_FLOODING = "terminal-flooding"
    TERMINAL_MOVED = "terminal-moved"
    TERMINAL_ROLLED_BACK = "terminal-rolled-back"
    TERMINAL_TOO_MANY_EPOCHS = "terminal-too-many-epochs"
    TERMINAL_NO_EPOCH = "terminal-no-epoch"
    TERMINAL_REVOKED = "terminal-revoked"
    OUTBOX_REFUSED = "outbox-refused"
    OUTBOX_DAMAGED = "outbox-damaged"
    OUTBOX_REPLACED = "outbox-replaced"
    OUTBOX_SETTLE_FAILED = "outbox-settle-failed"
    OUTBOX_SHORT = "outbox-short"
    OUTBOX_KEPT = "outbox-kept"
    BALLAST_USED = "ballast-used"
    ACK_FORGED = "ack-forged"
    ACK_FOREIGN = "ack-foreign"
    REVOCATIONS_FORGED = "revocations-forged"
    LEDGER_CHANGED = "ledger-changed"
    LEDGER_BEHIND = "ledger-behind"
    LEDGER_SILENT = "ledger-silent"
    RECOVERY = "recovery"
    RECOVERY_GONE = "recovery-gone"
    DOWN_MALFORMED = "down-malformed"
    PUBLISH_REFUSED = "publish-refused"
    FACTS_DROPPED = "facts-dropped"
    CERTIFICATE_ENDS = "certificate-ends"
    CERTIFICATE_LAST_DAYS = "certificate-last-days"


LEVELS = {
    Code.TERMINAL_UNKNOWN: Level.IMPORTANT,
    Code.TERMINAL_WRONG_KEY: Level.IMPORTANT,
    Code.TERMINAL_LIVE_TWICE: Level.URGENT,
    Code.TERMINAL_MAC_FAILURES: Level.IMPORTANT,
    Code.RECORD_FORK: Level.URGENT,
    Code.TERMINAL_UNAUTHENTICATED: Level.IMPORTANT,
    Code.TERMINAL_MOVED: Level.NOTICE,
    Code.TERMINAL_ROLLED_BACK: Level.URGENT,
    Code.TERMINAL_TOO_MANY_EPOCHS: Level.IMPORTANT,
    Code.TERMINAL_NO_EPOCH: Level.IMPORTANT,
    Code.TERMINAL_REVOKED: Level.URGENT,
    Code.OUTBOX_REFUSED: Level.URGENT,
    Code.OUTBOX_DAMAGED: Level.URGENT,
    Code.OUTBOX_REPLACED: Level.URGENT,
    Code.OUTBOX_SETTLE_FAILED: Level.IMPORTANT,
    Code.BALLAST_USED: Level.URGENT,
    Code.ACK_FORGED: Level.URGENT,
    Code.ACK_FOREIGN: Level.IMPORTANT,
    Code.REVOCATIONS_FORGED: Level.URGENT,
    Code.LEDGER_CHANGED: Level.URGENT,
    Code.LEDGER_BEHIND: Level.URGENT,
    Code.LEDGER_SILENT: Level.IMPORTANT,
    Code.RECOVERY: Level.URGENT,
    Code.RECOVERY_GONE: Level.URGENT,
    Code.PUBLISH_REFUSED: Level.IMPORTANT,
    Code.CERTIFICATE_ENDS: Level.IMPORTANT,
    Code.CERTIFICATE_LAST_DAYS: Level.URGENT,
}
"""Every code that is not here is Level.GENERAL."""


class FactDesk:
    """Turns happenings into facts, and repeats of one into a count. `counts` holds totals per code."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._said: dict[tuple[str, bytes], tuple[float, int]] = {}

    def report(self, now: Now, code: str, device: bytes, text: str, about: str = "") -> list[Fact]:
        """One fact, or none when the same was said within REPEAT_S. about: tells apart what no device tells apart."""
        self.counts[code] += 1
        name = (code, device or about.encode())
        said_s, unsaid = self._said.get(name, (float("-inf"), 0))
        if now.mono_s - said_s < REPEAT_S:
            self._said[name] = (said_s, unsaid + 1)
            return []
        self._remember(name, now.mono_s)
        again = f" (+{unsaid})" if unsaid else ""
        level = LEVELS.get(Code(code), Level.GENERAL)
        return [Fact(code, level, now.unix_ms, device, text[:TEXT_MAX] + again)]

    def _remember(self, name: tuple[str, bytes], mono_s: float) -> None:
        self._said.pop(name, None)
        if len(self._said) >= REMEMBERED_MAX:
            del self._said[next(iter(self._said))]
        self._said[name] = (mono_s, 0)
