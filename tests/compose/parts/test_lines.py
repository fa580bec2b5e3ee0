"""Lines of logs: plain or JSON, one home, without secrets and card numbers, whichever part has said them."""

import json
from pathlib import Path

import pytest

from compose.parts import output
from compose.parts.lines import Form, as_json
from compose.parts.output import PartLog
from shared.support.cleaning import cleaned


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("READY console https://127.0.0.1:8443/ https://127.0.0.1:8443/first-login/AbC-9_x", "/first-login/…"),
        ("READY accounts https://127.0.0.1:9/ link:AbC-9_x", "link:…"),
        ("https://127.0.0.1:8453/#link=AbC-9_x", "#link=…"),
        ("postgresql://ykt:geheim@host/db is away", "postgresql://ykt:…@host/db is away"),
        ('password = "a b c" next', "password = … next"),
        ("token: abcdef", "token: …"),
        ("card 6217001234567890123 refused", "card …0123 refused"),
        ("card 4651000000000000beef: gap", "card …beef: gap"),
        ("at 1784000000000 ms, row 123456789012345", "at 1784000000000 ms, row 123456789012345"),
        ("digest 00112233445566778899aabbccddeeff", "digest 00112233445566778899aabbccddeeff"),
    ],
)
def test_what_must_not_lie_in_a_file_is_taken_out(said: str, kept: str) -> None:
    assert cleaned(said).endswith(kept)


def test_a_line_for_programs_is_one_object_whatever_it_says() -> None:
    said = 'FAULT StoreFault: "x"\x1b[1m 食堂'
    found = json.loads(as_json(said, "watch", "2026-11-28T05:00:00.000+00:00"))
    assert found == {"at": "2026-11-28T05:00:00.000+00:00", "part": "watch", "kind": "fault", "text": said}
    assert "\n" not in as_json("a\nb", "watch", "")
    assert json.loads(as_json("anything", "watch", ""))["kind"] == "line"


@pytest.mark.parametrize("form", list(Form))
def test_a_log_of_either_form_is_bounded_and_whole(tmp_path: Path, form: Form, monkeypatch) -> None:
    monkeypatch.setattr(output, "LOG_BYTES", 2000)
    log = PartLog(tmp_path / "edge.log", form)
    for number in range(100):
        log.write(f"line {number} card 6217001234567890123")
    log.close()
    files = [tmp_path / "edge.log.1", tmp_path / "edge.log"]
    assert all(0 < file.stat().st_size <= 2000 for file in files)
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    texts = [json.loads(line)["text"] if form is Form.JSON else line for line in lines]
    assert texts == [f"line {number} card …0123" for number in range(100 - len(texts), 100)]
    assert log.tail[-1] == "line 99 card 6217001234567890123", "what the launcher itself reads is as it was said"
