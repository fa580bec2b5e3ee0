"""Where a campus lies when nobody says: the folder of `./ykt up`, for every command of every part."""

import argparse
from pathlib import Path

from shared.words.voice import Text

INSTALLED = Path("/var/lib/openykt")
"""Of a wheel, which has no checkout around it."""
_AROUND = Path(__file__).resolve().parents[2]
VAR = _AROUND / "var" if (_AROUND / "ykt").is_file() else INSTALLED
"""The folder of `./ykt up`, beside the checkout; where the packages are installed, INSTALLED."""
CAMPUS = VAR / "campus"
"""The campus in it: what every part works on."""
_SHOWN = "var/campus" if VAR != INSTALLED else str(CAMPUS)
DATA_HELP = Text(f"校园数据目录，缺省 {_SHOWN}", f"data folder of the campus ({_SHOWN})")


def add_data(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """--data of a part's command: optional everywhere, with one default. again: of a verb whose command has it, too;
    where it is missing behind the verb, what was said before it counts."""
    default = argparse.SUPPRESS if again else CAMPUS
    parser.add_argument("--data", type=Path, default=default, metavar="DIR", help=str(DATA_HELP))
