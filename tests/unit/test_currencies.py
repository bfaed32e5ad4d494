"""Currencies in force and withdrawn: history is read for ever, and entered for the months in which it was money."""

from __future__ import annotations

from datetime import date

import iso4217
import pytest

from shared import currencies, reference
from shared.events import IncomeFact
from shared.values import Currency, Money, Period, exponent

# Every code that any build has accepted. It only ever grows: an amount in it may stand in a log.
ACCEPTED_ONCE = """
ADP AED AFA AFN ALL AMD ANG AOA ARS ATS AUD AWG AZM AZN BAM BBD BDT BEF BGL BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYB BYN BYR
BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CSD CUC CUP CVE CYP CZK DEM DJF DKK DOP DZD EEK EGP ERN ESP ETB EUR FIM FJD FKP FRF
GBP GEL GHC GHS GIP GMD GNF GRD GTQ GYD HKD HNL HRK HTG HUF IDR IEP ILS INR IQD IRR ISK ITL JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
KYD KZT LAK LBP LKR LRD LSL LTL LUF LVL LYD MAD MDL MGA MGF MKD MMK MNT MOP MRO MRU MTL MUR MVR MWK MXN MXV MYR MZM MZN NAD NGN NIO
NLG NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PTE PYG QAR ROL RON RSD RUB RWF SAR SBD SCR SDD SDG SEK SGD SHP SIT SKK SLE SLL SOS SRD
SRG SSP STD STN SVC SYP SZL THB TJS TMM TMT TND TOP TPE TRL TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VEB VED VEF VES VND VUV
WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER YUM ZAR ZMK ZMW ZWD ZWG ZWL ZWR
""".split()  # noqa: SIM905  # 227 codes in a list literal are no easier to read


def test_field_case_f9_no_code_that_was_ever_accepted_is_refused() -> None:
    assert set(ACCEPTED_ONCE) <= set(currencies.codes())


@pytest.mark.parametrize("code", ["HRK", "BGN", "SLL", "ZWL", "MRO", "VEF", "STD", "ANG", "BYR", "LTL"])
def test_field_case_f9_an_event_with_a_withdrawn_currency_is_read(code: str) -> None:
    amount = f'{{"minor":450000,"currency":"{code}"}}'
    amounts = f'"gross":{amount},"deductions":{amount},"net":{amount},"remitted":null'
    text = f'{{"period":"2016-05",{amounts},"paid_on":"2016-06-01","source":"bank"}}'
    fact = IncomeFact.model_validate_json(text)
    assert fact.net == Money(minor=450000, currency=Currency(code))
    assert str(fact.net).endswith(code)


def test_minor_units_of_withdrawn_currencies_are_those_of_the_standard() -> None:
    assert {code: exponent(Currency(code)) for code in ("HRK", "BYR", "ITL", "MRO", "VEF")} == {
        "HRK": 2, "BYR": 0, "ITL": 0, "MRO": 2, "VEF": 2,
    }  # fmt: skip


def test_a_withdrawn_currency_that_is_in_force_again_has_the_same_minor_units() -> None:
    table = currencies.TABLE.read_text(encoding="utf-8").splitlines()[1:]
    rows = {line.split(",")[0]: int(line.rsplit(",", 2)[1]) for line in table}
    assert all(int(iso4217.Currency(code).exponent or 0) == digits for code, digits in rows.items() if code in currencies.in_force())


@pytest.mark.parametrize(
    ("code", "last", "after"),
    [("HRK", "2023-01", "2023-02"), ("MRO", "2018-06", "2018-07"), ("VEF", "2018-08", "2018-09"), ("BGN", "2026-01", "2026-02")],
)
def test_field_case_f9_a_currency_is_taken_for_the_months_in_which_it_was_legal_tender(code: str, last: str, after: str) -> None:
    reference.require_legal_tender(Currency(code), Period(last))
    with pytest.raises(reference.CurrencyWithdrawn) as refused:
        reference.require_legal_tender(Currency(code), Period(after), "wage.currency")
    assert (refused.value.field, refused.value.state) == ("wage.currency", currencies.withdrawn()[code].legal_tender_to.isoformat())


def test_a_currency_in_force_is_taken_for_every_month() -> None:
    assert currencies.was_legal_tender("CNY", date(1990, 1, 1))
    assert currencies.was_legal_tender("CNY", date(2199, 12, 1))
