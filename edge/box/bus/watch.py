"""One CAN bus as its box sees it: collects what the nodes say of their errors, names who disturbs it, searches. Pure.

What was said of a bus stands until an hour has passed without an error: nodes that come back from bus-off clear
nothing. Errors are judged over windows in which every node has had the time to speak.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from edge.box.bus.bisection import SEARCH_MAX_S, Bisection, Search, rounds
from edge.box.bus.chain import SILENT_S, TOGETHER_S, Hanging, SegmentCut, find_cut
from edge.box.bus.naming import EDGE, ERRORS_MIN, Culprit, Grown, Named, name_culprit
from edge.box.terminals.conversation import Conversation
from edge.box.terminals.terminals import Tell
from edge.box.values.effects import Now, Send
from edge.link import messages as link
from edge.link.messages import Emcy, Type
from edge.link.port import BusReport
from edge.settings import TerminalSetting
from shared.facts.buses import (
    BusBabbling,
    BusClean,
    BusLine,
    BusNodeBack,
    BusReceiver,
    BusSearched,
    BusSegmentCut,
    BusSegmentWhole,
    BusSender,
    BusTerminator,
    BusUnknown,
)

WINDOW_S = 15.0
"""From the first error to the verdict: three times what a terminal may wait with its EMCY."""
PATIENCE_S = 60.0
"""A window with too few errors to name anybody is begun anew after this."""
STEADY_WINDOWS = 3
"""So many windows in a row with a bad line, and it is no plug that somebody touched."""
CLEAN_S = 3600.0
SEARCH_EVERY_S = 3600.0
"""A search takes tills off the line: one an hour at most."""
JUNK_MAX = 200
"""Senseless frames of one node within a window: it babbles."""
BABBLE_EVERY_S = 15.0
ARRIVES_S = 6.0
"""From the order to silence: it may need a few attempts on this bus."""
HEARS_S = 1.0
"""What was said just before the order was heard is no disobedience."""
SPARE_S = 10.0
"""They stay away so much longer than a round, for another's order may come later."""
SETTLE_S = 20.0
"""So long at most those that were off the bus are waited for, before the next are sent off."""


class _Node:
    """What one node has said: the newest totals, and those at the beginning of the window."""

    __slots__ = ("base", "newest")

    def __init__(self, newest: Emcy, base: Emcy) -> None:
        self.newest = newest
        self.base = base

    def hear(self, emcy: Emcy) -> None:
        """Totals that are smaller than before are those of a terminal that began anew."""
        if emcy.frames < self.newest.frames:
            self.base = Emcy(0, 0, 0, 0, 0, 0, 0)
        self.newest = emcy

    @property
    def grown(self) -> Grown:
        """Within this window."""
        new, old = self.newest, self.base
        return Grown(
            max(0, new.tec_sum - old.tec_sum), max(0, new.rec_sum - old.rec_sum), max(0, new.frames - old.frames),
            max(0, new.offs - old.offs),
        )  # fmt: skip

    @property
    def throttled(self) -> int:
        return max(0, self.newest.throttled - self.base.throttled)


class BusWatch:
    """Of one CAN link. chain: its terminals in their order on the cable."""

    def __init__(self, name: str, chain: Sequence[TerminalSetting], tell: Tell) -> None:
        self.standing: Named | None = None
        """The last verdict that nothing has cleared."""
        self._name = name
        self._hung = {one.device: one for one in chain}
        self._tell = tell
        self._nodes: dict[int, _Node] = {}
        self._junk_base: dict[int, int] = {}
        self._babble_s = float("-inf")
        self._began_s: float | None = None
        self._error_s = float("-inf")
        self._lines = 0
        self._search: Bisection | None = None
        self._round_s = self._round_from_s = 0.0
        self._seen = self._seen_base = 0
        self._settle_s: float | None = None
        self._searched_s = float("-inf")
        self._quiet_until_s = float("-inf")
        self._cut: SegmentCut | None = None
        self._cuts = 0
        self._seems_cut: SegmentCut | None = None
        self._seems_s = float("-inf")

    def placed(self, terminal: TerminalSetting) -> None:
        """It has an address from now on; its place in the chain it had before."""
        self._hung[terminal.device] = terminal

    @property
    def _names(self) -> dict[int, str]:
        """By address, in the order of the chain; those without an address are nowhere yet."""
        return {one.address: one.name for one in self._hung.values() if one.address}

    # ---- inputs

    def heard(self, now: Now, talk: Conversation, emcy: Emcy) -> None:
        """A terminal's own counters."""
        address = talk.place[1]
        node = self._nodes.get(address)
        before = node.newest if node else None
        if node is None or before is None:
            # What it has counted before this box knew of it is of another time.
            self._nodes[address] = _Node(emcy, emcy)
            return
        node.hear(emcy)
        if emcy.offs > before.offs:
            told = BusNodeBack(self._name, address, self._name_of(address), emcy.offs)
            self._tell(now, told, talk.terminal.device)
        if _errors(emcy) != _errors(before):
            self._erred(now)

    def edge(self, now: Now, report: BusReport) -> None:
        """The box's own controller, and what made no sense to it."""
        own = Emcy(report.tec_peak, report.rec_peak, report.tec_sum, report.rec_sum, report.frames, report.offs, 0)
        node = self._nodes.get(EDGE)
        if node is None:
            node = self._nodes[EDGE] = _Node(own, Emcy(0, 0, 0, 0, report.frames, 0, 0))
        if _errors(own) != _errors(node.newest):
            self._seen += 1
            self._erred(now)
        if own.offs > node.newest.offs:
            told = BusNodeBack(self._name, EDGE, self._name_of(EDGE), own.offs)
            self._tell(now, told, about=f"{self._name}:edge")
        node.hear(own)
        self._look_for_babble(now, report.junk)

    def tick(self, now: Now, talks: Iterable[Conversation]) -> list[Send]:
        """What is due: a verdict, a round of a search, a cut. Effects: who is sent off the bus."""
        here = {talk.place[1]: talk for talk in talks if talk.place[0] == self._name}
        if self._search is not None:
            return self._go_on(now, self._search, here)
        if now.mono_s >= self._quiet_until_s:
            self._look_for_cut(now, here)
        if self._began_s is not None and now.mono_s - self._began_s >= WINDOW_S:
            return self._judge(now, here)
        if self.standing is not None and now.mono_s - self._error_s >= CLEAN_S:
            self.standing = None
            self._tell(now, BusClean(self._name), about=self._name)
        return []

    # ---- naming

    def _erred(self, now: Now) -> None:
        self._error_s = now.mono_s
        if self._began_s is None:
            self._began_s = now.mono_s
            self._seen_base = self._seen

    def _judge(self, now: Now, here: Mapping[int, Conversation]) -> list[Send]:
        grown = {address: node.grown for address, node in self._nodes.items()}
        away = [address for address, talk in here.items() if self._is_away(now, talk)]
        here = {address: talk for address, talk in here.items() if address not in away}
        silent = sum(address not in self._nodes or not any(grown[address][:2]) for address in here)
        named = name_culprit(grown, silent, away)
        is_cut = self._seems_cut is not None or self._cut is not None
        if is_cut and named.fault in (Culprit.LINE, Culprit.UNKNOWN):
            self._begin_anew()  # an open end reflects: that is said already
            return []
        if named.fault is Culprit.QUIET:
            if now.mono_s - (self._began_s or 0.0) < PATIENCE_S:
                return []
            seen = grown[EDGE].seen if EDGE in grown else 0
            named = Named(Culprit.UNKNOWN if silent and seen >= ERRORS_MIN else Culprit.QUIET, EDGE, seen)
        out = self._name_it(now, named, grown, here)
        self._begin_anew()
        return out

    def _is_away(self, now: Now, talk: Conversation) -> bool:
        return now.mono_s - talk.heard_s > SILENT_S

    def _name_it(
        self, now: Now, named: Named, grown: Mapping[int, Grown], here: Mapping[int, Conversation]
    ) -> list[Send]:
        self._lines = self._lines + 1 if named.fault is Culprit.LINE else 0
        address, errors = named.address, named.errors
        name = self._name_of(address)
        match named.fault:
            case Culprit.SENDER:
                self._say(now, BusSender(self._name, address, name, errors, grown[address].offs), named)
            case Culprit.RECEIVER:
                self._say(now, BusReceiver(self._name, address, name, errors), named)
            case Culprit.LINE:
                self._say(now, BusLine(self._name, errors), named)
                if self._lines == STEADY_WINDOWS:
                    self._tell(now, BusTerminator(self._name), about=self._name)
            case Culprit.UNKNOWN:
                return self._search_or_say(now, named, here)
            case Culprit.QUIET:
                pass
        return []

    def _say(self, now: Now, told: BusSender | BusReceiver | BusSearched | BusLine | BusUnknown, named: Named) -> None:
        self.standing = named
        self._tell(now, told, about=f"{self._name}:{named.fault}:{named.address}")

    def _begin_anew(self) -> None:
        self._began_s = None
        for node in self._nodes.values():
            node.base = node.newest

    # ---- searching

    def _search_or_say(self, now: Now, named: Named, here: Mapping[int, Conversation]) -> list[Send]:
        rate = self._round_errors() / max(WINDOW_S, now.mono_s - (self._began_s or 0.0))
        why = self._why_not(now, len(here), rate)
        if why:
            self._say(now, BusUnknown(self._name, why, named.errors), named)
            return []
        self._searched_s = now.mono_s
        self._search = Bisection(here, rate)
        return self._round(now, self._search, here)

    def _why_not(self, now: Now, nodes: int, rate: float) -> str:
        if nodes < 2:
            return "too-few"
        if now.mono_s - self._searched_s < SEARCH_EVERY_S:
            return "searched-lately"
        return "" if Bisection.affordable(nodes, rate) else "too-rare"

    def _round(self, now: Now, search: Bisection, here: Mapping[int, Conversation]) -> list[Send]:
        """The order is said twice, for this bus loses messages; what comes before it arrives is of no round."""
        self._settle_s = None
        self._round_from_s = now.mono_s + ARRIVES_S
        self._round_s = self._round_from_s + search.dwell_s
        return 2 * self._orders(search, here)

    def _orders(self, search: Bisection, here: Mapping[int, Conversation]) -> list[Send]:
        payload = link.SILENCE.encode(link.Quiet(ceil(search.dwell_s + ARRIVES_S + SPARE_S)))
        gone = (here[address] for address in search.silenced if address in here)
        return [Send(*talk.place, talk.seal.seal(Type.SILENCE, payload, 0), True) for talk in gone]

    def _go_on(self, now: Now, search: Bisection, here: Mapping[int, Conversation]) -> list[Send]:
        if self._settle_s is not None:
            are_back = all(talk.heard_s > self._round_s for talk in here.values())
            is_time = now.mono_s >= self._settle_s or are_back
            return self._round(now, search, here) if is_time else []
        if now.mono_s - self._searched_s > SEARCH_MAX_S:
            self._over(now, BusUnknown(self._name, "not-heard", self._round_errors()), Named(Culprit.UNKNOWN))
            return []
        if self._spoke(search, here):
            return self._round(now, search, here)  # it is on the bus at this moment, and hears the order again
        if now.mono_s < self._round_from_s:
            self._seen_base = self._seen
        elif now.mono_s >= self._round_s:
            self._end_round(now, search)
        return []

    def _spoke(self, search: Bisection, here: Mapping[int, Conversation]) -> bool:
        """A round in which one of the silenced speaks proves nothing: it begins anew."""
        heard = (here[one].heard_s for one in search.silenced if one in here)
        return any(heard_s > self._round_from_s - ARRIVES_S + HEARS_S for heard_s in heard)

    def _end_round(self, now: Now, search: Bisection) -> None:
        search.over(self._round_errors())
        if search.state is Search.GOES_ON:
            self._settle_s = now.mono_s + SETTLE_S
        else:
            self._conclude(now, search)

    def _round_errors(self) -> int:
        return self._seen - self._seen_base

    def _over(self, now: Now, told: BusSearched | BusUnknown, named: Named) -> None:
        self._search = None
        self._quiet_until_s = now.mono_s + SETTLE_S + SILENT_S
        self._say(now, told, named)
        self._begin_anew()

    def _conclude(self, now: Now, search: Bisection) -> None:
        if search.state is Search.FOUND:
            found = search.found
            told = BusSearched(self._name, found, self._name_of(found), rounds(len(self._names)))
            self._over(now, told, Named(Culprit.SENDER, found))
        else:
            why = "not-one" if search.state is Search.NOT_ONE else "gone"
            self._over(now, BusUnknown(self._name, why, self._round_errors()), Named(Culprit.UNKNOWN))

    # ---- the rest

    def _look_for_cut(self, now: Now, here: Mapping[int, Conversation]) -> None:
        chain = [Hanging(address, here[address].heard_s) for address in self._names if address in here]
        cut = find_cut(chain, now.mono_s)
        in_trouble = now.mono_s - self._error_s < SILENT_S
        if cut is not None and cut.behind == 0 and in_trouble:
            return  # all are away, but the bus is not: who disturbs it is the question
        if cut != self._seems_cut:
            self._seems_cut, self._seems_s = cut, now.mono_s
        if now.mono_s - self._seems_s < TOGETHER_S:
            return  # another may have spoken a moment later, and be away as well
        if cut == self._cut:
            return
        if self._cut is not None:
            whole = BusSegmentWhole(self._name, self._name_of(self._cut.before))
            self._tell(now, whole, about=self._about(self._cut))
            self._begin_anew()  # what was counted until now, the open end did
        if cut is not None:
            self._cuts += 1
            behind = self._name_of(cut.behind)
            away = len(chain) - [one.address for one in chain].index(cut.before)
            told = BusSegmentCut(self._name, behind, self._name_of(cut.before), away)
            self._tell(now, told, about=self._about(cut))
        self._cut = cut

    def _about(self, cut: SegmentCut) -> str:
        """A plug that is loose is told each time: after a cut that is over, the next is another one."""
        return f"{self._name}:{cut.before}:{self._cuts % 2}"

    def _look_for_babble(self, now: Now, junk: Mapping[int, int]) -> None:
        """By what made no sense here, and by what a terminal's own quota has held back."""
        if now.mono_s - self._babble_s < BABBLE_EVERY_S:
            return
        self._babble_s = now.mono_s
        for address in [*self._names]:
            grown = junk.get(address, 0) - self._junk_base.get(address, 0)
            self._junk_base[address] = junk.get(address, 0)
            if grown >= JUNK_MAX:
                node = self._nodes.get(address)
                held = node.throttled if node else 0
                told = BusBabbling(self._name, address, self._name_of(address), grown, held)
                self._tell(now, told, about=f"{self._name}:{address}")

    def _name_of(self, address: int) -> str:
        return self._names.get(address, str(address)) if address else "edge"


def _errors(emcy: Emcy) -> tuple[int, int, int]:
    return emcy.tec_sum, emcy.rec_sum, emcy.offs
