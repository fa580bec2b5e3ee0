"""The key of webhooks: made once, the same ever after; one that was dealt and is gone is never made anew."""

from pathlib import Path

import pytest

from cloud.open.webhooks.key_file import signing_key
from cloud.process.settings import FOLDER
from shared.errors import ConfigFault
from shared.keys.webhook_key import WEBHOOK_KEY


def test_it_is_made_once_and_a_dealt_one_is_never_made(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    file = tmp_path / FOLDER / WEBHOOK_KEY
    made = signing_key(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert signing_key(tmp_path).private_bytes_raw() == made.private_bytes_raw()
    file.rename(tmp_path / "dealt")
    file.symlink_to(tmp_path / "dealt")
    assert signing_key(tmp_path).private_bytes_raw() == made.private_bytes_raw()
    (tmp_path / "dealt").unlink()
    with pytest.raises(ConfigFault, match="server open"):
        signing_key(tmp_path)
    assert file.is_symlink(), "no key lies among data"
