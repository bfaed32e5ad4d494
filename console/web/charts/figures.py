"""A chart as it stands on a page: caption, drawing, and the same figures as a table."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from console.web.charts.svg import element, join


def figure(caption: str, drawing: Markup, table: Markup, *, open_table: str, note: str | None = None, class_: str = "figure") -> Markup:
    """`open_table`: the words that open the table where there is one."""
    return element(
        "figure",
        element("figcaption", element("strong", caption), *([Markup("<br>"), element("span", note, class_="note")] if note else [])),
        drawing,
        *([_opened(caption, table, open_table)] if table else []),
        class_=class_,
    )


def _opened(caption: str, table: Markup, open_table: str) -> Markup:
    region = element("div", table, class_="scroll", tabindex="0", role="region", aria_label=caption)
    return element("details", element("summary", open_table), region)


def data_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str | Markup]]) -> Markup:
    """The first column heads its rows, the others are numbers."""
    head = element("tr", *(element("th", name, scope="col", class_="number" if at else None) for at, name in enumerate(columns)))
    body = (element("tr", element("th", row[0], scope="row"), *(element("td", cell, class_="number") for cell in row[1:])) for row in rows)
    return element("table", element("caption", caption, class_="hidden"), element("thead", head), element("tbody", join(body)))
