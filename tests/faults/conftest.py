"""What the tests of this folder share."""

from __future__ import annotations

from tests.support.plant import plant  # noqa: F401  # the fixture
