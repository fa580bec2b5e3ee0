"""What the product never does, beside the rules of bandit that ruff has (S): each with the one place that may, and why.

A planted line shows that each rule sees what it is for.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compose.place import ROOT

PARTS = ("cloud", "compose", "edge", "provisioning", "shared")
FILES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))
NOT_FOR_SECRETS = ("random.random", "random.randint", "random.choice", "random.getrandbits", "random.randbytes")


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _call(*names: str) -> Callable[[ast.AST], Iterator[int]]:
    return lambda tree: (node.lineno for name, node in calls(tree) if name in names)


def _shell(tree: ast.AST) -> Iterator[int]:
    for name, node in calls(tree):
        if name.startswith(("subprocess.", "asyncio.create_subprocess_shell", "os.popen")) and any(
            word.arg == "shell" and ast.unparse(word.value) != "False" for word in node.keywords
        ):
            yield node.lineno


def _unbelieving(tree: ast.AST) -> Iterator[int]:
    """TLS that believes anybody."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("CERT_NONE", "_create_unverified_context"):
            yield node.lineno
        if isinstance(node, ast.Assign | ast.keyword) and _is_off(node.value) and "check_hostname" in ast.dump(node):
            yield node.value.lineno


def _is_off(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def _old_tls(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("SSLv3", "TLSv1", "TLSv1_1", "PROTOCOL_TLSv1"):
            yield node.lineno


def _everywhere(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in ("0.0.0.0", "::"):  # noqa: S104  # what is looked for
            yield node.lineno


def _told_secret(tree: ast.AST) -> Iterator[int]:
    """A log line that is handed a secret by name."""
    for name, node in calls(tree):
        if re.fullmatch(r"(log|logger|logging)\.(debug|info|warning|error|exception|critical)", name):
            names = {ast.unparse(one).rpartition(".")[2] for one in node.args[1:]}
            if any(
                re.fullmatch(r"(?i)(.*_)?(password|secret|token|pin|private|passphrase|k_term)", one) for one in names
            ):
                yield node.lineno


RULES: dict[str, tuple[Callable[[ast.AST], Iterator[int]], str, dict[str, str]]] = {
    "a shell": (_shell, "subprocess.run('rm x', shell=True)", {}),
    "code from data": (_call("eval", "exec", "compile", "pickle.load", "pickle.loads", "marshal.loads", "yaml.load",
                             "shelve.open"), "pickle.loads(raw)", {
        "edge/terminal/firmware/program.py": "a release that was proven by its signature is the program that runs",
    }),
    "a name that somebody else can take": (_call("tempfile.mktemp", "os.tempnam"), "tempfile.mktemp()", {}),
    "TLS that believes anybody": (_unbelieving, "context.verify_mode = ssl.CERT_NONE", {
        "edge/link/tcp/door.py": "terminals with a pre-shared key prove themselves by it, and have no certificate",
            "edge/process/identity/asking.py": "fetches what is public, and is believed by its pin or its words alone",
    }),
    "TLS of before": (_old_tls, "ssl.TLSVersion.TLSv1", {}),
    "a door to everybody": (_everywhere, 'bind("0.0.0.0")', {
        "edge/process/wiring.py": "a box's TCP terminals come from its own network; --tcp-host narrows it",
        "compose/server/rendered.py": "within a container, where its own network is the bound",
    }),
    "chance for a secret": (_call(*NOT_FOR_SECRETS), "random.randbytes(16)", {}),
    "a secret in a log": (_told_secret, "log.warning('refused %s', login.password)", {}),
}  # fmt: skip
"""What is looked for, a line that does it, and who may: by file, why."""


WORDS = re.compile(
    r"shell=|popen|(?<![.\w])(?:eval|exec|compile)\(|pickle|marshal|yaml|shelve|mktemp|tempnam|CERT_NONE|check_hostname|"
    r"unverified|SSLv3|TLSv1\b|TLSv1_1|0\.0\.0\.0|\"::\"|random\.|\blog(?:ger|ging)?\.\w+\("
)
"""A file without any of them does nothing of it, and is not parsed."""


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, list[int]]]:
    """Of each rule the files that do it, and where; every file is read once, and hardly any is parsed."""
    seen: dict[str, dict[str, list[int]]] = {rule: {} for rule in RULES}
    for file in FILES:
        text, place = file.read_text(encoding="utf-8"), str(file.relative_to(ROOT))
        if not WORDS.search(text):
            continue
        tree = ast.parse(text)
        for rule, (looks, _, _) in RULES.items():
            if lines := list(looks(tree)):
                seen[rule][place] = lines
    return seen


@pytest.mark.parametrize("rule", RULES)
def test_nobody_does_it(found, rule: str) -> None:
    _, _, may = RULES[rule]
    assert {place: lines for place, lines in found[rule].items() if place not in may} == {}


@pytest.mark.parametrize("rule", RULES)
def test_a_planted_line_is_seen(rule: str) -> None:
    looks, planted, _ = RULES[rule]
    assert list(looks(ast.parse(planted)))
    assert WORDS.search(planted)


@pytest.mark.parametrize(("rule", "place"), [(rule, place) for rule, (_, _, may) in RULES.items() for place in may])
def test_no_exception_is_for_nothing(rule: str, place: str) -> None:
    looks, _, _ = RULES[rule]
    assert list(looks(ast.parse(Path(ROOT / place).read_text(encoding="utf-8"))))
