"""Roll-outs that somebody makes: permits drafted, signed by the key process where persons order terminals about, kept.

How one is asked for, of terminals and of boxes, by command and on the console, stands here, too. For each terminal two
heads: its permit, and what takes that back. So what follows by the rules needs nobody to sign. KeyFault: it is away or
refuses; ConfigFault: this campus has no key for permits, or the release is not here. Then nothing was begun.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cloud.fleet.signing import DocumentSigner
from cloud.ledger.fleet.firmware.door import FirmwareLedger, Heads
from cloud.ledger.fleet.firmware.releases import Release
from cloud.ledger.fleet.firmware.rows import Papers
from cloud.ledger.fleet.firmware.state import AGAIN, Rollout, TerminalRow, TerminalState
from cloud.ledger.records.values import Now
from shared.errors import ConfigFault, RuleBroken
from shared.fleet.document import DocumentKind
from shared.fleet.permit import Permit, nothing
from shared.keys.document_key import newest_key
from shared.words.voice import Text

TO_TAKE_BACK, TO_TRY_AGAIN = Text("可退的", "to take back"), Text("可重试的", "to try again")
TRIES_MAX = 5
"""Somebody else made permits for the same terminals meanwhile: so often the numbers are drafted anew."""

WAIT_S, RUN_S = 86_400, 14_400
"""Who has its permit begins within a day, and comes to an end within four hours."""
STOP_PERCENT = 5
_TAKEN_BACK = (TerminalState.IN_USE, TerminalState.SILENT, TerminalState.STOPPED)
"""Of a roll-out that is rolled back: whoever uses it, and whoever may come to use it unheard."""


@dataclass(frozen=True, slots=True)
class RolloutAsked:
    """How a release is rolled out. waves: per cent of all, rising to 100. at_once: boxes wait for no quiet moment."""

    who: str
    reason: str
    canary: int
    waves: tuple[int, ...]
    stop_percent: int = STOP_PERCENT
    stop_min: int = 1
    wait_s: int = WAIT_S
    run_s: int = RUN_S
    at_once: bool = False

    def rollout(self, model: int, release: int, *, returns: int = 0, retries: int = 0) -> Rollout:
        """As the ledger keeps it; its number and when it was made are the ledger's."""
        shares = ",".join(f"{one}%" for one in self.waves)
        return Rollout(
            0, model, release, self.who, self.reason, 0, self.canary, shares, self.stop_percent, self.stop_min,
            self.wait_s * 1000, self.run_s * 1000, returns, retries,
        )  # fmt: skip


def in_turn(digest: bytes, devices: Iterable[bytes]) -> list[bytes]:
    """In which order waves of a release take them: no canteen is first by its name."""
    return sorted(devices, key=lambda device: hashlib.sha256(digest + device).digest())


def to_take_back(rows: Iterable[TerminalRow]) -> list[bytes]:
    """Whom a roll-back is for."""
    return [row.device for row in rows if row.state in _TAKEN_BACK or row.state.is_out]


def to_try_again(rows: Iterable[TerminalRow]) -> list[bytes]:
    """Whom a retry is for."""
    return [row.device for row in rows if row.state in AGAIN]


def no_way_back(rollout: Rollout, signed_by: str = "firmware sign") -> ConfigFault:
    """The officers have signed none. signed_by: how they do it."""
    number = rollout.release
    return ConfigFault(
        Text(
            f"没有退路：请保管员把旧程序签为高于 {number} 的编号（provisioning {signed_by}），再 release",
            f"no way back: the officers sign the older program above {number} (provisioning {signed_by})",
        )
    )


def nobody_left(number: int, what: Text) -> ConfigFault:
    """A roll-out has nobody for that."""
    return ConfigFault(Text(f"升级 {number} 没有{what.zh}", f"roll-out {number}: nobody {what.en}"))


class Rollouts:
    """Over the ledger's doors for firmware."""

    def __init__(self, ledger: FirmwareLedger, signer: DocumentSigner) -> None:
        self._ledger = ledger
        self._signer = signer

    def make(self, rollout: Rollout, release: Release, waves: Mapping[bytes, int], now: Now) -> int:
        """Its number. waves: terminal → from 1."""
        for _ in range(TRIES_MAX):
            number = self._ledger.make(rollout, waves, self._papers(release, [*waves], now), now)
            if number:
                return number
        raise _taken()

    def resume(self, number: int, who: str, reason: str, now: Now) -> None:
        """It goes on."""
        for _ in range(TRIES_MAX):
            _, release, stopped = self._ledger.resumable(number)
            papers = self._papers(release, [row.device for row in stopped], now) if stopped else {}
            if self._ledger.resume(number, papers, who, reason, now):
                return
        raise _taken()

    def _papers(self, release: Release, devices: Sequence[bytes], now: Now) -> dict[bytes, Papers]:
        key = newest_key(self._signer.document_keys(), DocumentKind.PERMIT)
        if key is None:
            raise ConfigFault(Text("本校没有准装的文件密钥", "this campus has no document key for permits"))
        found = self._ledger.draft(release, devices, key.version, now)
        return {one.device: self._signed(release, one) for one in found}

    def _signed(self, release: Release, heads: Heads) -> Papers:
        return Papers(
            Permit(release.model, release.release, release.digest).encode(), self._signer.sign_document(heads.permit),
            nothing(release.model).encode(), self._signer.sign_document(heads.off),
        )  # fmt: skip


def _taken() -> RuleBroken:
    return RuleBroken("permits: the numbers were taken by others, time and again")
