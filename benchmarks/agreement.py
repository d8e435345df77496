"""Measure whether documents that agree or contradict are both cited.

    python benchmarks/agreement.py [--split tune|held-out] [--out FILE.json] [--show]

30 pairs of short documents (agreement.jsonl) that answer the same question alike or differently, ten
questions in each language, nine pairs across languages, indexed together with the sample corpus. Reported:
how often both documents are cited, contradictions told as such, and false alarms. Then, for the questions
of eval/sample, how often another document is cited that does not hold the answer. Needs the embedded model.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import print as show

from corpus.language import detect_language
from corpus.splitting import Splitter
from index import HybridRetriever, Index, Query, update_index
from index.embedder import SentenceTransformerEmbedder
from qa.agreement import EVIDENCE, Related, related
from qa.asking import EVIDENCE_HITS
from qa.evidence import EvidenceSentence, select_evidence

ROOT = Path(__file__).resolve().parents[1]
PAIRS = Path(__file__).with_suffix(".jsonl")
SAMPLE = ROOT / "eval" / "sample"
Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--split", choices=["tune", "held-out"], help="only these pairs")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--show", action="store_true", help="print what is missed or wrong")
    options = parser.parse_args()
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    asked = [pair for pair in pairs if options.split in (None, pair["split"])]
    embedder, splitter = SentenceTransformerEmbedder("embedded"), Splitter()
    with tempfile.TemporaryDirectory(prefix="tricite-agreement-") as name:
        folder = Path(name)
        write_documents(pairs, folder / "pairs.jsonl")
        update_index(
            folder / "index",
            [folder / "pairs.jsonl", ROOT / "corpus" / "sample"],
            embedder,
            splitter=splitter,
        )
        index = Index(folder / "index", embedder, splitter)
        try:
            retriever = HybridRetriever(index)
            report = {
                "pairs": pair_figures(retriever, asked, options.show),
                "sample": sample_figures(retriever, options.show),
            }
        finally:
            index.close()
    show(report)
    if options.out:
        options.out.write_text(json.dumps(report, indent=1), encoding="utf-8")


def write_documents(pairs: Sequence[Json], path: Path) -> None:
    """The pairs' documents as a .jsonl file to index."""
    documents = [document for pair in pairs for document in pair["documents"]]
    lines = (json.dumps({key: one[key] for key in ("id", "title", "text")}) for one in documents)
    path.write_text("\n".join(lines), encoding="utf-8")


def ask(retriever: HybridRetriever, question: str) -> tuple[EvidenceSentence, list[Related]]:
    """The first evidence for a question and what is cited beside it."""
    query = Query(question, detect_language(question)[0])
    embedding = retriever.embed([query])[0]
    hits = list(retriever.search_chunks(query, embedding))[:EVIDENCE_HITS]
    evidence = select_evidence(retriever, query, embedding, hits, EVIDENCE)
    return evidence[0], related(retriever.index, query, evidence[0], evidence)


def pair_figures(retriever: HybridRetriever, pairs: Sequence[Json], showing: bool) -> Json:
    """How often both documents of a pair are cited, with the right relation, and a third beside them."""
    counts = {"pairs": len(pairs), "both cited": 0, "contradictions": 0, "of them told": 0, "false alarms": 0}
    counts["a third cited"] = 0
    for pair in pairs:
        first, others = ask(retriever, pair["question"])
        wanted = {document["id"] for document in pair["documents"]}
        cited = {first.chunk.document_id, *(one.sentence.chunk.document_id for one in others)}
        differs = any(
            one.relation == "differs" and one.sentence.chunk.document_id in wanted for one in others
        )
        counts["both cited"] += wanted <= cited
        counts["contradictions"] += pair["kind"] == "differs"
        counts["of them told"] += differs and pair["kind"] == "differs"
        counts["false alarms"] += differs and pair["kind"] != "differs"
        counts["a third cited"] += bool(cited - wanted)
        if showing:
            mark = "" if cited == wanted and differs == (pair["kind"] == "differs") else "!"
            show_case(mark, f"{pair['id']} {pair['kind']}", pair["question"], first, others)
    return counts


def show_case(
    mark: str, name: str, question: str, first: EvidenceSentence, others: Sequence[Related]
) -> None:
    print(f"{mark or ' '} {name}: {question}\n      {first.text}")
    for other in others:
        print(f"      {other.relation} ({other.similarity:.3f}): {other.sentence.text}")


def sample_figures(retriever: HybridRetriever, showing: bool) -> Json:
    """How often a second document is cited for the questions of eval/sample, and whether it answers them."""
    lines = (SAMPLE / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    questions = {row["_id"]: row["text"] for row in map(json.loads, lines)}
    lines = (SAMPLE / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    counts = {"questions": 0, "with another document": 0, "of them wrong": 0, "differs": 0}
    for answer in map(json.loads, lines):
        counts["questions"] += 1
        first, others = ask(retriever, questions[answer["_id"]])
        sources = {retriever.index.document(one.sentence.chunk.document_id).source for one in others}
        counts["with another document"] += bool(sources)
        counts["differs"] += any(one.relation == "differs" for one in others)
        wrong = sources - set(answer["evidence_ids"])
        counts["of them wrong"] += bool(wrong)
        if showing and others:
            show_case("!" if wrong else "", answer["_id"], questions[answer["_id"]], first, others)
    return counts


if __name__ == "__main__":
    main()
