"""非法终端: each of the six cases on real processes, and a stolen PSAM: refused, its own alarm, told; nobody else
notices."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from compose.campus.lines import write_lines
from edge.link.messages import AUTH, CHALLENGE, HELLO, REFUSE, Auth, AuthEpoch, Hello, Refusal, Type
from edge.link.seal import Direction, Session, session_key
from edge.link.tcp.framing import FrameDecoder, encode
from shared.clocks.campus_clock import WALL
from shared.ids import DeviceId, StorageId
from shared.records import decode, parse_stored
from shared.records import encode as encode_record
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.alarmed import Alarmed, source
from tests.scenes.campus import Campus
from tests.scenes.plans import in_plain, run
from tests.scenes.relay import Hears, Relay
from tests.scenes.scene import CHINA, Scene, Stage
from tests.scenes.stranger import R_TERM, Caller
from tests.scenes.test_bad_input import UNKNOWN, device_of

pytestmark = pytest.mark.process
WRONG, REPLAYED, COPIED = "pos-1", "pos-2", "pos-3"
REPLAYS = 40
OWN_CARD = "0018"
"""Who comes to the one that is copied; nobody else has this card."""
_BOTH = 2
COPY = "copy"
UNSEALED = frozenset({Type.HELLO, Type.AUTH, Type.HEARTBEAT})
"""Without a MAC and a counter: said again, they are nothing that could be refused."""


class Replayer(Relay):
    """A line on which somebody says a terminal's next message again and again, once he is told to."""

    def __init__(self, port: int) -> None:
        super().__init__(port, self._watch)
        self.strikes = False

    def _watch(self) -> tuple[Hears, Hears]:
        up = FrameDecoder()

        def goes_up(data: bytes) -> bytes | None:
            sealed = [message for message in up.feed(data) if message[0] not in UNSEALED]
            if not (self.strikes and sealed):
                return None
            self.strikes = False
            return data + encode(sealed[-1]) * REPLAYS

        return goes_up, lambda _: None


class Case:
    """A campus that sells, and who does not belong to it."""

    def __init__(self, campus: Campus, alarmed: Alarmed, stage: Stage) -> None:
        self.campus, self.alarmed, self.stage = campus, alarmed, stage

    def of(self, rule: str, name: str) -> tuple[str, str]:
        """This rule's alarm of a terminal of ours."""
        return rule, source(device_of(self.campus, name))

    async def until_others_sell(self, *apart: str) -> None:
        """Nobody else has noticed: no further join, and they sell on."""
        names = [name for name in self.campus.bodies if name not in apart]
        joins = {name: self.campus.status(name)["joins"] for name in names}
        await self.campus.until_shown(3, *names)
        assert {name: self.campus.status(name)["joins"] for name in names} == joins, "somebody was disturbed"


async def _unknown(case: Case) -> None:
    with _step(case, Text("没有登记的终端", "a terminal that nobody registered")) as seen:
        async with Caller(case.campus) as caller:
            answer = await caller.hello(UNKNOWN)
            assert answer is not None
            assert REFUSE.decode(answer).reason is Refusal.UNKNOWN_DEVICE
        seen.seen = await case.alarmed.comes(("unknown-terminal", source(UNKNOWN)))


async def _wrong_key(case: Case) -> None:
    known = device_of(case.campus, WRONG)
    with _step(case, Text("冒用登记的终端号，密钥不对", "a number of ours with a wrong key")) as seen:
        async with Caller(case.campus) as caller:
            challenge = await caller.challenge(known)
            seal = Session(session_key(bytes(16), challenge.r_edge, R_TERM, known), known, Direction.UP)
            caller.say(seal.seal(Type.AUTH, AUTH.encode(Auth(()))))
            answer = await caller.hears()
            assert answer is not None
            assert REFUSE.decode(answer).reason is Refusal.WRONG_KEY
        seen.seen = await case.alarmed.comes(case.of("wrong-key", WRONG))


async def _unauthenticated(case: Case) -> None:
    with _step(case, Text("不认证就送记录", "records without a proof of who it is")) as seen:
        async with Caller(case.campus) as caller:
            before = case.campus.posted()
            caller.say(bytes((Type.RECORD, 0x10)) + bytes(67))
            answer = await caller.hears()
            assert answer is not None
            assert REFUSE.decode(answer).reason is Refusal.BUSY
        seen.seen = await case.alarmed.comes(("unauthenticated", "box:canteen"))
        assert case.campus.posted() >= before


async def _replayed(case: Case, line: Replayer) -> None:
    with _step(case, Text("重放真终端的报文", "messages of a genuine terminal, said again")) as seen:
        line.strikes = True
        seen.seen = await case.alarmed.comes(case.of("mac-failures", REPLAYED))
        await case.campus.until_shown(2, f"t-{REPLAYED}")


async def _copied(case: Case) -> None:
    """The genuine one is there, and idle for a while; the copy has its key, its memory and its PSAM."""
    campus = case.campus
    with _step(case, Text("整机被复制，两台同时在线", "a whole body is copied, and both are live")) as seen:
        await campus.stop(f"t-{COPIED}")
        await asyncio.to_thread(_copy, campus)
        await campus.start(f"t-{COPIED}")
        await campus.until_status("it has joined", f"t-{COPIED}", lambda said: said["joins"])
        await campus.start(COPY)
        seen.seen = await case.alarmed.comes(case.of("live-twice", COPIED))
        assert not campus.status(COPY).get("joins"), "it was let in"
        await campus.stop(COPY)


async def _forked(case: Case) -> None:
    """The genuine one has sold, and is off; whoever has its key says another record under the same number."""
    campus = case.campus
    device, body = device_of(campus, COPIED), f"t-{COPIED}"
    with _step(case, Text("同号另造一笔记录", "another record under a number that is taken")) as seen:
        await campus.stop(body)
        _comes(campus, body, OWN_CARD)
        await campus.start(body)
        await campus.until_status("it has sold and handed over", body, lambda said: said["taps"] and said["drained"])
        await campus.stop(body)
        before = campus.asked("SELECT count(*) FROM posting")
        await _says_another(campus, device)
        maybe = frozenset((rule, source(device)) for rule in ("card-counter", "quarantine"))
        seen.seen = await case.alarmed.comes(case.of("record-fork", COPIED), maybe=maybe)
        kept = "SELECT verdict FROM record WHERE substr(stored, 1, 6) = ?"
        await campus.until("both are kept", lambda: len(campus.asked(kept, bytes(device))) == _BOTH)
        verdicts = [row[0] for row in campus.asked(kept, bytes(device))]
        assert len(set(verdicts)) == _BOTH, f"both were taken alike: {verdicts}"
        assert campus.asked("SELECT count(*) FROM posting") >= before


async def _says_another(campus: Campus, device: DeviceId) -> None:
    """As the genuine one, with its own key: its first record once more, with another operator in it."""
    (stored, storage), *_ = campus.asked(
        "SELECT r.stored, e.storage FROM record r JOIN epoch e ON e.device = substr(r.stored, 1, 6) "
        "WHERE e.device = ? ORDER BY r.id", bytes(device),
    )  # fmt: skip
    told = parse_stored(stored)
    record = decode(told.wire)
    hello = Hello(device, StorageId(storage), told.psam, 1, 1, 1, R_TERM)
    settings = campus.data / "terminals" / COPIED / "terminal.json"
    key = bytes.fromhex(json.loads(settings.read_text())["key"])  # a small file
    async with Caller(campus) as caller:
        caller.say(HELLO.encode(hello))
        answer = await caller.hears()
        assert answer is not None
        seal = Session(session_key(key, CHALLENGE.decode(answer).r_edge, R_TERM, device), device, Direction.UP)
        epochs = (AuthEpoch(told.epoch, told.psam, record.seq, record.seq),)
        caller.say(seal.seal(Type.AUTH, AUTH.encode(Auth(epochs))))
        assert await caller.hears() is not None
        forged = encode_record(record._replace(operator=record.operator ^ 1))
        caller.say(seal.seal(Type.RECORD, forged, 0))
        await campus.until_told("record-fork")


async def _stolen(case: Case) -> None:
    campus, thief = case.campus, WRONG
    device = device_of(campus, thief)
    with _step(case, Text("PSAM 报失", "a PSAM is reported stolen")) as seen:
        psam = campus.asked("SELECT psam FROM psam WHERE device = ?", bytes(device))[0][0]
        since = datetime.now(tz=CHINA).strftime("%Y-%m-%dT%H:%M")
        words = "--psam", psam.hex(), "--who", "王五", "--reason", "窗口被撬", "--since", since, "--wait", "100"
        done = await asyncio.to_thread(run, "compose.commands.psam_stolen", "--data", campus.room, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        await campus.until_status("it sells no more", f"t-{thief}", lambda said: said["why"] == "revoked")
        there = case.of("stolen", thief)
        maybe = frozenset({("held", source(device)), ("held", "campus")})
        seen.seen = await case.alarmed.comes(("theft", source(device)), there, maybe=maybe)


def _step(case: Case, what: Text):  # type: ignore[no-untyped-def]  # as Stage.step
    return case.stage.step(what, Text("被拒，恰有它的报警", "refused, and exactly its alarm"))


def _copy(campus: Campus) -> None:
    """A thief's own folder: the body copied bit by bit; cards are held to it as to any other."""
    thief = campus.room / "thief"
    thief.mkdir()
    for one in campus.data.iterdir():
        if one.name != "terminals":
            (thief / one.name).symlink_to(one)
    shutil.copytree(campus.data / "terminals" / COPIED, thief / "terminals" / COPIED)
    old = campus.parts[f"t-{COPIED}"]
    words = {str(campus.data): str(thief), str(_script(campus, f"t-{COPIED}")): str(_script(campus, COPY))}
    argv = [words.get(word, word) for word in old.argv]
    _script(campus, COPY).write_text("", encoding="utf-8")
    campus.parts[COPY] = replace(old, name=COPY, argv=tuple(argv))


def _script(campus: Campus, name: str) -> Path:
    return campus.room / f"{name}.jsonl"


def _comes(campus: Campus, name: str, card: str) -> None:
    """One customer, as soon as the body is up."""
    write_lines(_script(campus, name), [{"card": card, "amount_fen": 500, "at": WALL.at(time.time()) + 2}])


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(in_plain(stage.room(plans.on_tcp)), seed=76, watched=True))
        (port,) = campus.where.ports.values()
        replayer = await stack.enter_async_context(Replayer(port))
        campus.reach(f"t-{REPLAYED}", port, replayer.port)
        campus.plays(f"t-{COPIED}", [])
        for name in (WRONG, REPLAYED):
            cards = [card.label for card in campus.plan.cards[:17]]
            campus.plays(f"t-{name}", _people(cards[:8] if name == WRONG else cards[8:16]))
        alarmed = Alarmed(campus)
        alarmed.know_somebody()
        await campus.open("t-load-1")
        case = Case(campus, alarmed, stage)
        await campus.until("all may sell", lambda: all(campus.status(f"t-{n}").get("epoch") for n in _TILLS))
        await campus.until_shown(3)
        for play in (_unknown, _wrong_key, _unauthenticated):
            await play(case)
            await case.until_others_sell("t-load-1", f"t-{COPIED}")
        await _replayed(case, replayer)
        await _copied(case)
        await _forked(case)
        if stage.whole:
            await _stolen(case)
        told = Text("每一条都有人被告知", "somebody is told of each")
        with stage.step(Text("谁被叫到", "who is told"), told) as seen:
            seen.seen = Text(f"{await alarmed.all_told()} 封", f"{len(campus.told())} mails")


_TILLS = WRONG, REPLAYED, COPIED


def _people(cards: list[str]) -> list[dict[str, object]]:
    """Two a second, for longer than the scene takes on a busy machine."""
    from_s = WALL.at(time.time()) + 3
    return [{"card": cards[n % len(cards)], "amount_fen": 100, "at": from_s + n // 2} for n in range(2400)]


SCENE = Scene(
    "illegal-terminal",
    Text("非法终端", "illegal terminal"),
    Text(
        "六种非法终端与一次失窃：各被拒绝，各有一条自己的报警并通知到人，别的窗口毫无察觉",
        "six kinds of illegal terminal, and a theft: refused, an alarm of its own each, told; no other till notices",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
