"""How far an indexing run is, for somebody who watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from corpus.characters import in_one_line
from index.indexing import Progress as Show


@contextmanager
def progress_bar() -> Iterator[Show | None]:
    """A progress bar on stderr; none where nobody watches."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def show(name: str, number: int, total: int, chunks: int) -> None:
            shown = escape(in_one_line(name[-40:]))
            bar.update(task, description=f"{chunks} passages, {shown}", completed=number - 1, total=total)

        yield show
