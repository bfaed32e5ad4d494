"""The clearance certificate on paper, in Chinese and English: what an officer at the border needs, and no more of the person."""

from __future__ import annotations

from dataclasses import dataclass

from services.docking.clearance.certificate import Certificate
from services.docking.domain.contracts import Contract, Insurance
from services.docking.domain.enterprises import Enterprise
from services.docking.domain.orders import Order
from services.docking.domain.placements import Placement
from shared.papers.bilingual import EN, ZH, Pair, both, coded, proof, same, span
from shared.papers.parts import Fields, Paper
from shared.values import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedPlacement:
    """A placement whose clearance is in force, with everything that was required for it."""

    placement: Placement
    order: Order
    enterprise: Enterprise
    contract: Contract
    insurance: Insurance
    token: str
    signed: Certificate  # what the token says
    training: str  # serial of the certificate that it rests on


def clearance_paper(cleared: ClearedPlacement) -> Paper:
    """No name, wage or medical finding: the first is in registration only, the others are nobody's business at a border."""
    title = both("Clearance certificate for departure")
    return Paper(
        language="zh",
        title=title[0],
        subtitle=title[1],
        overline=" · ".join(both("Foreign labour service cooperation")),
        footer=f"{title[0]} · {title[1]} · {cleared.signed.placement}",
        day=cleared.signed.granted_on,
        keywords=(cleared.token,),
        parts=(
            Fields(rows=(*_signed(cleared.signed), *_registered(cleared))),
            *proof(cleared.token),
        ),
    )


def _signed(certificate: Certificate) -> tuple[tuple[Pair, Pair], ...]:
    """What the token says itself: a merge since then, or a new number, is not in it."""
    code, worker = certificate.destination, str(certificate.worker)
    return (
        (both("Placement *"), same(str(certificate.placement))),
        (both("Worker *"), same(worker) if certificate.worker_no is None else (certificate.worker_no, worker)),
        (both("Destination *"), coded(ZH.country(code), EN.country(code), code)),
        (both("Departure from and until *"), span(certificate.granted_on, certificate.valid_to)),
    )


def _registered(cleared: ClearedPlacement) -> tuple[tuple[Pair, Pair], ...]:
    placement, enterprise = cleared.placement, cleared.enterprise
    code = placement.occupation
    return (
        (both("Occupation (ISCO-08)"), coded(ZH.occupation(code), EN.occupation(code), code)),
        (both("Dispatching enterprise"), (enterprise.name, enterprise.licence_no)),
        (both("Foreign employer"), same(cleared.order.employer)),
        (both("Channel of dispatch"), both(_CHANNELS[placement.channel])),
        (both("Contract"), (cleared.contract.contract_no, " – ".join(map(str, (cleared.contract.start, cleared.contract.end))))),
        (both("Accident insurance"), (cleared.insurance.insurer, f"{cleared.insurance.valid_from} – {cleared.insurance.valid_to}")),
        (both("Training certificate"), same(cleared.training)),
    )


_CHANNELS = {
    Channel.LABOUR_COOPERATION: "Labour cooperation",
    Channel.CONTRACTED_PROJECT: "Contracted projects",
    Channel.SEAFARER: "Seafarers",
}
