"""Personal data as shown to people."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.registration.personal_data import vault
from services.registration.personal_data.masking import mask
from services.registration.views.corrections import IdentityAsked
from services.registration.views.view import View
from shared.values import WorkerId


class MaskedPersonal(View):
    name: str
    id_number: str | None
    phone: str | None

    @classmethod
    def from_personal_data(cls, personal: vault.PersonalData) -> MaskedPersonal:
        return cls(name=mask(personal.name, tail=0) or "", id_number=mask(personal.id_number, keep=0), phone=mask(personal.phone, keep=3))


class PersonalData(View):
    """In clear. Every answer of this form is in the worker's history."""

    worker: WorkerId
    name: str
    name_pinyin: str
    birth_date: date
    id_number: str | None
    phone: str | None

    @classmethod
    def from_personal_data(cls, worker: WorkerId, personal: vault.PersonalData) -> PersonalData:
        return cls(
            worker=worker,
            name=personal.name,
            name_pinyin=personal.name_pinyin,
            birth_date=personal.birth_date,
            id_number=personal.id_number,
            phone=personal.phone,
        )


class PersonalCopy(View):
    """Everything registration holds about one worker: personal data in clear (null: erased), also as under absorbed numbers, what a
    pending correction asks for, and every row of every table. Every answer of this form is recorded as a look.
    """

    worker: WorkerId
    worker_no: str
    personal: PersonalData | None
    absorbed: tuple[PersonalData, ...]
    correction_asked: IdentityAsked | None
    tables: dict[str, list[dict[str, Any]]]
