"""Codes that are none, of an application on a campus day: counted. Inside of a transaction."""

from cloud.store.db import Database


def guesses_on(store: Database, app: str, day: int) -> int:
    """So many."""
    rows = store.run("SELECT guesses FROM guess WHERE app = ? AND day = ?", (app, day))
    return int(rows[0][0]) if rows else 0


def note_guess(store: Database, app: str, day: int) -> int:
    """One more; how many it is now. Those of days before are of no use any more."""
    store.run("DELETE FROM guess WHERE day < ?", (day,))
    now = guesses_on(store, app, day) + 1
    store.upsert("guess", "app, day, guesses", "app, day", [(app, day, now)])
    return now
