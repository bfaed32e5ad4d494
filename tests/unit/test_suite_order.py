"""The order in which the suite runs."""

from __future__ import annotations

from tests.support.scheduling import COMPUTING, ROOT, SHARED, WAITING, place


def test_every_folder_and_file_that_is_named_in_the_order_is_there() -> None:
    assert [name for name in (*WAITING, *COMPUTING, *SHARED) if not (ROOT / name).exists()] == []


def test_what_is_named_in_neither_list_comes_between_them() -> None:
    between = place("tests/console/test_forms.py")
    assert place("tests/integration/test_db.py") < between < place("tests/contracts/test_house.py")
    assert place("tests/e2e/test_demo.py") < place("tests/e2e/test_console.py")
