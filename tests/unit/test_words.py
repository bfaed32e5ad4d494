"""What people write instead of codes: read by tables, and refused where it could be two."""

from __future__ import annotations

import pytest

from shared import reference, words
from shared.place_names import find_county
from shared.sheets.cells import CellRefused


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("甘肃省定西市通渭县", "621121"),
        ("定西市通渭县", "621121"),
        ("甘肃 定西 通渭", "621121"),
        ("通渭", "621121"),
        ("通渭县平襄镇", "621121"),
        ("兰州市城关区", "620102"),
        ("北京市市辖区朝阳区", "110105"),
        ("重庆万州", "500101"),
        ("东乡县", "622926"),  # 东乡族自治县
        ("张家川县", "620525"),  # 张家川回族自治县
        ("广东省东莞市", "441900"),  # a city without counties
        ("肥乡县", "130407"),  # a district since
        ("海南州共和县", "632521"),
    ],
)
def test_a_county_is_known_by_the_names_people_write(written: str, code: str) -> None:
    assert words.read_county(written) == code


@pytest.mark.parametrize("written", ["城关区", "朝阳区", "海南", "河北", "大理", "临夏"])
def test_a_name_that_several_places_have_is_refused_with_the_counties_it_could_be(written: str) -> None:
    place = find_county(written)
    assert (place.code, bool(place.candidates)) == (None, True)


@pytest.mark.parametrize("written", ["甘肃省", "定西市", "陕西省通渭县", "某县", "x" * 10_000])
def test_what_names_no_county_is_refused(written: str) -> None:
    with pytest.raises(CellRefused, match="PLACE_NOT_KNOWN"):
        words.read_county(written)


def test_every_county_is_found_by_its_full_name() -> None:
    """As the list of divisions has it: province, prefecture, county."""
    prefectures = {row["code"][:4]: row["name_zh"] for row in reference.divisions() if row["level"] == "prefecture"}
    lost = {
        code
        for code, county in reference.counties().items()
        if find_county(reference.provinces()[county.province].name_zh + prefectures.get(code[:4], "") + county.name_zh).code != code
        if code not in reference.COUNTYLESS_CITIES
    }
    assert lost == set()


def test_every_usual_word_is_of_a_code_that_exists() -> None:
    assert set(reference.usual_words("occupation").values()) <= reference.occupations().keys()
    assert all(map(reference.known_destination, reference.usual_words("destination").values()))
    assert set(reference.usual_words("education").values()) <= set("012345678")
    for word in reference.usual_words("currency"):
        assert len(words.read_currency(word)) == 3


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("日本", ("JPN",)),
        ("Korea, Republic of", ("KOR",)),
        ("新加坡、日本", ("SGP", "JPN")),
        ("jpn;SG", ("JPN", "SGP")),
        ("刚果（金）", ("COD",)),
        ("日本;日本", ("JPN",)),
    ],
)
def test_countries_are_known_by_names_and_codes(written: str, codes: tuple[str, ...]) -> None:
    assert words.read_destinations(written) == codes


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (words.read_destinations, "中国"),  # nobody is dispatched home
        (words.read_destinations, "日本;某国"),
        (words.read_education, "大学"),
        (words.read_education, "研究生"),
        (words.read_education, "9"),
        (words.read_occupations, "工人"),
        (words.read_occupations, "0110"),
        (words.read_occupations, ";".join(["厨师"] * 21)),
        (words.read_sex, "男" + "." * 10_000),
        (words.read_yes_no, "maybe"),
        (words.read_currency, "元" + " " * 10_000),
    ],
)
def test_what_is_in_no_table_or_could_be_two_is_refused(read: object, written: str) -> None:
    with pytest.raises(CellRefused):
        read(written)  # type: ignore[operator]
