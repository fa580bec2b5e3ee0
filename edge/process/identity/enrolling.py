"""`edge enrol` 入网: from a code to a box that can run. Killed at any moment, it is simply said again.

Order: the key, synced; the question; all files gathered; moved into place. The same code and the same key get the same
certificate, however often they ask. What is there afterwards: DATA/boxes/BOX as provisioning would have made it.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edge.files.disk import sync_folder
from edge.process.identity import install
from edge.process.identity.asking import DoorSetting, ask, ca_pin, fetch_ca
from edge.process.identity.own import OwnKey, is_of, key_pem, new_key, open_key, request_of, spki_of
from edge.process.identity.place import NAME, Place, place_of
from shared.errors import ConfigFault, LinkFault, WireFault
from shared.keys.sealed_to import open_sealed
from shared.wire.enrol.code import Code, Ticket, prove
from shared.wire.enrol.messages import PATH_ENROL, WAIT_S, Answer, EnrolAsk, Grant, State, Why, grant_of
from shared.wire.enrol.words import words_of
from shared.words.voice import Text

KEY = "box.key"
_T = TypeVar("_T")
PATIENCE_S = 600.0
"""So long the command asks again while the door is away or nobody compares the words; then it says so."""
_REFUSED = {
    Why.CODE: Text("入网码不对", "not a code that is open"),
    Why.LOCKED: Text("此码试错太多，已作废：请要新码", "tried wrongly too often: ask for a new code"),
    Why.EXPIRED: Text("入网码已过期：请要新码", "the code has expired: ask for a new one"),
    Why.USED: Text("此码已被另一把密钥用过：请立即报告", "another key has used this code: report it, it may be stolen"),
    Why.REJECTED: Text("值守人员见到的四个词不同，已拒绝", "the person at the platform saw other words and refused"),
    Why.REVOKED: Text("此网关已吊销", "this box was revoked"),
    Why.MALFORMED: Text("平台看不懂请求：版本不符？", "the platform does not understand: another version?"),
}  # fmt: skip


class EnrolRefused(ConfigFault):
    """Happens when the platform says no; asking again the same way is useless."""


def enrol(data: Path, ticket: Ticket, say: Callable[[Text], None]) -> str:
    """The id of the box that this machine now is. EnrolRefused, LinkFault after PATIENCE_S, WireFault, OSError."""
    done = install.finish(data) or _came_by(data, ticket.code)
    if done:
        return done
    key = _own_key(data)
    door = DoorSetting(ticket.server, _patiently(lambda: fetch_ca(ticket.server, ticket.pin)), is_dated=False)
    if not ticket.pin:
        words = words_of(spki_of(key))
        say(Text(f"本机四个词：{words.zh}", f"words of this box's key: {words.en}"))
        say(Text("请值守人员核对后批准", "a person at the platform compares and approves them"))
    grant = _granted(door, ticket, key)
    _require_own(grant, key)
    place = Place(grant.broker, ticket.server, ticket.code.id)
    own = {"box.pem": grant.certificate, "box.key": key_pem(key), NAME: place.encode()}
    install.gather(data, grant.box, dict(grant.files) | own)
    return install.finish(data)


def _came_by(data: Path, code: Code) -> str:
    """The box of this machine that this very code brought in, if it has."""
    places = {file.parent.name: place_of(file.parent) for file in sorted((data / "boxes").glob(f"*/{NAME}"))}
    return next((box for box, place in places.items() if place is not None and place.code == code.id), "")


def _own_key(data: Path) -> OwnKey:
    """Of the last try that was broken off, or new and durable."""
    file = data / install.FOLDER / KEY
    if file.exists():
        return open_key(file.read_bytes())
    made = new_key()
    file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    install.replace_synced(file, key_pem(made))
    sync_folder(data)
    return made


def _granted(door: DoorSetting, ticket: Ticket, key: OwnKey) -> Grant:
    code, typed = ticket.code, not ticket.pin
    question = _question(code, ca_pin(door.ca), key, typed=typed)
    last_s = time.monotonic() + PATIENCE_S
    while True:
        answer = _patiently(lambda: ask(door, PATH_ENROL, question.encode()))
        if answer.state is State.GRANTED:
            return grant_of(open_sealed(key, code.key, answer.body))
        if answer.state is State.REFUSED:
            raise EnrolRefused(_why(answer))
        if time.monotonic() > last_s:
            raise LinkFault(Text("无人核对四个词：再运行一次即可继续", "nobody compared the words: run it again"))
        time.sleep(WAIT_S)


def _question(code: Code, pin: bytes, key: OwnKey, *, typed: bool) -> EnrolAsk:
    request = request_of(key, code.id)
    return EnrolAsk(code.id, prove(code.key, pin, request, typed=typed), typed, request)


def _why(answer: Answer) -> Text:
    return next((text for why, text in _REFUSED.items() if why == answer.why), Text("拒绝", "refused"))


def _require_own(grant: Grant, key: OwnKey) -> None:
    """The seal has shown who answered; this shows that he answered us."""
    if not is_of(grant.certificate, key) or "edge.json" not in dict(grant.files):
        raise WireFault(Text("回来的证书不是本机密钥的", "the certificate that came is not of this box's key"))


def _patiently(act: Callable[[], _T]) -> _T:
    """Again while the door is away, up to PATIENCE_S."""
    last_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return act()
        except LinkFault:
            if time.monotonic() > last_s:
                raise
        time.sleep(WAIT_S)
