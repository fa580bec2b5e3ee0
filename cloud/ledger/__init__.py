"""The ledger: one set of books over SQLite or PostgreSQL, written by one transaction per call (DESIGN 6, RECORDS).

It refuses to edit or drop what was posted, to post what no TAC or evidence proves, and to answer before the commit.
Every method is blocking; a Ledger belongs to one thread at a time, a Reader may be used from several.

Write side (`cloud.ledger.ledger`)::

    ledger = open_ledger(dsn)            # "postgresql://…", a file path, or ":memory:"; migrates when older
    ledger.id, ledger.demo, ledger.name  # LedgerId; 演示; campus name ("" before the first import)
    ledger.import_inventory(inventory, now) -> ImportReport          # InventoryRefused: a known id with other data
    ledger.deposit(card, fen, key, now) -> Deposited                 # idempotent by `key`; DepositRefused
    ledger.set_hotlisted(card, True, now)
    ledger.psam_stolen(report, now), ledger.psam_found(psam, who, reason, now) -> Reported   # idempotent; TheftRefused
    ledger.revocations -> Revocations                                # what every box should hold
    ledger.receive(batches, check_tac, now) -> list[AckBody]         # one per distinct (box, store), order of arrival
    ledger.receive_copy(box, partition, stored, check_tac, now) -> Verdict  # a load record ahead of its row
    with ledger.together(): …  # all that is asked within, in one transaction
    ledger.ack_for(box, store) -> AckBody                            # credit is CREDIT; ingest may _replace it
    ledger.hello(box, partition, hello, verify, now) -> AckBody | Recover
    ledger.assign_epoch(box, request, now) -> EpochAnswer
    ledger.load_authorise(box, request, load, mac1_ok, now) -> LoadDecision
    ledger.store_status(box, status, now_ms); ledger.store_state(box, state, now_ms)
    ledger.fact(box, fact, now_ms)                                   # of an edge; our own facts are written inside
    ledger.quarantine_message(box, partition, raw, told, now_ms)   # what is not even a message of ours
    ledger.rejudge(check_tac, now) -> Rejudged                       # call it after an import or a key fix
    ledger.awaited(now) -> Awaited                                   # cards with a half-done load, for every box
    ledger.fold()                                                    # every few seconds; balances are right without it
    ledger.find_differences(now) -> bool                             # folds, then looks at what was touched; more?
    ledger.explain_difference(number, who, reason, now) -> Difference
    ledger.close()

`check_tac(items) -> verdict bytes` is asked at most once per call, outside of the transaction; whatever it raises
(KeyFault) leaves the ledger as it was, and the caller tries again. Storage trouble is StoreFault: nothing was
committed, call again. A batch is named by (box, store, first_row): calling again is always safe.

Read side (`cloud.ledger.read.reader`): `open_reader(dsn) -> Reader`: overview(), counts(), boxes(), terminals(),
by_terminal(), facts(n), last_records(n), record(device, epoch, seq), entries(card, counter),
entries_of_record(device, epoch, seq), statement(card, n), trial_balance(), cards(), suspense(n), quarantine(n),
loads(n), thefts(), theft_views(psam), box_words(), reach(now_s). Values: `cloud.ledger.read.views`.

The card desk's doors are `cloud.ledger.desk.door`, those for what is held `cloud.ledger.held.door`: each takes an
OpenedLedger (`cloud.ledger.journal.opened`), as Ledger does.

`cloud.ledger.checks.verify.verify(ledger or reader, check_tac) -> Report(checks, ok, first_broken)`.
"""

from cloud.ledger.records.values import (
    Deposited,
    DepositRefused,
    ImportReport,
    InventoryRefused,
    LoadDecision,
    Now,
    Received,
    Rejudged,
    Verdict,
)

__all__ = [
    "DepositRefused",
    "Deposited",
    "ImportReport",
    "InventoryRefused",
    "LoadDecision",
    "Now",
    "Received",
    "Rejudged",
    "Verdict",
]
