"""Each kind of mistake is made where it can be, and nowhere else; the copy is put right again."""

from pathlib import Path

import pytest

from compose.place import ROOT
from tests.mutants.__main__ import main, sample
from tests.mutants.mirror import mirrors, pure_files
from tests.mutants.mutator import places, planted
from tests.mutants.scratch import Scratch, Verdict

TEXT = '''"""Says 1 < 2."""
LIMIT: "int" = 7


def judge(self, a: int = 0) -> bool:
    """Not 3 of 4."""
    self.seen = a  # 饭
    if a <= LIMIT and not self.done:
        raise ValueError(f"{a + 1}")
    self.count += a * 2
    return True
'''


def made(text):
    """(kind, line, what stands there then) of every mutant."""
    found = [planted(text, place) for place in places(text)]
    return [(one.kind, one.line, one.after) for one in found if one is not None]


def test_every_kind_of_mistake_is_made():
    assert made(TEXT) == [
        ("constant", 2, 'LIMIT: "int" = 8'),
        ("constant", 2, 'LIMIT: "int" = 6'),
        ("constant", 5, "def judge(self, a: int = 1) -> bool:"),
        ("constant", 5, "def judge(self, a: int = (-1)) -> bool:"),
        ("removed", 7, "pass  # 饭"),
        ("boolean", 8, "if a <= LIMIT or not self.done:"),
        ("comparison", 8, "if a > LIMIT and not self.done:"),
        ("boundary", 8, "if a < LIMIT and not self.done:"),
        ("boolean", 8, "if a <= LIMIT and (self.done):"),
        ("removed", 9, "pass"),
        ("removed", 10, "pass"),
        ("arithmetic", 10, "self.count += a // 2"),
        ("constant", 10, "self.count += a * 3"),
        ("constant", 10, "self.count += a * 1"),
        ("constant", 11, "return False"),
    ]


def test_only_one_place_is_changed():
    for one in filter(None, (planted(TEXT, place) for place in places(TEXT))):
        lines = list(zip(TEXT.splitlines(), one.text.splitlines(), strict=True))
        assert [n for n, (before, after) in enumerate(lines, 1) if before != after] == [one.line]


def test_the_same_seed_is_the_same_sample_and_kinds_take_turns():
    first, again, other = (sample(ROOT, 12, seed, "shared/transit") for seed in (1, 1, 2))
    assert first == again != other
    assert len({one.mutant.kind for one in first}) == 6


def test_every_pure_module_has_tests_that_mirror_it():
    files = pure_files(ROOT)
    assert len(files) > 150
    assert [file for file in files if not mirrors(ROOT, file)] == []
    near = mirrors(ROOT, Path("edge/terminal/store/layout.py"))
    assert near[0] == Path("tests/edge/terminal/store/test_layout.py")


@pytest.fixture
def little(tmp_path):
    """A checkout of one module and its test."""
    root = tmp_path / "root"
    (root / "tests").mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\nmarkers = ['process', 'postgres', 'browser', 'large']\n"
    )
    (root / "fen.py").write_text(
        "def is_small(fen):\n    while fen > 9:\n        fen -= 10\n        return False\n    return True\n"
    )
    (root / "tests/test_fen.py").write_text(
        "from fen import is_small\n\n\ndef test_it():\n    assert is_small(5)\n    assert not is_small(11)\n"
    )
    return Scratch(root, tmp_path)


@pytest.mark.process
def test_a_mutant_is_killed_survives_or_runs_into_its_limit_and_is_gone_afterwards(little):
    tests, file = [Path("tests/test_fen.py")], Path("fen.py")
    text = (little.root / file).read_text()
    assert little.test(tests, 60, keep_bytecode=True).code == 0
    wanted = {"return True": "return False", "> 9": ">= 9", "return False": "pass; fen += 10"}
    verdicts = [
        little.verdict(file, text.replace(*one), tests, limit)
        for one, limit in zip(wanted.items(), (60, 60, 3), strict=True)
    ]
    assert verdicts == [Verdict.KILLED, Verdict.SURVIVED, Verdict.TIMED_OUT]
    assert (little.root / file).read_text() == text
    assert little.test(tests, 60, keep_bytecode=True).code == 0


@pytest.mark.parametrize("wrong", [["--mutants", "0"], ["--mutants", "x"], ["--mutants", "1", "--else"]])
def test_wrong_use(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
