"""The front's zone of an installation: dealt by init, added to one of before; the school's own certificate in it."""

import shutil
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from cloud.wallet.settings import FILE, Binding, read_wallet
from compose.place import WrongUse
from compose.server import certificates, fronting, installation, starting
from compose.server.layout import CLOUD, DATA, FRONT, LINKS, MARK, SIGNER
from compose.server.upgrading import upgrade
from provisioning.certificates import authority
from shared.keys.front_token import is_front
from tests.compose.server.conftest import quiet
from tests.compose.server.test_upgrading import HAS_ALL

NOW = datetime.now(UTC)
HOST = "wallet.school.example"


def pair(folder: Path, *hosts: str, now: datetime = NOW) -> tuple[Path, Path]:
    """A certificate for these hosts, of somebody else's CA, and its key."""
    key, ca = authority.new_key(), authority.new_authority("another", now)
    chain, private = folder / "fullchain.pem", folder / "privkey.pem"
    chain.write_bytes(authority.issue_server(ca, key.public_key(), hosts, now) + authority.certificate_pem(ca))
    private.write_bytes(authority.private_pem(key))
    return chain, private


def require_front(root: Path) -> None:
    """Each has what it needs, and it fits together."""
    fronting.require_open(root)
    token, digest = root / "secrets/wallet/token", root / "data/cloud/cloud/wallet-front.digest"
    assert is_front(digest.read_text().strip(), token.read_text().strip())
    assert (token.stat().st_uid, token.stat().st_mode & 0o777) == (FRONT, 0o400)
    assert digest.stat().st_uid == CLOUD
    zone, cloud = root / "data/front/front", root / "data/cloud/cloud"
    assert (zone / "token").readlink() == Path(LINKS["data/front/front/token"])
    for certificate, key in ((zone / "wallet.pem", root / "secrets/wallet/wallet.key"),
                             (cloud / "accounts.pem", root / "secrets/accounts/accounts.key")):  # fmt: skip
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    assert certificates.is_for((cloud / "accounts.pem").read_bytes(), fronting.ACCOUNTS)
    assert certificates.is_for((zone / "wallet.pem").read_bytes(), "192.0.2.7")
    assert (cloud / "wallet.pem").read_bytes() == (zone / "wallet.pem").read_bytes(), "the watch sees when it ends"
    assert not [*root.glob(".front-*")], "no key is left about"


def test_init_deals_it(as_made: Path) -> None:
    require_front(as_made)
    assert not [*(as_made / "data/front").rglob("*.dsn")]
    assert (as_made / "data/cloud/cloud/payments").readlink() == Path("/secrets")


def test_an_installation_of_before_gets_one_by_its_upgrade(root: Path) -> None:
    """Of the release before the wallet, whose `issue/` has left the server as it is told to."""
    old = installation.read(root)
    installation.write(root, replace(old, folders=tuple(one for one in DATA if one != "data/front")))
    for path in ("data/front", "secrets/wallet", "secrets/accounts", "secrets/payments", "issue"):
        shutil.rmtree(root / path)
    for name in ("accounts.pem", "wallet.pem", "wallet-front.digest", "payments"):
        (root / "data/cloud/cloud" / name).unlink()
    with pytest.raises(WrongUse, match=r"data/front/front/wallet\.pem"):
        fronting.require_open(root)
    one = upgrade(root, "v2", HAS_ALL, quiet)
    installation.require_whole(root, one)
    require_front(root)
    kept = [*(root / "data/signer/keys").iterdir()]
    assert {one.stat().st_uid for one in kept} == {SIGNER}
    shown = (root / "data/front/front/wallet.pem").read_bytes()
    upgrade(root, "v3", HAS_ALL, quiet)
    assert (root / "data/front/front/wallet.pem").read_bytes() == shown, "what is there stays"


def test_a_front_that_was_lost_or_broken_into_is_made_anew(root: Path) -> None:
    """Its folder, its secrets: nothing that anybody misses was there, and its old token opens nothing any more."""
    token = (root / "secrets/wallet/token").read_text()
    shutil.rmtree(root / "data/front")
    for file in (root / "secrets/wallet").iterdir():
        file.unlink()
    one = upgrade(root, "v2", HAS_ALL, quiet)
    require_front(root)
    assert (root / "data/front" / MARK).read_text().strip() == one.identity, "its container enters it"
    assert (root / "secrets/wallet/token").read_text() != token


def test_a_token_that_is_not_of_its_digest_is_dealt_anew(as_made: Path, tmp_path: Path) -> None:
    """As a cut between the two has left them, or a disk that rots."""
    for path in (fronting.TOKEN, fronting.DIGEST):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(as_made / path, tmp_path / path)
    assert not fronting.deal_token(tmp_path, fronting.TOKEN, fronting.DIGEST, FRONT)
    for lost in (fronting.TOKEN, fronting.DIGEST):
        (tmp_path / lost).write_bytes(b"\xff")
        assert fronting.deal_token(tmp_path, fronting.TOKEN, fronting.DIGEST, FRONT)
        assert fronting.belong(tmp_path / fronting.TOKEN, tmp_path / fronting.DIGEST)


def test_ours_is_followed_by_a_new_one_before_it_ends_and_the_schools_own_is_not(root: Path, tmp_path: Path) -> None:
    accounts, zone = root / "data/cloud/cloud/accounts.pem", root / "data/front/front/wallet.pem"
    key = authority.open_private((root / "secrets/accounts/accounts.key").read_bytes())
    named = x509.load_pem_x509_certificate((root / "issue/ca.pem").read_bytes())
    ca = authority.Authority(named, authority.new_key())
    was = NOW - timedelta(days=authority.LEAF_DAYS - 30)
    accounts.write_bytes(authority.issue_server(ca, key.public_key(), [fronting.ACCOUNTS], was))
    chain, private = pair(tmp_path, HOST, now=was)
    fronting.show(root, chain, private, HOST)
    old = fronting.shown(root)
    upgrade(root, "v2", HAS_ALL, quiet)
    assert fronting.shown(root) != old
    certificate, key = accounts, root / "secrets/accounts/accounts.key"
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    assert accounts.read_bytes() != old[1]
    assert zone.read_bytes() == chain.read_bytes()


def test_a_schools_own_certificate_takes_the_place_of_ours_and_stays(root: Path, tmp_path: Path) -> None:
    chain, private = pair(tmp_path, HOST)
    fronting.show(root, chain, private, HOST)
    upgrade(root, "v2", HAS_ALL, quiet)
    zone = root / "data/front/front/wallet.pem"
    assert zone.read_bytes() == chain.read_bytes() == (root / "data/cloud/cloud/wallet.pem").read_bytes()
    assert zone.stat().st_uid == FRONT
    assert (root / "secrets/wallet/wallet.key").read_bytes() == private.read_bytes()
    assert ["own" in line.en for line in fronting.told(root, HOST)] == [True]


def test_what_no_phone_would_take_is_refused_and_nothing_is_changed(root: Path, tmp_path: Path) -> None:
    before = (root / "data/front/front/wallet.pem").read_bytes()
    (tmp_path / "other").mkdir()
    chain, private = pair(tmp_path, HOST)
    (tmp_path / "old").mkdir()
    old = pair(tmp_path / "old", HOST, now=NOW - timedelta(days=3_000))
    for given, host, says in (
        ((chain, pair(tmp_path / "other", HOST)[1]), HOST, "钥匙"),
        ((chain, private), "other.example", "other.example"),
        (old, HOST, "到期"),
        ((private, private), HOST, "损坏"),
    ):
        with pytest.raises(WrongUse, match=says):
            fronting.show(root, *given, host)
    assert (root / "data/front/front/wallet.pem").read_bytes() == before


@pytest.mark.parametrize(
    ("named", "host", "is_for"),
    [("*.school.example", HOST, True), ("*.school.example", "a.b.school.example", False),
     ("WALLET.school.example", HOST, True), ("192.0.2.7", "192.0.2.7", True), ("school.example", HOST, False)],
)  # fmt: skip
def test_whom_a_certificate_names(tmp_path: Path, named: str, host: str, *, is_for: bool) -> None:
    assert certificates.is_for(pair(tmp_path, named)[0].read_bytes(), host) is is_for


def test_a_setting_is_changed_and_the_others_stay(root: Path) -> None:
    before = starting.settings(root)
    starting.change(root, {fronting.ADDRESS: f"https://{HOST}", fronting.PORT: "443"})
    after = starting.settings(root)
    assert after == {**before, fronting.ADDRESS: f"https://{HOST}", fronting.PORT: "443"}


def test_the_cloud_is_told_the_address_and_keeps_what_else_the_school_has_chosen(as_made: Path) -> None:
    folder = as_made / "data/cloud/cloud"
    fronting.name(as_made, f"https://{HOST}")
    (folder / FILE).write_text(f'{(folder / FILE).read_text()}binding = "letter"\n')
    fronting.name(as_made, f"https://{HOST}:8446")
    assert read_wallet(folder) == (Binding.LETTER, f"https://{HOST}:8446")
    assert ((folder / FILE).stat().st_uid, (folder / FILE).stat().st_mode & 0o777) == (CLOUD, 0o600)
