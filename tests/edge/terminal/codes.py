"""A till that takes offline codes, and phones that show them."""

import json

from cryptography.hazmat.primitives.asymmetric import ec

from edge.terminal.down.paper import Paper
from edge.terminal.play.phones import Phone, public_of
from edge.terminal.station.paper_files import PaperFiles
from shared.fleet.document import DocumentKind, decode_head
from shared.fleet.wallets import Wallets, wallets_body
from shared.ids import CardId
from shared.keys.offline_code import Certificate, certify_phone
from shared.keys.offline_code import Phone as Certified
from shared.records import Kind
from tests.edge.terminal.conftest import NOON_S
from tests.edge.terminal.down.centre import CAMPUS_NUMBER, CAMPUS_PUBLIC, Centre
from tests.edge.terminal.supplied import Supplied

CARD, OTHER = (CardId(bytes.fromhex(f"5303000000000000{n:04x}")) for n in (0x4711, 0x4712))
LISTED = CardId(bytes.fromhex("53030000000000000666"))
LIMITS = Wallets(2, 30_00, 50_00)
DAY_S = 86_400


def phone_of(centre, number=77, card=CARD, key=0x5EED, signer=None, **changed):
    """One that this centre's campus has certified, but for what is changed."""
    private = ec.derive_private_key(key, ec.SECP256R1())
    said = Certified(CAMPUS_NUMBER, 1, number, card, 2, public_of(private), NOON_S, NOON_S + DAY_S, 2, 30_00)
    return Phone(certify_phone(said._replace(**changed), signer or centre.private), private)


def allow_in(folder, limits=LIMITS):
    """A till's folder gets the campus's key and the document, as if it had come down; the centre that signed it."""
    centre = Centre(DocumentKind.WALLETS)
    body = wallets_body(limits)
    generation = centre.make(body)
    signed = centre.signed(generation)
    paper = Paper(decode_head(signed.raw), signed, centre.key, 0, body)
    PaperFiles(folder).keep(paper.name, paper.encode())
    file = folder / "terminal.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"campus_key": CAMPUS_PUBLIC.hex()}))
    return centre


class CodeTill(Supplied):
    """Codes are on, unless limits say otherwise; None: it has no document of them."""

    def __init__(self, school, limits=LIMITS, **changed):
        super().__init__(school, DocumentKind.WALLETS, **changed)
        if limits is not None:
            self.allow(limits)

    def allow(self, limits):
        self.supply(wallets_body(limits))

    def phone(self, number=77, card=CARD, **changed):
        return phone_of(self.centre, number, card, **changed)

    def pay(self, digits, fen=1250, *, tell=True):
        return self.without_card(self.firmware.pay_by_code(fen, digits, self.now()), tell=tell)

    def codes(self):
        return [one for _, one in sorted(self.written().items()) if one.kind == Kind.CODE]

    @property
    def now_s(self):
        return self.now().rtc_s


def forged(phone, **changed):
    """Another certificate under the signature that this one has."""
    certificate = phone.certificate
    return Phone(Certificate(certificate.phone._replace(**changed), certificate.signature), phone.key)
