"""What pip reports for many machines becomes one list: who wants it, where, and every file that may come."""

from packaging.requirements import Requirement

from compose.lock.make import GLIBCS, MACHINES, PYTHONS, Found, Machine, closure, machines, marker, merged


def found(version, digest, *needs):
    return Found(version, frozenset({digest * 64}), tuple(map(Requirement, needs)))


def test_every_machine_is_asked_for():
    assert len(machines()) == len(PYTHONS) * len(MACHINES) * len(GLIBCS)
    words = list(Machine("3.12", "aarch64", 28).words)
    assert "manylinux_2_28_aarch64" in words
    assert "manylinux_2_34_aarch64" not in words


def test_extras_and_markers_of_what_is_below_decide():
    picture = {
        "a": found("1", "a", "b[fast]>=1", "old; python_version < '3.12'", "never; extra == 'x'"),
        "b": found("1", "b", "c; extra == 'fast'"), "c": found("1", "c"), "old": found("1", "d"),
    }  # fmt: skip
    asked = [Requirement("A")]
    assert closure(asked, picture, {"python_version": "3.13"}) == {"a", "b", "c"}
    assert closure(asked, picture, {"python_version": "3.11"}) == {"a", "b", "c", "old"}


def test_files_are_joined_and_what_is_not_everywhere_is_marked():
    declared = {"base": [Requirement("a")], "dev": [Requirement("b; python_version < '3.13'")]}
    pictures = {
        machine: {"a": found("1", "a" if machine.machine == "x86_64" else "b"), "b": found("2", "c")}
        for machine in machines()
    }
    one, other = merged(pictures, declared)
    assert (one.name, one.marker, one.extras, one.hashes) == ("a", "", ("base",), ("a" * 64, "b" * 64))
    assert other.marker == "(python_version == '3.11' or python_version == '3.12')"
    assert other.extras == ("dev",)


def test_a_marker_names_processors_too():
    there = {one for one in machines() if one.machine == "aarch64"}
    assert marker(there, machines()) == "(platform_machine == 'aarch64')"
    assert marker(set(machines()), machines()) == ""
