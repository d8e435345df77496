"""The `tricite` command. It parses and prints; the work is done in corpus/, index/, qa/ and eval/."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from index import IndexReport
    from index.indexing import Progress
    from qa.answer import Answer
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

    settings = _settings(index=index)
    with _progress() as progress:
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
    from qa.render import search_json

    _check_question(question, batch)
    settings = _settings(index=index)
    questions = _read_batch(batch) if batch else []
    pipeline = _settings(index=settings.index, generator="none").load_pipeline()

    def find(question_id: str, text: str) -> dict[str, Any]:
        hits = pipeline.search(text, k)
        return search_json(question_id, text, pipeline.language(text), hits, pipeline.index)

    if batch:
        _run_batch(questions, find)
        return
    found = find("", question or "")
    if as_json:
        _print_json(found)
        return
    for hit in found["hits"]:
        typer.echo(f"{hit['rank']:>3}. {hit['score']:.2f}  [{hit['language']}] {hit['source']}")
        typer.echo(f"     {' '.join(hit['text'].split())[:160]}")


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
    from qa.render import answer_json

    _check_question(question, batch)
    settings = _settings(index=index, generator=generator)
    questions = _read_batch(batch) if batch else []
    pipeline = settings.load_pipeline()
    try:
        if batch:
            _run_batch(questions, lambda name, text: answer_json(name, pipeline.ask(text)))
            return
        answer = pipeline.ask(question or "")
    finally:
        pipeline.close()
    if as_json:
        _print_json(answer_json("", answer))
    else:
        _print_answer(answer)


@app.command()
def show(
    document_id: Annotated[str, typer.Argument(help="Id of a document")],
    index: IndexFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show a document as it was indexed, and what cleaning removed from its source."""
    from dataclasses import asdict

    from index import stored_document

    document = stored_document(_settings(index=index).index, document_id)
    if as_json:
        removed = [asdict(piece) for piece in document.removed]
        fields = ("id", "title", "source", "language", "script", "text")
        _print_json(
            {name: getattr(document, name) for name in fields}
            | {"metadata": dict(document.metadata), "removed": removed}
        )
        return
    typer.echo(
        f"{document.title or '(no title)'}\n{document.source}  [{document.language}, {document.script}]\n"
    )
    typer.echo(document.text)
    if document.removed:
        typer.echo("\nRemoved:")
        for piece in document.removed:
            typer.echo(f"  line {piece.line} ({piece.why}): {piece.text[:100]}")


@app.command()
def status(index: IndexFolder = None, as_json: AsJson = False) -> None:
    """Tell what is indexed, and which models are used, with their sizes and licences."""
    from qa.status import index_status, models_status

    settings = _settings(index=index)
    state = index_status(settings) | {"models": models_status(settings)}
    if as_json:
        _print_json(state)
        return
    typer.echo(f"index      {state['index']}")
    typer.echo(
        f"documents  {len(state['documents'])}, in {state['chunks']} passages, {state['bytes'] / 1e6:.1f} MB"
    )
    for language, count in state["languages"].items():
        typer.echo(f"           {language}: {count} passages")
    for model in state["models"]:
        size = f"{model['bytes'] / 1e6:.0f} MB" if model["bytes"] else "not written yet"
        typer.echo(f"{model['role']:<10} {model['name']} ({size}; {model['licence']})")
    for document in state["documents"][:50]:
        typer.echo(f"  {document['id']}  [{document['language']}] {document['source']}")
    if len(state["documents"]) > 50:
        typer.echo(f"  and {len(state['documents']) - 50} more: --json lists all")


@app.command()
def verify(index: IndexFolder = None, as_json: AsJson = False) -> None:
    """Check every file of the index; exits with 1 when something is damaged."""
    problems = _settings(index=index).open_index().problems()
    if as_json:
        _print_json({"problems": problems})
    else:
        typer.echo("\n".join(problems) if problems else "the index is sound")
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
    report = run_command(request, _settings())
    if as_json:
        _print_json(report.figures)
    else:
        typer.echo(report.text)
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

    try:
        app(args=arguments)
    except TriciteError as error:
        message = " ".join(str(error).split())
        sys.stderr.write(f"tricite: {message}\n")
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


def _read_batch(path: Path) -> list[tuple[Any, str | None]]:
    """(id, question) of every line; (id, None) where a line holds no question."""
    from corpus.errors import InvalidRequest

    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the batch file {path} cannot be read as UTF-8 text: {error}") from error
    return [_read_batch_line(line) for line in lines if line.strip()]


def _read_batch_line(line: str) -> tuple[Any, str | None]:
    try:
        row = json.loads(line)
        json.dumps(row, allow_nan=False)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(row, dict):
        return None, None
    question = row.get("question")
    return row.get("id"), question if isinstance(question, str) else None


# -- printing ------------------------------------------------------------------------------------------
def _run_batch(questions: list[tuple[Any, str | None]], answer: Callable[[Any, str], dict[str, Any]]) -> None:
    from corpus.errors import TriciteError

    for number, (question_id, text) in enumerate(questions, start=1):
        if text is None:
            error = (
                f'question {number} is not a JSON object on one line: wanted {{"id": ..., "question": "..."}}'
            )
            _print_json({"id": question_id, "error": error})
            continue
        try:
            _print_json(answer(question_id, text))
        except TriciteError as problem:
            _print_json({"id": question_id, "error": str(problem)})


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
        typer.echo(f"  {name}: {message}", err=True)
    typer.echo(
        f"{len(report.added)} added, {len(report.updated)} updated, {report.unchanged} unchanged, "
        f"{len(report.removed)} removed, {len(report.unreadable)} unreadable: "
        f"{report.documents} documents in the index ({report.seconds:.1f} s)"
    )


def _print_answer(answer: Answer) -> None:
    typer.echo(answer.text)
    for citation in answer.citations or answer.closest:
        page = f", page {citation.page}" if citation.page else ""
        where = f"{citation.title or citation.source} ({citation.source}{page})"
        typer.echo(f"\n[{citation.marker}] {where}\n    {' '.join(citation.quote.split())}")


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A progress bar on stderr; none where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def show(name: str, number: int, total: int, chunks: int) -> None:
            bar.update(
                task, description=f"{chunks} passages, {name[-40:]}", completed=number - 1, total=total
            )

        yield show


if __name__ == "__main__":
    main()
