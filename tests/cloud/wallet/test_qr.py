"""The wallet's own QR encoder against the standard's example and against another encoder, module by module."""

import json
import shutil
import subprocess

import pytest
import segno

from cloud.wallet.front.files import FOLDER

NODE = shutil.which("node")
CODES = ["710000000000000000", "719999999999999999", "712345678901234567", "71", "7", "0123456789" * 3 + "0123"]
LONG = ["80" + "1234567" * 69 + "8901", "0123456789" * 3 + "01234", "9" * 513, "80" + "0" * 487]
"""Of version 10: what an offline code has, and the bounds."""
EXAMPLE = "10200c566180ec11ec11ec11ec11ec11" + "a524d4c1ed36c7872c55"
"""ISO/IEC 18004, annex I: 01234567 as version 1-M."""


@pytest.mark.skipif(NODE is None, reason="no node")
def test_the_encoder_is_that_of_the_standard() -> None:
    script = (
        f"import {{ qr, dataWords, checkWords }} from {json.dumps((FOLDER / 'qr.js').as_uri())};"
        f"const codes = {json.dumps(CODES + LONG)}; const words = dataWords('01234567');"
        "console.log(JSON.stringify([[...words, ...checkWords(words)], codes.map(qr)]))"
    )
    run = subprocess.run(
        [str(NODE), "--input-type=module", "-e", script], capture_output=True, text=True, check=True, timeout=120
    )
    words, grids = json.loads(run.stdout)
    assert bytes(words).hex() == EXAMPLE
    for code, grid in zip(CODES + LONG, grids, strict=True):
        version = 10 if code in LONG else 1
        other = segno.make(code, version=version, error="m", mode="numeric", mask=2, boost_error=False)
        assert grid == [[bool(one) for one in row] for row in other.matrix], code
