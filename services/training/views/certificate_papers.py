"""The training certificate on paper, in Chinese and English."""

from __future__ import annotations

from services.training.domain.certificates import Basis
from services.training.statements.certificates import Statement
from shared.papers.bilingual import EN, ZH, Pair, both, coded, proof, same, span
from shared.papers.parts import Fields, Paper
from shared.texts import Texts

_BASES: dict[Basis, str] = {"training": "Training and examination", "prior_learning": "Prior learning, recognised"}


def certificate_paper(statement: Statement, token: str, *, centre: str, licence_no: str | None) -> Paper:
    """No name: those are in registration only, and are written in by whoever hands the paper out."""
    title = both("Training certificate for work abroad")
    return Paper(
        language="zh",
        title=title[0],
        subtitle=title[1],
        overline=" · ".join(both("Foreign labour service cooperation")),
        footer=f"{title[0]} · {title[1]} · {statement.serial}",
        day=statement.stated_on,
        keywords=(token,),
        parts=(
            Fields(rows=(*_signed(statement), (both("Training centre"), _centre(centre, licence_no)))),
            *proof(token),
        ),
    )


def _signed(statement: Statement) -> tuple[tuple[Pair, Pair], ...]:
    country, code = statement.destination, statement.occupation
    return (
        (both("Certificate number *"), same(statement.serial)),
        (both("Worker *"), same(str(statement.worker))),
        (both("For work in *"), coded(ZH.country(country), EN.country(country), country)),
        (both("As (ISCO-08) *"), coded(ZH.occupation(code), EN.occupation(code), code)),
        (both("Learned by *"), both(_BASES[statement.basis])),
        (both("Hours *"), (_hours(statement, ZH), _hours(statement, EN))),
        (both("Valid from and until *"), span(statement.issued_on, statement.valid_to)),
        (both("State on the day of printing *"), _stated(statement)),
    )


def _stated(statement: Statement) -> Pair:
    return f"{ZH('valid')}（{ZH.day(statement.stated_on)}）", f"{EN('valid')} ({EN.day(statement.stated_on)})"


def _hours(statement: Statement, text: Texts) -> str:
    attended = text.number(statement.minutes / 60)
    if not statement.credited:
        return text("{hours} hours", hours=attended)
    return text("{hours} hours, and {credited} credited for prior learning", hours=attended, credited=text.number(statement.credited / 60))


def _centre(centre: str, licence_no: str | None) -> Pair:
    return same(centre) if licence_no is None else (centre, licence_no)
