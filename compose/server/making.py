"""`./ykt server init`: a campus is issued from a plan, and dealt out to the services of an installation.

The key store is sealed by a random passphrase that lies with the key process alone; what could make its keys again
(root.keys, region.keys) stays in issue/, which is to leave the server.
"""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from compose.place import ROOT, WrongUse
from compose.server import dealing, fronting, installation, rendered
from compose.server.engine import Engine
from compose.server.layout import FRONT, ISSUE, KEYS, PLAN, SIGNER, dealt
from shared.words.voice import Text

HOSTS = ("broker", "console")
"""Names of the services inside, which their certificates have beside the address."""
PASSPHRASE = "secrets/keys/passphrase"  # noqa: S105  # the name of a file
SIGNERS = "secrets/signer/passphrase"
PASSPHRASE_BYTES = 24

Say = Callable[[Text], None]


class Wanted(NamedTuple):
    """plan None: the demonstration's, with so many cards. issuing: further words for `provision campus`."""

    root: Path
    address: str
    version: str
    plan: Path | None
    cards: int
    issuing: Sequence[str] = ()


class StepFailed(Exception):
    """A command of provisioning ended badly: its last words. Exit code 1."""

    exit_code = 1


def make(wanted: Wanted, engine: Engine, say: Say) -> installation.Installation:
    """The installation, whole; installation.json is written last. WrongUse, StepFailed, OSError."""
    root = wanted.root
    dealing.require_root()
    dealing.require_new(root)
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    dealing.lay_out(root)
    _seal(root)
    if not (root / ISSUE / "campus.json").exists():
        _issue(wanted, say)
    say(Text("每个服务的目录、密钥文件与证书", "directories, secrets and certificates of each service"))
    one = installation.new(wanted.version, wanted.address)
    issue = root / ISSUE
    fronting.make_certificates(issue, root / PASSPHRASE, wanted.address, issue, provision)
    fronting.deal_token(root, fronting.TOKEN, fronting.DIGEST, FRONT)
    dealing.deal(root, dealt(_names(issue / "keys"), _names(issue / "boxes")))
    for path, (text, user, mode) in rendered.files(one, str(root), engine).items():
        dealing.give(root / path, text.encode(), user, mode)
    dealing.copy_compose(root)
    installation.write(root, one)
    return one


def with_hosts(plan: bytes, address: str) -> bytes:
    """The same plan, whose broker and console are known by the server's address and inside by their names."""
    try:
        said = json.loads(plan)
        hosts = [*said.get("hosts", [])]
    except (ValueError, AttributeError, TypeError) as fault:
        raise WrongUse(Text("计划不是 JSON", "the plan is no JSON")) from fault
    said["hosts"] = list(dict.fromkeys([*hosts, address, *HOSTS]))
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"


def _seal(root: Path) -> None:
    """One passphrase, for who opens the store and for who signs certificates by it."""
    if not (root / PASSPHRASE).exists():
        dealing.give(root / PASSPHRASE, secrets.token_urlsafe(PASSPHRASE_BYTES).encode() + b"\n", KEYS, 0o400)
    dealing.give(root / SIGNERS, (root / PASSPHRASE).read_bytes(), SIGNER, 0o400)


def _names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _issue(wanted: Wanted, say: Say) -> None:
    plan = wanted.root / PLAN
    if not plan.exists():
        plan.write_bytes(with_hosts(_plan(wanted), wanted.address))
        plan.chmod(0o600)
    say(Text("发行：密钥、卡、证书、清单", "issuing: keys, cards, certificates, inventory"))
    where = ("--data", str(wanted.root / ISSUE), "--plan", str(plan))
    provision("campus", *where, "--passphrase-file", str(wanted.root / PASSPHRASE), *wanted.issuing)


def _plan(wanted: Wanted) -> bytes:
    if wanted.plan is not None:
        return wanted.plan.read_bytes()
    return provision("plan", "demo", "--cards", str(wanted.cards), "--out", "-").encode()


def provision(*words: str) -> str:
    """What a command of provisioning says. StepFailed."""
    done = subprocess.run(
        (sys.executable, "-P", "-m", "provisioning", *words), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise StepFailed("\n".join(done.stderr.splitlines()[-10:]))
    return done.stdout
