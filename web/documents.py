"""What the chat page shows of the indexed documents, and how it adds and removes some."""

from __future__ import annotations

import filecmp
import queue
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.document import Document
from corpus.errors import TriciteError
from corpus.sources import SUFFIXES, document_id
from web.problems import kind_of_error, kind_of_reason
from web.turns import cut, language_tag

if TYPE_CHECKING:
    from index import Index, IndexReport

LISTED = 200
"""Documents listed at once; a search narrows them."""

SHOWN = 60_000
"""Characters of a document shown on either side of a span. Longer ones are cut at a line."""


def documents_json(index: Index, search: str = "") -> dict[str, Any]:
    """The documents whose title or source holds the searched text, at most LISTED, and counts of all.

    index: a snapshot; when the folder has changed since, what is there now is listed.
    """
    from index import stored_documents

    summaries = index.documents() if index.is_current() else stored_documents(index.folder)
    wanted = search.strip().casefold()
    found = [each for each in summaries if wanted in f"{each.title}\n{each.source}".casefold()]
    languages = Counter(language_tag(each.language, each.script) for each in summaries)
    return {
        "total": len(summaries),
        "found": len(found),
        "languages": dict(languages.most_common()),
        "documents": [
            {
                "id": each.id,
                "title": each.title or each.source,
                "source": each.source,
                "language": language_tag(each.language, each.script),
                "characters": each.characters,
                "chunks": each.chunks,
            }
            for each in found[:LISTED]
        ],
    }


def find_document(index: Index, document_id: str) -> Document:
    """A document as it is now in the folder of a snapshot. Raises InvalidRequest when there is none."""
    from index import stored_document

    return index.document(document_id) if index.is_current() else stored_document(index.folder, document_id)


def document_json(document: Document, start: int = 0, end: int = 0) -> dict[str, Any]:
    """A document's paragraphs around a span, which is marked in them.

    start, end: offsets of the span. paragraphs: {"page": its number where a page begins, "parts":
    [[text, marked]]}. page: the span's, None for a source without pages. before, after: whether text
    was left out there.
    """
    text = document.text
    first, last = max(start - SHOWN, 0), min(max(end, start) + SHOWN, len(text))
    first = text.rfind("\n", 0, first) + 1
    last = end_of_line if (end_of_line := text.find("\n", last)) >= 0 else len(text)
    return {
        "id": document.id,
        "title": document.title or document.source,
        "source": document.source,
        "language": language_tag(document.language, document.script),
        "page": document.page(start),
        "before": first > 0,
        "after": last < len(text),
        "paragraphs": list(_paragraphs(document, first, last, (start, end))),
    }


def _paragraphs(document: Document, first: int, last: int, span: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """Paragraphs end at line ends and where a page begins."""
    text, pages = document.text, dict(zip(document.pages, range(1, len(document.pages) + 1), strict=True))
    position = first
    while position < last:
        line = text.find("\n", position, last)
        end = min([last if line < 0 else line + 1, *(page for page in pages if position < page < last)])
        if text[position:end].strip() or position in pages:
            yield {
                "page": pages.get(position),
                "parts": cut(text[position:end].rstrip("\n"), [(span[0] - position, span[1] - position)]),
            }
        position = end


def add_files(index: Index, files: Sequence[tuple[Path, str]]) -> Iterator[dict[str, Any]]:
    """Index uploaded files, (path, name) each, as sources "uploads/NAME"; yield how far it is.

    Running: {"state": "indexing", "name", "number", "total", "passages"}. At the end {"state": "done",
    "files": [{"name", "result": "added", "updated", "unchanged", "unreadable" or "refused", "why", "kind",
    "line"}]} or {"state": "failed", "problem", "kind"} (kinds: see web/problems.py). A file given twice is
    unchanged the second time; another file of its name is refused. The files themselves are not kept: what
    is searched is in the index.
    """
    from index import update_index

    steps: queue.Queue[dict[str, Any] | IndexReport | Exception] = queue.Queue()
    with tempfile.TemporaryDirectory(prefix="tricite-upload-") as folder:
        uploads = Path(folder, "uploads")
        uploads.mkdir()
        placed = [_place(path, uploads, name) for path, name in files]
        for path, _ in files:
            path.unlink(missing_ok=True)
        names = [each["name"] for each in placed]
        if not any(name.lower().endswith(SUFFIXES) for name in names):
            why = f"has an unsupported format: wanted {', '.join(SUFFIXES)}"
            yield {"state": "done", "files": [_result(name, "unreadable", why) for name in names]}
            return

        def show(name: str, number: int, total: int, passages: int) -> None:
            shown = {"name": Path(name).name, "number": number, "total": total, "passages": passages}
            steps.put({"state": "indexing", **shown})

        def work() -> None:
            try:
                steps.put(
                    update_index(
                        index.folder, [Path(folder)], index.embedder, splitter=index.splitter, progress=show
                    )
                )
            except Exception as error:
                steps.put(error)

        worker = threading.Thread(target=work)
        worker.start()
        while isinstance(step := steps.get(), dict):
            yield step
        worker.join()
    if isinstance(step, TriciteError):
        yield {"state": "failed", "problem": str(step), "kind": kind_of_error(step)}
    elif isinstance(step, Exception):
        raise step
    else:
        found = _results(names, step)
        yield {"state": "done", "files": [_settled(each, found[each["name"]]) for each in placed]}


def _place(path: Path, uploads: Path, name: str) -> dict[str, Any]:
    """Copy an upload to the folder it is indexed from; its result is "" unless the name is taken."""
    plain = Path(name.replace("\\", "/")).name.strip().lstrip(".") or "file"
    target = uploads / plain
    if not target.exists():
        shutil.copyfile(path, target)
        return _result(plain, "")
    if filecmp.cmp(path, target, shallow=False):
        return _result(plain, "unchanged")
    return _result(plain, "refused") | {"kind": "name"}


def _result(name: str, result: str, why: str = "") -> dict[str, Any]:
    kind, line = kind_of_reason(why)
    return {"name": name, "result": result, "why": why, "kind": kind, "line": line}


def _settled(placed: dict[str, Any], indexed: dict[str, Any]) -> dict[str, Any]:
    """A file's result, given that of the indexed file of its name: a copy of it is as unreadable."""
    repeated = placed["result"] == "unchanged" and indexed["result"] != "unreadable"
    return placed if repeated or placed["result"] == "refused" else indexed


def _results(names: Sequence[str], report: IndexReport) -> dict[str, dict[str, Any]]:
    """The result of each file by its name."""
    why: dict[str, str] = {}
    for name, message in (*report.unreadable, *report.skipped):
        why.setdefault(Path(name.split("#")[0]).name, message)
    single = {document_id(f"uploads/{name}"): name for name in names}
    results = {}
    for name in names:
        # A .jsonl file holds documents with ids of their own: those that belong to no other file.
        lines = name.lower().endswith(".jsonl")
        own = {
            each
            for each in (*report.added, *report.updated)
            if single.get(each, name if lines else "") == name
        }
        if own & set(report.updated):
            result = "updated"
        elif own & set(report.added):
            result = "added"
        else:
            result = "unreadable" if name in why else "unchanged"
        results[name] = _result(name, result, why.get(name, ""))
    return results
