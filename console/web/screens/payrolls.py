"""Payrolls of an enterprise: a file of wages, checked first, then reported."""

from __future__ import annotations

from console.web.uploading import UploadScreen, body_limits, upload_router
from shared.principals import Role

UPLOADS = (
    UploadScreen(
        path="/payrolls",
        title="Report wages by file",
        group="Rights",
        service="rights",
        route="/payrolls",
        roles=frozenset({Role.ENTERPRISE, Role.CLERK, Role.OFFICER}),
        most=32 * 1024 * 1024,
        note="Check a payroll first: nothing is reported, and every wrong row is named. Then report it: the rows that are right are wages.",
    ),
)
BODY_LIMITS = body_limits(*UPLOADS)
router = upload_router(*UPLOADS)
