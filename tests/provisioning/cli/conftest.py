"""What tests of the commands share."""

import shutil

import pytest


@pytest.fixture
def data(campus, own):
    """A campus's certificates and what stands beside them, in a folder of one's own."""
    for name in ("broker", "cloud", "boxes"):
        shutil.copytree(campus.data / name, own / name)
    shutil.copy(campus.data / "ca.pem", own)
    return own
