"""Texts as people read them: names, numbers, money and days in three languages, and the language that a browser asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from shared import reference
from shared.texts import LANGUAGES, best_language, texts

zh, en, ja = texts("zh"), texts("en"), texts("ja")
every_language = pytest.mark.parametrize("language", LANGUAGES)


def test_a_sentence_is_its_own_english_and_is_filled_in() -> None:
    assert en("Nobody has written {this}", this="that") == "Nobody has written that"


def test_braces_in_what_is_filled_in_are_text() -> None:
    assert en("{name}", name="{0.__class__} {name}") == "{0.__class__} {name}"


def test_a_code_without_a_text_stays_itself() -> None:
    assert en.word("error", "NOBODY_KNOWS") == "NOBODY_KNOWS"
    assert en.value("state", "nobody_knows") == "nobody_knows"


def test_a_value_means_what_it_means_in_its_field() -> None:
    assert (en.value("condition", "missing"), en.value("kind", "missing")) == ("Missing", "Not paid at all")
    assert (zh.value("condition", "missing"), zh.value("kind", "missing")) == ("失踪", "未发")


def test_a_field_of_other_codes_has_their_names() -> None:
    assert en.value("measure", "stock") == "Workers abroad at the end of the period"
    assert en.value("type", "WorkerRegistered") == "Worker registered"
    assert ja.value("role", "clerk") == "県の窓口担当"


def test_a_language_without_catalogues_is_refused() -> None:
    with pytest.raises(KeyError):
        texts("../../en")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("621121", "Tongwei County, Dingxi, Gansu"),
        ("500101", "Wanzhou District, Chongqing"),
        ("110101", "Dongcheng District, Beijing"),
        ("610116", "Chang'an District, Xi'an, Shaanxi"),
        ("130102", "Chang'an District, Shijiazhuang, Hebei"),
        ("140581", "Gaoping City, Jincheng, Shanxi"),
        ("140502", "Chengqu District, Jincheng, Shanxi"),
        ("623027", "Xiahe County, Gannan Tibetan Autonomous Prefecture, Gansu"),
        ("620525", "Zhangjiachuan Hui Autonomous County, Tianshui, Gansu"),
        ("622926", "Dongxiang Autonomous County, Linxia Hui Autonomous Prefecture, Gansu"),
        ("422801", "Enshi City, Enshi Tujia and Miao Autonomous Prefecture, Hubei"),
        ("530825", "Zhenyuan Yi, Hani and Lahu Autonomous County, Pu'er, Yunnan"),
        ("530829", "Ximeng Va Autonomous County, Pu'er, Yunnan"),
        ("220623", "Changbai Korean Autonomous County, Baishan, Jilin"),
        ("451031", "Longlin Multi-ethnic Autonomous County, Baise, Guangxi"),
        ("150722", "Molidawa Daur Autonomous Banner, Hulunbuir, Inner Mongolia"),
        ("152921", "Alxa Left Banner, Alxa League, Inner Mongolia"),
        ("371722", "Shan County, Heze, Shandong"),
        ("341225", "Funan County, Fuyang, Anhui"),
        ("140428", "Zhangzi County, Changzhi, Shanxi"),
        ("310115", "Pudong New Area, Shanghai"),
        ("429021", "Shennongjia Forestry District, Hubei"),
        ("341502", "Jin'an District, Lu'an, Anhui"),
        ("653101", "Kashgar City, Kashgar Prefecture, Xinjiang"),
        ("141102", "Lishi District, Lüliang, Shanxi"),
    ],
)
def test_a_county_has_an_english_name(code: str, name: str) -> None:
    assert en.place(code) == name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("610000", "Shaanxi"),
        ("140000", "Shanxi"),
        ("150000", "Inner Mongolia"),
        ("540000", "Tibet"),
        ("650000", "Xinjiang"),
        ("810000", "Hong Kong"),
        ("CN", "The whole country"),
        ("999999", "999999"),
    ],
)
def test_a_province_has_an_english_name(code: str, name: str) -> None:
    assert en.place(code) == name


def test_every_division_has_an_english_name_without_a_chinese_character() -> None:
    names = [en.place(code) for code in (*reference.counties(), *reference.provinces())]
    assert not [name for name in names if any("\u3400" <= one <= "\u9fff" for one in name) or "  " in name or name.startswith(" ")]


def test_who_reads_characters_reads_the_official_name() -> None:
    assert zh.place("621121") == ja.place("621121") == "甘肃省定西市通渭县"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("2019", ("2019年", "2019", "2019年")),
        ("2019-03", ("2019年3月", "March 2019", "2019年3月")),
        ("2019-Q2", ("2019年第2季度", "2nd quarter 2019", "2019年第2四半期")),
        ("2019-13", ("2019-13",) * 3),
        ("2017-2020", ("2017-2020",) * 3),
        ("٢٠١٩", ("٢٠١٩",) * 3),
    ],
)
def test_a_year_a_month_and_a_quarter_have_words(code: str, words: tuple[str, ...]) -> None:
    assert tuple(text.period(code) for text in (zh, en, ja)) == words


def test_countries_have_the_names_of_the_language() -> None:
    assert [text.country("KOR") for text in (zh, en, ja)] == ["韩国", "South Korea", "韓国"]
    assert en.country("XXX") == "XXX"


def test_occupations_have_titles_in_every_language() -> None:
    assert [text.occupation("7212") for text in (zh, en, ja)] == ["焊工和火焰切割工", "Welders and flamecutters", "溶接工及びガス切断工"]


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(180000, "JPY", "180,000"), (450050, "CNY", "4,500.50"), (123456, "KWD", "123.456"), (-5, "CNY", "0.05"), (0, "JPY", "0")],
)
@every_language
def test_money_has_the_decimals_of_its_currency(language: str, minor: int, currency: str, shown: str) -> None:
    text = texts(language).money(minor, currency)
    assert shown in text
    assert text != shown, "without its currency nobody knows what it is"
    assert ("-" in text) == (minor < 0)


def test_numbers_and_shares() -> None:
    assert en.number(1234567) == "1,234,567"
    assert en.number(2.5, 2) == "2.50"
    assert en.share(1, 8) == "12.5%"
    assert en.share(0, 0) == "–"


def test_days_are_written_as_in_the_language() -> None:
    day = date(2019, 3, 5)
    assert [text.day(day) for text in (zh, en, ja)] == ["2019年3月5日", "March 5, 2019", "2019年3月5日"]


def test_moments_are_those_of_the_programmes_zone() -> None:
    assert [text.moment(datetime(2019, 3, 5, 22, 30, tzinfo=UTC)) for text in (zh, ja)] == ["2019年3月6日 06:30", "2019/03/06 06:30"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-Hans-CN", "zh"),
        ("fr-FR, ja; q=0.7, en;q=0.3", "ja"),
        ("en;q=0.2, ZH;q=0.8", "zh"),
        ("zh;q=0, ja;q=0.1", "ja"),
        ("*", "en"),
        ("zh;q=nan, ja;q=inf, en;q=1e9", "en"),
        ("zh;q=-1", "en"),
        ("../../etc/passwd, zh\r\nSet-Cookie: x=1", "en"),
        ("，" * 400 + "zh", "en"),
        (",;=" * 100_000 + "zh", "en"),
        ("zh;q=0." + "9" * 100_000, "en"),
        ("a-" * 100_000, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_most(header: str | None, language: str) -> None:
    assert best_language(header) == language


def test_the_type_of_an_event_is_called_as_the_event_is() -> None:
    assert {en.value(field, "docking.Dispatched.v1") for field in ("type", "types")} == {en.word("event", "Dispatched")}
