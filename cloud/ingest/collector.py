"""Python's cycle collector in the ingest process: a batch's values form no cycles and go when nobody holds them.

Without this the collector walks the batch at hand every 2,000 values, and the whole registry now and then: 8 % of the
CPU of a record (`./ykt bench ledger`), and a pause that grows with the campus.
"""

import gc

COLLECT_EVERY = 100_000
"""New values between two looks for cycles; the largest transaction (4,000 records) makes about as many."""


def spare_what_stands() -> None:
    """To be called once the ledger is open: what is in memory now stays out of every later look."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
