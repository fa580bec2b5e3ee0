"""`cloud loads`: every load 圈存 with its stage, age, evidence and what will happen; for people, or as JSON."""

import json
import sys
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.read.loads import LoadStanding
from cloud.words.both import halves
from cloud.words.loads import load_json, load_lines
from shared.money import yuan
from shared.words.voice import Text

LISTED_MAX = 1000


def loads(data: Path, dsn: str | None, last: int, *, open_only: bool, as_json: bool) -> int:
    """Half-done ones first, the oldest of them first, then the newest of the others, `last` of them for people.

    Always 0: a half-done load is work, not a fault.
    """
    with open_books(data, dsn) as reader:
        found = reader.load_standings(wall_now(), LISTED_MAX, open_only=open_only)
    if as_json:
        sys.stdout.write(json.dumps({"loads": [load_json(one) for one in found]}, ensure_ascii=False) + "\n")
        return 0
    done = [one for one in found if not one.state.is_unfinished]
    for one in [one for one in found if one.state.is_unfinished] + done[:last]:
        sys.stdout.write("\n".join(load_lines(one)) + "\n")
    if (more := len(done) - last) > 0:
        sys.stdout.write(
            str(
                Text(
                    f"另有 {more} 笔已了的未列，用 --last N\n", f"{more} more that are done are not listed: --last N\n"
                )
            )
        )
    on_the_way = [one for one in found if one.state.is_open]
    given_back = [one for one in found if one.state.is_unfinished and not one.state.is_open]
    sys.stdout.write(f"{_total(found, on_the_way, given_back)}\n")
    return 0


def _sum(loads: list[LoadStanding]) -> str:
    return yuan(sum(one.amount_fen for one in loads))


def _total(found: list[LoadStanding], on_the_way: list[LoadStanding], given_back: list[LoadStanding]) -> Text:
    zh, en = halves(Text("至少 ", "at least ") if len(found) == LISTED_MAX else None)
    ways, way_fen, backs, back_fen = len(on_the_way), _sum(on_the_way), len(given_back), _sum(given_back)
    return Text(
        f"共 {zh}{len(found)} 笔：● 未了 {ways}，¥{way_fen}；◐ 已退回、未了 {backs}，¥{back_fen}",
        f"{en}{len(found)} loads: ● open {ways}, ¥{way_fen}; ◐ given back, not done with {backs}, ¥{back_fen}",
    )
