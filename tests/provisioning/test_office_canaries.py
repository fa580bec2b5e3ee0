"""No secret in anything that the issuing office says, writes for others, or leaves: a whole life, and every refusal.

Ceremony, seal, campus, delivery, batch with a spoiled body, activation, PSAMs, rotation, mother cards, revocation, key
process; then each command with something wrong. Known bytes are looked for in all that was said and in all files, where
each has its homes: the officers' own papers, the chips, and nothing else. A copy of DATA without keys/ and without the
chips, as a school keeps one off site, holds none at all.
"""

import json
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from provisioning.custody.files import open_with, read_share, unlock_of
from provisioning.issue import bodies as body_file
from provisioning.keys.components import new_component, parse_sheet, sheet
from provisioning.keys.levels import MASTERS, card_keys, psam_control_key, terminal_key
from provisioning.keys.store import CARD_LEVELS, KeyKind, KeyStore, Level
from shared.ids import DeviceId
from shared.purse.cos.images import blank_card_image
from tests.provisioning.desk import WHO, provision
from tests.provisioning.key_bytes import private_bytes
from tests.provisioning.running_keys import running
from tests.scenes.canaries import Search

OFFICERS = ("李", "赵", "钱")
CHIPS = (".card", ".psam", "psam.bin")
"""Files that stand for a chip: a real one lets nobody read it."""


class Office(NamedTuple):
    """room/papers: what officers carry in their own hands; said: every word of every command."""

    room: Path
    said: list[str]
    secrets: dict[str, bytes]


class Desk:
    """Runs commands and keeps what they say."""

    def __init__(self, room: Path) -> None:
        self.room, self.said = room, []
        self.papers = room / "papers"
        self.data = ("--data", room / "d")

    def run(self, *words, code: int = 0) -> str:
        done = provision(*words)
        assert done.returncode == code, (words, done)
        self.said.append(done.stdout + done.stderr)
        return done.stdout

    def paper(self, name: str, text: str) -> Path:
        path = self.papers / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    @property
    def shares(self) -> tuple[object, ...]:
        return ("--share-file", self.papers / "李.share", "--share-file", self.papers / "钱.share")


def hold_ceremony(desk: Desk, where: Path, *opens: object) -> None:
    data = ("--data", where, *opens)
    begin = [word for name in OFFICERS[:2] for word in ("--officer", name)]
    desk.run("ceremony", "begin", *data, *WHO, "--campus", 1, *begin)
    words = []
    for name in OFFICERS[:2]:
        paper = desk.papers / f"{name}-{where.name}.sheet"
        desk.run("ceremony", "draw", "--out", paper)
        words += ["--officer-passphrase", f"{name}={desk.paper(f'{name}.words', f'the very own words of {name}')}"]
        enter = ("--officer", name, "--officer-passphrase-file", desk.papers / f"{name}.words")
        desk.run("ceremony", "enter", *data, *enter, "--sheet", paper)
    desk.run("ceremony", "join", *data, *words)
    for step in (("derive",), ("close", *WHO), ("status",), ("minutes",)):
        desk.run("ceremony", step[0], *data, *step[1:])


def live(desk: Desk) -> None:
    """Everything once, as it should go."""
    room, data = desk.room, desk.data
    hold_ceremony(desk, room / "c")
    handed = [word for name in OFFICERS for word in ("--officer", f"{name}={desk.papers / name}.share")]
    desk.run("seal", "--data", room / "c", *WHO, *handed)
    desk.run("plan", "demo", "--cards", 3, "--out", room / "plan.json")
    desk.run("campus", *data, "--plan", room / "plan.json", "--masters", room / "c", *desk.shares)
    parts = [desk.paper(f"t{n}.sheet", sheet([new_component(KeyKind.TRANSPORT, os.urandom)])) for n in (1, 2)]
    desk.run("stock", "transport", *data, *WHO, "--sheet", parts[0], "--sheet", parts[1])
    desk.run("stock", "receive", *data, *WHO, "--first", 1, "--count", 8, "--virtual")
    bad = body_file.body_path(room / "d/production/blanks", 2)
    bad.unlink()
    body_file.new_body(bad.parent, 2, blank_card_image())
    rows = [{"label": f"n{n}", "name": f"学生{n}", "class": "1班"} for n in (1, 2, 3)]
    (room / "o.json").write_text(json.dumps({"batch": "o", "cards": rows}))
    desk.run("batch", "start", *data, *WHO, "--order", room / "o.json")
    desk.run("batch", "lease", *data, *WHO, "--batch", "o", "--machine", "m")
    assert "报废 1" in desk.run("batch", "work", *data, "--machine", "m")
    desk.run("batch", "return", *data, *WHO, "--machine", "m")
    for words in (("batch", "inventory", *data, *WHO), ("batch", "sheet", *data), ("stock", "sheet", *data)):
        desk.run(*words)
    desk.run("card", "activate", *data, *WHO, "--label", "n2")
    made = desk.run("psam", "make", *data, *WHO, "--count", 1, "--out", room / "psams").split()[0]
    desk.run("psam", "renew", *data, *WHO, "--psam", made, "--file", room / "psams" / f"{made}.psam")
    pair = ("--officer-a", desk.papers / "李.words", "--officer-b", desk.papers / "赵.words")
    desk.run("transport", "export", *data, *WHO, "--level", "school", "--cards", room / "mother", *pair)
    for words in (("psam", "list"), ("rotate", "status"), ("rotate", "cost", "--json"), ("rotate", "new")):
        desk.run(*words, *data)
    desk.run("crl", "renew", *data, *WHO)
    desk.run("custody", "verify", *data)
    with running(room / "d") as keys:
        keys.status()
        assert keys.end() == 0
        desk.said.append((keys.said + keys.process.stderr.read()).decode())


def refused(desk: Desk) -> None:
    """Everything with something wrong: refusals and failures are where secrets get out."""
    room, papers, data = desk.room, desk.papers, ("--data", desk.room / "d")
    other = room / "e"
    desk.run("ceremony", "begin", "--data", other, *WHO, "--campus", 1, "--officer", "李", "--officer", "赵")
    good = (papers / "李-c.sheet").read_text()
    slips = {
        "slip": good.replace(good.split()[2], "000000", 1),
        "short": good.replace(good.split()[1], good.split()[1][:-1], 1),
        "other kind": good.replace("purchase", "purse", 1),
        "twice": good + good.splitlines()[0] + "\n",
        "binary": "\x00\xff" + good,
    }
    enter = ("ceremony", "enter", "--data", other, "--officer", "李", "--officer-passphrase-file", papers / "李.words")
    for name, text in slips.items():
        desk.run(*enter, "--sheet", desk.paper(f"{name}.bad", text), code=2)
    share = (papers / "李.share").read_text()
    for text in (share[:-4], share.replace("-", "x"), share[:-2] + "0\n", share.upper()[::-1]):
        bad = desk.paper("share.bad", text)
        desk.run("rotate", "status", "--data", room / "c", "--share-file", bad, code=2)
    desk.run("rotate", "status", "--data", room / "c", "--passphrase-file", papers / "李.words", code=2)
    open_paper = desk.paper("open.words", "the very own words of 李")
    open_paper.chmod(0o644)
    desk.run("rotate", "status", *data, "--passphrase-file", open_paper, code=2)
    store = room / "d/keys/school.keys"
    kept = store.read_bytes()
    for damaged in (kept[:-1], kept[:40], b"", kept[:-9] + bytes(9), (room / "d/keys/unlock").read_bytes()):
        store.write_bytes(damaged)
        for verb in (("rotate", "status"), ("batch", "inventory", *WHO), ("keys", "--socket", room / "s")):
            desk.run(*verb, *data, code=2)
    store.write_bytes(kept)
    pair = ("--officer-a", papers / "赵.words", "--officer-b", papers / "李.words")
    words = ("transport", "import", "--data", room / "f", *WHO, "--level", "school", "--cards", room / "mother")
    desk.run(*words, *pair, code=2)
    card = room / "mother/mother.card"
    card.write_bytes(card.read_bytes()[:-3] + b"abc")
    desk.run(*words, "--officer-a", papers / "李.words", "--officer-b", papers / "赵.words", code=2)


def secrets_of(desk: Desk) -> dict[str, bytes]:
    """Every secret of this life by a name for people."""
    room, papers, found = desk.room, desk.papers, {}
    for paper in (papers / "李-c.sheet", papers / "赵-c.sheet"):
        found |= {f"component {paper.stem} {one.kind}": one.octets for one in parse_sheet(paper.read_text(), MASTERS)}
    for name in OFFICERS:
        found[f"share {name}"] = read_share(papers / f"{name}.share").octets
        found[f"words {name}"] = f"the very own words of {name}".encode()
    opens = unlock_of(room / "c", None, [papers / "李.share", papers / "钱.share"])
    found["unlock c"], found["unlock d"] = opens.secret, (room / "d/keys/unlock").read_bytes()
    for level in CARD_LEVELS:
        found |= all_of(open_with(room / "c", level, opens))
    school = open_with(room / "d", Level.SCHOOL, unlock_of(room / "d"))
    found |= all_of(school)
    for label, row in json.loads((room / "d/cards/index.json").read_text()).items():
        (own,) = card_keys(school, 1, [bytes.fromhex(row["card"])[2:]])
        found |= {f"card {label} {kind}": key.octets for kind, key in zip(own._fields, own, strict=True) if key}
    for psam in (room / "psams").glob("*.psam"):
        found[f"psam control {psam.stem}"] = psam_control_key(school, bytes.fromhex(psam.stem)).octets
    for terminal in (room / "d/terminals").iterdir():
        device = json.loads((terminal / "terminal.json").read_text())["device"]
        found[f"K_term {terminal.name}"] = terminal_key(school, DeviceId(bytes.fromhex(device)))
    return found


def all_of(store: KeyStore) -> dict[str, bytes]:
    return {f"{store.level} {key.kind} {key.version}": private_bytes(key) for key in store.keys}


class InEveryForm(Search):
    """Shares are written in groups of four digits."""

    def found(self, haystack: bytes) -> set[str]:
        return super().found(haystack) | super().found(haystack.replace(b"-", b""))


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    desk = Desk(tmp_path_factory.mktemp("office"))
    desk.papers.mkdir()
    live(desk)
    secrets = secrets_of(desk)
    refused(desk)
    return Office(desk.room, desk.said, secrets)


def at_home(name: str, path: str) -> bool:
    """May a piece of this secret stand in clear in this file?"""
    if path.startswith("papers/"):
        return name.startswith(("component", "share", "words"))
    if path.endswith(CHIPS):
        return name.startswith(("card ", "psam control", "school purchase", "school transport"))
    if name.startswith("K_term"):
        return path.endswith(("terminal.json", "edge.json")) or path.startswith("d/boxes/")
    return (name, path) == ("unlock d", "d/keys/unlock")


@pytest.mark.process
def test_nothing_that_was_said_holds_a_secret(office) -> None:
    assert len(office.said) > 60
    assert len(office.secrets) > 120
    search = InEveryForm(office.secrets)
    assert search.found("\n".join(office.said).encode()) == set()
    assert "Traceback" not in "".join(office.said)


@pytest.mark.process
def test_every_secret_in_a_file_is_at_home(office) -> None:
    search, seen, strays = InEveryForm(office.secrets), set(), []
    for path in sorted(office.room.rglob("*")):
        if path.is_file():
            name = str(path.relative_to(office.room))
            for secret in search.found(path.read_bytes()):
                seen.add(secret)
                strays += [] if at_home(secret, name) else [f"{secret}: {name}"]
    assert strays == []
    assert {"component 李-c load", "share 赵", "card n2 load", "school purchase 1", "unlock d"} <= seen
    assert {"root load 1", "region tac 1", "school load 1", "school signing 1", "unlock c"}.isdisjoint(seen)


@pytest.mark.process
def test_a_copy_without_the_keys_and_the_chips_holds_no_secret_at_all(office, tmp_path) -> None:
    """What goes off site. The boxes' own K_term and private keys stand in boxes/ and terminals/, which are machines."""
    leave = shutil.ignore_patterns("keys", "boxes", "terminals", "*.card", "blanks")
    shutil.copytree(office.room / "d", tmp_path / "copy", ignore=leave)
    search = InEveryForm(office.secrets)
    copied = [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert len(copied) > 10
    assert {secret for path in copied for secret in search.found(path.read_bytes())} == set()


@pytest.mark.process
def test_the_papers_and_a_planted_word_are_found(office) -> None:
    """These tests can fail."""
    search = InEveryForm(office.secrets)
    component = office.secrets["component 李-c load"]
    assert search.found(f"错误 / error: {component.hex().upper()}".encode()) == {"component 李-c load"}
    assert search.found((office.room / "papers/李.share").read_bytes()) == {"share 李"}
