"""Chunks -> vectors and terms -> an index that ranks passages of any language."""

from index.analyzers import terms
from index.database import DocumentSummary
from index.indexing import IndexReport, rebuild_index, remove_documents, update_index
from index.reader import Index, stored_document, stored_documents
from index.retrieval import Hit, HybridRetriever, Query, Retriever, best_by_document
from index.token_vectors import ChunkTokens

__all__ = [
    "ChunkTokens",
    "DocumentSummary",
    "Hit",
    "HybridRetriever",
    "Index",
    "IndexReport",
    "Query",
    "Retriever",
    "best_by_document",
    "rebuild_index",
    "remove_documents",
    "stored_document",
    "stored_documents",
    "terms",
    "update_index",
]
