"""A module has a test file of its name beside its fellows', so that whoever changes the one finds the other."""

from __future__ import annotations

import pytest

from tests.helpers.support import PROJECT

# All that stand below `commands`, whose modules are driven from the command line.
ROOMS = sorted({file.parent.name for file in (PROJECT / "trinity_guard").glob("*/__init__.py")} - {"commands"})


def test_every_room_is_looked_at() -> None:
    assert len(ROOMS) > 12


@pytest.mark.parametrize("room", ROOMS)
def test_each_module_of_a_room_has_a_test_file_of_its_name(room: str) -> None:
    package = PROJECT / "trinity_guard"
    modules = [file for file in (package / room).rglob("*.py") if file.name != "__init__.py"]
    assert modules
    expected = [(file.parent / f"test_{file.name}").relative_to(package) for file in modules]
    assert [str(file) for file in expected if not (PROJECT / "tests" / file).is_file()] == []
