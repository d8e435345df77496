"""The writer of an index: gathers changes to documents, embeds them, and switches them in at once."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from corpus.document import Chunk, Document
from corpus.errors import IndexDamaged
from corpus.load import Unreadable, load_documents
from corpus.sources import Source, Sources
from corpus.splitting import Splitter
from index.analyzers import terms
from index.chinese import simplified
from index.database import Database, SourceRecord, content_hash
from index.embedder import Embedder, Embedding
from index.files import sha256
from index.generation import (
    FOLDER,
    EmbeddedChunk,
    Generation,
    new_name,
    open_generation,
    read_manifest,
    remove_old_generations,
    write_generation,
)
from index.recipe import check_recipe, recipe_of
from index.report import IndexReport, Problems
from index.token_codec import load_token_codec
from index.token_vectors import ChunkTokens
from index.transliteration import name_terms

_BATCH_CHUNKS = 64
# Time between commits: at least so long, and as many times as long as the last one took.
_SECONDS_BETWEEN_COMMITS = 60.0
_TIMES_A_COMMIT = 10.0


class Writer:
    """Gathers changes and commits them: new documents are embedded first, then switched in at once."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        embedder: Embedder,
        splitter: Splitter,
        *,
        token_vectors: bool,
        rebuild: bool,
    ) -> None:
        self.database = database
        self.report = IndexReport()
        self.embedded: Callable[[int], None] = lambda chunks: None
        self.hashes = database.content_hashes()
        self._by_source: dict[str, set[str]] = {}
        for document_id, (source_name, _) in self.hashes.items():
            self._by_source.setdefault(source_name, set()).add(document_id)
        self._generations = folder / FOLDER
        self._embedder = embedder
        self._splitter = splitter
        self._rebuild = rebuild
        self._recipe = recipe_of(embedder, splitter)
        self._sources = database.sources()
        self._name_of_path = {record.path: name for name, record in self._sources.items()}
        self._pending_documents: dict[str, tuple[Document, str, str]] = {}
        self._pending_chunks: list[Chunk] = []
        self._embedded: dict[str, list[tuple[Chunk, EmbeddedChunk]]] = {}
        self._removed: set[str] = set()
        self._new_sources: dict[str, SourceRecord] = {}
        self._gone_sources: set[str] = set()
        self._next_commit = time.monotonic() + _SECONDS_BETWEEN_COMMITS
        self._current = database.generation()
        self._codec = load_token_codec(embedder.fingerprint, embedder.dim)
        if self._current and not rebuild:
            built = read_manifest(self._generations / self._current).recipe
            check_recipe(built, self._recipe)
            token_vectors = bool(built.tokens)
        elif self.hashes and not rebuild:
            raise IndexDamaged("the index lost its derived files: run `tricite repair` to rebuild them")
        if not token_vectors:
            self._recipe = replace(self._recipe, tokens="")

    # -- gathering ----------------------------------------------------------------------------------
    def take(self, source: Source) -> None:
        """Read a source if it changed, and embed the documents in it that did.

        A file keeps the name that it was first indexed by, whatever folder it is reached from.
        """
        source = replace(source, name=self._name_of_path.get(str(source.path), source.name))
        known = self._sources.get(source.name)
        if known and known.path != str(source.path) and Path(known.path).is_file():
            self.report.unreadable.append(
                (
                    str(source.path),
                    f"{known.path} is indexed under the same name {source.name!r}: "
                    "index both folders in one command, or rename one of the files",
                )
            )
            return
        own = self._documents_of(source.name)
        if known and known.size == source.size and known.modified == source.modified:
            self.report.unchanged += len(own)
            return
        try:
            digest = sha256(source.path)
        except OSError as error:
            self.report.unreadable.append((source.name, f"cannot be opened: {error.strerror}"))
            return
        record = SourceRecord(
            source.name, str(source.path), str(source.root), source.size, source.modified, digest
        )
        if known and known.sha256 == digest:
            self.report.unchanged += len(own)
            self._new_sources[source.name] = record
            return
        self._read(source, record, own)

    def _documents_of(self, source_name: str) -> set[str]:
        return set(self._by_source.get(source_name, ()))

    def _read(self, source: Source, record: SourceRecord, own: set[str]) -> None:
        seen: set[str] = set()
        problems = Problems(source.name)
        for item in load_documents(source):
            if isinstance(item, Unreadable):
                problems.append((item.name, item.message))
                continue
            owner = self.hashes.get(item.id, (source.name, ""))[0]
            if owner != source.name and self._is_gone(owner):  # renamed: its documents come along
                self._by_source[owner].discard(item.id)
            elif owner != source.name:
                problems.append(
                    (item.source, f"its id {item.id!r} belongs to a document of {owner}: give it another id")
                )
                continue
            seen.add(item.id)
            self._put(item, source.name)
        self.report.unreadable += problems.listed()
        if not problems:  # a file that could be read only in part does not take documents away
            for document_id in sorted(own - seen):
                self.remove(document_id)
            self._new_sources[source.name] = record

    def _is_gone(self, source_name: str) -> bool:
        record = self._sources.get(source_name)
        return record is not None and not Path(record.path).exists()

    def _put(self, document: Document, source_name: str) -> None:
        digest = content_hash(document)
        known = self.hashes.get(document.id)
        if known and known[1] == digest:
            self.report.unchanged += 1
            return
        (self.report.updated if known else self.report.added).append(document.id)
        self.hashes[document.id] = (source_name, digest)
        self._by_source.setdefault(source_name, set()).add(document.id)
        self._pending_documents[document.id] = (document, source_name, digest)
        self.embed(document)

    def embed(self, document: Document) -> None:
        """Split a document and put its chunks in line for embedding."""
        self._embedded[document.id] = []
        for chunk in self._splitter.split(document, self._embedder.count_tokens):
            self._pending_chunks.append(chunk)
        while len(self._pending_chunks) >= _BATCH_CHUNKS:
            self._embed_batch()
        if not self._rebuild and time.monotonic() > self._next_commit:
            self.commit()

    def _embed_batch(self) -> None:
        batch, self._pending_chunks = (
            self._pending_chunks[:_BATCH_CHUNKS],
            self._pending_chunks[_BATCH_CHUNKS:],
        )
        embeddings = self._embedder.embed_passages(
            [simplified(chunk.text) for chunk in batch], [simplified(chunk.heading) for chunk in batch]
        )
        for chunk, embedding in zip(batch, embeddings, strict=True):
            text = f"{chunk.heading}\n{chunk.text}"
            embedded = EmbeddedChunk(
                terms(text, chunk.language),
                name_terms(text, chunk.language),
                embedding.vector,
                self._tokens(embedding),
            )
            self._embedded[chunk.document_id].append((chunk, embedded))
            self.report.chunks += 1
        self.embedded(self.report.chunks)

    def _tokens(self, embedding: Embedding) -> ChunkTokens:
        if self._recipe.tokens:
            return ChunkTokens.encode(embedding, self._codec)
        return ChunkTokens.none(self._codec)

    def remove(self, document_id: str) -> None:
        """Put a document in line for removal."""
        source_name, _ = self.hashes.pop(document_id)
        self._by_source[source_name].discard(document_id)
        if source_name in self._sources:  # read the file again next time: it may still hold the document
            self._new_sources[source_name] = replace(self._sources[source_name], size=-1, sha256="")
        self._removed.add(document_id)
        self.report.removed.append(document_id)

    def prune(self, paths: Sequence[Path], found: Sources) -> None:
        """Remove the documents of sources under paths that are no longer there; what could not be looked at
        stays."""
        roots = [path.resolve() for path in paths]
        there = {source.path for source in found.files}
        unseen = [skipped.path for skipped in found.skipped]
        for name, record in self._sources.items():
            path = Path(record.path)
            if path in there or not any(path.is_relative_to(root) for root in roots):
                continue
            if any(path.is_relative_to(skipped) for skipped in unseen):
                continue
            self._gone_sources.add(name)
            for document_id in sorted(self._documents_of(name)):
                self.remove(document_id)

    # -- committing ---------------------------------------------------------------------------------
    def commit(self, *, force: bool = False) -> None:
        """Write what was gathered: a new generation folder, then the transaction that switches to it."""
        while self._pending_chunks:
            self._embed_batch()
        started = time.monotonic()
        derived = bool(self._embedded or self._removed or force or not self._current)
        with self.database.transaction():
            for name in self._gone_sources:
                self.database.delete_source(name)
            for record in self._new_sources.values():
                self.database.put_source(record)
            name = self._switch() if derived else self._current
        if derived:
            remove_old_generations(self._generations, keep=[name, self._current])
        self._current = name
        self._pending_documents, self._embedded, self._removed = {}, {}, set()
        self._new_sources, self._gone_sources = {}, set()
        ended = time.monotonic()
        self._next_commit = ended + max(_SECONDS_BETWEEN_COMMITS, _TIMES_A_COMMIT * (ended - started))
        self.report.documents = len(self.hashes)

    def _switch(self) -> str:
        """Apply the changes inside the transaction; returns the new generation's name."""
        if self._rebuild:
            self.database.delete_chunks()
        for document_id in self._removed - self._pending_documents.keys():
            self.database.delete_document(document_id)
        new: dict[int, EmbeddedChunk] = {}
        for document_id, chunks in self._embedded.items():
            if document_id in self._pending_documents:
                self.database.delete_document(document_id)
                self.database.put_document(*self._pending_documents[document_id])
            for chunk, embedded in chunks:
                new[self.database.add_chunk(chunk, embedded.terms, embedded.names)] = embedded
        by_language: dict[str, list[int]] = {}
        for record in self.database.chunk_records():
            by_language.setdefault(record.language, []).append(record.row)
        previous = self._previous() if any(rows[0] not in new for rows in by_language.values()) else None

        def load(language: str, row: int) -> EmbeddedChunk:
            if row in new or previous is None:
                return new[row]
            vector, tokens = previous.partitions[language].chunk(row)
            return EmbeddedChunk(*self.database.terms(row), vector, tokens)

        name = new_name(self._current)
        try:
            write_generation(self._generations / name, self._recipe, by_language, load)
        except BaseException:  # leave no half of one on a disk that may be full
            shutil.rmtree(self._generations / name, ignore_errors=True)
            raise
        self.database.set_generation(name)
        return name

    def _previous(self) -> Generation:
        return open_generation(self._generations / self._current, self._recipe)
