"""`cloud box`: asks the signer, and says what it answers. A revocation is told done when the broker was proved to have
it and the box's session is gone, and not before: at REVOKED_S the exit code is 1, and the signer goes on by itself.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cloud.fleet.beside import signer_socket
from cloud.keys.signer import SignerClient
from cloud.process.qr import qr_svg, qr_text_lines
from cloud.words.fleet.boxes import HINDERS, row_line, step_text
from shared.errors import ConfigFault
from shared.wire.enrol.code import parse_ticket
from shared.wire.enrol.office import Row, Standing
from shared.wire.enrol.words import words_of
from shared.words.voice import Text

REVOKED_S = 20.0
POLL_S = 0.2
WARN_DAYS = 60


@dataclass(frozen=True, slots=True)
class At:
    """Which campus, and where its signer is."""

    data: Path
    signer: Path | None
    as_json: bool

    def asking(self) -> SignerClient:
        """The signer. ConfigFault when none runs."""
        return SignerClient(signer_socket(self.data, self.signer))


class Wish(NamedTuple):
    """Of a code: hours to live, whether words are compared in any case, a file for the picture."""

    hours: int
    compare: bool
    picture: Path | None


def listing(at: At) -> int:
    """Every box of the campus. Always 0."""
    with at.asking() as signer:
        rows = signer.rows()
    if at.as_json:
        _json([_row_json(row) for row in rows])
        return 0
    _say(*(row_line(row, int(time.time())) for row in rows))
    return 0


def add(at: At, box: str, wish: Wish, who: str) -> int:
    """A code, shown once."""
    with at.asking() as signer:
        code, expires_s, qr = signer.add(box, wish.hours, who, approve=wish.compare)
    if wish.picture is not None:
        wish.picture.write_text(qr_svg(qr), encoding="utf-8")
    ticket = parse_ticket(qr)
    if at.as_json:
        _json({"box": box, "code": code, "expires": expires_s, "qr": qr, "server": ticket.server})
        return 0
    _say(
        Text(f"{box} 的入网码：{code}（{wish.hours} 小时，一次）", f"code of {box}: {code} ({wish.hours} h, once)"),
        Text(f"扫码，在网关上运行：openykt edge enrol '{qr}'", f"at the box, from the QR: openykt edge enrol '{qr}'"),
        Text(f"或手输：openykt edge enrol {code} --server {ticket.server}",
             f"or typed: openykt edge enrol {code} --server {ticket.server}"),
    )  # fmt: skip
    sys.stdout.write(qr_text_lines(qr))
    return 0


def compared(at: At, box: str, who: str, said: str, *, same: bool) -> int:
    """A person has heard these words from the box. ConfigFault when no key of this box waits, or its words are others:
    then nothing is approved."""
    with at.asking() as signer:
        row = _row(signer, box)
        if row.step != "waiting":
            raise ConfigFault(Text(f"{box}: 没有待核对的", f"{box}: nothing waits to be compared"))
        words = words_of(row.key)
        if same and said.split() not in (words.zh.split(), words.en.lower().split()):
            raise ConfigFault(Text("四个词不同：不可批准", "these are other words: not approved"))
        signer.compared(box, row.key, who, same=same)
    told = Text("已批准", "approved") if same else Text("已拒绝", "refused")
    if at.as_json:
        _json({"box": box, "words": words.en, "same": same})
    else:
        _say(Text(f"{box} {words.zh}：{told.zh}", f"{box} {words.en}: {told.en}"))
    return 0


def cancel(at: At, box: str, who: str) -> int:
    """Its code is worth nothing any more."""
    with at.asking() as signer:
        signer.cancel(box, who)
    return _done(at, box, Text("入网码已作废", "its code is worth nothing now"))


def revoke(at: At, box: str, reason: str, who: str) -> int:
    """0: proved and cut; 1: on the list, and not proved in REVOKED_S."""
    with at.asking() as signer:
        number = signer.revoke(box, reason, who)
        last_s = time.monotonic() + REVOKED_S
        while not (is_done := _is_done(signer, box, number)) and time.monotonic() < last_s:
            time.sleep(POLL_S)
        standing = signer.standing()
    if at.as_json:
        _json({"box": box, "list": number, "done": is_done, "hinders": standing.hinders})
    elif is_done:
        _say(Text(f"{box}：已吊销，消息代理已拒绝，会话已断开（第 {number} 号列表）",
                  f"{box}: revoked, refused by the broker, its session cut (list {number})"))  # fmt: skip
    else:
        why = HINDERS.get(standing.hinders, Text("尚未证实", "not proved yet"))
        _say(Text(f"{box}：已写入第 {number} 号列表，但{why.zh}；签发进程会继续",
                  f"{box}: on list {number}, but {why.en}; the signer goes on"))  # fmt: skip
    return 0 if is_done else 1


def _is_done(signer: SignerClient, box: str, number: int) -> bool:
    return signer.standing().proved >= number and not _row(signer, box).owed


def status(at: At) -> int:
    """1: the list is not proved at the broker, or ends soon, or a code was stolen."""
    with at.asking() as signer:
        standing = signer.standing()
    is_well = standing.proved == standing.number and standing.days > WARN_DAYS and not standing.stolen
    if at.as_json:
        _json({**standing._asdict(), "ok": is_well})
    else:
        _say(*_standing_lines(standing))
    return 0 if is_well else 1


def _standing_lines(standing: Standing) -> list[Text]:
    proved = standing.proved == standing.number
    why = HINDERS.get(standing.hinders, Text("尚未证实", "not proved yet"))
    said = Text("消息代理已证实拒绝", "the broker was proved to refuse them") if proved else why
    lines = [
        Text(f"第 {standing.number} 号吊销列表：{said.zh}；余 {standing.days} 天",
             f"revocation list {standing.number}: {said.en}; {standing.days} days left"),
    ]  # fmt: skip
    if standing.wrong or standing.stolen:
        lines.append(
            Text(f"试错的入网码 {standing.wrong} 次；对的码、另一把密钥 {standing.stolen} 次",
                 f"wrong codes: {standing.wrong}; the right code by another key: {standing.stolen}")
        )  # fmt: skip
    return lines


def _row(signer: SignerClient, box: str) -> Row:
    found = [row for row in signer.rows() if row.box == box]
    if not found:
        raise ConfigFault(Text(f"没有此数据网关：{box[:60]}", f"no such box: {box[:60]}"))
    return found[0]


def _row_json(row: Row) -> dict[str, object]:
    words = words_of(row.key).en if row.step == "waiting" else ""
    return {**row._asdict(), "key": row.key.hex(), "words": words, "said": step_text(row).en}


def _done(at: At, box: str, told: Text) -> int:
    if at.as_json:
        _json({"box": box, "done": True})
    else:
        _say(Text(f"{box}：{told.zh}", f"{box}: {told.en}"))
    return 0


def _json(told: object) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _say(*lines: Text) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
