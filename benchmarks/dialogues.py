"""Measure follow-up questions: how far a second question finds what its written-out form finds.

    python benchmarks/dialogues.py [--split tune|held-out] [--out FILE.json] [--show]

60 dialogues of two turns over the sample corpus (dialogues.jsonl), a third in each language, some of
which switch language in between. Four forms of the second question: as it was asked ("alone"), after the
whole first question ("joined"), as standalone() completes it, and written out by hand. Each by nDCG@10, and
by how often the sentence that holds the answer is the first piece of evidence, or among the first three.
Needs the embedded model.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import print as show
from rich.table import Table

from corpus.language import detect_language
from corpus.splitting import Splitter
from index import HybridRetriever, Index, Query, best_by_document, update_index
from index.embedder import SentenceTransformerEmbedder
from qa.answer import Exchange
from qa.conversation import standalone
from qa.evidence import select_evidence

ROOT = Path(__file__).resolve().parents[1]
DIALOGUES = Path(__file__).with_suffix(".jsonl")
Json = dict[str, Any]
FORMS = ("alone", "joined", "standalone", "written out")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--split", choices=["tune", "held-out"], help="only these dialogues")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--show", action="store_true", help="print the questions that lose something")
    options = parser.parse_args()
    dialogues = [json.loads(line) for line in DIALOGUES.read_text(encoding="utf-8").splitlines()]
    dialogues = [one for one in dialogues if options.split in (None, one["split"])]
    embedder, splitter = SentenceTransformerEmbedder("embedded"), Splitter()
    with tempfile.TemporaryDirectory(prefix="tricite-dialogues-") as folder:
        update_index(Path(folder), [ROOT / "corpus" / "sample"], embedder, splitter=splitter)
        index = Index(Path(folder), embedder, splitter)
        try:
            results = [measured(dialogue, HybridRetriever(index)) for dialogue in dialogues]
        finally:
            index.close()
    report = summary(results)
    print_report(report)
    if options.show:
        for dialogue, result in zip(dialogues, results, strict=True):
            made, written = result["standalone"], result["written out"]
            if made["ndcg"] < written["ndcg"] or made["first"] < written["first"]:
                show(dialogue["id"], dialogue["question"], "->", made["text"], made, written)
    if options.out:
        options.out.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")


def measured(dialogue: Json, retriever: HybridRetriever) -> Json:
    """The figures of one dialogue's second question, in each form."""
    history = [Exchange(**exchange) for exchange in dialogue["history"]]
    asked = dialogue["question"]
    language = detect_language(asked)[0]
    forms = {
        "alone": asked,
        "joined": f"{history[-1].question} {asked}",
        "standalone": standalone(asked, history),
        "written out": dialogue["written_out"],
    }
    result: Json = {"language": language, "split": dialogue["split"]}
    for name, text in forms.items():
        query = Query(text, language)
        embedding = retriever.embed([query])[0]
        chunks = list(retriever.search_chunks(query, embedding))
        found = [
            retriever.index.document(hit.chunk.document_id).source for hit in best_by_document(chunks, 10)
        ]
        evidence = select_evidence(retriever, query, embedding, chunks[:8], 3)
        holds = [any(answer in sentence.text for answer in dialogue["answers"]) for sentence in evidence]
        result[name] = {
            "text": text,
            "ndcg": ndcg(found, dialogue["documents"]),
            "first": float(holds[:1] == [True]),
            "top3": float(any(holds)),
        }
    return result


def ndcg(found: Sequence[str], relevant: Sequence[str]) -> float:
    """nDCG@10 with relevance 0 or 1."""
    gain = sum(1 / math.log2(rank + 1) for rank, name in enumerate(found[:10], 1) if name in relevant)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(relevant)) + 1))


def summary(results: Sequence[Json]) -> Json:
    """Means of every form, over all, by language and by split; share: of the written-out form's nDCG@10."""
    groups: dict[str, list[Json]] = {"all": list(results)}
    for key in ("language", "split"):
        for result in results:
            groups.setdefault(result[key], []).append(result)
    report: Json = {}
    for group, members in groups.items():
        report[group] = {"dialogues": len(members)}
        best = sum(member["written out"]["ndcg"] for member in members)
        for form in FORMS:
            figures = {
                measure: round(sum(member[form][measure] for member in members) / len(members), 4)
                for measure in ("ndcg", "first", "top3")
            }
            figures["share"] = round(sum(member[form]["ndcg"] for member in members) / best, 4)
            report[group][form] = figures
    return report


def print_report(report: Json) -> None:
    table = Table("dialogues", "form", "nDCG@10", "of written out", "evidence first", "in first three")
    for group, figures in report.items():
        for form in FORMS:
            cells = [f"{figures[form][name] * 100:.1f}" for name in ("ndcg", "share", "first", "top3")]
            table.add_row(f"{group} ({figures['dialogues']})" if form == FORMS[0] else "", form, *cells)
    show(table)


if __name__ == "__main__":
    main()
