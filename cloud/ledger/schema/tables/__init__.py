"""The tables of the ledger, in the one place that says so. Money is integer fen; times are ms or campus seconds.

A table stands in the room that is named as the folder of the ledger that writes it: `funds/orders.py` has the tables of
`cloud/ledger/funds/orders/`. Money tables (record, posting, batch) are append-only: triggers of the migration refuse
UPDATE and DELETE. What may change stands elsewhere: marks, open cases, states. Imported by migrations and tests only,
never when selling.
"""

from cloud.ledger.schema.columns import metadata
from cloud.ledger.schema.tables import books, cards, desk, findings, held, journal, loads, receive
from cloud.ledger.schema.tables.fleet import devices, documents, jobs, parameters, rollouts
from cloud.ledger.schema.tables.funds import deposits, meals, offline, orders, payments

ROOMS = (
    books, cards, deposits, desk, devices, documents, findings, held, jobs, journal, loads, meals, offline, orders,
    parameters, payments, receive, rollouts,
)  # fmt: skip
"""Each is imported here, so that `metadata` knows of every table."""

__all__ = ["ROOMS", "metadata"]
