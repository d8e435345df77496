"""Charts as SVG and HTML text, without a script: heat map, curves, histogram, intervals, shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

_WIDTH, _HEIGHT = 460, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 14, 12, 40

Points = Sequence[tuple[float, float]]

# From light to dark; the lightness falls evenly, so it is read in grey print too.
_RAMP = ("#eaf2fc", "#cfe1f7", "#aecdf1", "#88b5e8", "#5f99dc", "#3d7cca", "#2762ae", "#174a8c", "#0b3268")


def heat_map(
    cells: Mapping[tuple[str, str], tuple[float, int]], rows: Sequence[str], columns: Sequence[str]
) -> str:
    """A table of fractions, coloured from 0 to 1. cells: (row, column) -> (fraction, questions)."""
    head = "".join(f"<th scope=col>{escape(column)}</th>" for column in columns)
    body = []
    for row in rows:
        tds = [_heat_cell(cells.get((row, column))) for column in columns]
        body.append(f"<tr><th scope=row>{escape(row)}</th>{''.join(tds)}</tr>")
    corner = "<th>question, then passage</th>"
    return f"<table class=heat><thead><tr>{corner}{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _heat_cell(cell: tuple[float, int] | None) -> str:
    if cell is None:
        return "<td>–</td>"
    value, questions = cell
    place = min(len(_RAMP) - 1, max(0, int(value**2 * len(_RAMP))))  # squared: most figures are high
    ink = "#fff" if place >= 5 else "#16181d"
    style = f"background:{_RAMP[place]};color:{ink}"
    return f'<td style="{style}">{value * 100:.1f}<small>{questions} questions</small></td>'


def curve(
    series: Sequence[tuple[str, Points]],
    x_label: str,
    y_label: str,
    *,
    x_range: tuple[float, float] = (0.0, 1.0),
    y_range: tuple[float, float] = (0.0, 1.0),
    percent: tuple[bool, bool] = (True, True),
    dots: bool = False,
) -> str:
    """At most two lines on shared axes, each named at its end. Fractions are shown in percent."""
    parts = [_axes(x_label, y_label, x_range, y_range, percent)]
    for number, (name, points) in enumerate(series, start=1):
        if not points:
            continue
        places = [(_x(x, x_range), _y(y, y_range)) for x, y in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="{"one" if number == 1 else "two"}" points="{line}"/>')
        marked = places if dots else places[-1:]
        parts += [f'<circle class=dot{number} cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in marked]
        if len(series) > 1:
            x, y = places[-1]
            parts.append(f'<text x="{x - 6:.1f}" y="{y - 9:.1f}" text-anchor=end>{escape(name)}</text>')
    return _svg("".join(parts), f"{y_label} against {x_label}")


def histogram(values: Sequence[float], label: str, marks: Mapping[str, float]) -> str:
    """How often values occur, in 24 bins up to the 99th percentile; marks: names of values to point at."""
    if not values:
        return ""
    top = max(float(np.percentile(values, 99)) * 1.05, 1e-9)
    counts, edges = np.histogram(np.clip(values, 0, top), bins=24, range=(0, top))
    highest = np.ceil(float(counts.max()) * 1.12 / 4) * 4  # four steps of whole questions
    y_range, x_range = (0.0, float(highest)), (0.0, top)
    parts = [_axes(label, "questions", x_range, y_range, (False, False))]
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        x, width = _x(left, x_range), _x(right, x_range) - _x(left, x_range) - 2
        y = _y(float(count), y_range)
        parts.append(
            f'<rect class=bar1 x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{_y(0, y_range) - y:.1f}" rx="2"/>'
        )
    for number, (name, value) in enumerate(marks.items()):
        x = _x(min(value, top), x_range)
        parts.append(f'<line class=ideal x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_y(0, y_range):.1f}"/>')
        side, gap = ("end", -5) if x > _WIDTH * 0.7 else ("start", 5)
        parts.append(
            f'<text class=value x="{x + gap:.1f}" y="{_TOP + 12 + 15 * number}" text-anchor={side}>'
            f"{escape(name)} {value:,.0f}</text>"
        )
    return _svg("".join(parts), label)


def intervals(rows: Sequence[tuple[str, float, tuple[float, float]]], baseline: Mapping[str, float]) -> str:
    """A point with its 95% interval for every (name, fraction, interval); a hollow one for the baseline's."""
    row_height, left, right = 30, 150, 52
    height = row_height * len(rows) + 26
    parts = []

    def place(value: float) -> float:
        return left + value * (_WIDTH - left - right)

    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = place(tick)
        parts.append(f'<line class=grid x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - 22}"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 6}" text-anchor=middle>{tick * 100:.0f}</text>')
    for number, (name, value, (low, high)) in enumerate(rows):
        y = row_height * number + row_height / 2 + 2
        parts.append(f'<text class=value x="{left - 12}" y="{y + 4}" text-anchor=end>{escape(name)}</text>')
        parts.append(f'<line class=one x1="{place(low):.1f}" x2="{place(high):.1f}" y1="{y}" y2="{y}"/>')
        if name in baseline:
            parts.append(f'<circle class=two cx="{place(baseline[name]):.1f}" cy="{y}" r="5"/>')
        parts.append(f'<circle class=dot1 cx="{place(value):.1f}" cy="{y}" r="5"/>')
        parts.append(
            f'<text class=value x="{_WIDTH - 2}" y="{y + 4}" text-anchor=end>{value * 100:.1f}</text>'
        )
    return _svg("".join(parts), "figures with intervals", height)


def shares(rows: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """Stacked bars of at most three shares each, which add up to 1; (name, part -> share)."""
    left, row_height = 90, 34
    names = list(rows[0][1]) if rows else []
    height = row_height * len(rows) + 24
    parts, width = [], _WIDTH - left - 8
    for number, (name, split) in enumerate(rows):
        y, x = row_height * number + 4, float(left)
        parts.append(f'<text class=value x="{left - 10}" y="{y + 16}" text-anchor=end>{escape(name)}</text>')
        for part, key in enumerate(names, start=1):
            span = split[key] * width
            if span > 0:
                parts.append(
                    f'<rect class=bar{part} x="{x:.1f}" y="{y}" width="{max(span - 2, 1):.1f}" '
                    'height="22" rx="3"/>'
                )
            if span > 34:
                parts.append(
                    f'<text class=onbar x="{x + span / 2:.1f}" y="{y + 15}" text-anchor=middle>'
                    f"{split[key] * 100:.0f}</text>"
                )
            x += span
    x = float(left)
    for part, key in enumerate(names, start=1):
        parts.append(f'<rect class=bar{part} x="{x:.1f}" y="{height - 14}" width="10" height="10" rx="2"/>')
        parts.append(f'<text x="{x + 15:.1f}" y="{height - 5}">{escape(key)}</text>')
        x += 34 + 7 * len(key)
    return _svg("".join(parts), "shares", height)


def _axes(
    x_label: str,
    y_label: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    percent: tuple[bool, bool],
) -> str:
    parts = []
    for number in range(5):
        y_value = y_range[0] + (y_range[1] - y_range[0]) * number / 4
        x_value = x_range[0] + (x_range[1] - x_range[0]) * number / 4
        y, x = _y(y_value, y_range), _x(x_value, x_range)
        parts.append(f'<line class=grid x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text x="{_LEFT - 7}" y="{y + 4:.1f}" text-anchor=end>{_tick(y_value, percent[1])}</text>'
        )
        parts.append(
            f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 17}" text-anchor=middle>'
            f"{_tick(x_value, percent[0])}</text>"
        )
    base = _HEIGHT - _BOTTOM
    parts.append(f'<line class=axis x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>')
    parts.append(
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 6}" text-anchor=middle>'
        f"{escape(x_label)}</text>"
    )
    return "".join(parts)


def _tick(value: float, percent: bool) -> str:
    if percent:
        return f"{value * 100:.0f}%"
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def _x(value: float, bounds: tuple[float, float]) -> float:
    share = (value - bounds[0]) / ((bounds[1] - bounds[0]) or 1)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, bounds: tuple[float, float]) -> float:
    share = (value - bounds[0]) / ((bounds[1] - bounds[0]) or 1)
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _svg(inner: str, title: str, height: float = _HEIGHT) -> str:
    view = f'viewBox="0 0 {_WIDTH} {height:.0f}"'
    return f'<svg {view} role=img direction=ltr aria-label="{escape(title)}">{inner}</svg>'
