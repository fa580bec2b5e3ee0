"""No secret is in the repository: every file that git has is read, and canaries show that each rule would see one.

What tests and pages need for an example is a line of EXAMPLES with its reason, or says itself that it is none.
"""

import base64
import math
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from compose.place import ROOT

NAMED = r"""(?i)(?:passw(?:or)?d|secret|token|api_?key|credential)["']?\s*[:=]\s*["']([^"'\s{}]{8,})["']"""
RULES = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*([A-Za-z0-9+/=\n]{40,})"),
    "a password in an address": re.compile(r"://[^/\s:@\"'{}]+:([^@\s/\"'{}]{4,})@"),
    "a named secret": re.compile(NAMED),
    "a key in hexadecimal": re.compile(r"""(?i)key["']?\s*[:=]\s*(?:bytes\.fromhex\()?["']([0-9a-f]{32,})["']"""),
    "a cloud's access key": re.compile(r"\b((?:AKIA|ASIA|LTAI)[0-9A-Za-z]{12,20})\b"),
    "a forge's token": re.compile(r"\b((?:gh[pousr]_|glpat-|pypi-)[A-Za-z0-9_-]{20,})"),
    "a chat's token": re.compile(r"\b(xox[abpr]-[0-9A-Za-z-]{10,})"),
    "a web token": re.compile(r"\b(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,})"),
}
"""What each sees; its group is the secret itself."""
EXAMPLES = {
    "tests/vectors/": "known answers: keys of published and of made-up examples, which open nothing",
    "tests/released/": "the same, of releases",
    "docs/protocol/": "the worked example of the public protocol",
    "tests/shared/purse/": "keys of the clauses' own examples",
    "tests/shared/support/test_diagnostics.py": "canaries",
    "tests/house/test_secrets.py": "canaries",
}
SAYS_SO = re.compile(
    r"(?i)example|not-a|geheim|test|machine-token|0123456789|12345678|wrong|JBSWY3DPEHPK3PXP|^\+86|hunter|dummy"
)
"""An invented one."""
LARGE = 2_000_000


def tracked() -> list[Path]:
    named = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in named.split("\0") if name]


def found_in(text: str) -> list[tuple[str, str]]:
    """Which rule, and what."""
    return [
        (rule, found)
        for rule, pattern in RULES.items()
        for found in pattern.findall(text)
        if not SAYS_SO.search(found) and _is_random(found)
    ]


def _is_random(text: str) -> bool:
    """Words of a language and rows of one letter are none."""
    counts = Counter(text)
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return bits > 2.5


def test_none_is_in_the_repository() -> None:
    leaks = []
    for file in tracked():
        place = str(file.relative_to(ROOT))
        if place.startswith(tuple(EXAMPLES)) or not file.is_file() or file.stat().st_size > LARGE:
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        leaks += [(place, rule) for rule, _ in found_in(text)]
    assert leaks == []


def test_no_file_of_secrets_is_in_the_repository() -> None:
    kinds = ("*.key", "*.login", "*.token", "*.keys", "unlock", "*.dsn", "*.passwords", ".env", "*.p12", "id_*")
    named = [file for file in tracked() if any(file.match(kind) for kind in kinds)]
    assert [str(file.relative_to(ROOT)) for file in named if "tests/released/" not in str(file)] == []


PEM = base64.b64encode(bytes(range(90, 170))).decode()
CANARIES = {
    "a private key": f"-----BEGIN EC PRIVATE KEY-----\n{PEM}\n-----END EC PRIVATE KEY-----",
    "a password in an address": "postgresql://ykt:Xk7-qPz2vM@db.school/ykt",
    "a named secret": 'DB_PASSWORD = "Xk7-qPz2vMw9"',
    "a key in hexadecimal": 'MASTER_KEY = bytes.fromhex("c0de5ec2e7a1b2937f8e5ec2e7d4c6f8")',
    "a cloud's access key": "LTAI5tQ9zX2bV7nM4kRd",
    "a forge's token": "ghp_Zx8Qv3Lm2Np7Rt5Yw9Kb4Hc6",
    "a chat's token": "xoxb-8837465920-aZkQpWx",
    "a web token": "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0",
}


@pytest.mark.parametrize("rule", RULES)
def test_a_planted_one_is_seen(rule: str) -> None:
    assert rule in {name for name, _ in found_in(f"before\n{CANARIES[rule]}\nafter")}


@pytest.mark.parametrize("place", EXAMPLES)
def test_no_exception_is_for_nothing(place: str) -> None:
    assert any(str(file.relative_to(ROOT)).startswith(place) for file in tracked())
