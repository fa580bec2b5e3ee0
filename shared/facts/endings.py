"""What is told of a certificate that ends: one rule for boxes and platform. Pure."""

from shared.clocks.expiry import URGENT_DAYS, Ending
from shared.facts.boxes import CertificateEnded, CertificateEnds, CertificateLastDays


def told_of(ending: Ending) -> CertificateEnds | CertificateLastDays | CertificateEnded:
    """Urgent in the last URGENT_DAYS days, and afterwards."""
    name, ends_s, days = ending
    if days >= URGENT_DAYS:
        return CertificateEnds(name, ends_s, days)
    return CertificateLastDays(name, ends_s, days) if days >= 0 else CertificateEnded(name, ends_s)
