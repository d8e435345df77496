"""Answers and hits as the JSON of the command line and the HTTP API, and as text to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corpus.characters import in_one_line
from corpus.document import Document
from index import Hit, Index
from qa.answer import Answer, Citation

Json = dict[str, Any]


def answer_json(question_id: str, answer: Answer) -> Json:
    """An Answer as JSON values."""
    return {
        "id": question_id,
        "question": answer.question,
        "language": answer.language,
        "answer": answer.text,
        "short_answer": answer.short_answer,
        "confidence": round(answer.confidence, 3),
        "abstained": answer.abstained,
        "sentences": [
            {
                "text": sentence.text,
                "kind": sentence.kind,
                "markers": list(sentence.markers),
                "support": sentence.support,
            }
            for sentence in answer.sentences
        ],
        "citations": [citation_json(citation) for citation in answer.citations],
        "closest": [citation_json(citation) for citation in answer.closest],
        "hits": [
            {"chunk_id": hit.chunk.id, "document_id": hit.chunk.document_id, "score": round(hit.score, 4)}
            for hit in answer.hits
        ],
        "timings": dict(answer.timings),
    }


def citation_json(citation: Citation) -> Json:
    """A Citation as JSON values."""
    return {
        "marker": citation.marker,
        "document_id": citation.document_id,
        "chunk_id": citation.chunk_id,
        "source": citation.source,
        "title": citation.title,
        "language": citation.language,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "page": citation.page,
    }


def answer_text(answer: Answer) -> str:
    """An Answer as text to read: its sentences with their markers, then the passages that they cite."""
    lines = [answer.text]
    for citation in answer.citations or answer.closest:
        page = f", page {citation.page}" if citation.page else ""
        title, source = (in_one_line(name) for name in (citation.title or citation.source, citation.source))
        lines.append(f"\n[{citation.marker}] {title} ({source}{page})")
        lines.append(f"    {' '.join(citation.quote.split())}")
    return "\n".join(lines)


def document_text(document: Document) -> str:
    """A Document as text to read, and what cleaning removed from its source."""
    lines = [
        in_one_line(document.title) or "(no title)",
        f"{in_one_line(document.source)}  [{document.language}, {document.script}]",
        "",
        document.text,
    ]
    if document.removed:
        lines += ["", "Removed:"]
        lines += [f"  line {piece.line} ({piece.why}): {piece.text[:100]}" for piece in document.removed]
    return "\n".join(lines)


def search_json(question_id: str, question: str, language: str, hits: Sequence[Hit], index: Index) -> Json:
    """The hits of a question as JSON values, ranks from 1."""
    return {
        "id": question_id,
        "question": question,
        "language": language,
        "hits": [
            {
                "rank": rank,
                "chunk_id": hit.chunk.id,
                "document_id": hit.chunk.document_id,
                "source": index.document(hit.chunk.document_id).source,
                "language": hit.chunk.language,
                "score": round(hit.score, 4),
                "start": hit.chunk.start,
                "end": hit.chunk.end,
                "text": hit.chunk.text,
            }
            for rank, hit in enumerate(hits, start=1)
        ],
    }
