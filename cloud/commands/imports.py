"""What is brought into a ledger by command: the signed inventory, and deposits 充值. Both may be repeated without harm.

Refuses an inventory that the campus key did not sign, or that is 演示 where the campus is not; deposits without a sum.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.commands.opening import wall_now
from cloud.keys.client import KeyClient
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.process.settings import CloudSettings, load_settings
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.inventory import Inventory, open_sealed
from shared.money import FEN_MAX, yuan
from shared.words.refused import why_not
from shared.words.screen import ProgressLine
from shared.words.voice import Text

LINE_MAX = 4096


@dataclass(frozen=True, slots=True)
class Wish:
    """Which deposits: one card, every card, or the lines of a file. fen and key do not go with a file.

    who: makes them; a line of a file may name another.
    """

    card: str | None
    every: bool
    file: Path | None
    fen: int | None
    key: str | None
    who: str = ""


class Deposit(NamedTuple):
    """One of them."""

    label: str
    fen: int
    key: str
    who: str


def import_campus(data: Path, dsn: str | None, keys: Path | None) -> int:
    """Take the inventory; with `keys`, judge again what waits in quarantine, for a new card may explain it."""
    settings = load_settings(data)
    inventory = read_inventory(settings)
    with closing(open_ledger(settings.dsn(dsn))) as ledger:
        with ProgressLine(sys.stderr, os.environ) as progress:
            cards = len(inventory.cards)
            progress.tell(Text(f"导入 {cards} 张卡", f"importing {cards} cards"))
            done = ledger.import_inventory(inventory, wall_now())
        told = Text(
            f"已导入：{done.cards} 张卡，{done.psams} 个 PSAM，{done.devices} 台终端，{done.boxes} 台数据网关，"
            f"期初余额 ¥{yuan(done.opening_fen)}",
            f"imported: {done.cards} cards, {done.psams} PSAMs, {done.devices} terminals, {done.boxes} boxes, "
            f"opening balances ¥{yuan(done.opening_fen)}",
        )
        sys.stdout.write(f"{told}\n")
        if keys is not None:
            _rejudge(ledger, keys)
    return 0


def deposit(data: Path, dsn: str | None, wish: Wish) -> int:
    """Post the wished deposits; the same key again is success."""
    settings = load_settings(data)
    wanted = list(_wanted(wish, read_inventory(settings)))
    with closing(open_ledger(settings.books(dsn))) as ledger, ProgressLine(sys.stderr, os.environ) as progress:
        passing = progress.through(Text("充值", "making deposits"), wanted, len(wanted))
        fresh = sum(not ledger.deposit(card, one.fen, one.key, wall_now(), one.who).again for card, one in passing)
    total = yuan(sum(one.fen for _, one in wanted))
    told = Text(
        f"已充值：{len(wanted)} 笔，¥{total}，新入账 {fresh} 笔",
        f"deposited: {len(wanted)}, ¥{total}, newly posted {fresh}",
    )
    sys.stdout.write(f"{told}\n")
    return 0


def read_inventory(settings: CloudSettings) -> Inventory:
    """The inventory of this campus; WireFault when not signed by the campus key, ConfigFault when it cannot be read."""
    try:
        raw = settings.inventory.read_bytes()
    except OSError as fault:
        raise ConfigFault(
            Text(
                f"{settings.inventory}: 无法读取：{why_not(fault).zh}",
                f"{settings.inventory}: cannot be read: {why_not(fault).en}",
            )
        ) from fault
    inventory = open_sealed(raw, Ed25519PublicKey.from_public_bytes(settings.campus_key))
    if (inventory.campus, inventory.demo) != (settings.campus, settings.demo):
        raise ConfigFault(
            Text(
                "清单属于另一校园，或演示与生产混用",
                "an inventory of another campus, or one of them is a demonstration",
            )
        )
    return inventory


def _rejudge(ledger: Ledger, keys: Path) -> None:
    with KeyClient(keys) as client, ProgressLine(sys.stderr, os.environ) as progress:
        progress.tell(Text("重新判定隔离的记录", "judging what is in quarantine again"))
        done = ledger.rejudge(client.check_tac, wall_now())
    told = Text(
        f"重新判定：{done.looked_at}，入账 {done.posted}", f"judged again: {done.looked_at}, posted {done.posted}"
    )
    sys.stdout.write(f"{told}\n")


def _wanted(wish: Wish, inventory: Inventory) -> Iterator[tuple[CardId, Deposit]]:
    cards = {row.label: row.card for row in inventory.cards}
    for one in _deposits(wish, list(cards)):
        if one.label not in cards:
            raise ConfigFault(Text(f"没有这张卡：{one.label[:40]}", f"no such card: {one.label[:40]}"))
        if not 0 < one.fen <= FEN_MAX:
            raise ConfigFault(
                Text(
                    f"金额应为 0.01 到 {yuan(FEN_MAX)} 元，不是 {yuan(one.fen)}",
                    f"a sum is 0.01 to {yuan(FEN_MAX)} yuan, not {yuan(one.fen)}",
                )
            )
        yield cards[one.label], one


def _deposits(wish: Wish, labels: list[str]) -> Iterator[Deposit]:
    if wish.file is not None:
        if wish.fen is not None or wish.key is not None:
            raise ConfigFault(Text("--file 不与 --yuan、--key 同用", "--file goes without --yuan and --key"))
        yield from _lines(wish.file, wish.who)
        return
    if wish.fen is None:
        raise ConfigFault(Text("缺少 --yuan", "--yuan is missing"))
    key = wish.key or f"command-{token_hex(8)}"
    for label in labels if wish.every else [wish.card or ""]:
        yield Deposit(label, wish.fen, f"{key}-{label}" if wish.every else key, wish.who)


def _lines(file: Path, who: str) -> Iterator[Deposit]:
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _line(line, f"{file.name}:{number}", who)
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigFault(
            Text(f"{file}: 无法读取：{type(fault).__name__}", f"{file}: cannot be read: {type(fault).__name__}")
        ) from fault


def _line(line: str, where: str, who: str) -> Deposit:
    wrong = ConfigFault(
        Text(
            f'{where}: 应为 {{"card": LABEL, "fen": N, "key": TEXT[, "who": NAME]}}',
            f'{where}: expected {{"card": LABEL, "fen": N, "key": TEXT[, "who": NAME]}}',
        )
    )
    try:
        row: Any = json.loads(line[:LINE_MAX])
    except (ValueError, RecursionError):
        raise wrong from None
    if not isinstance(row, dict) or set(row) - {"who"} != {"card", "fen", "key"}:
        raise wrong
    made = Deposit(row["card"], row["fen"], row["key"], row.get("who", who))
    if [type(field) for field in made] != [str, int, str, str]:
        raise wrong
    return made
