"""The ceremony, mother cards and the custody log by the real command, step for step, each in its own process."""

import fcntl
import os
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from provisioning.custody.files import open_level
from provisioning.keys.levels import MASTERS, school_of
from provisioning.keys.store import CARD_LEVELS, Level, StoreLocked, Unlock, open_store
from tests.patience import PATIENCE_S
from tests.provisioning.desk import provision

ROOT = Path(__file__).parents[3]
LI, ZHAO = "李", "赵"


def private(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """A closed ceremony of two officers for campus 1, with what each step said."""
    folder = tmp_path_factory.mktemp("ceremony")
    data, said = folder / "c", []

    def step(name, *words, code=0):
        done = provision("ceremony", name, *words)
        assert done.returncode == code, done.stderr
        said.append(done.stdout + done.stderr)
        return said[-1]

    phrases = {name: private(folder / f"{name}.words", f"passphrase of {name}\n") for name in (LI, ZHAO)}
    step("begin", "--data", data, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", "书记")
    assert "此步未到；下一步" in step("join", "--data", data, *passphrases(phrases), code=2)
    for name in (ZHAO, LI):
        sheet = folder / f"{name}.sheet"
        step("draw", "--out", sheet)
        words = ("--data", data, "--officer", name, "--sheet", sheet, "--officer-passphrase-file", phrases[name])
        step("enter", *words)
    assert "全体保管员到场" in step("status", "--data", data)
    step("join", "--data", data, *passphrases(phrases))
    step("derive", "--data", data)
    step("close", "--data", data, "--who", "书记")
    return folder, said


def passphrases(phrases):
    return [word for name, file in phrases.items() for word in ("--officer-passphrase", f"{name}={file}")]


def test_the_stores_open_and_nothing_said_is_secret(held):
    folder, said = held
    school = open_level(folder / "c", Level.SCHOOL)
    assert {key.kind for key in school.keys} == set(MASTERS)
    assert school == school_of(open_level(folder / "c", Level.REGION), 1)
    told = "".join(said).lower()
    secrets = [line.split()[1] for name in (LI, ZHAO) for line in (folder / f"{name}.sheet").read_text().splitlines()]
    secrets += [key.octets.hex() for level in CARD_LEVELS for key in open_level(folder / "c", level).keys]
    assert not [secret for secret in secrets if secret.lower() in told]
    assert provision("ceremony", "minutes", "--data", folder / "c").stdout in said[-1]


def test_a_campus_is_made_from_it_and_its_log_goes_on(held):
    folder, _ = held
    provision("plan", "demo", "--cards", 2, "--out", folder / "plan.json")
    made = provision("campus", "--data", folder / "d", "--plan", folder / "plan.json", "--masters", folder / "c")
    assert made.returncode == 0, made.stderr
    school = open_level(folder / "d", Level.SCHOOL)
    assert school.keys[: len(MASTERS)] == open_level(folder / "c", Level.SCHOOL).keys
    assert not (folder / "d/keys/root.keys").exists()
    checked = provision("custody", "verify", "--data", folder / "d")
    assert checked.returncode == 0
    minutes = provision("ceremony", "minutes", "--data", folder / "c").stdout
    head = re.search("保管日志链头  ([0-9a-f]{64})", minutes)
    assert provision("custody", "verify", "--data", folder / "d", "--head", head[1]).returncode == 0


def test_the_region_travels_to_another_machine(held):
    folder, _ = held
    words = [folder / f"{name}.words" for name in (LI, ZHAO)]
    cards = (
        "--level",
        "region",
        "--cards",
        folder / "m",
        "--officer-a",
        words[0],
        "--officer-b",
        words[1],
        "--who",
        LI,
    )
    sent = provision("transport", "export", "--data", folder / "c", *cards)
    assert sent.returncode == 0, sent.stderr
    assert provision("transport", "export", "--data", folder / "c", *cards).returncode == 2
    took = provision("transport", "import", "--data", folder / "school", *cards)
    assert took.stdout.splitlines()[1:] == sent.stdout.splitlines()[1:]
    derived = provision("transport", "derive", "--data", folder / "school", "--campus", 1, "--who", LI)
    assert derived.returncode == 0, derived.stderr
    assert open_level(folder / "school", Level.SCHOOL) == open_level(folder / "c", Level.SCHOOL)
    assert provision("transport", "derive", "--data", folder / "school", "--campus", 2, "--who", LI).returncode == 2
    again = provision("transport", "import", "--data", folder / "school", *cards)
    assert again.returncode == 0, again.stderr
    assert provision("custody", "verify", "--data", folder / "school").returncode == 0


def test_a_changed_custody_log_is_named_and_false(held, tmp_path):
    folder, _ = held
    shutil.copytree(folder / "c/keys", tmp_path / "keys")
    log, kept = tmp_path / "keys/custody.log", (tmp_path / "keys/custody.log").read_bytes()
    rows = kept.splitlines(keepends=True)
    changed = {
        "edited": (kept.replace(b'"n":5', b'"n":6', 1), "第 6 行与前一行不衔接"),
        "removed": (b"".join(rows[:7] + rows[8:]), "第 8 行与前一行不衔接"),
        "turned round": (b"".join([*rows[:2], rows[3], rows[2], *rows[4:]]), "第 3 行与前一行不衔接"),
        "torn": (b"".join([*rows[:3], rows[3][:40] + b"\n", *rows[4:]]), "第 4 行残缺"),
        "cut at the end": (b"".join(rows[:-1]), f"{len(rows) - 1} 行之后被截断"),
        "another log": (b"", "0 行之后被截断"),
    }
    for how, (raw, told) in changed.items():
        log.write_bytes(raw)
        done = provision("custody", "verify", "--data", tmp_path)
        assert (done.returncode, told in done.stdout) == (1, True), (how, done)
    log.write_bytes(kept)
    assert provision("custody", "verify", "--data", tmp_path).returncode == 0
    for damaged in (b"", b"\xff\xfe 12", b"5 " + b"0" * 64):
        (tmp_path / "keys/custody.head").write_bytes(damaged)
        done = provision("custody", "verify", "--data", tmp_path)
        assert (done.returncode, "custody.head" in done.stdout) == (1, True), (damaged, done)


def test_the_minutes_know_what_the_log_has_lost(held, tmp_path):
    """Whoever cuts the log and its head file has the signed minutes and the key process's STATUS against him."""
    folder, _ = held
    shutil.copytree(folder / "c/keys", tmp_path / "keys")
    (tmp_path / "keys/custody.head").unlink()
    log = tmp_path / "keys/custody.log"
    rows = log.read_bytes().splitlines(keepends=True)
    closed = next(n for n, row in enumerate(rows) if b'"act":"minutes"' in row)
    log.write_bytes(b"".join(rows[:closed]))
    done = provision("custody", "verify", "--data", tmp_path)
    assert (done.returncode, "ceremony-0001/minutes.txt" in done.stdout) == (1, True), done
    last = re.search("链头 ([0-9a-f]{64})", provision("custody", "verify", "--data", folder / "c").stdout)[1]
    log.write_bytes(b"".join(rows[:-1]))
    assert provision("custody", "verify", "--data", tmp_path).returncode == 0
    as_in_status = provision("custody", "verify", "--data", tmp_path, "--head", last[:16])
    assert (as_in_status.returncode, "--head" in as_in_status.stdout) == (1, True)


def test_one_sheet_for_two_officers_is_refused_at_once(held, tmp_path):
    folder, _ = held
    data = ("--data", tmp_path)
    provision("ceremony", "begin", *data, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", LI)
    enter = ("ceremony", "enter", *data, "--sheet", folder / f"{LI}.sheet")
    words = [("--officer", name, "--officer-passphrase-file", folder / f"{name}.words") for name in (LI, ZHAO)]
    assert provision(*enter, *words[0]).returncode == 0
    for wrong, told in ((words[0], "已录入过"), (words[1], "的分量校验值相同")):
        done = provision(*enter, *wrong)
        assert (done.returncode, told in done.stderr) == (2, True), done
    assert "下一步：" in provision("ceremony", "status", *data).stdout
    assert len(list(tmp_path.rglob("component-*"))) == 1
    assert (tmp_path / "keys").stat().st_mode & 0o77 == 0


def test_wrong_use_is_said(held, tmp_path):
    folder, _ = held
    data = ("--data", tmp_path)
    assert provision("ceremony", "status", *data).returncode == 2
    one = provision("ceremony", "begin", *data, "--campus", 1, "--officer", LI, "--officer", LI, "--who", LI)
    assert "一人不能兼任两名保管员" in one.stderr
    provision("ceremony", "begin", *data, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", LI)
    sheet = (folder / f"{LI}.sheet").read_text()
    open_sheet = tmp_path / "open.sheet"
    open_sheet.write_text(sheet)
    open_sheet.chmod(0o644)  # whatever the umask
    words = ("--officer", LI, "--officer-passphrase-file", folder / f"{LI}.words")
    assert "600" in provision("ceremony", "enter", *data, *words, "--sheet", open_sheet).stderr
    wrong = private(tmp_path / "wrong.sheet", sheet.replace(sheet.split()[2], "000000", 1))
    done = provision("ceremony", "enter", *data, *words, "--sheet", wrong)
    assert (done.returncode, "校验值不符：算得" in done.stderr) == (2, True)
    assert sheet.split()[1] not in done.stderr
    aborted = provision("ceremony", "abort", *data, "--who", LI, "--reason", "演练")
    assert "已中止" in aborted.stdout


def test_without_a_terminal_nothing_is_typed_in_the_open(held, tmp_path):
    folder, _ = held
    provision("ceremony", "begin", "--data", tmp_path, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", LI)
    words = ["ceremony", "enter", "--data", str(tmp_path), "--officer", LI, "--sheet", str(folder / f"{LI}.sheet")]
    command = [sys.executable, "-P", "-m", "provisioning", *words]
    nothing = subprocess.DEVNULL
    done = subprocess.run(
        command, cwd=ROOT, stdin=nothing, capture_output=True, text=True, timeout=PATIENCE_S, start_new_session=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "没有终端可隐藏输入：请用文件" in done.stderr


def test_at_a_terminal_components_are_typed_unseen(held, tmp_path):
    folder, _ = held
    provision("ceremony", "begin", "--data", tmp_path, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", LI)
    rows = [line.split() for line in (folder / f"{LI}.sheet").read_text().splitlines()]
    answers = [text for _, octets, check in rows for text in (octets, check)] + ["my own words", "my own words"]
    shown = at_terminal(["ceremony", "enter", "--data", str(tmp_path), "--officer", LI], answers)
    assert "下一步：" in shown
    assert all(check in shown for _, _, check in rows)
    assert not [octets for _, octets, _ in rows if octets in shown]
    assert "my own words" not in shown


def test_a_component_typed_wrongly_is_asked_for_again_and_three_times_end_the_step(held, tmp_path):
    folder, _ = held
    provision("ceremony", "begin", "--data", tmp_path, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", LI)
    rows = [line.split() for line in (folder / f"{LI}.sheet").read_text().splitlines()]
    (_, octets, check), *others = rows
    slip = octets[:-1] + f"{int(octets[-1], 16) ^ 8:X}"  # the last bit is parity in a DES key: no check value tells it
    right = [text for _, *pair in others for text in pair] + ["my own words", "my own words"]
    enter = ["ceremony", "enter", "--data", str(tmp_path), "--officer", LI]
    bad = at_terminal(enter, [slip, check, "no hex", octets, "00"], code=2)
    assert "已输错" in bad
    assert provision("ceremony", "status", "--data", tmp_path).stdout.count(ZHAO) == 1
    assert not list(tmp_path.rglob("component-*"))
    shown = at_terminal(enter, [slip, check, octets, check, *right])
    assert "校验值不符：算得" in shown
    assert not [one for one in (slip, *(octets for _, octets, _ in rows)) if one in bad + shown]


def test_nobody_sees_both_and_all_of_them_together_see_neither(held, tmp_path):
    """Each at the terminal alone; then both at one, each with his own words unseen. Neither opens the other's part."""
    folder, _ = held
    data = ["--data", str(tmp_path)]
    provision("ceremony", "begin", *data, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", LI)
    papers = {name: (folder / f"{name}.sheet").read_text() for name in (LI, ZHAO)}
    sheets = {name: [line.split() for line in text.splitlines()] for name, text in papers.items()}
    screens = {}
    for name, rows in sheets.items():
        answers = [text for _, *pair in rows for text in pair] + [f"words of {name}"] * 2
        screens[name] = at_terminal(["ceremony", "enter", *data, "--officer", name], answers)
    for name, other in ((LI, ZHAO), (ZHAO, LI)):
        assert not [check for _, _, check in sheets[other] if check in screens[name].partition("下一步：")[0]]
        part = (tmp_path / f"keys/ceremony-0001/component-{(LI, ZHAO).index(other) + 1}.keys").read_bytes()
        with pytest.raises(StoreLocked):
            open_store(part, Unlock(f"words of {name}".encode(), is_passphrase=True), Level.ROOT)
    wrong = at_terminal(["ceremony", "join", *data], [f"words of {ZHAO}", f"words of {LI}"], code=2)
    screens["both"] = at_terminal(["ceremony", "join", *data], [f"words of {name}" for name in (LI, ZHAO)])
    masters = [key.octets.hex().upper() for key in open_level(tmp_path, Level.ROOT).keys]
    secrets = [octets for rows in sheets.values() for _, octets, _ in rows] + masters
    secrets += [f"words of {name}" for name in (LI, ZHAO)]
    assert not [one for one in secrets for screen in (*screens.values(), wrong) if one in screen]


def test_components_come_down_a_pipe_without_a_terminal(held, tmp_path):
    folder, _ = held
    provision("ceremony", "begin", "--data", tmp_path, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", LI)
    sheet = (folder / f"{LI}.sheet").read_text()
    words = ["ceremony", "enter", "--data", str(tmp_path), "--officer", LI, "--sheet", "-"]
    command = [sys.executable, "-P", "-m", "provisioning", *words, "--officer-passphrase-file", folder / f"{LI}.words"]
    done = subprocess.run(
        command, cwd=ROOT, input=sheet, capture_output=True, text=True, timeout=PATIENCE_S, start_new_session=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, "下一步：" in done.stdout) == (0, True), done
    assert not [line.split()[1] for line in sheet.splitlines() if line.split()[1] in done.stdout + done.stderr]


def test_a_step_that_is_killed_at_the_terminal_leaves_no_core(tmp_path):
    provision("ceremony", "begin", "--data", tmp_path, "--campus", 1, "--officer", LI, "--officer", ZHAO, "--who", LI)
    ours, theirs = pty.openpty()
    words = ["ceremony", "enter", "--data", str(tmp_path), "--officer", LI]
    command = [sys.executable, "-P", "-m", "provisioning", *words]
    child = subprocess.Popen(
        command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: (take_terminal(), resource.setrlimit(resource.RLIMIT_CORE, (HARD, HARD))),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(theirs)
    try:
        shown = b""
        while not shown.endswith(b": ") and select.select([ours], [], [], PATIENCE_S)[0]:
            shown += os.read(ours, 4096)
        limits = Path(f"/proc/{child.pid}/limits").read_text()
        assert re.search("Max core file size +0 +0 ", limits), limits
        child.send_signal(signal.SIGABRT)
        _, status = os.waitpid(child.pid, 0)
        assert (os.WTERMSIG(status), os.WCOREDUMP(status)) == (signal.SIGABRT, False)
    finally:
        child.kill()
        child.returncode = -signal.SIGABRT
        os.close(ours)
    assert not list(tmp_path.glob("core*"))


HARD = resource.getrlimit(resource.RLIMIT_CORE)[1]


def at_terminal(words, answers, code=0):
    """Run the command on a terminal of its own, answer its prompts one by one, give all that the screen showed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "provisioning", *words]
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=take_terminal
    )
    os.close(theirs)
    shown, left, last = b"", list(answers), time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < last and select.select([ours], [], [], PATIENCE_S)[0]:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if shown.endswith(b": ") and left:
                os.write(ours, left.pop(0).encode() + b"\n")
                shown += b"\n"
        assert child.wait(PATIENCE_S) == code, shown.decode()
    finally:
        child.kill()
        os.close(ours)
    assert left == []
    return shown.decode()


def take_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
