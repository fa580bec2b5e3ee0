"""What opens the stores beside them: noted, refused where money is real; shares and passphrases there never work."""

import argparse
import json
import shutil

import pytest

from provisioning.cli.beside import MAY_LIE_OPEN
from provisioning.cli.cli import _parser
from provisioning.custody.journal import write_private
from tests.provisioning.desk import WHO, ok, provision


def production(data):
    """The same campus, of which nothing says any more that it is a demonstration."""
    file = data / "campus.json"
    write_private(file, json.dumps(json.loads(file.read_bytes()) | {"demo": False}).encode())
    return data


def test_a_demonstration_may_lie_open_and_says_nothing(own):
    done = provision("rotate", "status", "--data", own)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_real_campus_is_refused_until_it_is_sealed(own, tmp_path):
    production(own)
    for words in (("rotate", "new"), ("batch", "seen", "--machine", "m", *WHO), ("keys", "--socket", tmp_path / "s")):
        done = provision(*words, "--data", own)
        assert (done.returncode, "先 seal" in done.stderr) == (2, True), words
    looked = provision("custody", "verify", "--data", own)
    assert (looked.returncode, "注意" in looked.stderr) == (0, True)
    shares = [tmp_path / name for name in "abc"]
    officers = [word for n, path in enumerate(shares) for word in ("--officer", f"{n}={path}")]
    ok("seal", "--data", own, *WHO, *officers)
    given = ("--share-file", shares[0], "--share-file", shares[1])
    done = provision("rotate", "status", "--data", own, *given)
    assert (done.returncode, done.stderr) == (0, "")


LOOKS = [
    "batch sheet", "ceremony minutes", "ceremony status", "crl status", "custody verify", "plan diff", "psam list",
    "rotate cost", "rotate status", "sheet verify", "stock sheet",
]  # fmt: skip


WITH_A_FILE = "plan diff", "sheet verify"
FROM_BEFORE = ["certificate cloud-door", "terminal-tls certificates", "terminal-tls off", "terminal-tls on"]
"""They need no key of the stores."""


def test_only_what_looks_or_ends_it_works_on_stores_that_lie_open():
    """And the steps from release 0.1, whose folder holds what opens its stores as often as not."""
    known = {name: verb for name, verb in steps(_parser()) if verb.get_default(MAY_LIE_OPEN)}
    assert sorted(known) == sorted([*LOOKS, *FROM_BEFORE, "seal"])
    named = [name for name, verb in known.items() if any(action.dest == "who" for action in verb._actions)]
    assert named == ["seal"], "who only looks is asked for no name"


def steps(verb, name=""):
    below = [action for action in verb._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield name, verb
    for word, step in (pair for action in below for pair in action.choices.items()):
        yield from steps(step, f"{name} {word}".strip())


@pytest.mark.parametrize("step", [*(one for one in LOOKS if one not in WITH_A_FILE), "certificate cloud-door"])
def test_to_look_is_free_and_the_door_of_0_1_is_made(campus, own, step):
    for name in ("broker", "cloud", "boxes"):
        shutil.copytree(campus.data / name, own / name)
    shutil.copy(campus.data / "ca.pem", own)
    done = provision(*step.split(), "--data", production(own))
    assert "先 seal" not in done.stderr
    if not step.startswith("ceremony"):  # none was ever begun
        assert (done.returncode, "注意" in done.stderr) == (0, True), done


def test_a_ceremony_that_is_not_sealed_yet_says_so_after_each_command(tmp_path):
    room, passphrases = tmp_path / "room", {}
    ok("ceremony", "begin", "--data", room, "--campus", 1, "--region", 1, "--officer", "李", "--officer", "赵", *WHO)
    for name in ("李", "赵"):
        sheet, passphrases[name] = tmp_path / f"{name}.sheet", tmp_path / f"{name}.pass"
        write_private(passphrases[name], f"{name} has a passphrase".encode())
        ok("ceremony", "draw", "--out", sheet)
        ok("ceremony", "enter", "--data", room, "--officer", name, "--sheet", sheet,
           "--officer-passphrase-file", passphrases[name])  # fmt: skip
    told = [word for name, path in passphrases.items() for word in ("--officer-passphrase", f"{name}={path}")]
    joined = provision("ceremony", "join", "--data", room, *told)
    assert joined.returncode == 0
    assert (room / "keys/unlock").exists()
    assert "与密钥库同放" in joined.stderr


@pytest.mark.parametrize("option", ["--share-file", "--passphrase-file"])
def test_what_opens_the_stores_is_not_taken_from_beside_them(own, option):
    lying = own / "keys" / "lying"
    write_private(lying, b"a passphrase of somebody")
    done = provision("rotate", "status", "--data", own, option, lying)
    assert (done.returncode, "与密钥库同放" in done.stderr) == (2, True)


@pytest.mark.parametrize("how", ["officers", "passphrase"])
def test_nothing_is_sealed_to_what_lies_beside_the_stores(own, tmp_path, how):
    before = {path.name: path.read_bytes() for path in (own / "keys").glob("*.keys")}
    if how == "officers":
        words = ["--officer", f"a={tmp_path / 'a'}", "--officer", f"b={tmp_path / 'b'}", "--officer", f"c={own}/keys/c"]
    else:
        write_private(own / "keys" / "p", b"a passphrase of somebody")
        words = ["--new-passphrase-file", own / "keys" / "p"]
    done = provision("seal", "--data", own, *WHO, *words)
    assert (done.returncode, "与密钥库同放" in done.stderr) == (2, True)
    assert {path.name: path.read_bytes() for path in (own / "keys").glob("*.keys")} == before
    assert not (tmp_path / "a").exists()
