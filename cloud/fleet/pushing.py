"""A campus file goes to terminals: resolved, compared, drafted and signed here, kept by the ledger in one transaction.

What refuses more than before is no push but a proposal to a second person. A terminal that has all of it already gets
nothing: a no-op push is a no-op. The key process signs by the order of a person, at its own socket.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from cloud.fleet.signing import DocumentSigner
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.making import Draft
from cloud.ledger.fleet.parameters.canaries import Outcome
from cloud.ledger.fleet.parameters.door import ParameterLedger, Standing
from cloud.ledger.fleet.parameters.rows import Making, Push, PushKind
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.two_persons import Decided
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import CampusFile, read_file
from cloud.parameters.differences import Change, difference_lines, eased, tighter
from cloud.parameters.floor import require_a_meal
from cloud.parameters.lowering import lowered
from cloud.parameters.resolve import Position, require_places, resolved
from shared.clocks.clock import DAY_S
from shared.errors import ConfigFault
from shared.fleet.document import DocumentKind, Head, device_scope, digest_of
from shared.fleet.parameters import ParameterBody
from shared.ids import DeviceId
from shared.keys.document_key import newest_key
from shared.words.voice import Text

_OF_TRIALS = (PushKind.TRIAL, PushKind.END)
"""Files that lowered something for some days: nobody builds on them."""


class Target(NamedTuple):
    """A terminal: what it should have now, and what the file says."""

    position: Position
    standing: Standing
    after: ParameterBody

    @property
    def is_new(self) -> bool:
        """Does anything change?"""
        return self.standing.before != self.after

    @property
    def tighter(self) -> list[Change]:
        """What would be refused from now on though it is allowed, but for a trial that ends. Of a terminal without any
        document nobody here knows what it allows: its first one is its setting up."""
        former = self.standing.former
        return [] if former is None else tighter(former, self.after)


def targets_of(ledger: ParameterLedger, file: CampusFile, devices: Collection[bytes] | None = None) -> list[Target]:
    """Of these terminals, or of all. ConfigFault where the file contradicts itself or names what there is not."""
    positions = ledger.positions()
    require_places(file, positions)
    wanted = None if devices is None else {*devices}
    chosen = [one for one in positions if wanted is None or one.device in wanted]
    standing = ledger.standing([one.device for one in chosen])
    return [Target(one, standing[one.device], resolved(file, one)) for one in chosen]


def lowered_to(
    ledger: ParameterLedger, day_fen: int, devices: Collection[bytes] | None = None
) -> tuple[CampusFile, list[Target]]:  # fmt: skip
    """The knob of limit control: no card spends more on a day at these terminals, or at all of them; nothing is lifted.
    The file, and those where it tightens. ConfigFault: nothing was pushed yet, no limit is above it, or somebody would
    have less than a meal."""
    base = next((kept for push, kept in reversed(ledger.history()) if push.kind not in _OF_TRIALS), None)
    if base is None:
        raise ConfigFault(Text("尚未下发过参数", "no parameters were pushed yet"))
    there = [one for one in ledger.positions() if devices is None or one.device in devices]
    file = lowered(read_file(base.text), there, day_fen)
    found = [one for one in targets_of(ledger, file, [one.device for one in there]) if one.tighter]
    for one in found:
        require_a_meal(file, one.position.name, one.standing.former, one.after)
    return file, found


def alike(file: CampusFile, targets: Iterable[Target]) -> dict[tuple[Text, ...], list[str]]:
    """Names of terminals by what changes there; those where nothing does are left out."""
    found: dict[tuple[Text, ...], list[str]] = {}
    for one in targets:
        if one.is_new:
            lines = tuple(difference_lines(file, one.standing.before, one.after)) or (_first(one),)
            found.setdefault(lines, []).append(one.position.name)
    return found


def _first(target: Target) -> Text:
    """A first document that says nothing but the day and its meals."""
    count = len(target.after.meals)
    return Text(f"首次下发：{count} 餐次", f"the first document: {count} meals")


class Pusher:
    """Belongs to one thread, with the ledger."""

    def __init__(self, opened: OpenedLedger, signer: DocumentSigner) -> None:
        self._parameters, self._documents = ParameterLedger(opened), DocumentLedger(opened)
        self._held = HeldLedger(opened)
        self._signer = signer

    def targets(self, file: CampusFile, devices: Collection[bytes] | None = None) -> list[Target]:
        """As `targets_of`."""
        return targets_of(self._parameters, file, devices)

    def push(
        self, file: CampusFile, kind: PushKind, who: str, targets: Sequence[Target], now: Now,
        canary: Sequence[bytes] = (), *, by_hand: bool = False,
    ) -> Push | None:  # fmt: skip
        """None: nothing changes. canary: those that get it first, and alone; by_hand: the others wait for a person.
        KeyFault, ConfigFault, WireFault."""
        first = [one for one in targets if not canary or one.position.device in canary]
        if any(one.tighter for one in first):
            raise ConfigFault(Text("收紧限额须两人", "tighter limits are for two persons"))
        for one in targets:
            require_a_meal(file, one.position.name, one.standing.former, one.after)
        made = self._made(first, now)
        if not made:
            return None
        signed = self._signed_ahead(targets, made, now, by_hand=by_hand) if kind is PushKind.CANARY else []
        devices = [one.position.device for one in targets]
        return self._parameters.push(file, kind, who, devices, made, now, signed)

    def confirm(self, number: int, who: str, now: Now) -> tuple[Decided, Push | None]:
        """The second person: of what is true now. KeyFault, ConfigFault, ProposalRefused: nothing was changed."""
        offer, kept = self._held.tighter(number)
        until_s = now.campus_s + offer.days * DAY_S
        targets = self.targets(read_file(kept.text), offer.devices)
        return self._held.confirm_tighter(number, who, self._made(targets, now, until_s), until_s, now)

    def _signed_ahead(
        self, targets: Sequence[Target], made: Sequence[Making], now: Now, *, by_hand: bool
    ) -> list[tuple[Outcome, Making]]:  # fmt: skip
        """What a canary ends in: back where it is, on at the others. What tightens there is never signed by one."""
        former = {one.position.device: one.standing.former for one in targets}
        waiting = [one for one in targets if one.position.device not in {each.device for each in made}]
        found = []
        for one in made:
            before = former[one.device]
            if before is not None:
                back = _behind(one.draft, before.encode(), now.campus_s)
                found.append((Outcome.BACK, Making(one.device, back, self._signer.sign_document(back.head))))
        if by_hand or any(one.tighter for one in waiting):
            return found
        return found + [(Outcome.ON, one) for one in self._made(waiting, now)]

    def _made(self, targets: Sequence[Target], now: Now, until_s: int = 0) -> list[Making]:
        changed = [one for one in targets if one.is_new]
        version = self._key_version() if changed else 0
        return [made for one in changed if (made := self._one(one, version, until_s, now)) is not None]

    def _one(self, target: Target, version: int, until_s: int, now: Now) -> Making | None:
        """Of a document that is overtaken meanwhile nothing is kept."""
        which = DocumentKind.PARAMETERS, device_scope(DeviceId(target.position.device))
        draft = self._documents.draft(which, target.after.encode(), version, now)
        if draft is None:
            return None
        signed, former = self._signer.sign_document(draft.head), target.standing.former
        if former is None or not target.tighter:
            return Making(target.position.device, draft, signed)
        end = _behind(draft, eased(former, target.after).encode(), until_s)
        return Making(target.position.device, draft, signed, (until_s, end, self._signer.sign_document(end.head)))

    def _key_version(self) -> int:
        key = newest_key(self._signer.document_keys(), DocumentKind.PARAMETERS)
        if key is None:
            raise ConfigFault(Text("本校没有参数的文件密钥", "this campus has no document key for parameters"))
        return key.version


def _behind(draft: Draft, body: bytes, at_s: int) -> Draft:
    """The generation that follows it, by then."""
    head = draft.head
    made = Head(head.key_version, head.kind, head.scope, head.generation + 1, at_s, len(body), digest_of(body))
    return Draft(made, body, head.generation)
