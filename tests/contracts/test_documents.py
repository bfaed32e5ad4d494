"""What the documents say of the code is drawn from the code."""

from __future__ import annotations

import pytest

from tests.contracts import documents


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_a_drawn_document_is_up_to_date(name: str) -> None:
    assert documents.file(name).read_text(encoding="utf-8") == documents.DOCUMENTS[name](), "stale: python -m tests.contracts.documents"


@pytest.mark.parametrize("service", ["registration", "docking", "training"])
def test_every_state_machine_is_drawn(service: str) -> None:
    assert documents.step_tables(service)
