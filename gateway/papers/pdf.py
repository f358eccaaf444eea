"""A paper as PDF on A4: letterhead, facts, figures, tables whose heads repeat, and what it can be checked by.

Needs some seconds for thousands of lines: call it in a thread.
"""

import io
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Frame, PageTemplate, Paragraph, Spacer
from reportlab.platypus import Table as Grid

from gateway.papers.paper import Cell, Fact, Paper, Row, Table

PLAIN, BOLD = "Vera", "VeraBd"
FONTS = Path(reportlab.__file__).parent / "fonts"
INK, PALE, LINE, STRIPE = HexColor("#0B3D5C"), HexColor("#5B6770"), HexColor("#C9D3DA"), HexColor("#F3F6F8")
MARGIN = 16 * mm
TOP, TOP_LATER, BOTTOM = 34 * mm, 22 * mm, 20 * mm
WIDTH = A4[0] - 2 * MARGIN
SIZE, NARROW, SMALL = 7.5, 6.6, 6.5
NARROW_FROM = 9
"""So many columns are set in smaller letters."""
ROOM = 32 * mm
"""A table begins on the next page when there is less."""
PAD = 4
SQUARE = 20 * mm
FACT_COLUMNS = 2


def rendered(paper: Paper) -> bytes:
    """The file, complete."""
    _register()
    file = io.BytesIO()
    document = BaseDocTemplate(
        file, pagesize=A4, title=drawable(paper.title), author=drawable(paper.letterhead.name), lang=paper.language,
        creator=drawable(paper.letterhead.name), subject=paper.code,
    )  # fmt: skip
    document.addPageTemplates(
        [_page("first", TOP, _first_page(paper), "later"), _page("later", TOP_LATER, _later_page(paper), "later")]
    )
    document.build(_story(paper), canvasmaker=_counting(paper))
    return file.getvalue()


def drawable(text: str) -> str:
    """The same text with letters that our fonts have: one without a shape loses its mark, or becomes a question mark.

    The fonts have all of Latin-1; a name may have more: `Wanjikũ` is written `Wanjiku`.
    """
    return "".join(_shape(character) for character in text)


@cache
def _shape(character: str) -> str:
    known = _known()
    if ord(character) in known:
        return character
    base = "".join(each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each))
    return base if base and all(ord(each) in known for each in base) else "" if not base else "?"


@cache
def _known() -> frozenset[int]:
    """The characters that both fonts can show."""
    _register()
    plain, bold = (pdfmetrics.getFont(name).face.charToGlyph for name in (PLAIN, BOLD))
    return frozenset(plain.keys() & bold.keys())


@cache
def _register() -> None:
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


def _page(name: str, top: float, drawn: Callable[[Any, Any], None], following: str) -> Any:
    frame = Frame(
        MARGIN, BOTTOM, WIDTH, A4[1] - top - BOTTOM, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )
    return PageTemplate(name, [frame], onPage=drawn, autoNextPageTemplate=following)


def _first_page(paper: Paper) -> Callable[[Any, Any], None]:
    def drawn(canvas: Any, _: Any) -> None:
        head, top = paper.letterhead, A4[1] - 14 * mm
        canvas.setFillColor(INK)
        canvas.rect(0, A4[1] - 4 * mm, A4[0], 4 * mm, stroke=0, fill=1)
        canvas.setFont(BOLD, 18)
        canvas.drawString(MARGIN, top - 4 * mm, drawable(head.name))
        canvas.setFillColor(PALE)
        canvas.setFont(PLAIN, SIZE)
        canvas.drawString(MARGIN, top - 9 * mm, drawable(f"{head.code}   {head.help_line}"))
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 13)
        canvas.drawRightString(A4[0] - MARGIN, top - 4 * mm, drawable(paper.title))
        canvas.setStrokeColor(LINE)
        canvas.line(MARGIN, top - 13 * mm, A4[0] - MARGIN, top - 13 * mm)

    return drawn


def _later_page(paper: Paper) -> Callable[[Any, Any], None]:
    def drawn(canvas: Any, _: Any) -> None:
        top = A4[1] - 14 * mm
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, SIZE + 1)
        canvas.drawString(MARGIN, top, drawable(paper.letterhead.name))
        canvas.setFont(PLAIN, SIZE)
        owner = paper.facts[0].value if paper.facts else ""
        canvas.drawRightString(A4[0] - MARGIN, top, drawable(f"{paper.title}   {owner}"))
        canvas.setStrokeColor(LINE)
        canvas.line(MARGIN, top - 2 * mm, A4[0] - MARGIN, top - 2 * mm)

    return drawn


def _counting(paper: Paper) -> type[Any]:
    """A canvas that writes the foot of each page when it knows how many there are."""

    class Counting(Canvas):  # type: ignore[misc]  # the library has no types
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the library's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                _foot(self, paper, number, len(self._pages))
                super().showPage()
            super().save()

    return Counting


def _foot(canvas: Any, paper: Paper, number: int, pages: int) -> None:
    canvas.setStrokeColor(LINE)
    canvas.line(MARGIN, BOTTOM - 5 * mm, A4[0] - MARGIN, BOTTOM - 5 * mm)
    canvas.setFillColor(PALE)
    canvas.setFont(PLAIN, SMALL)
    canvas.drawString(MARGIN, BOTTOM - 9 * mm, drawable(f"{paper.letterhead.name}   {paper.code}"))
    page = paper.page.replace("{page}", str(number)).replace("{pages}", str(pages))
    canvas.drawRightString(A4[0] - MARGIN, BOTTOM - 9 * mm, drawable(page))


def _story(paper: Paper) -> list[Any]:
    story = [_head(paper), Spacer(1, 5 * mm)]
    if paper.boxes:
        story += [_boxes(paper.boxes), Spacer(1, 6 * mm)]
    for table in paper.tables:
        story += [CondPageBreak(ROOM), _title(table.title), _grid(paper, table), Spacer(1, 6 * mm)]
    story += [Paragraph(escape(drawable(note)), _style(SMALL, PALE)) for note in paper.notes]
    return story


def _head(paper: Paper) -> Any:
    """Facts at the left, in two columns; at the right the square for a telephone."""
    shown = [_fact(fact) for fact in paper.facts]
    shown += [""] * (-len(shown) % FACT_COLUMNS)
    rows = [shown[place : place + FACT_COLUMNS] for place in range(0, len(shown), FACT_COLUMNS)]
    wide = WIDTH - SQUARE - 4 * mm
    facts = Grid(rows or [[""]], colWidths=[wide / FACT_COLUMNS] * FACT_COLUMNS)
    facts.setStyle(_bare(1.5))
    both = Grid([[facts, _square(paper.square)]], colWidths=[wide + 4 * mm, SQUARE])
    both.setStyle([*_bare(0), ("ALIGN", (1, 0), (1, 0), "RIGHT")])
    return both


def _bare(gap: float) -> list[Any]:
    """A grid that only places things: no lines, `gap` points above and below."""
    whole = (0, 0), (-1, -1)
    sides = [(f"{side}PADDING", *whole, 0) for side in ("LEFT", "RIGHT")]
    return [("VALIGN", *whole, "TOP"), *sides, *((f"{side}PADDING", *whole, gap) for side in ("TOP", "BOTTOM"))]


def _fact(fact: Fact) -> Any:
    label, value = (escape(drawable(text)) for text in (fact.label, fact.value))
    return Paragraph(f'<font color="#5B6770" size="{SMALL}">{label}</font><br/>{value}', _style(SIZE + 1))


def _square(text: str) -> Any:
    widget = QrCodeWidget(text, barLevel="M")
    left, bottom, right, top = widget.getBounds()
    drawing = Drawing(SQUARE, SQUARE, transform=[SQUARE / (right - left), 0, 0, SQUARE / (top - bottom), 0, 0])
    drawing.add(widget)
    return drawing


def _boxes(boxes: Iterable[Fact]) -> Any:
    """The figures that are looked for first, side by side."""
    shown = list(boxes)
    labels = [Paragraph(escape(drawable(box.label)), _style(SMALL, PALE)) for box in shown]
    values = [Paragraph(f"<b>{escape(drawable(box.value))}</b>", _style(SIZE + 2, INK)) for box in shown]
    grid = Grid([labels, values], colWidths=[WIDTH / len(shown)] * len(shown))
    grid.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), STRIPE),
            ("LINEABOVE", (0, 0), (-1, 0), 1, INK),
            ("LINEBEFORE", (1, 0), (-1, -1), 0.5, LINE),
            ("BOTTOMPADDING", (0, 0), (-1, 0), 0),
            ("BOTTOMPADDING", (0, 1), (-1, 1), 6),
        ]
    )
    return grid


def _title(text: str) -> Any:
    style = ParagraphStyle("title", fontName=BOLD, fontSize=9.5, leading=13, textColor=INK, spaceAfter=4)
    return Paragraph(escape(drawable(text)), style)


def _style(size: float, colour: Any = None) -> Any:
    return ParagraphStyle(
        f"text{size}", fontName=PLAIN, fontSize=size, leading=size * 1.35, textColor=colour or "black"
    )


def _grid(paper: Paper, table: Table) -> Any:
    widths = [WIDTH * column.width / sum(each.width for each in table.columns) for column in table.columns]
    rows = [[_head_cell(table, place) for place in range(len(widths))]]
    rows += [_cells(paper, table, row, widths) for row in table.rows]
    if not table.rows and table.empty:
        rows.append([drawable(table.empty), *[""] * (len(widths) - 1)])
    rows += [_cells(paper, table, row, widths, font=BOLD) for row in table.last]
    grid = Grid(rows, colWidths=widths, repeatRows=1)
    grid.setStyle(_look(table, len(rows)))
    return grid


def _size(table: Table) -> float:
    return NARROW if len(table.columns) >= NARROW_FROM else SIZE


def _head_cell(table: Table, place: int) -> Any:
    size = _size(table)
    style = ParagraphStyle("head", fontName=BOLD, fontSize=size, leading=size * 1.25, textColor=white)
    if table.columns[place].is_money:
        style.alignment = TA_RIGHT
    return Paragraph(escape(drawable(table.columns[place].head)), style)


def _cells(paper: Paper, table: Table, row: Row, widths: list[float], font: str = PLAIN) -> list[str]:
    """Plain strings, broken where they are too long: far faster than paragraphs, of which there would be thousands."""
    size = _size(table)
    return [
        _cell(paper, cell, font, size, width - 2 * PAD, is_wide=column.is_wide)
        for cell, column, width in zip(row, table.columns, widths, strict=True)
    ]


def _cell(paper: Paper, cell: Cell, font: str, size: float, width: float, *, is_wide: bool) -> str:
    """What fits. Only words are ever shortened, never an amount or a day."""
    text = drawable(paper.text(cell))
    if not isinstance(cell, str) or stringWidth(text, font, size) <= width:
        return text
    if is_wide:
        return "\n".join(simpleSplit(text, font, size, width))
    while text and stringWidth(f"{text}…", font, size) > width:
        text = text[:-1]
    return f"{text}…"


def _look(table: Table, count: int) -> list[Any]:
    last, size = count - len(table.last), _size(table)
    look: list[Any] = [
        ("FONT", (0, 1), (-1, -1), PLAIN, size, size * 1.3),
        ("BACKGROUND", (0, 0), (-1, 0), INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("ROWBACKGROUNDS", (0, 1), (-1, last - 1), [white, STRIPE]),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), PAD),
        ("RIGHTPADDING", (0, 0), (-1, -1), PAD),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    look += [("ALIGN", (place, 1), (place, -1), "RIGHT") for place, each in enumerate(table.columns) if each.is_money]
    if table.last:
        look += [
            ("FONT", (0, last), (-1, -1), BOLD, size, size * 1.3),
            ("LINEABOVE", (0, last), (-1, last), 1, INK),
            ("BACKGROUND", (0, last), (-1, -1), white),
        ]
    if not table.rows and table.empty:
        look.append(("SPAN", (0, 1), (-1, 1)))
    return look
