"""Certificates that end soon are named once a campus day, by the campus clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioning.certificates import authority
from shared.clocks.campus_clock import WALL, CampusClock
from shared.clocks.clock import DAY_S
from shared.clocks.expiry import REMIND_DAYS, URGENT_DAYS, DailyLook, ending, look
from shared.errors import WireFault
from shared.facts.boxes import CertificateEnded, CertificateEnds, CertificateLastDays
from shared.facts.catalogue import in_a_line
from shared.facts.endings import told_of
from shared.facts.told import Level, Told

MADE = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CA = authority.new_authority("a campus", MADE)
PEM = authority.issue_client(CA, authority.new_key().public_key(), "canteen-1", MADE)
ENDS = MADE + timedelta(days=authority.LEAF_DAYS)
ENDS_S = int(ENDS.timestamp())


def campus_s(at: datetime) -> int:
    return WALL.at(at.timestamp())


def test_what_is_read() -> None:
    seen = look(PEM)
    assert (seen.name, seen.ends) == ("canteen-1", ENDS)
    with pytest.raises(WireFault, match="证书损坏"):
        look(b"no certificate")


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=REMIND_DAYS), None),
        (timedelta(days=REMIND_DAYS, seconds=-1), CertificateEnds("canteen-1", ENDS_S, 59)),
        (timedelta(days=URGENT_DAYS), CertificateEnds("canteen-1", ENDS_S, 7)),
        (timedelta(days=URGENT_DAYS, seconds=-1), CertificateLastDays("canteen-1", ENDS_S, 6)),
        (timedelta(seconds=-1), CertificateEnded("canteen-1", ENDS_S)),
    ],
)
def test_when_it_is_said(left: timedelta, told: Told | None) -> None:
    found = ending(look(PEM), campus_s(ENDS - left))
    assert (told_of(found) if found else None) == told


def test_what_is_said() -> None:
    assert in_a_line(CertificateEnds("canteen-1", ENDS_S, 9)) == (
        f"证书 canteen-1 于 {ENDS:%Y-%m-%d} 到期，余 9 天；续期：provision certificate renew / "
        f"certificate of canteen-1 ends on {ENDS:%Y-%m-%d}, 9 days left; renew: provision certificate renew"
    )
    assert [kind.level for kind in (CertificateEnds, CertificateLastDays, CertificateEnded)] == [
        Level.IMPORTANT, Level.URGENT, Level.URGENT,
    ]  # fmt: skip


def test_once_a_campus_day_and_again_the_next_until_it_is_renewed(tmp_path: Path) -> None:
    file = tmp_path / "box.pem"
    file.write_bytes(PEM)
    daily = DailyLook((file, tmp_path / "none.pem"))
    moved = CampusClock(WALL.at((ENDS - timedelta(days=30)).timestamp()), 1000.0, 86_400.0)
    """A campus whose clock was moved to a month before the end, and makes a day of each second."""
    said = [len(daily.look(moved.at(1000.0 + n / 4))) for n in range(12)]
    assert sum(said) in (3, 4), "three days have passed"
    assert set(said) == {0, 1}
    file.write_bytes(authority.renew(CA, PEM, ENDS))
    assert daily.look(moved.at(1010.0)) == []


def test_a_day_is_looked_at_once() -> None:
    daily = DailyLook(())
    assert [daily.look(n * DAY_S // 2) for n in range(4)] == [[]] * 4
