"""The `tricite` command. It parses and prints; the work is done in corpus/, index/, qa/ and eval/."""

from __future__ import annotations

import atexit
import gc
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus.characters import in_one_line, printable

if TYPE_CHECKING:
    from index import IndexReport
    from qa.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Cited answers in Arabic, Chinese and English from your own documents.",
)

IndexFolder = Annotated[
    Path | None, typer.Option("--index", help="Index folder [default: TRICITE_INDEX or .tricite/index]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else")]
Batch = Annotated[
    Path | None, typer.Option("--batch", help='Questions, {"id", "question"} a line; one JSON answer a line')
]
Question = Annotated[str | None, typer.Argument(help="The question, in Arabic, Chinese or English")]


@app.command()
def index(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders to add or update")],
    index: IndexFolder = None,
    as_json: AsJson = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove documents whose files are gone")] = False,
) -> None:
    """Add documents to the index, or update them; unchanged files cost nothing."""
    from index import update_index
    from index.progress import progress_bar

    settings = _settings(index=index)
    with progress_bar() as progress:
        report = update_index(
            settings.index,
            paths,
            settings.load_embedder(),
            splitter=settings.splitter(),
            prune=prune,
            progress=progress,
        )
    report.require_read()
    _print_report(report, as_json)


@app.command()
def remove(
    document_ids: Annotated[list[str], typer.Argument(help="Ids of documents; `tricite status` lists them")],
    index: IndexFolder = None,
    as_json: AsJson = False,
) -> None:
    """Remove documents from the index."""
    from index import remove_documents

    settings = _settings(index=index)
    report = remove_documents(
        settings.index, document_ids, settings.load_embedder(), splitter=settings.splitter()
    )
    _print_report(report, as_json)


@app.command()
def search(
    question: Question = None,
    index: IndexFolder = None,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="Documents to return")] = 10,
    as_json: AsJson = False,
    batch: Batch = None,
) -> None:
    """Find the passages that fit a question, in any language."""
    from qa.batch import answer_batch, read_batch
    from qa.render import search_json

    _check_question(question, batch)
    settings = _settings(index=index)
    questions = read_batch(batch) if batch else []
    pipeline = _settings(index=settings.index, generator="none").load_pipeline()

    def find(question_id: str, text: str) -> dict[str, Any]:
        hits = pipeline.search(text, k)
        return search_json(question_id, text, pipeline.language(text), hits, pipeline.index)

    if batch:
        _print_batch(answer_batch(questions, find))
        return
    found = find("", question or "")
    if as_json:
        _print_json(found)
        return
    for hit in found["hits"]:
        _echo(f"{hit['rank']:>3}. {hit['score']:.2f}  [{hit['language']}] {in_one_line(hit['source'])}")
        _echo(f"     {' '.join(hit['text'].split())[:160]}")


@app.command()
def ask(
    question: Question = None,
    index: IndexFolder = None,
    as_json: AsJson = False,
    batch: Batch = None,
    generator: Annotated[
        str | None,
        typer.Option("--generator", help="embedded, none, gguf:PATH, transformers:NAME or PROVIDER:MODEL"),
    ] = None,
) -> None:
    """Answer a question from the documents; every sentence cites the passage that supports it."""
    from qa.batch import answer_batch, read_batch
    from qa.render import answer_json, answer_text

    _check_question(question, batch)
    settings = _settings(index=index, generator=generator)
    questions = read_batch(batch) if batch else []
    pipeline = settings.load_pipeline()
    try:
        if batch:
            _print_batch(answer_batch(questions, lambda name, text: answer_json(name, pipeline.ask(text))))
            return
        answer = pipeline.ask(question or "")
    finally:
        pipeline.close()
    if as_json:
        _print_json(answer_json("", answer))
    else:
        _echo(answer_text(answer))


@app.command()
def show(
    document_id: Annotated[str, typer.Argument(help="Id of a document")],
    index: IndexFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show a document as it was indexed, and what cleaning removed from its source."""
    from dataclasses import asdict

    from index import stored_document
    from qa.render import document_text

    document = stored_document(_settings(index=index).index, document_id)
    if as_json:
        removed = [asdict(piece) for piece in document.removed]
        fields = ("id", "title", "source", "language", "script", "text")
        _print_json(
            {name: getattr(document, name) for name in fields}
            | {"metadata": dict(document.metadata), "removed": removed}
        )
        return
    _echo(document_text(document))


@app.command()
def status(index: IndexFolder = None, as_json: AsJson = False) -> None:
    """Tell what is indexed, and which models are used, with their sizes and licences."""
    from qa.status import index_status, models_status, status_text

    settings = _settings(index=index)
    state = index_status(settings) | {"models": models_status(settings)}
    if as_json:
        _print_json(state)
        return
    _echo(status_text(state))


@app.command()
def verify(index: IndexFolder = None, as_json: AsJson = False) -> None:
    """Check every file of the index; exits with 1 when something is damaged."""
    problems = _settings(index=index).open_index().problems()
    if as_json:
        _print_json({"problems": problems})
    else:
        _echo("\n".join(problems) if problems else "the index is sound")
    if problems:
        raise typer.Exit(1)


@app.command()
def repair(index: IndexFolder = None, as_json: AsJson = False) -> None:
    """Make all derived files again from the stored documents, with the present settings."""
    from index import rebuild_index

    settings = _settings(index=index)
    report = rebuild_index(settings.index, settings.load_embedder(), splitter=settings.splitter())
    _print_report(report, as_json)


@app.command("eval")
def evaluate(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(help="BEIR folders, SQuAD, RGB, CSV or JSONL files, MIRACL folders, or `sample`"),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the figures and the report")] = None,
    documents: Annotated[
        Path | None,
        typer.Option("--documents", help="Folder of the documents that a CSV or JSONL asks about"),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="Earlier --out folder to compare with")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as generator=none; a wrong key lists all")
    ] = None,
    sweep: Annotated[
        str | None, typer.Option("--sweep", help="key=a,b,c: a run for each value, and a table")
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--compare", help="Compare two finished runs; measures nothing"),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option("--fail-if", help='Exit with 1 when a figure moved, in points: "nDCG@10<-1.0"'),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Questions at most, evenly spread; 0: all")
    ] = 0,
    retrieval_only: Annotated[bool, typer.Option("--retrieval-only", help="Search only; do not ask")] = False,
    judge: Annotated[
        str | None, typer.Option("--judge", help="PROVIDER:MODEL that judges answers too; off by default")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure retrieval, answers, citations and abstention; write figures and a report."""
    from eval.command import Request, run_command

    request = Request(
        tuple(datasets or ()), out, documents, baseline, tuple(settings or ()), sweep, compare,
        tuple(fail_if or ()), limit, retrieval_only, judge,
    )  # fmt: skip
    try:
        report = run_command(request, _settings())
    except KeyboardInterrupt:
        typer.echo("stopped: the same command goes on from here", err=True)
        raise typer.Exit(130) from None
    if as_json:
        _print_json(report.figures)
    else:
        _echo(report.text)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def serve(
    index: IndexFolder = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one")] = 7860,
    generator: Annotated[str | None, typer.Option("--generator", help="As in `tricite ask`")] = None,
) -> None:
    """Serve the chat page and the HTTP API."""
    # Searches run beside each other: a second thread in each product would wait for the others' cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from app import serve as serve_app
    from eval.datasets import sample_questions

    settings = _settings(index=index, generator=generator)
    pipeline = settings.load_pipeline()
    examples = sample_questions({document.source for document in pipeline.index.documents()})
    serve_app(pipeline, host, port, settings, examples=examples)


@app.command()
def mcp(
    index: IndexFolder = None,
    generator: Annotated[str | None, typer.Option("--generator", help="As in `tricite ask`")] = None,
) -> None:
    """Serve ask, search and read_document to MCP clients, over standard input and output."""
    from web.mcp_server import create_server

    settings = _settings(index=index, generator=generator)
    create_server(settings.load_pipeline).run("stdio")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command (sys.argv's unless given). Exit codes: 0 done, 1 the request failed, 2 wrong usage."""
    from corpus.errors import TriciteError

    # Threads of OpenMP that wait, sleep. It reads this once, when torch loads it; spinning, they hold the
    # cores that llama.cpp needs: an answer takes a fifth to a half longer.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # NumPy's would spin just when the span reader begins: an answer takes a sixth longer.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Else the collector goes once more through the libraries' million objects, for two seconds.
    atexit.register(gc.freeze)
    try:
        app(args=arguments)
    except (TriciteError, OSError) as error:
        sys.stderr.write(f"tricite: {printable(' '.join(str(error).split()))}\n")
        sys.exit(1)


# -- reading -------------------------------------------------------------------------------------------
def _settings(**options: Any) -> Settings:
    from qa.settings import load_settings

    return load_settings(**options)


def _check_question(question: str | None, batch: Path | None) -> None:
    """Refuse what cannot be answered before any model is loaded."""
    from qa.pipeline import understand

    if (question is None) == (batch is None):
        raise typer.BadParameter("give a question, or --batch FILE")
    if question is not None:
        understand(question)


# -- printing ------------------------------------------------------------------------------------------
def _echo(text: str, *, err: bool = False) -> None:
    """Print text of documents and names of files, which must not steer the terminal."""
    typer.echo(printable(text), err=err)


def _print_batch(answers: Iterator[dict[str, Any]]) -> None:
    for answer in answers:
        _print_json(answer)


def _print_json(value: dict[str, Any]) -> None:
    line = json.dumps(value, ensure_ascii=False) + "\n"
    # A lone surrogate has no UTF-8; its escape is what JSON calls it.
    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))
    sys.stdout.flush()


def _print_report(report: IndexReport, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        _print_json(asdict(report))
        return
    for name, message in [*report.unreadable, *report.skipped]:
        _echo(f"  {in_one_line(name)}: {message}", err=True)
    _echo(
        f"{len(report.added)} added, {len(report.updated)} updated, {report.unchanged} unchanged, "
        f"{len(report.removed)} removed, {len(report.unreadable)} unreadable: "
        f"{report.documents} documents in the index ({report.seconds:.1f} s)"
    )


if __name__ == "__main__":
    main()
