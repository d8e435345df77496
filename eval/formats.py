"""Other people's forms of evaluation sets -> the BEIR form that datasets.py reads.

What a file or folder is, is told by what is in it. It is written out once as a folder in BEIR form, which
is then read like any other; what is wrong is said of the file that was given.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from corpus.errors import DatasetProblem
from eval.datasets import SAMPLE, Dataset, read_dataset, read_over_files
from eval.readers.beir import write_beir
from eval.readers.miracl import is_miracl, read_miracl
from eval.readers.rgb import is_rgb, read_rgb
from eval.readers.spreadsheet import asks_of_documents, read_spreadsheet
from eval.readers.squad import read_squad

_FORMS = (
    "a folder in BEIR form (corpus.jsonl, queries.jsonl, qrels/test.tsv) or in MIRACL's (topics, qrels, "
    "docs), SQuAD-style or RGB JSON, a CSV or JSONL of questions with --documents, "
    f'or the word "{SAMPLE}"'
)


def open_dataset(name: str, work: Path, documents: Path | None = None) -> Dataset:
    """The dataset that a name, folder or file stands for.

    work: a folder for its BEIR form, where it comes in another. documents: the folder of files that a CSV
    or JSONL of questions asks about. Raises DatasetProblem with file, line and mend.
    """
    path = Path(name)
    kind = path.suffix.lower()
    if documents is not None:
        if kind not in (".csv", ".tsv", ".jsonl"):
            raise DatasetProblem(f"{name} came with --documents: give a .csv, .tsv or .jsonl of questions")
        write_beir(read_spreadsheet(path, documents), work)
        return read_over_files(path.stem, work, documents)
    if name == SAMPLE or (path.is_dir() and not (is_miracl(path) and not (path / "queries.jsonl").exists())):
        return read_dataset(name)
    if not path.exists() or (path.is_file() and kind not in (".json", ".jsonl", ".csv", ".tsv")):
        raise DatasetProblem(f"{name} is no evaluation set: give {_FORMS}")
    if kind in (".csv", ".tsv"):
        raise DatasetProblem(f"{name} asks about documents: give their folder with --documents")
    if path.is_file() and asks_of_documents(path):
        raise DatasetProblem(f"{name} asks about documents: give their folder with --documents")
    read = read_miracl if path.is_dir() else read_rgb if is_rgb(path) else read_squad
    write_beir(read(path), work)
    return replace(read_dataset(work), name=path.resolve().stem)
