"""Figures as tables of the report."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

Json = dict[str, Any]


def html_table(rows: Mapping[str, Json], names: Mapping[str, str]) -> str:
    """Rows of fractions in percent; counts and ratios as they are, intervals under the figures."""
    names = {
        name: shown for name, shown in names.items() if any(name in figures for figures in rows.values())
    }
    head = "".join(f"<th scope=col>{escape(shown)}</th>" for shown in names.values())
    body = []
    for row, figures in rows.items():
        cells = "".join(f"<td>{_cell(name, figures)}</td>" for name in names)
        body.append(f"<tr><th scope=row>{escape(row)}</th>{cells}</tr>")
    return (
        f"<div class=scroll><table><thead><tr><th></th>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(name: str, figures: Json) -> str:
    value = figures.get(name)
    if value is None:
        return "–"
    if name == "questions":
        return f"{value:,}"
    if name == "length_ratio":
        return f"{value:.2f}"
    interval = figures.get("intervals", {}).get(name)
    small = f"<small>{interval[0] * 100:.0f}–{interval[1] * 100:.0f}</small>" if interval else ""
    return f"{value * 100:.1f}{small}"
