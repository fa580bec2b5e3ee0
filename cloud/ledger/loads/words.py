"""What terminals say of a load without a proof of it: kept with its case, and never believed by itself.

A case that is not here is opened by its record, one that was refused here is opened again, and either is decided at
once when the card has shown a later counter before: it may never come online again.
"""

from collections.abc import Iterable

from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.cases import (
    SUSPENSE_STATE,
    LoadCase,
    add_case,
    case_of,
    case_of_record,
    decide,
    is_same_load,
    load_of,
)
from cloud.ledger.loads.evidence import newest_known
from cloud.ledger.loads.retry import Retry
from cloud.ledger.loads.sources import source_of
from cloud.ledger.loads.state import TerminalWord
from cloud.ledger.records.arrival import Arrival, case_key
from cloud.ledger.records.grey import State
from cloud.ledger.records.load_state import CaseState

EVIDENCE_MAX = 200
UNPROVEN_SAID = "unproven"
NOT_CREDITED_SAID = "not credited, says the terminal"
"""As they are stored; older rows have Chinese before them."""


def note_unproven(writing: Writing, loads: Iterable[tuple[Arrival, int]]) -> list[tuple[Arrival, int, State]]:
    """Loads without TAC, by their number in the books; with each the state of its suspense."""
    found = []
    for arrival, record in loads:
        case = case_of(writing.db, case_key(arrival))
        if case is None:
            add_case(writing.db, case_of_record(writing, arrival, CaseState.PENDING, record))
            case = _decided_before(writing, case_key(arrival))
        elif case.state == CaseState.REFUSED and is_same_load(case, load_of(arrival)):
            _reopen(writing, case, arrival)
            case = _decided_before(writing, case.key)
        else:
            _add_evidence(writing, case.key, f"seq {arrival.seq}: {UNPROVEN_SAID}")
        state = SUSPENSE_STATE.get(CaseState(case.state), State.OPEN) if case else State.OPEN
        found.append((arrival, record, state))
    return found


def _reopen(writing: Writing, case: LoadCase, arrival: Arrival) -> None:
    """Refused here, and there is a record of it: a ledger that was put back had granted it before."""
    _add_evidence(writing, case.key, f"seq {arrival.seq}: {UNPROVEN_SAID}")
    writing.db.run(
        "UPDATE load_case SET state = ?, source = ?, retry = ? WHERE key = ?",
        (int(CaseState.PENDING), int(source_of(load_of(arrival))), int(Retry.CLOSED), case.key),
    )


def _decided_before(writing: Writing, key: bytes) -> LoadCase | None:
    case = case_of(writing.db, key)
    known = newest_known(writing.db, case.card, case.counter) if case else None
    if case is None or known is None:
        return case
    decide(writing, case, *known)
    return case_of(writing.db, key)


def note_not_credited(writing: Writing, loads: Iterable[Arrival]) -> None:
    """The terminal says that nothing was credited. It is no proof: the case waits for the card's MAC1."""
    for arrival in loads:
        _add_evidence(writing, case_key(arrival), f"seq {arrival.seq}: {NOT_CREDITED_SAID}")


def terminal_word(evidence: str) -> TerminalWord:
    """The newest word of a terminal in a case's evidence."""
    in_doubt, no = evidence.rfind(UNPROVEN_SAID), evidence.rfind(NOT_CREDITED_SAID)
    if in_doubt == no:
        return TerminalWord.NONE  # neither was said
    return TerminalWord.UNPROVEN if in_doubt > no else TerminalWord.NOT_CREDITED


def _add_evidence(writing: Writing, key: bytes, text: str) -> None:
    """What was said about a case, newest last; beyond the bound the oldest is cut."""
    rows = writing.db.run("SELECT evidence FROM load_case WHERE key = ?", (key,))
    if rows:
        said = f"{rows[0][0]}; {text}" if rows[0][0] else text
        writing.db.run("UPDATE load_case SET evidence = ? WHERE key = ?", (said[-EVIDENCE_MAX:], key))
