"""Progress bars: shown where somebody watches, and never in the way of the items."""

from __future__ import annotations

import io

from rich.console import Console

from eval.progress import Silent, progress_bars, terminal_bars


def test_bars_count_the_items_and_the_passages() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    with terminal_bars(console) as bar:
        bar.indexing("a.txt", 1, 2, 7)
        bar.indexing("b.txt", 2, 2, 9)
        assert list(bar.each("searching", ["a", "b"])) == ["a", "b"]
    assert "searching" in written.getvalue()
    assert "9 passages, b.txt" in written.getvalue()


def test_nothing_is_shown_where_nobody_watches() -> None:
    with progress_bars() as bar:  # pytest is no terminal
        assert isinstance(bar, Silent)
        assert list(bar.each("searching", [1, 2])) == [1, 2]
