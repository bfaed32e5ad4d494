"""How the forms of docking's commands differ from what their schemas alone give."""

from __future__ import annotations

from console.web.enterprises import KIND
from console.web.screen import Command
from console.web.screens.docking_sentences import EMPLOYER, FAIR
from console.web.screens.options import (
    agreed_in_order,
    cases_of_enterprise,
    days_to_confirm,
    employers,
)
from shared.principals import Role
from shared.texts import sentence

BY_NAME = {"enterprise": KIND}
IN_PLACE = sentence("What is left empty stays. A list stands as it is recorded: what is sent takes its place.")
NOT_REGISTERED = sentence("Foreign employer's name (not registered)")
ONE_OF_TWO = sentence("A registered foreign employer, or the name of one that is not: one of the two is needed")
AMOUNTS = ("gross", "deductions", "net", "paid_on", "reference", "remitted")
COMMANDS = (
    Command(
        service="docking",
        operation="qualify_enterprise",
        then="/enterprises/{enterprise}",
        note="Without a destination the licence holds for all of them.",
    ),
    Command(
        service="docking",
        operation="open_job_order",
        options={"employer_id": employers},
        unoffered={"employer_id": sentence("No foreign employer is registered yet: fill in the name of one that is not.")},
        labels={"employer": NOT_REGISTERED},
        hints={"employer_id": ONE_OF_TWO, "employer": ONE_OF_TWO},
        searched=BY_NAME,
        asked_of={"old_number": frozenset({Role.OFFICER})},
        then="/orders/{order}",
        sections=(
            ("Who and where", ("enterprise", "employer_id", "employer", "destination", "occupation", "channel")),
            ("Positions and pay", ("positions", "term_months", "wage", "wage_period", "fee_cap", "expires")),
        ),
    ),
    Command(service="docking", operation="register_employer", labels=EMPLOYER),
    Command(service="docking", operation="propose_matches", hidden=("worker",), asked_of={"worker": frozenset()}),
    Command(service="docking", operation="register_contract", known=agreed_in_order),
    Command(service="docking", operation="accept_match", then="/placements/{placement}"),
    Command(service="docking", operation="hold_docking_fair", searched={"enterprises": KIND}, labels=FAIR, then="/fairs/{fair}"),
    Command(service="docking", operation="record_intention", searched=BY_NAME),
    Command(
        service="docking",
        operation="publish_notice",
        options={"employer": employers},
        unoffered={"employer": sentence("No foreign employer is registered: a notice of one is published after it is.")},
        searched=BY_NAME,
        labels={"since": sentence("Public from"), "until": sentence("Public until")},
        note="Choose the enterprise or the foreign employer, one of them. Without a last day it stays public.",
    ),
    Command(service="docking", operation="amend_job_order", note="Fill in only what changes."),
    Command(service="docking", operation="close_job_order", danger=True),
    Command(service="docking", operation="renew_qualification", note=IN_PLACE, filled=("scope", "destinations")),
    Command(
        service="docking",
        operation="transfer_employer",
        first="register_employer",
        options={"employer_id": employers},
        unoffered={
            "employer_id": sentence(
                "No foreign employer is registered yet: an officer or the enterprise registers it first, under Foreign employers."
            )
        },
        now={
            "since": "",  # of the placement's state; that of the transfer is to come
            **{name: f"contract.{name}" for name in ("contract_no", "deductions_max", "end", "pay_day", "wage", "wage_period")},
        },
    ),
    Command(service="docking", operation="extend_contract", now={"end": "contract.end"}),
    Command(
        service="docking",
        operation="draw_reserve",
        options={"case": cases_of_enterprise},
        unoffered={
            "case": sentence("The reserve is drawn for a case, and there is none about this enterprise: open the case first, under Cases.")
        },
    ),
    Command(
        service="docking",
        operation="revoke_qualification",
        danger=True,
        note=(
            "Every open order of the enterprise is closed, and every placement that is not cleared yet is cancelled. "
            "Nobody departs any more."
        ),
    ),
    Command(
        service="docking",
        operation="stop_business",
        danger=True,
        searched={"plan.takes_over": KIND},
        note=(
            "Every open order of the enterprise is closed, and every placement that is not cleared yet is cancelled. "
            "While workers are abroad, file a plan: who takes them over, or until when all are home."
        ),
    ),
    Command(service="docking", operation="void_dispatch", danger=True),
    Command(
        service="docking",
        operation="correct_docking_fair",
        searched={"enterprises": KIND},
        labels=FAIR,
        note=IN_PLACE,
        filled=("counties", "enterprises"),
    ),
    Command(service="docking", operation="correct_intention", searched=BY_NAME, note="Fill in only what is wrong."),
    Command(service="docking", operation="correct_fee", note="Fill in only what is wrong."),
    Command(service="docking", operation="void_intention", danger=True),
    Command(service="docking", operation="void_fee", danger=True),
    Command(service="docking", operation="void_arrival", danger=True),
    Command(service="docking", operation="void_docking_fair", danger=True),
    Command(
        service="docking",
        operation="confirm_arrival",
        labels={
            "day": sentence("Days after the departure"),
            "terms.employer": sentence("Is the employer as agreed?"),
            "terms.wage": sentence("Is the wage as agreed?"),
            "terms.work": sentence("Is the work as agreed?"),
            "terms.place": sentence("Is the place of work as agreed?"),
            "terms.hours": sentence("Are the hours as agreed?"),
        },
        options={"day": days_to_confirm},
        unoffered={"day": sentence("Every day on which the worker is asked is confirmed already: an officer can correct it.")},
    ),
    Command(service="rights", operation="void_income", danger=True),
    Command(service="rights", operation="report_income", hidden=("placement",), asked_of={"supersedes": frozenset()}),
    Command(
        service="rights",
        operation="correct_income",
        note="The report as it is to be: everything stands as it is recorded; change what is wrong.",
        now={f"amounts.{name}": name for name in AMOUNTS},
        filled=tuple(f"amounts.{name}" for name in AMOUNTS),
    ),
    Command(
        service="docking",
        operation="correct_dispatch",
        note="Fill in only what is wrong.",
        now={
            name: f"dispatch.{name}"
            for name in ("county", "departed_on", "destination", "occupation", "port", "return_reason", "returned_on")
        },
    ),
)
