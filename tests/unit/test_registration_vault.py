"""Personal data are decrypted for their own worker, unaltered, under the right keys, and otherwise not at all."""

from __future__ import annotations

import asyncio
import secrets
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.registration.personal_data.master_keys import KeyRing, LocalKeys, Unreadable
from services.registration.personal_data.vault import PersonalData, Sealed, Vault
from shared.values import CountyCode, WorkerId, new_id

MASTER, LOOKUP = secrets.token_bytes(32), secrets.token_bytes(32)
VAULT = Vault(KeyRing(LocalKeys(MASTER)), lookup_key=LOOKUP)
WORKER = WorkerId(new_id())
SOMEBODY = PersonalData(
    name="欧阳娜娜", name_pinyin="OUYANG NANA", birth_date=date(1992, 3, 4), id_number="11010519491231002X", phone="13800001234"
)


def sealed_as(worker: WorkerId, personal: PersonalData) -> Sealed:
    return asyncio.run(VAULT.seal(worker, personal))


def opened(worker: WorkerId, sealed: Sealed, vault: Vault = VAULT) -> PersonalData:
    return asyncio.run(vault.open(worker, sealed))


people = st.builds(
    PersonalData,
    name=st.text(st.characters(exclude_categories=["Cs"])),
    name_pinyin=st.text("ABC "),
    birth_date=st.dates(),
    id_number=st.none() | st.text("0123456789X"),
    phone=st.none() | st.text("0123456789"),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(people)
def test_what_was_sealed_opens_again(personal: PersonalData) -> None:
    assert opened(WORKER, sealed_as(WORKER, personal)) == personal


def test_another_workers_ciphertext_does_not_open() -> None:
    with pytest.raises(Unreadable):
        opened(WorkerId(new_id()), sealed_as(WORKER, SOMEBODY))


def test_a_ciphertext_does_not_open_with_another_workers_key() -> None:
    mine, other = sealed_as(WORKER, SOMEBODY), sealed_as(WORKER, SOMEBODY)
    with pytest.raises(Unreadable):
        opened(WORKER, Sealed(mine.ciphertext, other.wrapped_key))


def test_another_master_key_opens_nothing() -> None:
    with pytest.raises(Unreadable):
        opened(WORKER, sealed_as(WORKER, SOMEBODY), Vault(KeyRing(LocalKeys(secrets.token_bytes(32))), lookup_key=LOOKUP))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_one_altered_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    sealed = sealed_as(WORKER, SOMEBODY)
    parts = [bytearray(sealed.ciphertext), bytearray(sealed.wrapped_key)]
    part = data.draw(st.sampled_from(parts))
    part[data.draw(st.integers(0, len(part) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unreadable):
        opened(WORKER, Sealed(bytes(parts[0]), bytes(parts[1])))


@pytest.mark.parametrize("short", [b"", b"\x01", b"\x01" + bytes(12), b"\x02" + bytes(60)])
def test_malformed_ciphertexts_are_unreadable(short: bytes) -> None:
    sealed = sealed_as(WORKER, SOMEBODY)
    for broken in (Sealed(short, sealed.wrapped_key), Sealed(sealed.ciphertext, short)):
        with pytest.raises(Unreadable):
            opened(WORKER, broken)


def test_the_same_person_sealed_twice_looks_different() -> None:
    assert sealed_as(WORKER, SOMEBODY) != sealed_as(WORKER, SOMEBODY)


def test_a_traceback_shows_no_personal_data() -> None:
    sealed = sealed_as(WORKER, SOMEBODY)
    for shown in (repr(SOMEBODY), str(SOMEBODY), repr(sealed), repr(VAULT)):
        assert "欧阳" not in shown
        assert "11010519491231002X" not in shown


def test_hashes_match_under_the_same_key_only() -> None:
    county = CountyCode("621126")
    other = Vault(KeyRing(LocalKeys(MASTER)), lookup_key=secrets.token_bytes(32))
    assert VAULT.id_hashes("11010519491231002X") == VAULT.id_hashes("11010519491231002X") != other.id_hashes("11010519491231002X")
    spelt = VAULT.blocking_hashes("OUYANG NANA", date(1992, 3, 4), county)
    assert spelt == VAULT.blocking_hashes("ou-yang na'na", date(1992, 3, 4), county)
    assert spelt != VAULT.blocking_hashes("OUYANG NANA", date(1992, 3, 5), county)
    assert spelt != VAULT.id_hashes("OUYANG NANA")
