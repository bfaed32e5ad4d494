"""Who handles a case: an account of the office that leads it, and another one after that."""

from __future__ import annotations

from shared.events import CaseAssigned
from shared.principals import Role
from tests.http.test_rights_case_steps import PAID, SHANDONG, WITHDRAWN, clock, opened, qualified, step
from tests.support.rights import Office, office

__all__ = ["office"]


async def test_a_case_is_assigned_to_an_account_and_handed_on_in_the_state_it_is_in(office: Office) -> None:
    case = await opened(office)
    await step(office, case, "triage", severity="normal")
    due = await clock(office, case)
    first = await step(office, case, "assignment", assignee="officer-li", version=2)
    assert (first.status, first.body["state"], first.body["assignee"], first.body["version"]) == (200, "assigned", "officer-li", 3)
    assert (await step(office, case, "assignment", assignee="officer-wu", version=2)).code == "VERSION_CONFLICT"
    await step(office, case, "settlement", **PAID)
    handed_on = await step(office, case, "assignment", assignee="officer-wu")
    assert (handed_on.body["state"], handed_on.body["assignee"]) == ("settled", "officer-wu")
    events = await office.published(CaseAssigned)
    assert [(str(one.case), one.assignee, one.effective) for one in events] == [
        (case, "officer-li", office.today),
        (case, "officer-wu", office.today),
    ]
    assert due[1] <= (await clock(office, case))[1], "the clock is not put forward"


async def test_a_case_is_assigned_by_the_office_that_handles_it_and_to_no_name(office: Office) -> None:
    """The worker is from Shandong, whose office assists; the enterprise is from Fujian."""
    placement = await office.abroad()
    await office.consume(qualified(placement, "350102"))
    case = await opened(office, placement)
    await step(office, case, "triage", severity="normal")
    for wrong in ("Li Wei", "李伟", "", "-li", "x" * 65):
        refused = await step(office, case, "assignment", assignee=wrong)
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, "assignee")
    assisting = office.client.speaking_as(Role.OFFICER, regions=(SHANDONG,))
    for who in (office.enterprise(), assisting):
        assert (await step(office, case, "assignment", who, assignee="officer-li")).status == 403
    await step(office, case, "pause", reason="court")
    assert (await step(office, case, "assignment", assignee="officer-li")).code == "CASE_PAUSED"
    await step(office, case, "resumption")
    await step(office, case, "closure", **WITHDRAWN)
    assert (await step(office, case, "assignment", assignee="officer-li")).code == "CASE_NOT_OPEN"
    assert await office.published(CaseAssigned) == []
    assert (await office.get(f"/cases/{case}")).body["assignee"] is None
