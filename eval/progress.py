"""Progress bars with the time left, on stderr; nothing where nobody watches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

Item = TypeVar("Item")


class Bar(Protocol):
    """What moves on while work is done."""

    def each(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        """The items one by one, counted as they are taken."""
        ...

    def indexing(self, name: str, number: int, total: int, chunks: int) -> None:
        """As index.indexing.Progress: a file is being read and so many passages are embedded."""
        ...


class Silent:
    """A Bar that shows nothing."""

    def each(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        return iter(items)

    def indexing(self, name: str, number: int, total: int, chunks: int) -> None:
        pass


class _Shown:
    def __init__(self, track: Callable[..., Iterable[object]], update: Callable[..., None]) -> None:
        self._track, self._update = track, update

    def each(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        yield from self._track(items, description=what)  # type: ignore[misc]

    def indexing(self, name: str, number: int, total: int, chunks: int) -> None:
        self._update(f"indexing: {chunks} passages, {name[-40:]}", number - 1, total)


def progress_bars() -> AbstractContextManager[Bar]:
    """Bars on stderr while the context is open."""
    from rich.console import Console

    console = Console(stderr=True)
    return terminal_bars(console) if console.is_terminal else _silent()


@contextmanager
def _silent() -> Iterator[Bar]:
    yield Silent()


@contextmanager
def terminal_bars(console: Console) -> Iterator[Bar]:
    """Bars on a console of rich."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = None

        def update(description: str, completed: int, total: int) -> None:
            nonlocal task
            task = progress.add_task(description) if task is None else task
            progress.update(task, description=description, completed=completed, total=total)

        yield _Shown(progress.track, update)
