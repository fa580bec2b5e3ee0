"""The completion script in a real shell: what Tab offers is what the parsers take, in the language of the terminal."""

import json
import re
import shutil
import subprocess
import sys
from functools import cache

import pytest

from compose.commands.completion import script, whole
from compose.place import ROOT
from compose.verbs import existing
from shared.words.voice import Language, speak
from tests.patience import PATIENCE_S

CHINESE = re.compile("[\u4e00-\u9fff]")
ASK = """
source /dev/stdin <<'SCRIPT'
{script}
SCRIPT
complete -p ykt >/dev/null || exit 3
COMP_WORDS=({words}) COMP_CWORD={at} COMP_LINE='{words}' COMP_POINT={point}
function=$(complete -p ykt | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" ykt '{last}' '{before}'
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@cache
def made(shell, language=Language.ZH):
    speak(language)
    return script(shell, existing())


def offered(*words):
    """What bash would offer after `./ykt WORDS`, the last of them begun."""
    line = " ".join(("./ykt", *(word or "''" for word in words)))
    before = (words[-2:-1] or ["ykt"])[0]
    ask = ASK.format(
        script=made("bash"), words=line, at=len(words), point=len(line), last=words[-1], before=before
    )  # fmt: skip
    done = subprocess.run(
        ("bash", "--norc", "--noprofile"), input=ask, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {word.strip() for word in done.stdout.splitlines()} - {""}


def test_bash_offers_every_verb_of_the_launcher():
    assert {verb.name for verb in existing()} <= offered("")
    assert offered("ver") == {"verify"}


@pytest.mark.parametrize(
    ("words", "among"),
    [(("cloud", ""), {"verify", "report", "desk"}), (("provision", "ceremony", ""), {"draw", "join"}),
     (("edge", "run", "--b"), {"--box", "--broker", "--broker-login"}), (("up", "--f"), {"--full", "--for"}),
     (("up", "--lang", ""), {"zh", "en"}), (("cloud", "desk", "--k"), {"--keys"}), (("held", "pro"), {"propose"}),
     (("held", "--d"), {"--data"}), (("desk", "replace", "--n"), {"--new", "--name"}), (("test", "--"), {"--mutants"}),
     (("sim", "--plant", "no-d"), {"no-duplicate-check"}), (("bench", "led"), {"ledger"}),
     (("scene", "babb"), {"babbling"}),
     (("torn", "--po"), {"--points"}), (("completion", ""), {"bash", "zsh", "fish"}),
     (("verify", "--checkpoint", "REA"), {"README.md"}), (("verify", "--data", "sha"), {"shared"})],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)  # fmt: skip
def test_bash_offers_what_a_verb_takes(words, among):
    assert among <= offered(*words)


def test_every_option_of_every_verb_is_in_the_script():
    """Held against the parsers: nothing is written by hand."""
    text = made("bash")
    for name, verb in _verbs(whole("provisioning"), "provision"):
        words = [word for option in verb["options"] for word in option["words"]]
        found = re.search(rf"^_shtab_ykt_{name}_option_strings=\((.*)\)$", text, re.MULTILINE)
        assert found
        assert set(found[1].replace("'", "").split()) == set(words), name


def _verbs(tree, name):
    yield name, tree
    for verb in tree.get("verbs", ()):
        yield from _verbs(verb["parser"], f"{name}_{verb['name'].replace('-', '_')}")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_where_the_shell_shows_help_it_is_in_one_language(shell):
    assert "核对账本与网关" in made(shell)
    english = made(shell, Language.EN)
    assert "check ledger and boxes" in english
    assert not CHINESE.search(english), CHINESE.search(english)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("language", list(Language))
def test_the_shell_can_read_it(shell, language):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    words = (shell, "-n") if shell != "fish" else (shell, "--no-execute")
    subprocess.run(words, input=made(shell, language), text=True, check=True, timeout=PATIENCE_S)


def test_a_program_that_cannot_answer_is_completed_by_its_name():
    assert whole("compose.nothing") == {"elsewhere": False, "options": []}


def test_a_description_is_for_programs_alone():
    """One line of JSON, at any verb; and no help names it."""
    asked = ("-P", "-m", "cloud", "report")
    run = {"capture_output": True, "text": True, "check": False, "cwd": ROOT, "env": {"PYTHONPATH": str(ROOT)}}
    told = subprocess.run((sys.executable, *asked, "--describe"), **run)
    assert (told.returncode, json.loads(told.stdout)["elsewhere"]) == (0, False)
    assert "--describe" not in subprocess.run((sys.executable, *asked, "--help"), **run).stdout
    assert subprocess.run((sys.executable, *asked, "--describe", "--json"), **run).returncode == 2
