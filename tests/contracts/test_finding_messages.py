"""Every code that a row of a list can be answered with says what to do, in Chinese and English."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from services.registration.worker_lists import messages as worker_messages
from services.registration.worker_lists.columns import COLUMNS
from services.rights.payroll_files import messages as payroll_messages
from shared import errors, reference
from shared.old_numbers import OldNumberIsDocument, OldNumberTaken
from shared.sheets.findings import Messages
from tests.contracts.code import ROOT, name, tree

CODE = re.compile(r"[A-Z]{2,}(_[A-Z]+)+|MISSING|FORBIDDEN")
SHARED = ("shared/sheets/tables.py", "shared/sheets/cells.py", "shared/sheets/workbook_marks.py", "shared/words.py")
# Where a row of either list is decided: the codes written there, and the slugs of the refusals named there.
DECIDED_IN = {
    "registration": (
        *SHARED,
        "services/registration/worker_lists/rows.py",
        "services/registration/usecases/import_rows.py",
        "services/registration/usecases/new_workers.py",
        "services/registration/domain/identity.py",
    ),
    "rights": (*SHARED, "services/rights/payroll_files/rows.py", "services/rights/usecases/payrolls.py"),
}
# Raised further down, by functions that do more than decide on rows.
RAISED_BELOW = {
    "registration": {
        "InFuture",
        "OutOfOrder",
        "AgeOutOfRange",
        "NotInForce",
        "AnnouncementNumberMistyped",
        "CountyNotCovered",
        "ChannelNotUsed",
        "BeforeThePublication",
    },
    "rights": {
        "PlacementNotFound",
        "DispatchIsVoid",
        "NotAbroad",
        "PeriodAbsurd",
        "PaidInFuture",
        "DoesNotAddUp",
        "AlreadyReported",
        "NothingToSupersede",
    },
}
NO_FINDINGS = {"WORKER_NUMBER_MISTYPED", "PAYROLL_NOT_FOUND"}  # of whole requests
NO_CODES = {"HEADER_WITHIN", "PROGRAMME_ZONE", "LC_MESSAGES"}
MESSAGES: dict[str, Messages] = {"registration": worker_messages.MESSAGES, "rights": payroll_messages.MESSAGES}


def codes_in(file: Path) -> set[str]:
    return {
        node.value
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    } - NO_CODES


def refusals(service: str) -> set[str]:
    """The slugs of the service's errors that these files name, and of the reference data's."""
    own = vars(import_module(f"services.{service}.domain.errors"))
    named = {node.id for file in DECIDED_IN[service] for node in ast.walk(tree(ROOT / file)) if isinstance(node, ast.Name)} | RAISED_BELOW[
        service
    ]
    found = {
        one.slug
        for key, one in own.items()
        if key in named and isinstance(one, type) and issubclass(one, errors.Refused) and one is not errors.Refused
    }
    return found | {reference.OccupationNotFound.slug, reference.DestinationNotFound.slug, reference.CurrencyWithdrawn.slug}


def expected(service: str) -> set[str]:
    codes = {code for file in DECIDED_IN[service] for code in codes_in(ROOT / file)} | refusals(service)
    if service == "registration":
        codes |= {f"{column}_not_readable".upper() for column in COLUMNS}
        codes |= {OldNumberTaken.slug, OldNumberIsDocument.slug}
        codes -= {reference.CurrencyWithdrawn.slug}
    else:
        codes -= {reference.OccupationNotFound.slug, reference.DestinationNotFound.slug}
    return codes - NO_FINDINGS


@pytest.mark.parametrize("service", MESSAGES)
def test_every_code_that_can_occur_has_a_message_in_both_languages(service: str) -> None:
    assert expected(service) - MESSAGES[service].keys() == set()
    for code, message in MESSAGES[service].items():
        assert re.search(r"[\u4e00-\u9fff]", message.zh), code
        assert re.search(r"[a-z]{3}", message.en), code
        assert ("{hints}" in message.zh) == ("{hints}" in message.en), code


@pytest.mark.parametrize("service", MESSAGES)
def test_no_message_is_for_a_code_that_cannot_occur(service: str) -> None:
    assert MESSAGES[service].keys() - expected(service) == set()


def test_the_files_that_decide_on_rows_exist() -> None:
    assert not {file for files in DECIDED_IN.values() for file in files if name(ROOT / file) != file or not (ROOT / file).exists()}
