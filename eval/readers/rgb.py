"""RGB's JSON (Chen et al. 2024; en, zh, _int, _fact) -> FoundSet, every question over a pool of its own."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

from corpus.language import detect_language
from eval.datasets import GoldAnswer, Query
from eval.readers.beir import FoundSet, Json
from eval.readers.jsons import Place, read_json

_DOCUMENTS = 5
_NOISE = 0.4
"""Documents a question is given, and the share of them that is noise, as in RGB's middle setting."""


def is_rgb(path: Path) -> bool:
    """Whether a JSON or JSON Lines file is in RGB's form."""
    value = read_json(path)
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and "query" in first and "positive" in first


def read_rgb(path: Path) -> FoundSet:
    """Every question with documents of its own: those that answer it, and noise that does not.

    A question of the plain file is asked twice: with 2 of 5 documents noise (noise robustness), and with
    noise alone (negative rejection). Where "positive" holds lists, one document of each is needed
    (integration), and more are given in turn while there is room. "positive_wrong" holds documents with a
    planted fact: they are given in place of the right ones (counterfactual), "fakeanswer" being what they
    state. Raises DatasetProblem.
    """
    found = FoundSet(documents=[])
    seen: set[str] = set()
    value = read_json(path)
    for row in Place(path, value if isinstance(value, list) else [value]).each():
        name = row.get("id").text()
        if name in seen:
            row.refuse(f'the id "{name}" came before', "give every line an id of its own")
        seen.add(name)
        question = row.get("query").text()
        groups = _groups(row.get("answer"))
        positive = row.get("positive").each()
        noise = _texts(row.get("negative"))
        if "positive_wrong" in row.value:
            wrong = _texts(row.get("positive_wrong"))
            fake = tuple(text for group in _groups(row.get("fakeanswer")) for text in group)
            _add(found, name, question, "counterfactual", wrong, noise, groups, fake)
        elif positive and isinstance(positive[0].value, list):
            needed = _in_turn([_texts(group) for group in positive])
            _add(found, name, question, "integration", needed, noise, groups, least=len(positive))
        else:
            _add(found, name, question, "noise", _texts(row.get("positive")), noise, groups)
            _add(found, name, question, "rejection", [], noise, ())
    return found


def _add(
    found: FoundSet,
    name: str,
    question: str,
    ability: str,
    answering: list[str],
    noise: list[str],
    groups: tuple[tuple[str, ...], ...],
    wrong: tuple[str, ...] = (),
    least: int = 0,
) -> None:
    """One question over its pool. least: documents that it cannot do without, however many are noise."""
    rows = found.documents if found.documents is not None else []
    pool = f"{ability}-{name}"
    room = max(1, _DOCUMENTS - round(_DOCUMENTS * _NOISE))
    given = answering[: max(room, least)]
    rest = noise[: max(0, _DOCUMENTS - len(given))]
    evidence = [f"{pool}-{place}" for place in range(len(given))]
    for place, text in enumerate([*given, *rest]):
        row: Json = {"_id": f"{pool}-{place}", "title": "", "text": text, "metadata": {"pool": pool}}
        rows.append(row)
    answers = tuple(text for group in groups for text in group)
    language = detect_language(question)[0]
    answer = GoldAnswer(
        answers=answers,
        answers_by_language={language: answers} if answers else {},
        answerable=bool(answers),
        unanswerable_kind=None if answers else "near",
        evidence_ids=tuple(evidence) if answers else (),
        article=name,
        all_of=groups if len(groups) > 1 else (),
        wrong=wrong,
    )
    found.add(Query(pool, question, language, pool, ability), answer)


def _texts(place: Place) -> list[str]:
    """The texts of a list, without the empty ones that published files hold."""
    return [text for one in place.each() if (text := one.text(empty=True)).strip()]


def _in_turn(groups: list[list[str]]) -> list[str]:
    """The first text of every group, then the second of every group, and so on."""
    return [text for row in zip_longest(*groups) for text in row if text is not None]


def _groups(place: Place) -> tuple[tuple[str, ...], ...]:
    """Accepted strings of every thing asked for: "answer" is a text, a list of texts, or lists in a list."""
    value: Any = place.value
    if not isinstance(value, list):
        return ((place.text(),),)
    return tuple(
        tuple(inner.text() for inner in one.each()) if isinstance(one.value, list) else (one.text(),)
        for one in place.each()
        if one.value != []
    )
