"""Docking's file: DATA/cloud/docking.db, one writer at a time, a commit is durable."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cloud.store.db import Database, open_database
from cloud.watch.docking.keeping.schema import prepare
from cloud.watch.docking.keeping.values import Kept, Moved, Ordered, Standing, State, Update, name_of, number, text
from cloud.watch.docking.rights.accounts import ACCOUNTS_MAX, Account, Speech
from cloud.watch.docking.sparkplug.docked import DEVICES_MAX
from cloud.watch.docking.sparkplug.payload import DataType
from cloud.watch.docking.sparkplug.topics import Source
from shared.errors import ConfigFault, StoreFault
from shared.words.voice import Text

FILE = "docking.db"
COMMANDS_KEPT = 10_000
LIST_MAX = 50_000
_METRIC = "source, name, datatype, number, text, unit, at_ms, is_stale"


def open_docking(folder: Path) -> "DockingStore":
    """The file in the cloud's folder; made where there is none."""
    db = open_database(str(folder / FILE))
    try:
        prepare(db)
    except StoreFault:
        db.close()
        raise
    return DockingStore(db)


class DockingStore:
    """Over a prepared file. Not thread-safe. Each method is a transaction of its own."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def close(self) -> None:
        """Let the file go."""
        self.db.close()

    def version(self) -> int:
        """Another number than before: somebody else has written in between."""
        with self.db.reading():
            found: int = self.db.run("PRAGMA data_version")[0][0]
        return found

    # ---- accounts

    def accounts(self) -> list[Account]:
        """All, by name."""
        with self.db.reading():
            return self._accounts()

    def _accounts(self) -> list[Account]:
        rows = self.db.run("SELECT name, speech, grp, node, seal FROM account ORDER BY name")
        return [Account(name, Speech(speech), *rest) for name, speech, *rest in rows]

    def add_account(self, one: Account, at_ms: int, who: str) -> None:
        """ConfigFault: there is one of that name, one at that node, or they are too many."""
        with self.db.writing():
            known = self._accounts()
            if any(one.name == other.name or one.source == other.source for other in known):
                raise ConfigFault(Text("已有此名称或此节点的账号", "there is an account of that name or node"))
            if len(known) >= ACCOUNTS_MAX:
                raise ConfigFault(Text(f"最多 {ACCOUNTS_MAX} 个账号", f"at most {ACCOUNTS_MAX} accounts"))
            row = (one.name, one.speech.value, one.group, one.node, one.seal, at_ms, who)
            self.db.insert("account", "name, speech, grp, node, seal, made_ms, who", [row])

    def remove_account(self, name: str) -> Account:
        """And what is shown of its node. ConfigFault: there is none."""
        with self.db.writing():
            found = next((one for one in self._accounts() if one.name == name), None)
            if found is None:
                raise ConfigFault(Text(f"没有此账号：{name}", f"no such account: {name}"))
            self.db.run("DELETE FROM account WHERE name = ?", (name,))
            self._forget(found.source)
        return found

    def reseal(self, name: str, seal: str) -> Account:
        """Another secret; what is shown of it stays. ConfigFault: there is none."""
        with self.db.writing():
            found = next((one for one in self._accounts() if one.name == name), None)
            if found is None:
                raise ConfigFault(Text(f"没有此账号：{name}", f"no such account: {name}"))
            self.db.run("UPDATE account SET seal = ? WHERE name = ?", (seal, name))
        return found._replace(seal=seal)

    def admitted(self) -> dict[str, tuple[int, str]]:
        """Account → when it was admitted, and by whom."""
        with self.db.reading():
            return {name: (at_ms, who) for name, at_ms, who in self.db.run("SELECT name, made_ms, who FROM account")}

    def forget(self, node: Source) -> None:
        """All that is shown of it and its devices."""
        with self.db.writing():
            self._forget(node)

    def _forget(self, node: Source) -> None:
        for (source,) in self.db.run("SELECT name FROM source WHERE grp = ? AND node = ?", (node.group, node.node)):
            self.db.run("DELETE FROM metric WHERE source = ?", (source,))
            self.db.run("DELETE FROM source WHERE name = ?", (source,))

    def own_seals(self) -> dict[str, str]:
        """Of our own users."""
        with self.db.reading():
            return dict(self.db.run("SELECT user, seal FROM own ORDER BY user"))

    def set_own_seal(self, user: str, seal: str) -> None:
        """A new secret."""
        with self.db.writing():
            self.db.upsert("own", "user, seal", "user", [(user, seal)])

    # ---- who docked

    def keep(self, updates: Iterable[Update], refused: dict[str, int], moved: Iterable[Moved], now_ms: int) -> None:
        """What is new: of sources, of what was refused, of commands."""
        with self.db.writing():
            for one in updates:
                self._keep(one)
            for why, count in refused.items():
                self.db.run(
                    "INSERT INTO refused (why, count, last_ms) VALUES (?, ?, ?) ON CONFLICT (why) DO UPDATE SET "
                    "count = count + excluded.count, last_ms = excluded.last_ms",
                    (why, count, now_ms),
                )
            for number_of, state, told in moved:
                self.db.run(
                    "UPDATE command SET state = ?, told = ?, done_ms = ? WHERE id = ?",
                    (state.value, told, now_ms, number_of),
                )

    def _keep(self, one: Update) -> None:
        source, is_online, since_ms = one.standing
        name = name_of(source)
        row = (name, *source, int(is_online), since_ms)
        known = self.db.run("SELECT is_online FROM source WHERE name = ?", (name,))
        if not known or bool(known[0][0]) is not is_online or one.is_whole:
            self.db.upsert("source", "name, grp, node, device, is_online, since_ms", "name", [row])
        if one.is_whole:
            self.db.run("DELETE FROM metric WHERE source = ?", (name,))
            self._let_go(source)
        elif one.is_stale:
            self.db.run("UPDATE metric SET is_stale = 1 WHERE source = ?", (name,))
        rows = [
            (
                name,
                metric,
                int(shown.datatype),
                number(shown),
                text(shown),
                shown.unit,
                shown.at_ms,
                int(shown.is_stale),
            )
            for metric, shown in one.metrics.items()
        ]
        self.db.upsert("metric", _METRIC, "source, name", rows)

    def _let_go(self, source: Source) -> None:
        """Of a node that has had more devices than a host keeps, those that went away first."""
        rows = self.db.run(
            "SELECT name FROM source WHERE grp = ? AND node = ? AND is_online = 0 AND device <> '' "
            "ORDER BY since_ms DESC LIMIT -1 OFFSET ?",
            (source.group, source.node, DEVICES_MAX),
        )
        for (name,) in rows:
            self.db.run("DELETE FROM metric WHERE source = ?", (name,))
            self.db.run("DELETE FROM source WHERE name = ?", (name,))

    def all_away(self, now_ms: int) -> list[Source]:
        """At the start nobody is known to be there, and every value is of before: the nodes that were known."""
        with self.db.writing():
            self.db.run("UPDATE source SET since_ms = ? WHERE is_online = 1", (now_ms,))
            self.db.run("UPDATE source SET is_online = 0")
            self.db.run("UPDATE metric SET is_stale = 1")
            rows = self.db.run("SELECT grp, node FROM source WHERE device = '' ORDER BY name LIMIT ?", (LIST_MAX,))
        return [Source(*row) for row in rows]

    def standings(self) -> list[Standing]:
        """All sources, by name."""
        with self.db.reading():
            rows = self.db.run(
                "SELECT grp, node, device, is_online, since_ms FROM source ORDER BY name LIMIT ?", (LIST_MAX,)
            )
        return [Standing(Source(*row[:3]), bool(row[3]), row[4]) for row in rows]

    def metrics(self, source: str = "") -> list[Kept]:
        """Of one source, or of all, by name."""
        where, arguments = ("WHERE source = ?", (source,)) if source else ("", ())
        sql = f"SELECT {_METRIC} FROM metric {where} ORDER BY source, name LIMIT ?"  # noqa: S608  # our own names
        with self.db.reading():
            rows = self.db.run(sql, (*arguments, LIST_MAX))
        return [_kept(*row) for row in rows]

    def refused(self) -> list[tuple[str, int, int]]:
        """Why, how often, when last."""
        with self.db.reading():
            return [tuple(row) for row in self.db.run("SELECT why, count, last_ms FROM refused ORDER BY why")]

    # ---- commands

    def order(self, at_ms: int, who: str, source: str, metric: str, value: str) -> int:
        """A command that is to be sent; its number."""
        with self.db.writing():
            last = self.db.run("SELECT MAX(id) FROM command")[0][0] or 0
            row = (last + 1, at_ms, who, source, metric, value, State.WAITING.value, "", 0)
            self.db.insert("command", "id, at_ms, who, source, metric, value, state, told, done_ms", [row])
            self.db.run("DELETE FROM command WHERE id <= ?", (last + 1 - COMMANDS_KEPT,))
        return int(last) + 1

    def orders(self, *states: State, most: int = 100) -> list[Ordered]:
        """The newest of these states, or of all, the oldest of them first."""
        marks = ", ".join("?" * len(states))
        where = f"WHERE state IN ({marks})" if states else ""
        sql = (
            "SELECT id, at_ms, who, source, metric, value, state, told, done_ms FROM command "  # noqa: S608  # marks
            f"{where} ORDER BY id DESC LIMIT ?"
        )
        with self.db.reading():
            rows = self.db.run(sql, (*(one.value for one in states), most))
        return [_ordered(*row) for row in reversed(rows)]

    def ordered(self, number: int) -> Ordered | None:
        """That one."""
        with self.db.reading():
            rows = self.db.run(
                "SELECT id, at_ms, who, source, metric, value, state, told, done_ms FROM command WHERE id = ?",
                (number,),
            )
        return _ordered(*rows[0]) if rows else None

    # ---- marks

    def mark(self, name: str) -> int | None:
        """A number that is kept."""
        with self.db.reading():
            rows = self.db.run("SELECT value FROM mark WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def set_mark(self, name: str, value: int) -> None:
        """Durable when it returns."""
        with self.db.writing():
            self.db.upsert("mark", "name, value", "name", [(name, value)])


def _kept(source: str, name: str, datatype: int, number: float | None, *rest: Any) -> Kept:  # noqa: ANN401  # a row
    text, unit, at_ms, is_stale = rest
    return Kept(source, name, DataType(datatype), number, text, unit, at_ms, bool(is_stale))


def _ordered(number: int, at_ms: int, who: str, *rest: Any) -> Ordered:  # noqa: ANN401  # a row
    source, metric, value, state, told, done_ms = rest
    return Ordered(number, at_ms, who, source, metric, value, State(state), told, done_ms)
