"""A connection to PostgreSQL as the ledger wants it: what is sent arrives whole, and no wait is without an end.

psycopg's pipeline stops sending when the socket is full, and then waits for the answer to a statement of which the
server has half: both would wait for ever (seen with a statement of a megabyte). So whatever it waits for, what is not
sent yet is sent meanwhile. A connection that was given up is closed: what it was asked is not done, or in doubt.
"""

import select
import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.pq import Format
from psycopg.waiting import Ready, Wait

from cloud.store.pg_arrays import FORMS, Packed

CONNECT_S = 5
LAST_WORDS = 4
"""Reads of what an idle server has said: why it ends, and the end."""
LOOK_S = 0.1
"""How often it is looked whether a wait is over its bound."""
_READ, _BOTH, _WRITE = int(Wait.R), int(Wait.RW), int(Ready.W)

_T = TypeVar("_T")
Waiting = Generator[Any, Any, _T]
"""What psycopg makes of each call: it yields what it waits for, and is sent what is ready."""


class Session(psycopg.Connection[tuple[Any, ...]]):
    """answer_s: longest wait; then OperationalError, and the connection is closed."""

    answer_s = float("inf")

    def is_gone(self) -> bool:
        """Has the server ended it, while nothing was asked? What it has said is read, and no longer waited for."""
        look = select.poll()
        for _ in range(LAST_WORDS):
            if self.closed:
                return True
            look.register(self.fileno(), select.POLLIN)
            if not look.poll(0):
                return False
            try:
                self.pgconn.consume_input()
            except psycopg.OperationalError:
                self.close()
        return self.closed

    def wait(self, gen: Waiting[_T], interval: float = LOOK_S, timeout: float | None = None) -> _T:
        """Psycopg's own, each of whose waits now has an end. timeout: of the whole, where psycopg has that."""
        tended = self._tended(gen)
        return super().wait(tended, interval) if timeout is None else super().wait(tended, interval, timeout)

    def _tended(self, gen: Waiting[_T]) -> Waiting[_T]:
        """The same, that also sends while it waits to read, and ends when nothing is ready for too long."""
        flush, send, silent_s = self.pgconn.flush, gen.send, 0.0
        try:
            wanted = next(gen)
            while True:
                sending = wanted == _READ and flush()
                ready = yield _BOTH if sending else wanted
                if not ready:
                    silent_s = silent_s or time.monotonic()
                    self._look(silent_s)
                    continue
                silent_s = 0.0
                if not sending or ready != _WRITE:
                    wanted = send(ready)
        except StopIteration as done:
            result: _T = done.value
            return result

    def _look(self, silent_s: float) -> None:
        if time.monotonic() - silent_s >= self.answer_s:
            self.close()
            raise psycopg.OperationalError(f"no answer for {self.answer_s:g} s, connection given up")


def connect(dsn: str, *, autocommit: bool, lock_s: float, answer_s: float) -> Session:
    """A new connection, in CONNECT_S or psycopg's error. lock_s, answer_s: longest waits for a lock, and at all.

    The server gives up, too: a statement whose asker is gone keeps no lock.
    """
    found = Session.connect(dsn, autocommit=autocommit, connect_timeout=CONNECT_S)
    found.answer_s = answer_s
    for name, bound_s in (("lock_timeout", lock_s), ("statement_timeout", answer_s)):
        found.execute(f"SET {name} = {round(bound_s * 1000)}".encode())
    _teach_arrays(found)
    return found


def _teach_arrays(connection: Session) -> None:
    """Let a Packed travel as it is, under its own type."""
    for form in FORMS.values():
        connection.adapters.register_dumper(form, type("FormDumper", (_PackedDumper,), {"oid": form.oid}))


class _PackedDumper(psycopg.adapt.Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> bytes:
        return obj
