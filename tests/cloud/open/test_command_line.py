"""What a command of the open platform is told on its line."""

from pathlib import Path

from cloud.open.commands.command_line import parser
from shared.input.data_folder import CAMPUS


def test_the_data_folder_counts_before_the_verb_and_behind_it() -> None:
    """A school's server says it before: `./ykt server cloud DIR open app list`."""
    read = parser().parse_args
    assert read(["--data", "/x", "app", "list"]).data == Path("/x")
    assert read(["app", "list", "--data", "/y"]).data == Path("/y")
    assert read(["app", "list"]).data == CAMPUS
    added = read(["--data", "/x", "--dsn", "d", "app", "add", "--name", "a", "--scopes", "pay"])
    assert (added.data, added.dsn) == (Path("/x"), "d")
