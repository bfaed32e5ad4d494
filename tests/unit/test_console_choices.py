"""What a text means that is typed where a county, country or occupation is asked for."""

from __future__ import annotations

import pytest

from console.web.choices import meant, suggest
from shared.texts import texts


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("county", "621121", "621121"),
        ("county", "通渭", "621121"),
        ("county", "Tong Wei", "621121"),
        ("county", "甘肃省定西市通渭县", "621121"),
        ("region", "全国", "CN"),
        ("country", "JAPAN", "JPN"),
        ("country", "日本", "JPN"),
        ("country", "Niger", "NER"),  # all of one name, and a part of another
        ("occupation", "7212", "7212"),
        ("occupation", "7", "7"),
    ],
)
def test_a_text_that_can_mean_one_code_only_is_that_code(kind: str, typed: str, code: str) -> None:
    assert meant(kind, typed) == code


@pytest.mark.parametrize("typed", ["", "  ", "shan", "no such place", "Neverland\n621121", "x" * 5000])
def test_a_text_that_means_nothing_or_several_things_stays_what_it_is(typed: str) -> None:
    assert meant("county", typed) == typed


def test_what_begins_as_typed_is_suggested_first() -> None:
    assert suggest("country", "jap", texts("en"))[0].code == "JPN"
    assert len(suggest("county", "shan", texts("en"))) == 12


def test_a_port_is_looked_for_by_name_and_another_code_stays_as_it_was_typed() -> None:
    assert [one.code for one in suggest("port", "dl", texts("zh"))] == ["CNDLC"]
    assert (meant("port", "大连"), meant("port", "Qingdao"), meant("port", "JPTYO")) == ("CNDLC", "CNTAO", "JPTYO")
