"""The columns of a worker list, and the rows of one that people sent."""

from __future__ import annotations

from shared import sheets
from shared.sheets import Kind, Row

# name of a column: what it takes
COLUMNS = {
    "name": "姓名 · name as in the document",
    "name_pinyin": "拼音 · optional; name in Latin letters as in the passport",
    "id_number": "身份证号 · optional, as text; without it the registration is provisional",
    "birth_date": "出生日期 · YYYY-MM-DD",
    "sex": "性别 · female | male | 女 | 男",
    "county": "户籍县代码 · GB/T 2260, six digits",
    "education": "学历 · ISCED 2011 level, 0 to 8",
    "occupations": "职业 · ISCO-08 codes, separated by ;",
    "phone": "电话 · optional",
    "household_status": "建档立卡 · registered_poor | not_registered | unknown (or empty)",
    "id_checked": "已核验证件 · yes | no (or empty): the document was seen",
    "registered_on": "登记日期 · optional, YYYY-MM-DD; else the day of the import",
    "destinations": "意向国家 · optional, ISO 3166-1 alpha-3, separated by ;",
    "wage_floor": "最低月薪 · optional, such as 4500 or 4500.50",
    "wage_currency": "币种 · ISO 4217, with wage_floor",
    "available_from": "可出发日期 · optional, YYYY-MM-DD",
    "family_consent": "家属同意 · yes | no, where destinations are given",
}
REQUIRED = ("name", "birth_date", "sex", "county", "education", "occupations")


def read_rows(content: bytes, kind: Kind, limit: int) -> list[Row]:
    """The filled rows of a list, at most `limit`. Raises what sheets.read raises."""
    return sheets.read(content, kind, limit, columns=COLUMNS, required=REQUIRED)
