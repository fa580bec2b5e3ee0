"""Where a campus lies when nobody says: the folder of `./ykt up`, for every command of every part."""

import argparse
from pathlib import Path

from shared.words.voice import Text

VAR = Path(__file__).resolve().parents[2] / "var"
"""The folder of `./ykt up`, beside the checkout."""
CAMPUS = VAR / "campus"
"""The campus in it: what every part works on."""
DATA_HELP = Text("校园数据目录，缺省 var/campus", "data folder of the campus (var/campus)")


def add_data(parser: argparse.ArgumentParser) -> None:
    """--data of a part's command: optional everywhere, with one default."""
    parser.add_argument("--data", type=Path, default=CAMPUS, metavar="DIR", help=str(DATA_HELP))
