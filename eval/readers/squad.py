"""SQuAD-style JSON (SQuAD, XQuAD, MLQA, DRCD, ARCD, CMRC 2018 in both its forms) -> FoundSet."""

from __future__ import annotations

from pathlib import Path

from corpus.language import detect_language
from eval.datasets import GoldAnswer, Query
from eval.readers.beir import FoundSet, Json, one_line
from eval.readers.jsons import Place, read_json


def read_squad(path: Path, prefix: str = "") -> FoundSet:
    """Every paragraph becomes a document, every question a query whose evidence is its paragraph.

    prefix: put before every id, so that several files can be pooled. A paragraph that comes twice, word
    for word, is one document. A question that has no answer (SQuAD v2.0) is of kind near: its paragraph,
    which does not answer it, is there. Raises DatasetProblem.
    """
    rows: list[Json] = []
    found = FoundSet(documents=rows)
    documents: dict[str, str] = {}
    whole = Place(path, read_json(path))
    articles = whole.each() if isinstance(whole.value, list) else whole.get("data").each()
    if not articles:
        whole.refuse("there is no article", 'write articles under "data"')
    for number, article in enumerate(articles):
        title = article.get("title").value
        title = title if isinstance(title, str) else ""
        # CMRC 2018 as first published has one paragraph where SQuAD has an article.
        is_single = isinstance(article.value, dict) and "paragraphs" not in article.value
        paragraphs = [article] if is_single else article.get("paragraphs").each()
        for place, paragraph in enumerate(paragraphs):
            text = paragraph.get("context", "context_text").text()
            if text not in documents:
                documents[text] = f"{prefix}{number:04d}-{place:02d}"
                language = detect_language(text)[0]
                row = {"_id": documents[text], "title": title, "text": text, "language": language}
                rows.append(row)
            _read_questions(paragraph, documents[text], title, prefix, found)
    return found


def _read_questions(paragraph: Place, document: str, title: str, prefix: str, found: FoundSet) -> None:
    language = detect_language(paragraph.get("context", "context_text").text())[0]
    for question in paragraph.get("qas").each():
        given = question.get("id", "query_id").text()
        name = prefix + one_line(given)
        if name in found.answers:
            question.refuse(f'the id "{given}" came before', "give every question an id of its own")
        text = question.get("question", "query_text").text()
        answers = _answers(question)
        answer = GoldAnswer(
            answers=answers,
            answers_by_language={language: answers} if answers else {},
            answerable=bool(answers),
            unanswerable_kind=None if answers else "near",
            evidence_ids=(document,) if answers else (),
            article=title,
            parallel_id=one_line(given),
        )
        found.add(Query(name, text, detect_language(text)[0]), answer)


def _answers(question: Place) -> tuple[str, ...]:
    if question.get("is_impossible").value is True:
        return ()
    listed = question.get("answers")
    if listed.value is None:
        listed.refuse("there are no answers", 'write a list, empty for "is_impossible"')
    texts = [one.text() if isinstance(one.value, str) else one.get("text").text() for one in listed.each()]
    return tuple(dict.fromkeys(texts))
