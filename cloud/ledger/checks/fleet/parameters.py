"""Parameters against what persons said: each document by a push, no limit tightened but by two, and each end as signed.

Works out again, terminal by terminal and generation by generation, what a push was compared with when it was made.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping

from cloud.ledger.checks.check import Check
from cloud.ledger.fleet.documents.rows import body_of, generation_of
from cloud.ledger.fleet.parameters.rows import Push, PushKind, file_of, pushes
from cloud.ledger.held import two_persons
from cloud.ledger.held.tightening import read_offer
from cloud.ledger.held.two_persons import Outcome, ProposalKind
from cloud.parameters.differences import eased, tighter
from cloud.store.db import Database
from shared.errors import StoreFault, WireFault
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.parameters import ParameterBody, decode_parameters
from shared.ids import DeviceId

NAME = "parameters"
TIGHTER = "refuses more, and two persons did not say so"
PARAMETERS = DocumentKind.PARAMETERS
Made = Mapping[tuple[bytes, int], Push]
"""(device, generation) → the push that made it."""


def check_parameters(db: Database) -> Check:
    """Every push, and every document of a terminal's parameters."""
    found = pushes(db)
    made: Made = {(device, generation): push for push in found for device, generation in push.made.items()}
    faults = (fault for part in (_files(db, found), _words(db, found), _documents(db, made)) for fault in part)
    broken = next(faults, "") or next(_limits(db, made), "")
    return Check(NAME, len(made), broken)


def _files(db: Database, found: list[Push]) -> Iterator[str]:
    for number in sorted({push.file for push in found}):
        try:
            file = file_of(db, number)
        except StoreFault as fault:
            yield str(fault)
            continue
        if hashlib.sha256(file.text.encode()).digest() != file.digest:
            yield f"file {number}: another text than was pushed"


def _words(db: Database, found: list[Push]) -> Iterator[str]:
    """What two persons confirmed was pushed, and nothing else in their name."""
    confirmed = {
        one.number: read_offer(one.document)
        for one in two_persons.proposals(db)
        if one.kind is ProposalKind.TIGHTER and one.decision and one.decision.outcome is Outcome.CONFIRMED
    }
    trials = {push.proposal: push for push in found if push.kind is PushKind.TRIAL}
    for number in sorted(confirmed.keys() - trials.keys()):
        yield f"proposal {number}: confirmed, and nothing was pushed"
    for proposal, push in trials.items():
        offer = confirmed.get(proposal or 0)
        if offer is None or offer.file != push.file or not push.made.keys() <= {*offer.devices}:
            yield f"push {push.number}: not what two persons confirmed"


def _documents(db: Database, made: Made) -> Iterator[str]:
    rows = db.run("SELECT scope, generation FROM document WHERE kind = ? ORDER BY id", (int(PARAMETERS),))
    there = {(bytes(scope)[1:], generation) for scope, generation in rows}
    for device, generation in sorted(there - made.keys()):
        yield f"terminal {device.hex()}: generation {generation} was made by no push"
    for device, generation in sorted(made.keys() - there):
        yield f"terminal {device.hex()}: generation {generation} was pushed and is not here"


def _limits(db: Database, made: Made) -> Iterator[str]:
    """former: what counts, but for a trial; earlier: what did before it."""
    by_device: defaultdict[bytes, list[int]] = defaultdict(list)
    for device, generation in sorted(made):
        by_device[device].append(generation)
    for device, generations in by_device.items():
        former: ParameterBody | None = None
        earlier: ParameterBody | None = None
        for generation in generations:
            body, push = _body(db, device, generation), made[device, generation]
            if body is None:
                yield f"terminal {device.hex()}: generation {generation} cannot be read"
                break
            what = _fault(push.kind, earlier if push.kind is PushKind.BACK else former, body)
            if what:
                yield f"terminal {device.hex()}: generation {generation} {what}"
            earlier = former
            former = eased(former, body) if push.kind is PushKind.TRIAL and former is not None else body


def _fault(kind: PushKind, former: ParameterBody | None, body: ParameterBody) -> str:
    if kind in (PushKind.END, PushKind.BACK):
        return "" if body == former else "does not bring back what was before"
    is_open = kind is PushKind.TRIAL
    return "" if former is None or is_open or not tighter(former, body) else TIGHTER


def _body(db: Database, device: bytes, generation: int) -> ParameterBody | None:
    document = generation_of(db, PARAMETERS, device_scope(DeviceId(device)), generation)
    try:
        return None if document is None else decode_parameters(body_of(db, document))
    except (WireFault, StoreFault):
        return None
