"""Cashiers and their tokens: kept as digests, ended by a new one."""

import json

import pytest

from cloud.desk.cashiers import FILE, admit, cashier_of
from shared.errors import ConfigFault


def test_a_token_names_its_cashier_and_is_kept_as_a_digest(tmp_path):
    kept = admit(tmp_path, "王芳")
    token = kept.read_text().strip()
    assert cashier_of(tmp_path, token) == "王芳"
    assert token not in (tmp_path / FILE).read_text()
    assert kept.stat().st_mode & 0o777 == (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_new_token_ends_the_old_one(tmp_path):
    old = admit(tmp_path, "li").read_text().strip()
    new = admit(tmp_path, "li").read_text().strip()
    assert (cashier_of(tmp_path, old), cashier_of(tmp_path, new)) == (None, "li")
    assert list(json.loads((tmp_path / FILE).read_text())) == ["li"]


@pytest.mark.parametrize("token", ["", "x", "á"])
def test_nobodys_token(tmp_path, token):
    admit(tmp_path, "li")
    assert cashier_of(tmp_path, token) is None


@pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 33])
def test_a_name_that_is_none(tmp_path, name):
    with pytest.raises(ConfigFault):
        admit(tmp_path, name)
