"""The columns of a worker list, and the file that people sent as a table of them."""

from __future__ import annotations

from pathlib import Path

from shared.sheets.files import Kind
from shared.sheets.tables import Form, Table, read_names, read_table

# name of a column of the template: what it takes
COLUMNS = {
    "name": "姓名 · name as in the document",
    "name_pinyin": "拼音 · optional; name in Latin letters as in the passport",
    "id_number": "身份证号 · optional, as text; without it the registration is provisional",
    "birth_date": "出生日期 · YYYY-MM-DD",
    "sex": "性别 · 女 | 男 | female | male",
    "county": "户籍县 · its name with the province, or its GB/T 2260 code of six digits",
    "education": "学历 · such as 初中 or junior high, or the ISCED 2011 level, 0 to 8",
    "occupations": "工种 · such as 厨师 or cook, or ISCO-08 codes, separated by ;",
    "phone": "电话 · optional",
    "household_status": "建档立卡 · 是 | 否, or registered_poor | not_registered | unknown (or empty)",
    "id_checked": "已核验证件 · 是 | 否, yes | no (or empty): the document was seen",
    "registered_on": "登记日期 · optional, YYYY-MM-DD; else the day of the import",
    "destinations": "意向国家 · optional, names or ISO 3166-1 codes, separated by ;",
    "wage_floor": "最低月薪 · optional, such as 4500 or 4500.50",
    "wage_currency": "币种 · ISO 4217, with wage_floor",
    "available_from": "可出发日期 · optional, YYYY-MM-DD",
    "announcement": "公告编号 · optional: the announcement the worker heard of, such as A00000001-5; with outreach_channel",
    "outreach_channel": "宣传渠道 · 广播 | 微信 | 短信 | 海报 | 村民会议 ..., broadcast | wechat | sms | poster | village_meeting ...",
    "family_consent": "家属同意 · 是 | 否, yes | no, where destinations are given",
    "old_number": "旧系统编号 · optional: the number the worker had in the system before this one; with old_system",
    "old_system": "旧系统代号 · a short name of that system, such as mis-2009; with old_number",
}
FORM = Form(
    names=read_names(Path(__file__).parent / "column_names.csv"),
    required=("name", "birth_date", "sex", "county", "education", "occupations"),
)


def read_list(content: bytes, kind: Kind, limit: int) -> Table:
    """Raises what read_table raises."""
    return read_table(content, kind, limit, FORM)
