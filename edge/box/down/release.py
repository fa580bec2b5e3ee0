"""The release that this box runs 网关发行, and the one that it should: asked for, fetched, proven, handed over. Pure.

The platform says what should run in an answer signed for this box; whether that is a release at all, the officers'
chain says. It is fetched part by part behind everything else, one part at a time, and goes on where it stopped. What
runs when is decided beside the releases (edge/upgrade/): here it is only brought there, and what came of it is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from edge.box.values.effects import BeginAnew, DropRelease, KeepPart, Now, PartKept, ReleaseJudged, TakeRelease
from shared.wire.form.fields import NONCE_SIZE
from shared.wire.messages import ReleasePart, ReleasePartWanted, ReleaseSaid, ReleaseStage, ReleaseWanted

SAY_S = 15.0
"""So often it is said what runs, which asks for what should."""
ASK_AGAIN_S = 5.0
"""A part that does not come is asked for again after this; for ever, for the platform says when it is given up."""
QUIET_S, PATIENCE_S = 60.0, 4 * 3600.0
"""A box begins anew when no record came for so long, or when it has waited for that for so long."""

WRONG_MAX = 2
"""An archive that is not what was signed is fetched once more, for bytes rot; then it is refused."""

PROOF_WAIT_S = 300.0
"""The chain that stands for a release comes beside it; so long it may take."""

StandsFor = Callable[[int, str, int, str], bool]
"""Number, machine, length, SHA-256 in hex: do officers and centre stand for this archive?"""


class WentBack(NamedTuple):
    """A release that was not kept here."""

    number: int
    digest: str
    why: str
    words: str


@dataclass(frozen=True, slots=True)
class Own:
    """What stands at this box when it starts. begun: SHA-256 → bytes of an archive that are here already. has_places:
    False: this box was not installed with places for releases, and says nothing of them."""

    running: str = ""
    number: int = 0
    machine: str = ""
    is_trial: bool = False
    back: tuple[WentBack, ...] = ()
    begun: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_places(self) -> bool:
        """Was it installed with them?"""
        return bool(self.running)


class OwnRelease:
    """Of one box. `up` collects what the platform is to hear; its owner empties it."""

    def __init__(
        self, own: Own, stands_for: StandsFor, officers: Callable[[], bytes], random: Callable[[int], bytes]
    ) -> None:
        self.up: list[ReleaseSaid | ReleasePartWanted] = []
        self._own, self._stands_for, self._officers, self._random = own, stands_for, officers, random
        self._speaks = False
        self._wanted: ReleaseWanted | None = None
        self._got = 0
        self._wrongs = 0
        self._is_whole = self._is_taking = self._is_keeping = self._is_leaving = False
        self._proof_until_s = float("inf")
        self._why = self._words = ""
        self._is_trial = own.is_trial
        self._say_s = self._ask_s = self._waited_s = float("inf")
        self._record_s = float("-inf")

    def speaks(self, now: Now, *, form_4: bool) -> None:
        """The ledger has said what it understands."""
        self._speaks = form_4 and self._own.has_places
        if self._speaks:
            self._say(now)

    def disconnected(self) -> None:
        """What was asked will not come."""
        self._speaks = False

    def recorded(self, now: Now) -> None:
        """A record came."""
        self._record_s = now.mono_s

    def well(self, now: Now) -> None:
        """The release on trial has been found well: it is in use."""
        self._is_trial = False
        self._say(now)

    def wanted(self, now: Now, wanted: ReleaseWanted) -> list[TakeRelease | DropRelease]:
        """The platform's answer. What went back here is fetched no more; what is wanted no more is not tried."""
        before, self._wanted = self._wanted, wanted
        if not wanted.number:  # the platform has heard it: what was not even tried may be wanted again
            self._own = replace(self._own, back=tuple(one for one in self._own.back if one.why in _TRIED))
        if before is not None and (before.number, before.digest) == (wanted.number, wanted.digest):
            return []
        dropped = [DropRelease(before.digest.hex())] if before is not None and self._is_whole else []
        self._is_whole, self._why, self._words, self._wrongs = False, "", "", 0
        self._got = self._own.begun.get(wanted.digest.hex(), 0)
        self._proof_until_s = now.mono_s + PROOF_WAIT_S if self._is_due else float("inf")
        self._ask_s = now.mono_s
        return [*dropped, *self._begun(now)]

    def _begun(self, now: Now) -> list[TakeRelease]:
        """Ask for what is lacking, as soon as the chain stands for it: that comes as a document, by itself."""
        wanted = self._wanted
        if wanted is None or self._is_over:
            return []
        if not self._stands_for(wanted.number, self._own.machine, wanted.length, wanted.digest.hex()):
            if now.mono_s >= self._proof_until_s:
                self._refuse(now, "unproven", "")
            return []
        if self._got >= wanted.length:
            return [self._take(wanted)]
        self._ask(now)
        return []

    def part(self, part: ReleasePart) -> list[KeepPart]:
        """Bytes of it, if they are those that are lacking next."""
        wanted = self._wanted
        if wanted is None or self._is_over or (part.number, part.offset) != (wanted.number, self._got):
            return []
        if self._is_keeping or self._got + len(part.data) > wanted.length:
            return []
        self._is_keeping = True
        return [KeepPart(wanted.digest.hex(), part.offset, part.data)]

    def kept(self, now: Now, kept: PartKept) -> list[TakeRelease]:
        """They are in the file."""
        self._is_keeping = False
        wanted = self._wanted
        if wanted is None or self._is_over or kept.digest != wanted.digest.hex():
            return []
        if kept.size <= self._got:
            self._refuse(now, "room", "")
            return []
        self._got = kept.size
        if self._got >= wanted.length:
            return [self._take(wanted)]
        self._ask(now)
        return []

    def judged(self, now: Now, judged: ReleaseJudged) -> None:
        """The whole archive is what was signed, and stands where the next start finds it; or not."""
        self._is_taking = False
        if self._wanted is None or judged.digest != self._wanted.digest.hex():
            return
        if judged.why:
            self._got = 0
            self._wrongs += 1
            if self._wrongs >= WRONG_MAX:
                self._refuse(now, judged.why, judged.words)
            else:
                self._ask(now)
            return
        self._is_whole, self._waited_s = True, now.mono_s
        self._say(now)

    def tick(self, now: Now) -> list[TakeRelease | BeginAnew]:
        """Say and ask again; begin anew when the moment has come."""
        if self._speaks and now.mono_s >= self._say_s:
            self._say(now)
        if self._speaks and now.mono_s >= self._ask_s and not (self._is_over or self._is_taking):
            return [*self._begun(now)]
        if not self._is_whole or self._wanted is None or self._is_leaving:
            return []
        is_quiet = now.mono_s - self._record_s >= QUIET_S or now.mono_s - self._waited_s >= PATIENCE_S
        if not (self._wanted.at_once or is_quiet):
            return []
        self._is_leaving = True
        return [BeginAnew(self._wanted.number)]

    @property
    def status(self) -> dict[str, object]:
        """For whoever looks at the box itself."""
        about = self._wanted.number if self._wanted else 0
        return {
            "running": self._own.running, "number": self._own.number, "stage": self._stage.name.lower(),
            "about": about, "got": self._got, "back": [[one.number, one.why, one.words] for one in self._own.back],
        }  # fmt: skip

    # ---- inside

    @property
    def _is_due(self) -> bool:
        """Is something wanted that does not run here and did not go back?"""
        wanted = self._wanted
        return wanted is not None and wanted.number > self._own.number and self._back is None

    @property
    def _is_over(self) -> bool:
        """Nothing is fetched (any more)."""
        return not self._is_due or self._is_whole or bool(self._why)

    @property
    def _back(self) -> WentBack | None:
        wanted = self._wanted
        found = (one for one in self._own.back if wanted is not None and one.digest == wanted.digest.hex())
        return next(found, None)

    @property
    def _stage(self) -> ReleaseStage:
        wanted = self._wanted
        if wanted is None or not wanted.number:
            return ReleaseStage.TRIED if self._is_trial else ReleaseStage.NOTHING
        if wanted.number <= self._own.number:
            return ReleaseStage.TRIED if self._is_trial else ReleaseStage.IN_USE
        if self._back is not None:
            return ReleaseStage.RETURNED if self._back.why in _TRIED else ReleaseStage.REFUSED
        if self._why:
            return ReleaseStage.REFUSED
        return ReleaseStage.WAITING if self._is_whole else ReleaseStage.COMING

    def _take(self, wanted: ReleaseWanted) -> TakeRelease:
        self._is_taking = True
        return TakeRelease(wanted.number, wanted.digest.hex(), self._officers())

    def _refuse(self, now: Now, why: str, words: str) -> None:
        self._why, self._words = why, words
        self._say(now)

    def _ask(self, now: Now) -> None:
        self._ask_s = now.mono_s + ASK_AGAIN_S
        if self._wanted is not None and self._speaks:
            self.up.append(ReleasePartWanted(self._wanted.number, self._own.machine, self._got))

    def _say(self, now: Now) -> None:
        if not self._speaks:
            return
        self._say_s = now.mono_s + SAY_S
        back, about = self._back, self._wanted.number if self._wanted else 0
        why, words = (back.why, back.words) if back else (self._why, self._words)
        own = self._own
        said = ReleaseSaid(
            own.running, own.number, own.machine, about, self._stage, self._got, why, words, self._random(NONCE_SIZE)
        )
        self.up.append(said)


_TRIED = frozenset(("starts", "unwell", "overdue", "person"))
"""Why a release went back that had been started."""
