# ruff: noqa: E501  (sample texts)
"""Every format is read into text, title, pages and metadata; what cannot be read says so."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml

import corpus.load
import corpus.readers.docx
from corpus.document import Document
from corpus.errors import UnreadableSource
from corpus.load import Unreadable, load_documents
from corpus.readers import read_docx, read_html, read_jsonl, read_markdown, read_pdf, read_text
from corpus.readers.arabic import fold_presentation_forms, lines_reversed, most_arabic, words_by_position
from corpus.sources import document_id, find_sources


def load(path: Path) -> list[Document | Unreadable]:
    return [item for source in find_sources([path]).files for item in load_documents(source)]


# --- plain text and Markdown -------------------------------------------------------------------------


def test_text_has_no_title_of_its_own() -> None:
    extracted = read_text("第一行\r\n第二行".encode("gb18030"))
    assert (extracted.text, extracted.title, extracted.metadata) == (
        "第一行\n第二行",
        "",
        {"encoding": "gb18030"},
    )


@pytest.mark.parametrize(
    ("text", "title", "left"),
    [
        ("# A b\n\ntext", "A b", "# A b\n\ntext"),
        ("text\n\n## Low\n\n# High #\n", "High", "text\n\n## Low\n\n# High #\n"),
        ('---\ntitle: "From: here"\ntags: [a]\n---\n# Other\n', "From: here", "# Other\n"),
        ("---\nauthor: x\n---\ntext", "", "text"),
        ("---\n\nA rule, no front matter\n\n---\n", "", "---\n\nA rule, no front matter\n\n---\n"),
        ("```\n# no heading\n```\n# عنوان", "عنوان", "```\n# no heading\n```\n# عنوان"),
    ],
)
def test_markdown_is_kept_but_for_front_matter(text: str, title: str, left: str) -> None:
    extracted = read_markdown(text.encode())
    assert (extracted.title, extracted.text) == (title, left)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The **47 metres** of __it__", "The 47 metres of it"),
        ('灯塔高***47***米，見[地圖](map_(2).png "圖")。', "灯塔高47米，見地圖。"),
        ("قرية **الشهد** و**البحر** ![صورة](a.png)", "قرية الشهد والبحر صورة"),
        ("2 ** 3 ** 4, snake__case__name, [x] done, ****", "2 ** 3 ** 4, snake__case__name, [x] done, ****"),
        ("`**code**` and **not** ``[a](b)``", "`**code**` and not ``[a](b)``"),
        ("```\n**code** [a](b)\n```\n- **item**\n| **a** |", "```\n**code** [a](b)\n```\n- item\n| a |"),
    ],
)
def test_markdown_loses_the_marks_of_links_and_emphasis_outside_of_code(text: str, left: str) -> None:
    assert read_markdown(text.encode()).text == left


@pytest.mark.timeout(5)
@pytest.mark.parametrize("piece", ["**a ", "__a ", "[a](", "`", "``` `", "*", "_", "["])
def test_markdown_that_never_closes_takes_no_time(piece: str) -> None:
    assert read_markdown(("x " + piece * 50_000).encode()).text


# --- HTML -------------------------------------------------------------------------------------------

ARABIC = [
    "افتتحت وزارة الطاقة أمس محطة شمسية جديدة قرب المدينة، بطاقة إنتاجية تبلغ خمسين ميغاواط، لتغذي أكثر من عشرين قرية.",
    "وقال مدير المشروع إن الأعمال استغرقت سنتين، وإن كلفتها بلغت ثلاثين مليون دولار، شملت تدريب الفنيين من أبناء المنطقة.",
]
CHINESE = [
    "云岭县最后一所没有网络的小学接通了卫星宽带，全校四十二名学生第一次在教室里和省城的孩子同上一堂美术课。",
    "校长说，过去老师要走两个小时山路到镇上下载课件，现在几分钟就能完成，家长们也都很支持这件事情。",
]
TRADITIONAL = [
    "雲嶺縣最後一所沒有網路的小學接通了衛星寬頻，全校四十二名學生第一次在教室裡和省城的孩子同上一堂美術課。",
    "校長說，過去老師要走兩個小時山路到鎮上下載課件，現在幾分鐘就能完成，家長們也都很支持這件事情。",
]


def page(paragraphs: Sequence[str], title: str, charset: str = "") -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<html><head>{meta}<title>{title}</title></head><body><nav><a href='/'>Home</a><a href='/n'>News</a></nav>"
        f"<article><h1>{title}</h1>{body}</article><footer>© 2020 Somebody</footer></body></html>"
    )


@pytest.mark.parametrize(
    ("paragraphs", "title", "codec", "declared"),
    [
        (ARABIC, "محطة شمسية", "cp1256", "windows-1256"),
        (ARABIC, "محطة شمسية", "cp1256", ""),
        (ARABIC, "محطة شمسية", "iso8859-6", "iso-8859-6"),
        (ARABIC, "محطة شمسية", "utf-8", "windows-1256"),
        (CHINESE, "卫星宽带", "gb18030", "gb2312"),
        (CHINESE, "卫星宽带", "gb18030", ""),
        (TRADITIONAL, "衛星寬頻", "big5", "big5"),
        (TRADITIONAL, "衛星寬頻", "utf-16", ""),
    ],
)
def test_html_in_any_charset(paragraphs: list[str], title: str, codec: str, declared: str) -> None:
    extracted = read_html(page(paragraphs, title, declared).encode(codec, "xmlcharrefreplace"))
    assert extracted.title == title
    assert all(paragraph in extracted.text for paragraph in paragraphs)
    assert "Home" not in extracted.text


def test_html_keeps_headings_lists_tables_and_code() -> None:
    prose = "<p>The pump is serviced once a year by trained staff, who note the pressure and the date in the log.</p>"
    body = (
        f"<h1>Pump</h1>{prose}<h2>Parts</h2><ul><li>Seal <b>ring</b></li><li>Valve<ol><li>spring</li></ol></li></ul>"
        f"<table><tr><th>Part</th><th>Price</th></tr><tr><td>Seal</td><td>3</td></tr></table>{prose}<pre><code>a = 1\nb = 2</code></pre>{prose}"
    )
    text = read_html(f"<html><body><article>{body}</article></body></html>".encode()).text
    assert "# Pump\n\n" in text
    assert "## Parts\n\n- Seal ring\n- Valve\n  1. spring\n\n" in text
    assert "| Part | Price |\n| --- | --- |\n| Seal | 3 |" in text
    assert "```\na = 1\nb = 2\n```" in text


def test_html_without_an_article_gives_its_visible_text() -> None:
    extracted = read_html(
        b"<title>T</title><body><script>var x</script><div>One</div><div>Two <i>three</i></div><!-- no -->"
    )
    assert (extracted.text, extracted.title) == ("One\n\nTwo three", "T")
    with pytest.raises(UnreadableSource, match="without text"):
        read_html(b"<html><body><script>app()</script></body></html>")


# --- PDF ----------------------------------------------------------------------------------------------


def pdf(
    pages: Sequence[Sequence[tuple[float, float, str]]], encrypted: bool = False, title: str = ""
) -> bytes:
    """A PDF of text pieces (x, y, text) whose font maps one code to every character used."""
    alphabet = sorted({character for page in pages for _, _, text in page for character in text})
    codes = {character: code for code, character in enumerate(alphabet, start=33)}
    mapping = "\n".join(f"<{codes[c]:02x}> <{c.encode('utf-16-be').hex()}>" for c in alphabet)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <ff> endcodespacerange\n{len(alphabet)} beginbfchar\n{mapping}\nendbfchar\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
    ]
    widths = b" ".join([b"600"] * len(alphabet))
    objects[2] = (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /FirstChar 33 /LastChar %d /Widths [%s] /ToUnicode 4 0 R >>"
        % (32 + len(alphabet), widths)
    )
    kids = []
    for content in pages:
        drawn = "\n".join(
            f"BT /F1 10 Tf {x} {y} Td <{''.join(f'{codes[c]:02x}' for c in text)}> Tj ET"
            for x, y, text in content
        ).encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
            % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    if not (encrypted or title):
        return out
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=io.BytesIO(out))
    if title:
        writer.add_metadata({"/Title": title, "/Author": "A. Writer"})
    if encrypted:
        writer.encrypt("secret", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def lines(*texts: str) -> list[tuple[float, float, str]]:
    return [(50, 750 - 14 * number, text) for number, text in enumerate(texts)]


FIRST = "The pump is serviced once a year by trained staff."
SECOND = "Spare parts are kept in the cellar."


def test_pdf_pages_are_remembered() -> None:
    extracted = read_pdf(pdf([lines(FIRST), lines(SECOND), lines("Third.")], title="Pump log"))
    assert extracted.text == f"{FIRST}\n\n{SECOND}\n\nThird."
    assert extracted.title == "Pump log"
    assert extracted.metadata == {"author": "A. Writer"}
    assert [extracted.text[start:][:5] for start in extracted.pages] == ["The p", "Spare", "Third"]


def test_pypdf_reads_what_pdfium_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import pypdfium2

    def fail(*arguments: object) -> None:
        raise pypdfium2.PdfiumError("no")

    monkeypatch.setattr(pypdfium2, "PdfDocument", fail)
    extracted = read_pdf(pdf([lines(FIRST), lines(SECOND)], title="Pump log"))
    assert (extracted.text, extracted.title) == (f"{FIRST}\n\n{SECOND}", "Pump log")
    with pytest.raises(UnreadableSource, match="is password-protected: "):
        read_pdf(pdf([lines(FIRST)], encrypted=True))
    with pytest.raises(UnreadableSource, match="is damaged"):
        read_pdf(b"%PDF-1.4\nnothing")


def test_pdfs_that_cannot_be_read() -> None:
    from pypdf import PdfWriter

    with pytest.raises(UnreadableSource, match="is password-protected: "):
        read_pdf(pdf([lines(FIRST)], encrypted=True))
    writer, buffer = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(buffer)
    with pytest.raises(UnreadableSource, match="is a scanned PDF without a text layer: run OCR"):
        read_pdf(buffer.getvalue())
    for data in (b"hello", b"%PDF-1.4\nnothing", pdf([lines(FIRST)])[:200]):
        with pytest.raises(UnreadableSource, match="is damaged"):
            read_pdf(data)


def test_pages_without_text_are_named() -> None:
    extracted = read_pdf(pdf([lines(FIRST), [], lines(SECOND)]))
    assert extracted.metadata["pages_without_text"] == [2]
    assert len(extracted.pages) == 3


def test_lines_broken_at_the_margin_are_joined() -> None:
    extracted = read_pdf(
        pdf([lines("The committee met on Monday to discuss the water-", "saving plan, and agreed that the old arrange-",
                   "ments were not enough for the coming ten", "years.", "Next meeting", "1. In the town hall")])
    )  # fmt: skip
    assert extracted.text.split("\n")[-2:] == ["Next meeting", "1. In the town hall"]
    assert "the old arrangements were not enough for the coming ten years." in extracted.text


WORDS = "افتتحت الوزارة محطة جديدة في المدينة عام"


def test_arabic_in_visual_order_is_put_in_reading_order() -> None:
    # As PDF writers draw it: every word with its first letter rightmost, words from right to left.
    drawn, right = [], 560.0
    for word in WORDS.split():
        right -= 6 * len(word)
        drawn.append((right, 700.0, word[::-1]))
        right -= 6
    extracted = read_pdf(pdf([drawn]))
    assert extracted.text.split() == WORDS.split()


def test_arabic_drawn_in_logical_order_is_left_alone() -> None:
    # As naive writers draw it: from left to right, wrong to look at but stored as it is read.
    assert "الوزارة" in read_pdf(pdf([lines(WORDS)])).text


def test_arabic_steps() -> None:
    assert fold_presentation_forms("\ufe8d\ufedf\ufeb8\ufee4\ufeb2 ﬁ ① \ufefb") == "الشمس ﬁ ① لا"
    assert lines_reversed(WORDS[::-1] + "\nplain") == WORDS + "\nplain"
    assert lines_reversed("(45.5) VET " + "المدينة"[::-1]) == "المدينة VET (45.5)"
    assert most_arabic([WORDS[::-1], WORDS]) == WORDS
    placed = [(letter, float(place)) for place, letter in enumerate("ةنيدملا")]
    assert words_by_position(placed) == "المدينة"
    assert words_by_position([(letter, -place) for letter, place in placed]) == "ةنيدملا"


@pytest.mark.parametrize("depth", [100, 300, 1500])
def test_a_page_nested_deep_is_read_to_its_end(depth: int) -> None:
    body = "<div>" * depth + "<p>The ferry sails at noon.</p>" + "</div>" * depth + "<p>It is red.</p>"
    page = f"<html><head><title>Ferry</title></head><body>{body}</body></html>".encode()
    extracted = read_html(page)
    assert extracted.text.split("\n")[0] == "The ferry sails at noon."
    assert extracted.text.split("\n")[-1] == "It is red."
    assert extracted.title == "Ferry"


def test_a_page_nested_too_deep_is_refused_and_not_cut_off() -> None:
    page = ("<p>The first line.</p>" + "<div>" * 100_000 + "<p>The ferry sails at noon.</p>").encode()
    with pytest.raises(UnreadableSource, match="nested thousands of elements deep"):
        read_html(page)


def test_what_is_no_page_is_read_for_its_visible_text() -> None:
    """trafilatura fails on a page whose root it removes."""
    assert read_html(b"<label><p>The ferry sails at noon.</p></label>").text == "The ferry sails at noon."
    with pytest.raises(UnreadableSource, match="without text"):
        read_html(b"<svg><title>t</title><text>hello world</text></svg>")


# --- DOCX ---------------------------------------------------------------------------------------------


def word(build: object = None, title: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    document.core_properties.author = "A. Writer"
    if callable(build):
        build(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_docx_in_document_order() -> None:
    def build(document: docx.document.Document) -> None:
        document.add_heading("Pump", level=1)
        document.add_paragraph("First paragraph.")
        table = document.add_table(rows=2, cols=2)
        for cell, text in zip(
            (c for row in table.rows for c in row.cells), ("Part", "Price", "Seal", "3|4"), strict=True
        ):
            cell.text = text
        document.add_heading("التوصيات", level=2)
        document.add_paragraph("eins", style="List Bullet")
        document.add_paragraph("zwei", style="List Bullet")

    extracted = read_docx(word(build, "Log"))
    assert extracted.text == (
        "# Pump\n\nFirst paragraph.\n\n| Part | Price |\n| --- | --- |\n| Seal | 3\\|4 |\n\n## التوصيات\n\n- eins\n- zwei"
    )
    assert extracted.title == "Log"
    assert extracted.metadata["author"] == "A. Writer"
    json.dumps(extracted.metadata)


def test_docx_shows_what_word_shows() -> None:
    """Content controls, tracked insertions without what was deleted, and a table inside a cell."""

    def build(document: docx.document.Document) -> None:
        table = document.add_table(rows=1, cols=2)
        table.cell(0, 0).text = "Fee"
        inner = table.cell(0, 1).add_table(rows=1, cols=1)
        inner.cell(0, 0).text = "40 euros"
        space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        for markup in (
            f"<w:p {space}><w:r><w:t xml:space='preserve'>The term is </w:t></w:r>"
            "<w:del><w:r><w:delText>five</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>seven years.</w:t></w:r></w:ins></w:p>",
            f"<w:sdt {space}><w:sdtPr/><w:sdtContent><w:p><w:r><w:t>Signed by </w:t></w:r>"
            "<w:sdt><w:sdtContent><w:r><w:t>Mara.</w:t></w:r></w:sdtContent></w:sdt></w:p></w:sdtContent></w:sdt>",
        ):
            document.element.body.insert(-1, parse_xml(markup))

    lines = read_docx(word(build)).text.split("\n\n")
    assert lines == ["| Fee | 40 euros |\n| --- | --- |", "The term is seven years.", "Signed by Mara."]


def test_docx_files_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableSource, match="without text"):
        read_docx(word())
    with pytest.raises(UnreadableSource, match="is damaged"):
        read_docx(b"no archive")
    with pytest.raises(UnreadableSource, match="password-protected"):
        read_docx(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 3_000_000)
    with pytest.raises(UnreadableSource, match="is damaged"):
        read_docx(buffer.getvalue())
    monkeypatch.setattr(corpus.readers.docx, "MAX_UNPACKED_BYTES", 2 << 20)
    with pytest.raises(UnreadableSource, match="unpacks to 2 MB, more than 2 MB"):
        read_docx(buffer.getvalue())


def test_a_docx_that_names_smaller_sizes_than_it_unpacks_to_is_not_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 50_000_000)
    data = bytearray(buffer.getvalue())
    sizes = data.rindex(b"PK\x01\x02") + 24
    data[sizes : sizes + 4] = (1000).to_bytes(4, "little")
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableSource, match="is damaged"):
            read_docx(bytes(data))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


# --- lines of JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
def test_jsonl_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        '{"id": "g", "text": "青河图书馆藏书三十万册。"}\n{"id": "h", "text": "馆长是王芳。"}\n',
        encoding=encoding,
    )
    assert [item.text for item in read_jsonl(path)] == ["青河图书馆藏书三十万册。", "馆长是王芳。"]


def test_jsonl_holds_no_number_that_json_has_not(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"id": "x", "text": "Deep.", "metadata": {"d": 1e999}}\n')
    assert [str(item) for item in read_jsonl(path)] == [
        "line 1 is not valid JSON in UTF-8: write one object a line"
    ]


def test_jsonl_keeps_good_lines_and_names_bad_ones(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf"
        + "\n".join(
            [
                '{"_id": "a", "title": "T", "text": "  verbatim\\r\\n|\\n\\u0634  ", "language": "ar", "metadata": {"k": [1]}}',
                "",
                "no json",
                '{"id": "b", "text": " "}',
                '{"id": "a", "text": "again"}',
                '{"text": "no id"}',
                '{"id": 7, "text": "number"}',
                '{"id": "c", "text": "\\ud800"}',
                '{"id": "d", "text": "x", "metadata": {"n": NaN}}',
                '{"id": "e", "text": "x", "title": 3}',
                "[1]",
                "[" * 100_000,
                '{"id": "z", "text": "last"}',
            ]
        ).encode()
        + b'\n{"id": "\xff", "text": "x"}'
    )
    items = list(read_jsonl(path))
    good = [item for item in items if not isinstance(item, UnreadableSource)]
    bad = [str(item) for item in items if isinstance(item, UnreadableSource)]
    assert [item.given_id for item in good] == ["a", "7", "z"]
    assert good[0].text == "  verbatim\r\n|\nش  "
    assert good[0].verbatim
    assert [message.split()[1] for message in bad] == ["3", "4", "5", "6", "8", "9", "10", "11", "12", "14"]
    assert all(message.startswith("line ") and "\n" not in message for message in bad)


# --- whole sources ----------------------------------------------------------------------------------------


def test_documents_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.txt").write_text(
        "首頁 >> 正文\n醫院開放\n\n" + "醫院星期一到星期五開放，讀者可以免費借書。" * 4, encoding="utf-8"
    )
    (tmp_path / "b.html").write_bytes(page(ARABIC, "محطة شمسية", "windows-1256").encode("cp1256"))
    (tmp_path / "c.jsonl").write_text(
        '{"id": "x1", "text": "|\\nShare this article\\n", "language": "en-GB"}\nbad', encoding="utf-8"
    )
    (tmp_path / "d.pdf").write_bytes(b"nothing")
    (tmp_path / "e.txt").write_bytes(b"")
    (tmp_path / "f.txt").write_text("|\n\n|", encoding="utf-8")
    items = load(tmp_path)
    documents = {item.source: item for item in items if isinstance(item, Document)}
    assert list(documents) == ["b.html", "c.jsonl#x1", "sub/a.txt"]
    text = documents["sub/a.txt"]
    assert (text.id, text.title, text.language, text.script) == (
        document_id("sub/a.txt"),
        "醫院開放",
        "zh",
        "Hant",
    )
    assert [(removed.line, removed.why) for removed in text.removed] == [(1, "breadcrumb")]
    html = documents["b.html"]
    assert (html.title, html.language, html.script) == ("محطة شمسية", "ar", "Arab")
    verbatim = documents["c.jsonl#x1"]
    assert (verbatim.id, verbatim.text, verbatim.language) == ("x1", "|\nShare this article\n", "en")
    assert verbatim.removed == ()
    unreadable = [item for item in items if isinstance(item, Unreadable)]
    assert [item.name for item in unreadable] == ["c.jsonl", "d.pdf", "e.txt", "f.txt"]
    assert unreadable[0].message.startswith("line 2 ")
    for document in documents.values():
        json.dumps(document.metadata)


def test_page_offsets_are_those_of_the_cleaned_text(tmp_path: Path) -> None:
    pages = [
        lines("1.jpg", "Home > News", "Pump report", FIRST, FIRST),
        lines("Loading...", SECOND),
        lines("Share this article"),
        lines(FIRST, "Back to top"),
    ]
    (tmp_path / "a.pdf").write_bytes(pdf(pages))
    (document,) = load(tmp_path)
    assert isinstance(document, Document)
    starts = document.pages
    assert len(starts) == 4
    assert document.text[starts[0] :].startswith("Pump report")
    assert document.text[starts[1] :].startswith(SECOND)
    assert document.text[starts[3] :].startswith(FIRST)
    assert document.page(document.text.index(SECOND)) == 2
    assert document.page(document.text.rindex(FIRST)) == 4
    assert "jpg" not in document.text
    assert {removed.why for removed in document.removed} >= {"image file name", "breadcrumb", "share button"}


@pytest.mark.parametrize("first", ["word " * 40, "(مصدر الصورة: VCG)", "By Anna Kowalski", "记者 周岚"])
def test_long_first_lines_and_bylines_are_no_titles(tmp_path: Path, first: str) -> None:
    (tmp_path / "a.txt").write_text(f"{first}\n\nSome text that follows.", encoding="utf-8")
    (document,) = load(tmp_path)
    assert isinstance(document, Document)
    assert document.title == ""


def test_sizes_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus.load, "MAX_FILE_BYTES", 1 << 20)
    (tmp_path / "a.txt").write_bytes(b"word " * 400_000)
    (tmp_path / "b.jsonl").write_text(json.dumps({"id": "1", "text": "word " * 400_000}), encoding="utf-8")
    small, large = load(tmp_path)
    assert isinstance(small, Unreadable)
    assert "larger than 1 MB" in small.message
    assert isinstance(large, Document)


def test_a_file_that_is_gone_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text", encoding="utf-8")
    (source,) = find_sources([tmp_path]).files
    source.path.unlink()
    (item,) = load_documents(source)
    assert isinstance(item, Unreadable)
    assert "cannot be opened" in item.message
