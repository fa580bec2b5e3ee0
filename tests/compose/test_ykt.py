"""The one command: its help, its refusals, what it installs, and to whom it hands over."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compose import verbs
from compose.__main__ import main
from compose.lock.locked import FILE
from compose.place import ROOT, WrongUse
from compose.verbs import FIRST, VERBS, existing, extras_of, find, first_page, help_text, missing_debian
from shared.words.columns import taken
from shared.words.voice import Language, speak, wanted

TOOLS = {"sh", "dirname", "id", "cat", "sed", "cksum", "grep", "tail", "mktemp", "rm", "flock", "uname", "env", "tr"}


def ykt(*words, checkout=ROOT, path="/usr/bin:/bin", **more):
    environment = {"PATH": path, "HOME": os.environ["HOME"], "LANG": "C.UTF-8"} | more
    return subprocess.run(
        (checkout / "ykt", *words), capture_output=True, text=True, check=False, env=environment, cwd="/", timeout=120
    )


@pytest.fixture
def checkout(tmp_path):
    """A checkout without a venv whose verb `edge` prints where and with what it runs."""
    for name in ("ykt", "pyproject.toml", FILE):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "compose", tmp_path / "compose", ignore=lambda *_: {"__pycache__"})
    for name in ("words", "input"):
        folder = Path("shared", name)
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=lambda *_: {"__pycache__"})
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "__init__.py").touch()
    (tmp_path / "edge" / "__main__.py").write_text("import os, sys\nprint(os.getcwd(), sys.argv[1:])\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "environment", "is_english"),
    [(("help",), {}, False), (("--help",), {"LANG": "en_US.UTF-8"}, True), (("-h", "--lang", "en"), {}, True),
     (("help", "--lang=en"), {}, True), (("help", "--lang", "zh"), {"LANG": "en"}, False),
     (("-h",), {"LC_ALL": "zh_CN.UTF-8", "LANG": "en_GB"}, False),
     (("-h",), {"YKT_LANG": "en", "LC_ALL": "zh_CN"}, True)],
)  # fmt: skip
def test_help_needs_no_venv_and_is_in_one_language(checkout, words, environment, is_english):
    done = ykt(*words, checkout=checkout, **environment)
    assert done.returncode == 0, done.stderr
    assert ("Usage" in done.stdout, "用法" in done.stdout) == (is_english, not is_english)
    assert not (checkout / ".venv").exists()


def test_help_lists_the_verbs_of_this_checkout_and_no_others(checkout):
    listed = re.findall(r"^  ([a-z]+) ", ykt("help", checkout=checkout).stdout, re.MULTILINE)
    assert {"test", "edge"} <= set(listed)
    assert not {"sim", "bench", "scene", "cloud", "provision", "terminal"} & set(listed)


@pytest.mark.parametrize(("words", "title"), [((), "可以先试"), (("--lang", "en"), "What to try first")])
def test_without_words_it_shows_what_to_try_first(checkout, words, title):
    done = ykt(*words, checkout=checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert title in done.stdout
    assert re.findall(r"^  ./ykt ([a-z]+) ", done.stdout, re.MULTILINE) == [
        "up", "status", "verify", "up", "test", "completion",
    ]  # fmt: skip
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("language", list(Language))
def test_what_to_try_first_is_a_short_page_of_verbs_that_exist(language):
    speak(language)
    assert len(first_page().splitlines()) <= 20
    assert {name for name, *_ in FIRST} <= {verb.name for verb in existing()}
    assert widest(first_page()) <= 80


@pytest.mark.parametrize(
    "words", [("tset",), ("--needs",), ("sim",)], ids=["typing error", "no verb", "verb without its module"]
)
def test_wrong_use_ends_with_2_before_anything_is_made(checkout, words):
    done = ykt(*words, checkout=checkout)
    assert done.returncode == 2
    assert "没有这个命令" in done.stderr
    assert "No such verb" in ykt(*words, "--lang", "en", checkout=checkout).stderr
    assert not (checkout / ".venv").exists()


def programs(folder, **scripts):
    """A PATH with stand-ins, and beside them links to the tools that the script needs."""
    folder.mkdir()
    bodies = {name.replace("_", "-"): body for name, body in scripts.items()}
    for name, body in bodies.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    for name in TOOLS - bodies.keys():  # never a link under a name that is written: root would write through it
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


def test_missing_packages_are_named_when_they_may_not_be_installed(checkout, tmp_path):
    done = ykt("test", checkout=lacking(checkout), path=programs(tmp_path / "bin", id="echo 1000"))
    assert done.returncode == 2
    assert "缺少软件包：chromium fonts-noto-cjk" in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    "words", [(), ("--lang", "en"), ("--lang=en",), ("--lang", "zh"), ("--lang", "EN"), ("--lang",), ("--lang=",)]
)
@pytest.mark.parametrize(
    "environment",
    [{}, {"LANG": "en_GB.UTF-8"}, {"LANG": "EN"}, {"LANG": "eng"}, {"LANG": "en", "LC_MESSAGES": "zh_CN"},
     {"LC_ALL": "C", "LANG": "en"}, {"LC_ALL": "", "LANG": "en"}, {"YKT_LANG": "zh", "LC_ALL": "en_US"}],
)  # fmt: skip
def test_the_script_speaks_what_python_would(words, environment):
    script = (ROOT / "ykt").read_text().split("\npython=")[0]
    said = subprocess.run(
        ("/bin/sh", "-c", f"{script}\necho $lang", ROOT / "ykt", "test", *words),
        capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin", **environment},
    )  # fmt: skip
    assert said.stdout.strip() == wanted(["test", *words], environment).value


def test_missing_packages_are_named_in_english_too(checkout, tmp_path):
    path = programs(tmp_path / "bin", id="echo 1000")
    done = ykt("test", checkout=lacking(checkout), path=path, LANG="en_US.UTF-8")
    assert done.stderr.startswith("Missing packages: chromium fonts-noto-cjk")
    assert not re.search(r"[\u4e00-\u9fff]", done.stderr)


def test_missing_packages_are_installed_by_root_after_one_update(checkout, tmp_path):
    log = tmp_path / "apt.log"
    apt = f'echo "$*" >>{log}; case "$*" in *update*) touch {log}.updated ;; *) [ -e {log}.updated ] ;; esac'
    path = programs(tmp_path / "bin", id="echo 0", apt_get=apt)
    ykt("test", checkout=lacking(checkout), path=path)
    first, update, second, *_ = log.read_text().splitlines()
    assert "install -y --no-install-recommends chromium fonts-noto-cjk" in first
    assert "-o DPkg::Lock::Timeout=500" in first
    assert update.endswith("update")
    assert second == first


def test_failed_install_shows_what_apt_said_without_addresses(checkout, tmp_path):
    path = programs(tmp_path / "bin", id="echo 0", apt_get="echo E: cannot fetch http://mirror.example/x; exit 100")
    done = ykt("test", checkout=lacking(checkout), path=path)
    assert done.returncode == 2
    assert "E: cannot fetch http" in done.stderr
    assert "mirror.example" not in done.stderr


def lacking(checkout):
    """Make the checkout believe that this machine has no browser and no font."""
    path = checkout / "compose" / "verbs.py"
    path.write_text(path.read_text().replace('shutil.which("chromium")', "None").replace("CJK_FONT.exists()", "False"))
    return checkout


STAND_IN = """\
#!/bin/sh
echo "$*" >>{checkout}/calls
case "$*" in
*sys.prefix*) echo "$(/usr/bin/python3 -c 'import sys; print(sys.version)') {checkout}/.venv" ;;
*"-m pip"*) ;;
*) PYTHONPATH={checkout} exec {python} "$@" ;;
esac
"""


def prepared(checkout):
    """A venv as `./ykt` would have made it, without its minute: this run's own, and the stamp."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text(STAND_IN.format(checkout=checkout, python=sys.executable))
    python.chmod(0o755)
    script = (checkout / "ykt").read_text().split("\nneeds=")[0]
    mark = subprocess.run(
        ("sh", "-c", f"{script}\nfingerprint", checkout / "ykt"), capture_output=True, text=True, check=True
    ).stdout
    (checkout / ".venv" / ".ykt-installed").write_text(f"{mark}{verbs.DEV}\n")
    return checkout


def test_prepared_checkout_hands_over_with_the_callers_words_and_folder(checkout):
    done = ykt("edge", "run", "--box", "食堂 1", checkout=prepared(checkout))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "/ ['run', '--box', '食堂 1']\n"
    assert (checkout / "calls").read_text() == "-P -m compose edge run --box 食堂 1\n"


def test_changed_requirement_installs_again(checkout):
    prepared(checkout)
    project = checkout / "pyproject.toml"
    project.write_text(re.sub(r"cbor2>=[0-9.]+", "cbor2>=99", project.read_text()))
    ykt("edge", checkout=checkout)
    assert "-m pip install" in (checkout / "calls").read_text()


def test_changed_lock_installs_again_by_content_alone(checkout):
    prepared(checkout)
    lock = checkout / FILE
    lock.write_text(lock.read_text() + "\n")
    assert ykt("edge", checkout=checkout).returncode == 0
    build, packages, ours, _ = [line for line in (checkout / "calls").read_text().splitlines() if "sys." not in line]
    for line in (build, packages):
        assert "--require-hashes --no-deps --no-build-isolation -r " in line
    assert ours.endswith(f"--no-deps --no-build-isolation -e {checkout}")


def test_a_damaged_lock_installs_nothing(checkout):
    prepared(checkout)
    lock = checkout / FILE
    lock.write_text(lock.read_text().replace("--hash=sha256:", "", 1))
    done = ykt("edge", checkout=checkout)
    assert done.returncode == 2
    assert "requirements.lock 不能用" in done.stderr
    assert "-m pip" not in (checkout / "calls").read_text()


def test_unlocked_is_said(checkout):
    prepared(checkout)
    (checkout / FILE).write_text((checkout / FILE).read_text() + "\n")
    done = ykt("edge", checkout=checkout, YKT_UNLOCKED="1")
    assert done.returncode == 0
    assert "未按 requirements.lock 核对内容" in done.stderr
    assert "--require-hashes" not in (checkout / "calls").read_text()


def test_the_bill_of_materials_needs_no_venv_and_no_network(checkout):
    done = ykt("sbom", checkout=checkout)
    assert done.returncode == 0, done.stderr
    assert '"bomFormat": "CycloneDX"' in done.stdout
    assert not (checkout / ".venv").exists()


def test_changed_lint_setting_installs_nothing(checkout):
    prepared(checkout)
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace("max-complexity = 10", "max-complexity = 9"))
    assert ykt("edge", checkout=checkout).returncode == 0
    assert "pip" not in (checkout / "calls").read_text()


def test_script_names_no_registry_and_no_bashism():
    text = (ROOT / "ykt").read_text()
    assert "://" not in re.sub(r"%%://\*", "", text)
    subprocess.run(("dash", "-n", ROOT / "ykt"), check=True)


def test_every_verb_says_both_languages():
    for verb in VERBS:
        assert re.search(r"[\u4e00-\u9fff]", verb.does.zh), verb.name
        assert re.fullmatch(r"[ -~]+", verb.does.en), verb.name


@pytest.mark.parametrize("language", list(Language))
def test_help_fits_a_terminal(language):
    speak(language)
    assert widest(help_text()) <= 80


def widest(page):
    return max(map(taken, page.splitlines()))


@pytest.mark.parametrize("verb", existing(), ids=lambda verb: verb.name)
def test_verb_of_the_help_is_found(verb):
    assert find(verb.name) is verb


def test_who_keeps_a_ledger_of_postgresql_gets_its_tool_and_nobody_else(monkeypatch):
    monkeypatch.setattr("compose.verbs.PROGRAMS", "/nowhere")
    for name, words in (("cloud", ["backup", "set-up"]), ("test", ["--all"]), ("bench", ["backup"])):
        assert "pgbackrest" in missing_debian(find(name), words)
    for name, words in (("cloud", ["backup"]), ("cloud", ["ingest"]), ("test", []), ("bench", ["outbox"])):
        assert "pgbackrest" not in missing_debian(find(name), words)


def test_who_builds_a_server_gets_what_the_base_is_made_by_and_no_engine(monkeypatch):
    """Which one it is, Docker or podman, is the school's choice."""
    monkeypatch.setattr(verbs, "_has", lambda _: False)
    assert missing_debian(find("server"), ["build"]) == ("debootstrap",)
    assert missing_debian(find("server"), ["up", "/srv/openykt"]) == ()


def test_an_engine_is_installed_for_the_scene_that_plays_in_it_alone(monkeypatch, tmp_path):
    monkeypatch.setattr("compose.verbs.PROGRAMS", "/nowhere")
    monkeypatch.setattr(verbs, "PODMAN", tmp_path)
    engine = {"podman", "runc", "docker-compose", "netavark", "aardvark-dns", "catatonit", "debootstrap"}
    for name, words in (("scene", ["school-server"]), ("scene", ["server-upgrade"]), ("test", ["--all"])):
        assert engine <= set(missing_debian(find(name), words))
    for name, words in (("scene", ["drill"]), ("test", []), ("up", ["--full"])):
        assert not engine & set(missing_debian(find(name), words))


def test_up_needs_servers_only_when_full(monkeypatch):
    monkeypatch.setattr(verbs, "_has", lambda _: False)
    monkeypatch.setattr(verbs, "_has_postgres", lambda: False)
    up = next(verb for verb in VERBS if verb.name == "up")
    assert missing_debian(up, []) == ()
    assert missing_debian(up, ["--for", "60s", "--full"]) == ("mosquitto", "postgresql", "victoria-metrics")


def test_only_a_terminal_at_a_reader_needs_what_readers_need(monkeypatch, tmp_path):
    monkeypatch.setattr(verbs, "_has", lambda _: False)
    monkeypatch.setattr(verbs, "PCSC_HEADER", tmp_path / "none")
    terminal = find("terminal")
    assert missing_debian(terminal, ["--interactive"]) == ()
    assert extras_of(terminal, ["--interactive"]) == verbs.RUN
    for words in (["--reader", "ACS"], ["--psam-reader=ACS"]):
        assert {"pcscd", "libpcsclite-dev", "gcc", "swig"} <= set(missing_debian(terminal, words))
        assert extras_of(terminal, words) == extras_of(find("desk"), words) == f"{verbs.RUN},cards"
    for name in ("up", "edge", "cloud", "provision"):
        assert "cards" not in extras_of(find(name), ["--reader", "x"])
        assert missing_debian(find(name), ["--reader", "x"]) == ()


@pytest.mark.parametrize(("there", "installs"), [(f"more,{verbs.DEV}", False), ("more,demo,edge", True)])
def test_extras_are_added_to_those_that_are_there(checkout, there, installs):
    stamp = prepared(checkout) / ".venv" / ".ykt-installed"
    mark, _ = stamp.read_text().splitlines()
    stamp.write_text(f"{mark}\n{there}\n")
    assert ykt("edge", checkout=checkout).returncode == 0
    assert ("-m pip install" in (checkout / "calls").read_text()) is installs
    extras = stamp.read_text().splitlines()[1].split(",")
    assert {"more", *verbs.RUN.split(",")} <= set(extras)


def test_up_brings_no_developer_tools():
    assert "dev" not in next(verb for verb in VERBS if verb.name == "up").extras.split(",")


def test_needs_are_two_lines(capsys):
    assert main(["--needs", "test"]) == 0
    assert capsys.readouterr().out.count("\n") == 2


def test_unknown_verb_is_wrong_use():
    with pytest.raises(WrongUse, match="没有这个命令：pay"):
        main(["pay"])
