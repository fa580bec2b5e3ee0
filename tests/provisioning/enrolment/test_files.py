"""What the signer leaves for others to read."""

import json
from pathlib import Path

from provisioning.enrolment.files import tell_standing
from shared.wire.enrol.office import STANDING_FILE


def test_how_it_stands_is_told_where_a_link_leads_and_to_the_group_there(tmp_path: Path) -> None:
    for folder in ("own/cloud", "shared"):
        (tmp_path / folder).mkdir(parents=True)
    link, there = tmp_path / "own" / "cloud" / STANDING_FILE, tmp_path / "shared" / STANDING_FILE
    link.symlink_to(there)
    for number in (1, 2):
        tell_standing(tmp_path / "own", {"number": number})
        assert json.loads(link.read_text()) == {"number": number}
    assert (link.is_symlink(), there.stat().st_mode & 0o777) == (True, 0o640)
    assert [one.name for one in (tmp_path / "shared").iterdir()] == [STANDING_FILE], "nothing half is left"


def test_where_it_cannot_be_told_nothing_ends(tmp_path: Path) -> None:
    tell_standing(tmp_path / "gone", {"number": 1})
    assert list(tmp_path.iterdir()) == []
