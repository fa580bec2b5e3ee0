"""What is shown and what programs read: nothing that is not well has the mark of what is; the form is a promise."""

import json

import pytest

from cloud.watch.services.terms import Node, Reason, State, What
from cloud.watch.services.tree import exit_code, tree
from cloud.watch.services.words import MARKS, SHOWN_MAX, clock_time, lines, status_json
from shared.words.voice import Language, Text, speak
from tests.cloud.watch.services.values import BOXES, FLEET, NOW, box, seen, service, till

KEYS = {
    "what", "name", "called", "state", "own", "reasons", "says", "since_ms", "as_of_ms", "version", "waits_for",
    "inherited", "counts", "children",
}  # fmt: skip


def shown(root: Node, *, is_all: bool = False) -> list[str]:
    return [line for _, line in lines(root, is_all=is_all)]


def test_what_is_well_is_folded_and_told_as_a_sum() -> None:
    text = shown(tree(seen()))
    assert text[0].startswith("● 演示")
    assert any("b1" in line and "[● 3]" in line for line in text)
    assert not any("pos-1" in line for line in text)
    assert any("pos-1" in line for line in shown(tree(seen()), is_all=True))


def test_what_is_not_well_is_shown_with_its_reason_and_never_as_good() -> None:
    root = tree(seen(service("disk", 3, "disk-free"), fleet=FLEET._replace(boxes=(box("b1", 99), BOXES[1]))))
    for state, line in lines(root, is_all=True):
        assert (MARKS[state] in line) is True
        if state is not State.OK:
            assert MARKS[State.OK] not in line.split("[")[0]
    told = "\n".join(shown(root))
    assert "✗ b1  异常  [○ 3]" in told
    assert "网关失联（1 分 39 秒）" in told
    assert "pos-1" not in told, "that its terminals are unknown says their box"


def test_unknown_says_up_to_when_it_was_known() -> None:
    root = tree(seen(fleet=FLEET._replace(boxes=(box("b1", 20), box("b3", None)))))
    told = shown(root)
    assert next(line for line in told if "b1" in line).endswith(f"截至 {clock_time(NOW - 20_000, NOW)}")
    assert next(line for line in told if "b3" in line).endswith("从未得知")


def test_a_time_of_another_day_has_its_day() -> None:
    assert len(clock_time(NOW, NOW)) == 5
    assert len(clock_time(NOW - 86_400_000, NOW)) == 16


def test_many_are_told_as_a_number() -> None:
    tills = tuple(till(bytes([0, 1, 0, 0, 1, n]), heard_s=99) for n in range(SHOWN_MAX + 7))
    told = shown(tree(seen(fleet=FLEET._replace(terminals=tills))))
    assert sum("终端断线" in line for line in told) == SHOWN_MAX
    assert any("另有 7 项" in line for line in told)


def test_programs_read_a_form_that_stays() -> None:
    root = tree(seen(service("keys", 1)))
    told = json.loads(json.dumps(status_json(root, exit_code(root))))
    assert {key: told[key] for key in ("schema", "format", "state", "exit_code", "at_ms")} == {
        "schema": "openykt.status", "format": 1, "state": "wrong", "exit_code": 1, "at_ms": NOW,
    }  # fmt: skip

    def check(one: dict[str, object]) -> None:
        assert one.keys() == KEYS
        assert one["counts"].keys() == {"unused", "ok", "warn", "unknown", "wrong"}  # type: ignore[attr-defined]
        for child in one["children"]:  # type: ignore[attr-defined]
            check(child)

    check(told["tree"])
    assert [one["what"] for one in told["tree"]["children"]] == ["server", "services", "devices"]
    keys = next(one for one in told["tree"]["children"][1]["children"] if one["name"] == "keys")
    assert keys["reasons"] == [
        {
            "text": {"zh": "密钥进程不应答", "en": "the key process does not answer"},
            "rule": "keys-down",
            "since_ms": None,
        }
    ]


@pytest.mark.parametrize("language", list(Language))
def test_programs_read_the_same_in_every_language(language: Language) -> None:
    speak(language)
    try:
        assert "密钥进程" in json.dumps(status_json(tree(seen()), 0), ensure_ascii=False)
    finally:
        speak(Language.ZH)


def test_english_lines_have_no_chinese_of_ours() -> None:
    speak(Language.EN)
    try:
        reason = Reason(Text("甲", "because"), "rule", NOW - 61_000)
        one = Node(What.SERVICE, "x", Text("乙", "thing"), State.WRONG, (reason,), version="1")
        assert shown(one) == [f"✗ thing  wrong  because since {clock_time(NOW - 61_000, 0)} (0 s)  1"]
    finally:
        speak(Language.ZH)
