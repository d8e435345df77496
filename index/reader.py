"""An index opened for reading: documents, chunks and the partitions that retrievers score."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.document import Chunk, Document
from corpus.errors import IndexDamaged, IndexMissing, InvalidRequest
from corpus.splitting import Splitter
from index.chinese import simplified
from index.connection import GenerationWatch, current_generation, require_index
from index.database import ChunkRecord, Database, DocumentSummary, content_hash
from index.embedder import Embedder
from index.filters import Filter
from index.generation import FOLDER, Generation, Partition, damaged_files, open_generation, read_manifest
from index.recipe import Recipe, recipe_of
from index.token_codec import TokenCodec
from index.token_vectors import ChunkTokens, PassageTokens
from index.vectors import Ids, Vectors

_CACHED_DOCUMENTS = 64


class Index:
    """A consistent snapshot of an index folder. Safe to share between threads.

    Raises IndexMissing, IndexMismatch (built with another embedder or splitter) or IndexDamaged.
    """

    def __init__(self, folder: Path, embedder: Embedder, splitter: Splitter) -> None:
        require_index(folder)
        self.folder = folder
        self.embedder = embedder
        self.splitter = splitter
        self._watch = GenerationWatch(folder)
        self._database, self.generation = _snapshot(folder, recipe_of(embedder, splitter))
        self._chunks = {record.row: record for record in self._database.chunk_records()}
        self._rows = {record.id: row for row, record in self._chunks.items()}
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._metadata: dict[str, tuple[str, dict[str, Any]]] | None = None
        self._lock = threading.Lock()

    @property
    def partitions(self) -> dict[str, Partition]:
        """Passage language -> its vectors, tokens and BM25."""
        return self.generation.partitions

    def is_current(self) -> bool:
        """Whether the folder still holds what this snapshot shows."""
        return self._watch.still(self.generation.folder.name)

    def close(self) -> None:
        self._watch.close()
        self._database.close()

    def documents(self) -> list[DocumentSummary]:
        """Every document, in the order of their sources."""
        return self._database.summaries()

    def document(self, document_id: str) -> Document:
        """A document with its text. Raises InvalidRequest when there is none of that id."""
        with self._lock:
            if document_id in self._documents:
                self._documents.move_to_end(document_id)
                return self._documents[document_id]
        document = _known(self._database.document(document_id), document_id)
        with self._lock:
            self._documents[document_id] = document
            if len(self._documents) > _CACHED_DOCUMENTS:
                self._documents.popitem(last=False)
        return document

    def rows(self, only: Filter, language: str) -> Ids | None:
        """The rows of a language's chunks that a filter allows, ascending; None when it allows them all."""
        if not only.asks_documents:
            return None
        with self._lock:
            if self._metadata is None:
                self._metadata = self._database.metadata()
        allowed = {
            document_id
            for document_id, (source, metadata) in self._metadata.items()
            if only.allows_document(document_id, source, metadata)
        }
        rows = self.partitions[language].rows
        kept = [self._chunks[row].document_id in allowed for row in rows.tolist()]
        return np.asarray(rows[np.array(kept, dtype=bool)])

    def record(self, row: int) -> ChunkRecord:
        """What is known of the chunk in a row, without its text."""
        return self._chunks[row]

    def chunk(self, row: int) -> Chunk:
        """The chunk in a row."""
        record = self._chunks[row]
        text = self.document(record.document_id).text[record.start : record.end]
        return Chunk(
            record.id,
            record.document_id,
            text,
            record.language,
            record.start,
            record.end,
            record.heading,
            record.script,
        )

    def tokens(self, chunk: Chunk) -> PassageTokens:
        """The token vectors of a chunk of this index; embedded now where the index keeps none."""
        if not self.generation.manifest.recipe.tokens:
            embedding = self.embedder.embed_passages([simplified(chunk.text)], [simplified(chunk.heading)])[0]
            return PassageTokens(embedding.tokens, embedding.offsets)
        coded, codec = self._coded(chunk)
        return PassageTokens(codec.decode(coded.codes, coded.scales), coded.offsets)

    def token_cosines(self, chunk: Chunk, others: Vectors) -> tuple[Vectors, NDArray[Any]]:
        """Cosines of a chunk's tokens with unit vectors [m, dim], float32 [n, m]; the tokens' offsets [n, 2].

        As with the vectors of tokens(), in a tenth of the time where the index keeps them.
        """
        if not self.generation.manifest.recipe.tokens:
            tokens = self.tokens(chunk)
            return tokens.vectors @ others.T, tokens.offsets
        coded, codec = self._coded(chunk)
        return codec.cosines(coded.codes, coded.scales, others), coded.offsets

    def _coded(self, chunk: Chunk) -> tuple[ChunkTokens, TokenCodec]:
        partition = self.partitions[chunk.language]
        row = np.array([self._rows[chunk.id]])
        return partition.tokens[int(partition.positions(row)[0])], partition.tokens.codec

    def problems(self) -> list[str]:
        """Everything wrong with the index, a line each: database, checksums of all files, offsets."""
        folder = self.generation.folder
        found = self._database.problems()
        found += [
            f"damaged file: {name}" for name in damaged_files(folder, read_manifest(folder), everything=True)
        ]
        rows = sorted(int(row) for part in self.partitions.values() for row in part.rows)
        if rows != sorted(self._chunks):
            found.append("the derived files and the database do not hold the same chunks")
        for document_id, (_, written) in self._database.content_hashes().items():
            if content_hash(self.document(document_id)) != written:
                found.append(f"document {document_id} is not as it was written")
        for record in self._chunks.values():
            if not 0 <= record.start < record.end <= len(self.document(record.document_id).text):
                found.append(f"chunk {record.id} lies outside its document {record.document_id}")
        return found


def _snapshot(folder: Path, recipe: Recipe) -> tuple[Database, Generation]:
    """The documents of one moment and the derived files that belong to them."""
    while True:
        database = Database(folder, write=False)
        name = database.generation()
        try:
            if not name:
                raise IndexMissing(f"the index at {folder} is empty: add documents with `tricite index PATH`")
            return database, open_generation(folder / FOLDER / name, recipe)
        except BaseException as error:
            database.close()
            # A writer that was quicker may have removed the files meanwhile: then there are newer ones.
            if not isinstance(error, IndexDamaged | OSError) or current_generation(folder) == name:
                raise


def stored_document(folder: Path, document_id: str) -> Document:
    """A document of an index, without opening its derived files or a model.

    Raises IndexMissing, or InvalidRequest when there is no document of that id.
    """
    require_index(folder)
    database = Database(folder, write=False)
    try:
        return _known(database.document(document_id), document_id)
    finally:
        database.close()


def stored_documents(folder: Path) -> list[DocumentSummary]:
    """Every document of an index, in the order of their sources. Raises IndexMissing."""
    require_index(folder)
    database = Database(folder, write=False)
    try:
        return database.summaries()
    finally:
        database.close()


def _known(document: Document | None, document_id: str) -> Document:
    if document is None:
        raise InvalidRequest(f"no document {document_id!r} in the index: `tricite status` lists their ids")
    return document
