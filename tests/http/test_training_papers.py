"""The training certificate on paper: what it shows, what its code states, and who may have it."""

from __future__ import annotations

import json
from datetime import timedelta

from joserfc import jws
from joserfc.jwk import KeySet

from shared.principals import Role
from tests.support.papers import ReadPaper, read_paper
from tests.support.training import START, School, school

__all__ = ["school"]


async def paper_of(school: School, serial: str) -> ReadPaper:
    answer = await school.get(f"/certificates/{serial}.pdf")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf"), answer.body
    return read_paper(answer.body)


async def test_the_paper_names_the_worker_by_number_only_and_its_code_is_a_signed_statement_of_the_day(school: School) -> None:
    match, serial = await school.certified()
    paper = await paper_of(school, serial)
    keys = KeySet.import_key_set((await school.get("/public/certificate-keys", who=school.client.speaking_as(Role.PUBLIC))).body)
    signed = jws.deserialize_compact(paper.codes[0], keys, algorithms=["Ed25519"])
    assert signed.headers()["typ"] == "training-certificate+jws"
    assert json.loads(signed.payload) == {
        "serial": serial,
        "worker": str(match.worker),
        "destination": "JPN",
        "occupation": "7112",
        "minutes": 2400,
        "credited": 0,
        "basis": "training",
        "issued_on": school.today.isoformat(),
        "valid_to": (school.today + timedelta(days=730)).isoformat(),
        "state": "valid",
        "stated_on": school.today.isoformat(),
    }
    for shown in (
        "外派劳务人员培训合格证",
        "Training certificate for work abroad",
        serial,
        str(match.worker),
        "40 学时",
        "40 hours",
        "37001",
    ):
        assert paper.shows(shown), shown
    assert paper.pages == 1


async def test_on_one_day_it_is_the_same_bytes_and_the_next_day_it_states_that_day(school: School) -> None:
    _, serial = await school.certified()
    first, again = [(await school.get(f"/certificates/{serial}.pdf", who=who)).body for who in (school.trainer, school.client)]
    assert first == again
    school.wait(1)
    assert read_paper((await school.get(f"/certificates/{serial}.pdf")).body).codes != read_paper(first).codes


async def test_a_certificate_that_is_not_valid_is_not_printed(school: School) -> None:
    _, serial = await school.certified()
    school.wait(800)
    expired = await school.get(f"/certificates/{serial}.pdf")
    assert (expired.status, expired.code, expired.body["state"]) == (409, "CERTIFICATE_NOT_VALID", "expired")
    school.today = START
    _, other = await school.certified()
    await school.post(f"/certificates/{other}/revocation", {"reason": "fraud"})
    revoked = await school.get(f"/certificates/{other}.pdf")
    assert (revoked.code, revoked.body["state"]) == ("CERTIFICATE_NOT_VALID", "revoked")
    assert (await school.get("/certificates/TC201800099999.pdf")).code == "CERTIFICATE_NOT_FOUND"
    assert (await school.get("/certificates/..%2fx.pdf")).status in (404, 422)


async def test_only_the_centre_and_the_workers_offices_hand_it_out(school: School) -> None:
    _, serial = await school.certified()
    path, client = f"/certificates/{serial}.pdf", school.client
    for who, status in (
        (school.trainer, 200),
        (client.speaking_as(Role.TRAINER, party="another-centre"), 403),
        (client.speaking_as(Role.CLERK, regions=("370102",)), 200),
        (client.speaking_as(Role.CLERK, regions=("622427",)), 403),
        (client.speaking_as(Role.AUDITOR), 200),
        (client.speaking_as(Role.PUBLIC), 403),
        (client.speaking_as(Role.ENTERPRISE, party="e"), 403),
        (school.assessor, 403),
    ):
        assert (await school.get(path, who=who)).status == status, who.who
