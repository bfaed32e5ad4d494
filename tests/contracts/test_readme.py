"""What the README and the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.code import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`((?:tests|shared|services|console|docs)/[\w./-]+)`")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert not [link for link in links if not (document.parent / link).exists()]


@each_document
def test_every_file_that_is_named_exists(document: Path) -> None:
    assert not [path for path in NAMED.findall(document.read_text(encoding="utf-8")) if not (ROOT / path).exists()]


def test_every_document_is_named_in_the_readme() -> None:
    named = set(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= named
