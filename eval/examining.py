"""The questions of a dataset, asked in every way that the figures need -> Outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from corpus.errors import DatasetProblem, InvalidRequest
from eval.asking import Asker
from eval.citations import Passage
from eval.datasets import Dataset, GoldAnswer, Query
from eval.outcomes import Outcome
from eval.progress import Bar
from eval.scoring import Reference, make_reference, score_answer
from qa.pipeline import understand

Json = dict[str, Any]


def check_questions(dataset: Dataset) -> None:
    """Raises DatasetProblem for a question with gold that cannot be asked, as one that is too long."""
    for query in dataset.queries:
        if query.id in dataset.answers:
            try:
                understand(query.text)
            except InvalidRequest as error:
                raise DatasetProblem(f"{dataset.name}: {query.id!r} cannot be asked: {error}") from error


class Examiner:
    """Asks a dataset's questions in the ways that the figures need."""

    def __init__(
        self,
        asker: Asker,
        dataset: Dataset,
        languages: Mapping[str, str],
        clusters: Mapping[str, str],
        passages: Mapping[str, Passage],
        titles: Mapping[str, str],
        bar: Bar,
    ) -> None:
        self._asker, self._dataset, self._bar = asker, dataset, bar
        self._languages, self._clusters, self._titles = languages, clusters, titles
        self._references: dict[str, Reference] = {}
        self._queries = [query for query in dataset.queries if query.id in dataset.answers]
        for query in self._queries:
            answer = dataset.answers[query.id]
            if answer.answerable:
                evidence = {name: passages[name] for name in answer.evidence_ids}
                self._references[query.id] = make_reference(answer, evidence)

    def full_pool(self) -> list[Outcome]:
        """Every question with its gold, over all passages."""
        found = []
        for query in self._bar.each("asking", self._queries):
            answer = self._asker.ask(query, self._asker.filter_of(query))
            figures = {}
            if reference := self._references.get(query.id):
                figures = score_answer(answer, reference)
            found.append(self._outcome(query, self._kind(query), answer, figures=figures))
        return found

    def own_pool(self) -> list[Outcome]:
        """The questions with gold in their own language, over the passages of that language."""
        members = [
            query
            for query in self._queries
            if query.id in self._references and self._languages[query.id] in self._references[query.id].gold
        ]
        found = []
        for query in self._bar.each("asking in the question's language", members):
            language = self._languages[query.id]
            answer = self._asker.ask(query, self._asker.own_language(query, language))
            figures = score_answer(answer, self._references[query.id], [language])
            found.append(self._outcome(query, "answerable", answer, figures=figures))
        return found

    def without_passages(self, count: int) -> list[Outcome]:
        """Answerable questions asked again without the passages that answer them (near), and without
        their whole articles (far): for sets that hold no unanswerable question."""
        articles: dict[str, set[str]] = {}
        for document, title in self._titles.items():
            articles.setdefault(title or f"untitled {document}", set()).add(document)
        of_document = {document: members for members in articles.values() for document in members}
        asked = []
        answerable = [query for query in self._queries if query.id in self._references]
        places = np.linspace(0, len(answerable) - 1, min(count, len(answerable))).astype(int)
        for query in (answerable[place] for place in places):
            evidence = self._references[query.id].evidence_ids
            article = {member for document in evidence for member in of_document[document]}
            asked.append((query, "far", article))
            if article > evidence:  # near is with the neighbours still there
                asked.append((query, "near", set(evidence)))
        found = []
        for query, kind, missing in self._bar.each("asking without the passages", asked):
            without = frozenset(self._asker.indexed.ids[document] for document in missing)
            answer = self._asker.ask(query, self._asker.filter_of(query, without=without))
            found.append(self._outcome(query, kind, answer, taken_out=True))
        return found

    def _kind(self, query: Query) -> str:
        answer: GoldAnswer = self._dataset.answers[query.id]
        return "answerable" if answer.answerable else answer.unanswerable_kind or "far"

    def _outcome(self, query: Query, kind: str, answer: Json, **more: Any) -> Outcome:
        reference = self._references.get(query.id)
        language = self._languages[query.id]
        return Outcome(
            query,
            kind,
            language,
            self._clusters[query.id],
            answer,
            gold=tuple(reference.gold.get(language, ())) if reference else (),
            references=self._dataset.answers[query.id].answers,
            wrong=self._dataset.answers[query.id].wrong,
            **more,
        )
