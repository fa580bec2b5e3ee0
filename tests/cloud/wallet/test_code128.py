"""The wallet's bars against those of another encoder, module by module, and against the rules of the symbology."""

import json
import shutil
import subprocess
from itertools import groupby

import pytest

from cloud.wallet.front.files import FOLDER

NODE = shutil.which("node")
MADE = {
    "710000000000000000": 0x34E4D0D99B33666CCD99B33666CC8698EB,
    "719999999999999999": 0x34E4D0BBD77AEF5DEBBD77AEF5DED998EB,
    "712345678901234567": 0x34E4D0EDD762166DECD9DBAEC42C8D18EB,
}
"""Figures → modules, the first one highest, as python-barcode 0.16 makes them; zxing reads them back."""
MODULES, SYMBOL = 134, 11


@pytest.mark.skipif(NODE is None, reason="no node")
def test_the_bars_are_code_128() -> None:
    pairs = [f"{n:02d}" for n in range(100)]
    script = (
        f"import {{ code128 }} from {json.dumps((FOLDER / 'code128.js').as_uri())};"
        f"console.log(JSON.stringify({json.dumps([*MADE, *pairs])}.map(code128)))"
    )
    run = subprocess.run(
        [str(NODE), "--input-type=module", "-e", script], capture_output=True, text=True, check=True, timeout=120
    )
    grids = json.loads(run.stdout)
    assert [len(grid) for grid in grids[:3]] == [MODULES] * 3
    assert [sum(dark << (MODULES - 1 - at) for at, dark in enumerate(grid)) for grid in grids[:3]] == [*MADE.values()]
    symbols = {tuple(grid[SYMBOL : 2 * SYMBOL]) for grid in grids[3:]}
    assert len(symbols) == len(pairs)
    for one in symbols:
        assert (len([*groupby(one)]), sum(one) % 2, one[0], one[-1]) == (6, 0, True, False)
