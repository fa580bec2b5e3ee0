"""The front's zone of an installation: certificates of wallet and accounts service, the token between the two, and a
certificate that phones trust in the place of ours.

What is there stays; what is missing is made by the school's own CA: `init` has it from the issued campus, an
installation of before from the signer, who has that key as well.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

from compose.place import WrongUse
from compose.server import certificates, dealing
from compose.server.certificates import MADE_BY, Provision
from compose.server.layout import CLOUD, FRONT, WALLET
from shared.keys.front_token import TOKEN_FILE, TOKEN_SIZE, digest_of, is_front
from shared.keys.front_token import WALLET as ZONE
from shared.words.voice import Text

ACCOUNTS = "accounts"
"""The accounts service's name on the network that it shares with the front."""
ADDRESS, PORT = "YKT_WALLET_ADDRESS", "YKT_WALLET_PORT"
TOKEN, DIGEST = f"secrets/wallet/{TOKEN_FILE}", f"data/cloud/cloud/{ZONE.digest}"
_NAMED = "data/cloud/cloud/wallet.toml"
_KEY = WALLET[0]
_OF = {
    "front": (WALLET[-1].target, _KEY.target),
    "cloud": ("data/cloud/cloud/accounts.pem", "secrets/accounts/accounts.key"),
}
"""Each certificate and its key, by where their files are issued."""
_SHOWN = tuple(one for one in WALLET if one.source == "front/wallet.pem")


def make_certificates(data: Path, passphrase: Path, address: str, out: Path, provision: Provision) -> None:
    """Of wallet and accounts service, with their keys, below `out`, where they are missing. data: a folder with the
    school's keys. StepFailed."""
    words = ("--data", str(data), "--passphrase-file", str(passphrase), "--host", address, "--accounts", ACCOUNTS)
    provision("certificate", "wallet", *words, "--out", str(out), "--who", MADE_BY)


def open_front(root: Path, address: str, provision: Provision) -> bool:
    """An installation of before gets a front, and certificates of ours that end soon are followed by new ones; the
    school's own is its matter. False: all is there. StepFailed, OSError."""
    deal_token(root, TOKEN, DIGEST, FRONT)
    due = {name for name, pair in _OF.items() if certificates.is_due(root, *pair)}
    if not due:
        return False
    files = tuple(each for each in WALLET if each.source.partition("/")[0] in due)
    certificates.made_by_signer(
        root, files, lambda data, passphrase, out: make_certificates(data, passphrase, address, out, provision)
    )
    return True


def require_open(root: Path) -> None:
    """WrongUse that names what the front lacks."""
    lacks = [path for path in (WALLET[-1].target, _KEY.target, TOKEN, DIGEST) if not (root / path).exists()]
    if lacks:
        names = ", ".join(lacks)
        raise WrongUse(
            Text(f"钱包缺 {names}：./ykt server upgrade DIR", f"the wallet lacks {names}: ./ykt server upgrade DIR")
        )


def told(root: Path, host: str) -> Iterator[Text]:
    """As certificates.told, of the certificate that the front shows."""
    return certificates.told(root, (root / WALLET[-1].target).read_bytes(), host)


def shown(root: Path) -> list[bytes]:
    """Certificates and digest as they are now, to see whether they are others later; empty where there is no front."""
    files = [root / file for file, _ in _OF.values()] + [root / DIGEST]
    return [file.read_bytes() for file in files if file.exists()]


def deal_token(root: Path, token: str, digest: str, of: int) -> bool:
    """To a front, and its digest to the accounts service: both anew where one is missing, or is not of the other, as a
    cut between the two leaves them. token, digest: their files; of: the front's user. False: they are there."""
    if belong(root / token, root / digest):
        return False
    made = secrets.token_urlsafe(TOKEN_SIZE)
    dealing.give(root / token, f"{made}\n".encode(), of, 0o400)
    dealing.give(root / digest, f"{digest_of(made)}\n".encode(), CLOUD, 0o600)
    return True


def belong(token: Path, digest: Path) -> bool:
    """Is this the token that is known by that digest? Not where one is missing or damaged. OSError: may not be read."""
    try:
        return is_front(digest.read_text(encoding="ascii").strip(), token.read_text(encoding="ascii").strip())
    except (FileNotFoundError, ValueError):
        return False


def show(root: Path, certificate: Path, key: Path, host: str) -> None:
    """From its next start on the front shows the school's own certificate: PEM, the server's own first, then its chain.
    WrongUse, with nothing changed: the two are no pair, it has ended, or is not for that name. OSError."""
    chain, private = certificates.pair_for(certificate, key, host)
    dealing.give(root / _KEY.target, private, _KEY.of, _KEY.mode)
    for one in _SHOWN:
        dealing.give(root / one.target, chain, one.of, one.mode)


def name(root: Path, address: str) -> None:
    """From their next start on, and for links and letters at once, the cloud knows by which address phones see the
    wallet; what else stands in its file stays. Whole, or as it was. OSError."""
    file = root / _NAMED
    kept = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    lines = [f'address = "{address}"', *(line for line in kept if line.partition("=")[0].strip() != "address")]
    dealing.give(file, "".join(f"{line}\n" for line in lines).encode(), CLOUD, 0o600)
