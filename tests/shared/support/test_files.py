"""What the doctor says of files: of links what they lead to, for a school's server has links to its secrets."""

from pathlib import Path

from shared.support.checks import State
from shared.support.files import owners, secret_modes


def test_a_link_is_as_open_as_what_it_leads_to(tmp_path: Path) -> None:
    data, secrets = tmp_path / "data", tmp_path / "secrets"
    for folder in (data, secrets):
        folder.mkdir()
    (secrets / "open.key").write_bytes(b"x")
    (secrets / "open.key").chmod(0o400)
    (data / "open.key").symlink_to(secrets / "open.key")
    (data / "console.key").symlink_to("/secrets/of-another-container.key")
    assert [one.state for one in secret_modes(data)] == [State.GOOD]
    assert [one.state for one in owners(data)] == [State.GOOD]
    (secrets / "open.key").chmod(0o444)
    (said,) = secret_modes(data)
    assert (said.state, "open.key" in str(said.said)) == (State.BAD, True)
