"""`provision terminal-tls`: a campus of before gets TLS box by box, with certificates, forth and back."""

import json
import shutil

import pytest
from cryptography import x509

from edge.link.tcp.door import CertificateFiles
from edge.settings import load
from edge.terminal.settings import settings as terminal_settings
from edge.terminal.settings.settings import TlsWay
from provisioning.certificates import link

BOX, TERMINAL, SPARE = "canteen-1", "pos-13", "spare-01"


@pytest.fixture
def own(campus, tmp_path):
    return shutil.copytree(campus.data, tmp_path / "campus")


@pytest.fixture
def of_before(own):
    """As release 0.1 left it: no word of TLS, and no certificates of a link."""
    for file in (*own.glob("boxes/*/edge.json"), *own.glob("terminals/*/terminal.json")):
        raw = json.loads(file.read_bytes())
        for one in raw.get("links", [raw.get("link")]):
            one.pop("plain", None)
        file.write_text(json.dumps(raw), encoding="utf-8")
    for file in own.rglob("link*.*"):
        file.unlink()
    return own


def box(own, name=BOX):
    return load(own / "boxes" / name / "edge.json")


def terminal(own, name=TERMINAL):
    return terminal_settings.load(own / "terminals" / name / "terminal.json")


def files(folder):
    return CertificateFiles(*(folder / name for name in CertificateFiles.NAMES))


def believed(folder):
    return x509.load_pem_x509_certificates((folder / link.BELIEVED).read_bytes())


def mine(folder):
    return x509.load_pem_x509_certificate((folder / link.CERTIFICATE).read_bytes())


def test_both_ends_name_the_same_files():
    assert (link.CERTIFICATE, link.KEY, link.BELIEVED) == CertificateFiles.NAMES


def test_a_new_campus_speaks_tls_alone_and_has_certificates(campus):
    assert box(campus.data).plain_links == ()
    assert terminal(campus.data).tls is TlsWay.PSK
    ends = {name: campus.data / "terminals" / name for name in (TERMINAL, "load-01", SPARE)}
    for folder in ends.values():
        assert files(folder).are_there()
        assert believed(folder) == [mine(campus.data / "boxes" / BOX)]
        assert mine(folder) in believed(campus.data / "boxes" / BOX)
        assert (folder / link.KEY).stat().st_mode & 0o077 == 0
    assert not files(campus.data / "terminals" / "pos-01").are_there(), "it is on CAN"


def test_no_certificate_of_a_link_is_of_the_campus(campus):
    """Else a terminal's would open the broker's door for boxes."""
    ca = x509.load_pem_x509_certificate((campus.data / "ca.pem").read_bytes())
    for file in campus.data.rglob(link.CERTIFICATE):
        one = x509.load_pem_x509_certificate(file.read_bytes())
        assert one.issuer == one.subject != ca.subject


def test_a_campus_of_before_goes_on_as_it_was(of_before):
    assert box(of_before).plain_links == ("tcp",)
    assert terminal(of_before).tls is None


def test_it_is_switched_in_two_steps_and_back(of_before, provision):
    words = ("--data", of_before, "--box", BOX)
    assert provision("terminal-tls", "on", *words, "--terminals").returncode == 0
    assert (box(of_before).plain_links, terminal(of_before).tls) == (("tcp",), TlsWay.PSK)
    assert provision("terminal-tls", "on", *words).returncode == 0
    assert (box(of_before).plain_links, terminal(of_before).tls) == ((), TlsWay.PSK)
    assert terminal(of_before, SPARE).key == next(one.key for one in box(of_before).spares if one.name == SPARE)
    assert box(of_before, "bus-1").plain_links == ("tcp",), "each box for itself"
    assert provision("terminal-tls", "off", *words).returncode == 0
    assert (box(of_before).plain_links, terminal(of_before).tls) == (("tcp",), None)


def test_certificates_are_made_and_made_anew(of_before, provision):
    done = provision("terminal-tls", "certificates", "--data", of_before, "--box", BOX)
    assert done.returncode == 0, done.stderr
    first = mine(of_before / "terminals" / TERMINAL)
    assert first in believed(of_before / "boxes" / BOX)
    assert provision("terminal-tls", "certificates", "--data", of_before, "--box", BOX).returncode == 0
    assert first not in believed(of_before / "boxes" / BOX)
    assert mine(of_before / "terminals" / TERMINAL) in believed(of_before / "boxes" / BOX)


@pytest.mark.parametrize(("name", "said"), [("canteen-9", "no such box"), ("../cloud", "no such box")])
def test_a_box_that_there_is_none_of_is_named(own, provision, name, said):
    done = provision("terminal-tls", "on", "--data", own, "--box", name, "--lang", "en")
    assert done.returncode == 2
    assert said in done.stdout + done.stderr


def test_a_box_without_tcp_and_damaged_settings_change_nothing(own, provision):
    file = own / "boxes" / BOX / "edge.json"
    raw = json.loads(file.read_bytes())
    for broken in ([], {"links": 3}, raw | {"links": [one for one in raw["links"] if one["kind"] != "tcp"]}):
        file.write_text(json.dumps(broken))
        before = {one: one.read_bytes() for one in own.rglob("*.json")}
        done = provision("terminal-tls", "on", "--data", own, "--box", BOX)
        assert done.returncode == 2, done.stdout + done.stderr
        assert before == {one: one.read_bytes() for one in own.rglob("*.json")}
