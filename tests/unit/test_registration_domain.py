"""Identity numbers, worker numbers, ages, and the state machines of registration."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain import errors, identity, willingness, workers
from services.registration.domain.willingness import Step, Willingness
from services.registration.domain.workers import Assurance
from services.registration.personal_data.masking import mask
from services.registration.personal_data.name_romanisation import romanise_name, surname_readings
from shared.values import Sex
from tests.support.registration import a_worker_no, an_id

births = st.dates(date(1900, 1, 1), date(2010, 12, 31))
ids = st.builds(an_id, births, st.sampled_from(["male", "female"]), st.sampled_from(["621126", "110101", "632857"]), st.integers(0, 499))


@given(ids)
def test_an_identity_number_holds_its_birth_date_and_sex(number: str) -> None:
    document = identity.parse_id_number(number.lower())
    assert document.text == number
    assert document.birth_date.strftime("%Y%m%d") == number[6:14]
    assert (document.sex is Sex.MALE) == (int(number[16]) % 2 == 1)


@given(ids, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: str, position: int, off: int) -> None:
    wrong = number[:position] + str((int(number[position]) + off) % 10) + number[position + 1 :]
    with pytest.raises((errors.IdNumberCheck, errors.IdNumberForm)):
        identity.parse_id_number(wrong)


@given(ids, st.integers(0, 15))
def test_two_swapped_neighbours_are_always_noticed(number: str, position: int) -> None:
    swapped = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
    if swapped != number:
        with pytest.raises((errors.IdNumberCheck, errors.IdNumberForm)):
            identity.parse_id_number(swapped)


@given(st.text(max_size=24))
def test_no_text_makes_the_identity_check_crash(text: str) -> None:
    with pytest.raises((errors.IdNumberForm, errors.IdNumberCheck)) as refused:
        identity.parse_id_number(text)
    assert len(text.strip()) < 3 or text not in str(refused.value)


def test_a_published_identity_number_passes() -> None:
    assert identity.parse_id_number("11010519491231002X").birth_date == date(1949, 12, 31)  # the example of GB 11643-1999


@pytest.mark.parametrize(
    "number", ["11010519491331002X", "1101051949123100２X", "11010519491231002", "11010519491231002XX", "01010519491231002X"]
)
def test_malformed_identity_numbers_are_refused(number: str) -> None:
    with pytest.raises(errors.IdNumberForm):
        identity.parse_id_number(number)


def test_the_document_must_agree_with_the_birth_date_and_sex_stated() -> None:
    document = identity.parse_id_number("11010519491231002X")
    with pytest.raises(errors.BirthDateDiffers):
        identity.require_same_person(document, date(1949, 12, 30), Sex.FEMALE)
    with pytest.raises(errors.SexDiffers):
        identity.require_same_person(document, date(1949, 12, 31), Sex.MALE)
    identity.require_same_person(document, date(1949, 12, 31), Sex.FEMALE)


@given(st.integers(1, 10**12))
def test_a_worker_number_is_recognised_however_it_is_typed(number: int) -> None:
    text = a_worker_no(number)
    assert identity.parse_worker_no(f" {text.lower()} ") == text


@given(st.integers(1, 10**8 - 1), st.integers(1, 8), st.integers(1, 9))
def test_a_mistyped_worker_number_is_noticed(number: int, position: int, off: int) -> None:
    text = a_worker_no(number)
    wrong = text[:position] + str((int(text[position]) + off) % 10) + text[position + 1 :]
    with pytest.raises(errors.WorkerNumberMistyped):
        identity.parse_worker_no(wrong)


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
        (date(1957, 6, 1), date(2018, 5, 31), 60),
        (date(1957, 6, 1), date(2018, 6, 1), 61),
    ],
)
def test_age_counts_birthdays(born: date, on: date, years: int) -> None:
    assert workers.age(born, on) == years
    if 18 <= years <= 60:
        workers.require_age(born, on, minimum=18, maximum=60)
    else:
        with pytest.raises(errors.AgeOutOfRange):
            workers.require_age(born, on, minimum=18, maximum=60)


@given(st.lists(st.sampled_from(Step)))
def test_only_a_willingness_in_force_ends(steps: list[Step]) -> None:
    state = Willingness.NONE
    for step in steps:
        if step is not Step.RECORD and state is not Willingness.WILLING:
            with pytest.raises(errors.NotWilling) as refused:
                willingness.next_state(state, step)
            assert refused.value.state == state
        else:
            state = willingness.next_state(state, step)
            assert (state is Willingness.WILLING) == (step is Step.RECORD)


def test_a_worker_is_verified_once() -> None:
    assert workers.verify(Assurance.PROVISIONAL) is Assurance.VERIFIED
    with pytest.raises(errors.AlreadyVerified):
        workers.verify(Assurance.VERIFIED)


def test_late_is_normal_and_early_is_refused() -> None:
    today = date(2018, 6, 1)
    assert workers.effective_day(None, today, field="registered_on") == today
    assert workers.effective_day(date(2017, 1, 1), today, field="registered_on") == date(2017, 1, 1)
    with pytest.raises(errors.InFuture):
        workers.effective_day(date(2018, 6, 2), today, field="registered_on")
    with pytest.raises(errors.OutOfOrder):
        workers.effective_day(date(2018, 5, 1), today, field="verified_on", not_before=date(2018, 5, 2))


@given(st.text(min_size=1, max_size=60), st.integers(0, 3))
def test_a_masked_value_never_shows_more_than_it_keeps(text: str, keep: int) -> None:
    shown = mask(text, keep=keep)
    assert shown is not None
    assert "*" in shown
    assert len(shown.replace("*", "")) <= keep + 4


@pytest.mark.parametrize(
    ("name", "shown"), [("张三", "张*"), ("张三丰", "张**"), ("ZHANG SANFENG", "Z************"), ("阿卜杜热依木·买买提", "阿*********")]
)
def test_a_masked_name_shows_its_first_character_alone(name: str, shown: str) -> None:
    assert mask(name, tail=0) == shown


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("张三丰", "ZHANG SANFENG"),
        ("欧阳娜娜", "OUYANG NANA"),
        ("单于", "SHAN YU"),  # two characters are a surname and a given name
        ("单于安", "CHANYU AN"),
        ("李曾", "LI CENG"),  # the reading of a surname is that of the surname only
        ("吕略", "LYU LYUE"),
        ("徐女", "XU NYU"),
        ("阿里木·买买提", "ALIMU MAIMAITI"),
        ("王Anna", "WANG ANNA"),
        ("吕", "LYU"),
    ],
)
def test_a_name_is_spelt_by_the_rules_for_passports(name: str, spelt: str) -> None:
    assert romanise_name(name) == spelt


def test_every_reading_of_a_surname_is_letters_and_compound_ones_have_two_characters() -> None:
    readings = surname_readings()
    assert {"曾", "尉迟"} <= readings.keys()
    assert all(len(surname) in (1, 2) and reading.isascii() and reading.isalpha() for surname, reading in readings.items())
