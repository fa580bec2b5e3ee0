"""The catalogue is whole: every kind of fact has both languages, and what it does not know it shows as it is."""

import ast
import json
from collections import defaultdict
from pathlib import Path
from string import Formatter

import pytest

from shared.clocks.clock import MAX_SECONDS
from shared.facts import terms
from shared.facts.books import LoadCounterReused, RecordQuarantined, TimeDoubtful, VoidHeld
from shared.facts.boxes import AckForged, CertificateEnds, NotKeptHere, PublishRefused
from shared.facts.catalogue import CATALOGUE, KINDS, SETS, in_a_line, parameters, words
from shared.facts.desks import CashShort, Granted, Hotlisted
from shared.facts.terminals import RecordFork, TerminalUnknown
from shared.facts.told import BYTES_MAX, NAME_MAX, PARAMS_MAX, TEXT_MAX, Level, Told

ROOT = Path(__file__).parents[3]
ENTRIES = [*CATALOGUE.values()]
SAMPLES: dict[object, int | str | bytes] = {int: 7, str: "word", bytes: b"\x51\0\x23"}
PROMISED = json.loads((ROOT / "tests" / "vectors" / "facts.json").read_text(encoding="utf-8"))
"""Every code, case and parameter that alarm rules may stand on, and every word of a closed set: added to, never
renamed. Sentences are not promised."""


def sample(kind: type[Told]) -> Told:
    return kind(**{name: SAMPLES[form] for name, form in parameters(kind).items()})


def in_template(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_what_is_promised_is_there_and_all_that_is_there_is_promised() -> None:
    found = {
        f"{code} {case}".rstrip(): {name: form.__name__ for name, form in parameters(kind).items()}
        for (code, case), kind in CATALOGUE.items()
    }
    assert found == PROMISED["facts"]
    assert {name: sorted(each) for name, each in SETS.items()} == PROMISED["words"]


@pytest.mark.parametrize("kind", ENTRIES, ids=lambda kind: kind.__name__)
def test_an_entry_is_whole(kind: type[Told]) -> None:
    assert kind.level in Level
    names = set(parameters(kind))
    assert in_template(kind.zh) == in_template(kind.en) == names, "both languages say all of it, and nothing else"
    assert set(parameters(kind).values()) <= set(SAMPLES)
    for template in (kind.zh, kind.en):
        assert {spec for _, name, spec, _ in Formatter().parse(template) if name} <= {*KINDS, *SETS}
        assert not any(text.strip("，。： 0123456789") != text.strip("，。： ") for text in literal(template)), (
            "a number"
        )
    assert kind.en.isascii() or "→" in kind.en
    assert not kind.zh.isascii()
    assert len(kind.code) <= 64


def literal(template: str) -> list[str]:
    return [text for text, _, _, _ in Formatter().parse(template)]


@pytest.mark.parametrize("kind", ENTRIES, ids=lambda kind: kind.__name__)
def test_every_entry_is_shown_with_all_that_it_tells(kind: type[Told]) -> None:
    told = sample(kind)
    params = told.params()
    assert len(params) <= PARAMS_MAX - 2, "room for the repeats"
    assert all(len(name) <= NAME_MAX for name, _ in params)
    for shown in words(kind.code, params):
        assert not any(mark in shown for mark in "{}"), shown
        assert all(str(value) in shown for name, value in params if isinstance(value, str) and name != "case")
        assert all(value.hex() in shown for _, value in params if isinstance(value, bytes))
    again = words(kind.code, (*params, ("unsaid", 3)))
    assert again == tuple(f"{text} (+3)" for text in words(kind.code, params))


def test_no_two_kinds_have_the_same_words() -> None:
    for language in ("zh", "en"):
        found = defaultdict(list)
        for kind in ENTRIES:
            found[getattr(kind, language)].append(kind.__name__)
        assert [names for names in found.values() if len(names) > 1] == []


def test_a_code_has_cases_only_where_it_has_several_and_each_has_another() -> None:
    by_code = defaultdict(list)
    for code, case in CATALOGUE:
        by_code[code].append(case)
    assert [code for code, cases in by_code.items() if len(cases) > 1 and "" in cases] == []
    kinds = [one for one in Told.__subclasses__() if one.__module__.startswith("shared.facts")]
    assert len(kinds) == len(CATALOGUE), "none hides another, none is left out"


def test_every_set_of_words_has_both_languages() -> None:
    for found in SETS.values():
        assert all(zh and en and en.isascii() for zh, en in found.values())
        assert len({zh for zh, _ in found.values()}) == len(found)


FORMER = {"RevocationsForged"}
"""What only a box of before tells, and the ledger has to understand."""


def test_every_kind_is_told_somewhere() -> None:
    """By whoever runs: an entry that nobody tells is a promise that nobody keeps."""
    files = [*(ROOT / "edge").rglob("*.py"), *(ROOT / "cloud").rglob("*.py"), ROOT / "shared" / "facts" / "endings.py"]
    used: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            used |= (
                {node.id} if isinstance(node, ast.Name) else {node.attr} if isinstance(node, ast.Attribute) else set()
            )
    assert {kind.__name__ for kind in ENTRIES} - used == FORMER


@pytest.mark.parametrize(
    ("told", "zh", "en"),
    [
        (RecordFork(3, 7), "同号不同记录：存储代 3 序号 7", "same number, other bytes: epoch 3 seq 7"),
        (AckForged(), "账本回执签名无效", "a ledger ack with a wrong signature"),
        (
            TerminalUnknown(b"\0\1\0\0\0\x63", "can0:99"),
            "未登记的终端号 000100000063，在 can0:99",
            "unknown terminal number 000100000063 at can0:99",
        ),
        (
            Granted(1250, "fund", b"\x53\3", "助学"),
            "发放 ¥12.50，由补助基金：卡 5303，助学",
            "granted ¥12.50 from the fund: card 5303, 助学",
        ),
        (
            CashShort("王芳", 205, -1),
            "日结 王芳：短款 ¥2.05，卡 -1",
            "day close of 王芳: short ¥2.05, cards -1",
        ),
        (
            RecordQuarantined("wrong-tac", 9, ""),
            "记录隔离，TAC 错误：序号 9",
            "a record is quarantined, wrong TAC: seq 9",
        ),
        (
            RecordQuarantined("undecodable", 9, "CRC"),
            "记录隔离，无法解读：序号 9 (CRC)",
            "a record is quarantined, unreadable: seq 9 (CRC)",
        ),
        (TimeDoubtful(0, 2), "时间存疑 2000-01-01 00:00:00：序号 2", "an impossible time 2000-01-01 00:00:00: seq 2"),
        (PublishRefused("up/now", 0x87), "消息代理拒收 up/now：0x87", "the broker refused a message of up/now: 0x87"),
        (NotKeptHere("KeepEpoch", "io"), "存储代未能落盘：磁盘读写错误", "an epoch was not written: the disk fails"),
        (
            VoidHeld("void-twice", 5, 4),
            "撤销待核，已撤销过：序号 5，撤销 4",
            "a void is held, void already: seq 5 of 4",
        ),
    ],
)
def test_in_words(told: Told, zh: str, en: str) -> None:
    assert words(told.code, told.params()) == (zh, en)
    assert in_a_line(told) == f"{zh} / {en}"


def test_what_a_box_of_before_tells_is_shown_as_it_is() -> None:
    assert words("record-fork", "同号不同记录 / other bytes") == ("同号不同记录 / other bytes",) * 2
    assert words("record-fork", "") == ("record-fork",) * 2
    assert words("revocations-forged", "挂失名单签名无效") == ("挂失名单签名无效",) * 2, "a word that we say no more"


@pytest.mark.parametrize(
    ("code", "told", "shown"),
    [
        ("new-code", (), "new-code"),
        ("new-code", (("a", 1), ("b", b"\0\xff"), ("c", "text")), "new-code: a=1, b=00ff, c=text"),
        ("new-code", (("a", 1), ("times", 4)), "new-code: a=1 ×4"),
        ("ack-forged", (("case", "new-case"),), "ack-forged: case=new-case"),
        ("ack-forged", (("case", b"\1"),), "ack-forged: case=01"),
        ("record-fork", (("epoch", 3),), "record-fork: epoch=3"),
        ("record-fork", (("epoch", "three"), ("seq", 7)), "record-fork: epoch=three, seq=7"),
        ("record-fork", (("epoch", True), ("seq", 7)), "record-fork: epoch=True, seq=7"),
    ],
)
def test_what_is_not_known_here_is_shown_plainly(code: str, told: object, shown: str) -> None:
    assert words(code, told) == (shown, shown)


def test_what_a_newer_box_tells_beside_is_shown_beside() -> None:
    assert words("record-fork", (*RecordFork(3, 7).params(), ("psam", b"\x51"), ("unsaid", 2)))[1] == (
        "same number, other bytes: epoch 3 seq 7 (psam=51) (+2)"
    )
    assert (
        words("epoch-refused", (("reason", "no-moon"), ("psam", b"\x51")))[1] == "no epoch is given, no-moon: PSAM 51"
    )


@pytest.mark.parametrize("value", [-(1 << 62), -1, MAX_SECONDS + 1, 1 << 62])
def test_no_number_is_too_large_to_be_shown(value: int) -> None:
    assert str(value) in words("time-doubtful", TimeDoubtful(value, 1).params())[0]
    assert str(value)[:4] in words("certificate-ends", CertificateEnds("x", value, value).params())[0]
    assert words("granted", Granted(value, "bank", b"", "").params())


def test_a_parameter_is_bounded_and_a_plain_value() -> None:
    told = Granted(Level.URGENT and 5, Level.URGENT, b"x" * 999, "文" * 999 + "\0").params()
    assert [len(value) for _, value in told if not isinstance(value, int)] == [6, BYTES_MAX, TEXT_MAX]
    assert [type(value) for _, value in told] == [int, str, bytes, str]
    assert Hotlisted(bytearray(b"12")).params() == (("case", "on"), ("card", b"12"))
    assert LoadCounterReused(b"\1", 2).params() == (("case", "counter"), ("card", b"\1"), ("counter", 2))
    assert TerminalUnknown(b"", "a\0b").params()[1] == ("place", "a␀b")


def test_a_word_is_the_name_of_an_enums_member() -> None:
    assert terms.word_of("CARD_KEY_TAKEN") == "card-key-taken"
