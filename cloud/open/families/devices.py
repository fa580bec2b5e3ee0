"""Terminals of the application's merchant: what they said last. What nobody has heard is null, never fine."""

from typing import Any

from cloud.ledger.read.terminals import bodies_of_merchant
from cloud.open.route import Context, Reply, Route
from cloud.wallet.line.shapes import Arguments
from shared.words.voice import Text


def devices(context: Context, _: Arguments) -> Reply:
    """By name."""
    database = context.books.ledger.database
    with database.reading():
        rows = bodies_of_merchant(database, context.app.merchant)
    return Reply({"items": [_seen(row) for row in rows]})


def _seen(row: tuple[Any, ...]) -> dict[str, Any]:
    name, kind, place, at_ms, hotlist, parameters, slots, clock_set = row
    return {
        "name": name, "kind": kind, "place": place, "said_ms": at_ms, "hotlist_version": hotlist,
        "parameter_version": parameters, "slots_left": slots,
        "clock_set": None if clock_set is None else bool(clock_set),
    }  # fmt: skip


ROUTES = (
    Route(
        "listDevices", "GET", "/v1/devices", "devices",
        Text("本商户的终端及其最近所报", "terminals of the merchant, and what they said last"), "Devices", devices,
    ),
)  # fmt: skip
