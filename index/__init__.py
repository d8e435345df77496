"""Chunks -> vectors and terms -> an index that ranks passages of any language."""

from index.analyzers import terms
from index.database import DocumentSummary
from index.duplicates import collapse_duplicates
from index.filters import EVERYTHING, Filter
from index.indexing import rebuild_index, remove_documents, update_index
from index.reader import Index, stored_document, stored_documents
from index.report import IndexReport
from index.retrieval import (
    EmbeddedQuery,
    Hit,
    HybridRetriever,
    Query,
    RetrievalSettings,
    Retriever,
    best_by_document,
)
from index.token_vectors import PassageTokens

__all__ = [
    "EVERYTHING",
    "DocumentSummary",
    "EmbeddedQuery",
    "Filter",
    "Hit",
    "HybridRetriever",
    "Index",
    "IndexReport",
    "PassageTokens",
    "Query",
    "RetrievalSettings",
    "Retriever",
    "best_by_document",
    "collapse_duplicates",
    "rebuild_index",
    "remove_documents",
    "stored_document",
    "stored_documents",
    "terms",
    "update_index",
]
