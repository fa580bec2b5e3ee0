"""The lock: what it says is what pyproject.toml asks for, with the hashes of every machine's files and no address."""

import re
from importlib.metadata import distribution, distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from compose.lock.locked import FILE, LockDamaged, Locked, encode, parse, wanted_lines
from compose.lock.make import declarations
from compose.place import ROOT
from compose.verbs import VERBS

TEXT = (ROOT / FILE).read_text(encoding="utf-8")
LOCK = {one.name: one for one in parse(TEXT)}
DECLARED = declarations((ROOT / "pyproject.toml").read_bytes())
MACHINES = 2
"""x86_64 and aarch64: what is compiled has a file for each."""
ONE = Locked("a-b", "1.0", "python_version == '3.11'", ("base", "dev"), ("0" * 64, "f" * 64))


def test_it_is_read_as_it_was_written():
    assert encode(parse(TEXT)) == TEXT
    assert parse(encode([ONE, ONE])) == (ONE, ONE)


def test_frozen_form():
    assert wanted_lines(encode([ONE]), ["dev"]) == (
        "# base dev\n"
        "a-b==1.0 ; python_version == '3.11' \\\n"
        f"    --hash=sha256:{'0' * 64} \\\n"
        f"    --hash=sha256:{'f' * 64}\n"
    )
    assert wanted_lines(encode([ONE]), ["edge"]) == ""


@pytest.mark.parametrize(
    "damaged",
    ["# base\na==1 \\", "a==1 \\\n    --hash=sha256:" + "0" * 64, "# base\na>=1 \\\n    --hash=sha256:" + "0" * 64,
     "# base\na==1 \\\n    --hash=sha256:" + "0" * 63, "# base\na @ file \\\n    --hash=sha256:" + "0" * 64, "# base"],
)  # fmt: skip
def test_a_damaged_one_is_refused(damaged):
    with pytest.raises(LockDamaged):
        parse(damaged)


@pytest.mark.parametrize("extra", DECLARED)
def test_everything_that_is_declared_is_locked_at_a_version_that_fits(extra):
    for asked in DECLARED[extra]:
        found = LOCK[canonicalize_name(asked.name)]
        assert asked.specifier.contains(found.version), f"./ykt lock: {asked}, {found.version}"
        assert extra in found.extras


def test_nothing_is_locked_that_nobody_declares():
    assert {extra for one in LOCK.values() for extra in one.extras} <= set(DECLARED)
    assert {extra for verb in VERBS for extra in filter(None, verb.extras.split(","))} <= set(DECLARED)


def test_what_is_compiled_has_files_for_every_machine():
    compiled = ("cryptography", "cbor2", "psycopg-binary", "sqlalchemy", "argon2-cffi-bindings", "apsw", "ruff")
    assert all(len(LOCK[name].hashes) >= MACHINES for name in compiled)


def test_it_names_no_address():
    assert "/" not in re.sub(r"\./ykt", "", TEXT)
    assert "http" not in TEXT.replace("httpx", "").replace("httpcore", "")


def test_what_the_locked_packages_need_is_locked():
    """Of those that are installed here: pip is told to look for nothing beside the list."""
    for name in set(LOCK) & {canonicalize_name(one.name) for one in distributions()}:
        needs = [Requirement(line) for line in distribution(name).requires or ()]
        below = [need for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
        assert {canonicalize_name(need.name) for need in below} <= set(LOCK), name
