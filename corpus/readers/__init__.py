"""One reader per file format, all handing on the same type: Extracted."""

from corpus.readers.docx import read_docx
from corpus.readers.extracted import Extracted
from corpus.readers.html import read_html
from corpus.readers.jsonl import read_jsonl
from corpus.readers.pdf import read_pdf
from corpus.readers.text import read_markdown, read_text

__all__ = ["Extracted", "read_docx", "read_html", "read_jsonl", "read_markdown", "read_pdf", "read_text"]
