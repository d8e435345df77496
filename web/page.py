"""What the chat page shows of a question, as HTML: the answer with its markers, the sources with their marks.

Questions, titles and document text are untrusted: every piece is escaped where it enters the HTML, and
the whole is cleaned against an allow-list once more before it leaves.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import nh3

from corpus.errors import TriciteError
from corpus.language import detect_language, language_name, script_of
from qa.answer import AnswerEvent, Citation, Event, Sentence, SentenceEvent, SourcesEvent

if TYPE_CHECKING:
    from qa.pipeline import Pipeline

WEB = Path(__file__).parent
_RIGHT_TO_LEFT = {"Arab", "Hebr"}
_OWN_NAMES = {"ar": "العربية", "en": "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文", "zh": "中文"}
_TAGS = {"a", "bdi", "blockquote", "cite", "details", "div", "h3", "mark", "p", "section", "span", "summary"}
_log = logging.getLogger(__name__)


@cache
def _strings() -> dict[str, dict[str, str]]:
    """Interface language -> name of a string -> the string."""
    loaded: dict[str, dict[str, str]] = json.loads((WEB / "strings.json").read_text(encoding="utf-8"))
    return loaded


def interface_strings(accept_language: str) -> dict[str, str]:
    """The strings of the browser's first language; English when there are none (RFC 9110, 12.5.4)."""
    first = accept_language.split(",")[0].split(";")[0].strip().lower()
    if first.startswith("zh"):
        traditional = re.search(r"-(hant|tw|hk|mo)\b", first)
        return _strings()["zh-Hant" if traditional else "zh-Hans"]
    return _strings().get(first.split("-")[0], _strings()["en"])


# ---- What the page shows of one question -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Passage:
    """A found passage with what its card says. language: a BCP 47 tag; start: offset in the document."""

    chunk_id: str
    title: str
    source: str
    language: str
    page: int | None
    start: int
    text: str


@dataclass(slots=True)
class Turn:
    """One question and what has come of it so far."""

    number: int
    question: str
    state: Literal["searching", "writing", "done", "stopped"] = "searching"
    passages: tuple[Passage, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    closest: tuple[Citation, ...] = ()
    abstained: bool = False
    problem: str = ""

    def take(self, event: Event, pipeline: Pipeline) -> None:
        """Note what an event of the stream brings."""
        if isinstance(event, SourcesEvent):
            self.state = "writing"
            for hit in event.hits:
                chunk, document = hit.chunk, pipeline.index.document(hit.chunk.document_id)
                language, page = _tag(chunk.language, chunk.script), document.page(chunk.start)
                self.passages += (
                    Passage(
                        chunk.id, document.title, document.source, language, page, chunk.start, chunk.text
                    ),
                )
        elif isinstance(event, SentenceEvent):
            known = {citation.marker for citation in self.citations}
            self.sentences += (event.sentence,)
            self.citations += tuple(each for each in event.citations if each.marker not in known)
        elif isinstance(event, AnswerEvent):
            self.state = "done"
            self.sentences, self.citations = event.answer.sentences, event.answer.citations
            self.closest, self.abstained = event.answer.closest, event.answer.abstained


def follow(pipeline: Pipeline, turn: Turn, cancelled: threading.Event, failed: str) -> Iterator[Turn]:
    """Yield the turn after each event of its answer; a problem ends it as a line on the page."""
    try:
        for event in pipeline.stream(turn.question, cancelled=cancelled.is_set):
            if cancelled.is_set():
                break
            turn.take(event, pipeline)
            yield turn
    except TriciteError as problem:
        turn.problem = str(problem)
    except Exception:
        _log.exception("a question could not be answered")
        turn.problem = failed
    if turn.state != "done":
        turn.state = "stopped"
        yield turn


# ---- HTML --------------------------------------------------------------------------------------------


def _clean(html: str) -> str:
    """The HTML with nothing in it but what this page writes: a second guard behind the escaping."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={
            "*": {"aria-label", "class", "dir", "id", "lang", "tabindex"},
            "a": {"href"},
            "details": {"open"},
        },
        attribute_filter=lambda _, name, value: None if name == "href" and value[:1] != "#" else value,
        link_rel=None,
    )


def _tag(language: str, script: str) -> str:
    """The BCP 47 tag, which says for Chinese which script."""
    return f"zh-{script}" if language == "zh" and script in ("Hans", "Hant") else language


def _language_attributes(language: str) -> str:
    direction = "rtl" if script_of(language.split("-")[0]) in _RIGHT_TO_LEFT else "ltr"
    return f'lang="{escape(language)}" dir="{direction}"'


def _markers_html(turn: Turn, markers: Sequence[int], strings: Mapping[str, str]) -> str:
    return "".join(
        f' <a class="marker" href="#source-{turn.number}-{marker}"'
        f' aria-label="{escape(strings["marker"].format(number=marker))}">[{marker}]</a>'
        for marker in markers
    )


def _quote_html(turn: Turn, citation: Citation, text: str, links: str, strings: Mapping[str, str]) -> str:
    """A sentence of a document, in its own direction, with the document's title as a link to the passage."""
    passage = next((each for each in turn.passages if each.chunk_id == citation.chunk_id), None)
    language = passage.language if passage else citation.language
    return (
        f"<blockquote><p {_language_attributes(language)}>{escape(text)}{links}</p>"
        f'<cite>{escape(strings["quoted"])} <a href="#source-{turn.number}-{citation.marker}">'
        f"<bdi>{escape(citation.title)}</bdi></a> {_badge_html(language, strings)}</cite></blockquote>"
    )


def _badge_html(language: str, strings: Mapping[str, str]) -> str:
    name = _OWN_NAMES.get(language) or language_name(language, strings["code"])
    return f'<span class="badge"><bdi>{escape(name)}</bdi></span>'


def turn_html(turn: Turn, strings: Mapping[str, str]) -> str:
    """The question and the sentences checked so far, or the notice and the closest passages."""
    spans: dict[int, Citation] = {citation.marker: citation for citation in turn.citations}
    parts: list[str] = []
    flowing = ""
    for sentence in turn.sentences:
        links = _markers_html(turn, sentence.markers, strings)
        if sentence.kind == "generated":
            flowing += f'<span class="sentence">{escape(sentence.text)}{links}</span> '
            continue
        parts, flowing = [*parts, _paragraph(flowing)], ""
        citation = next((spans[marker] for marker in sentence.markers if marker in spans), None)
        if sentence.kind == "quoted" and citation:
            parts.append(_quote_html(turn, citation, sentence.text, links, strings))
        else:
            kind = "notice" if turn.abstained else "remark"
            parts.append(f'<p class="{kind}" dir="auto">{escape(sentence.text)}{links}</p>')
    parts.append(_paragraph(flowing))
    if turn.closest:
        near = "".join(_quote_html(turn, each, each.quote, "", strings) for each in turn.closest)
        parts.append(f'<div class="closest"><h3>{escape(strings["closest"])}</h3>{near}</div>')
    if turn.problem:
        parts.append(f'<p class="notice problem" dir="auto">{escape(turn.problem)}</p>')
    elif turn.state != "done":
        parts.append(f'<p class="state {turn.state}">{escape(strings[turn.state])}</p>')
    language = _tag(*detect_language(turn.question))
    return _clean(
        f'<section class="turn" id="turn-{turn.number}" lang="{language}">'
        f'<p class="question" dir="auto">{escape(turn.question)}</p>'
        f'<div class="answer">{"".join(parts)}</div></section>'
    )


def _paragraph(sentences: str) -> str:
    return f'<p dir="auto">{sentences.strip()}</p>' if sentences else ""


def sources_html(turns: Sequence[Turn], strings: Mapping[str, str]) -> str:
    """The passages of every question, the latest first; those of earlier questions are folded."""
    latest = turns[-1].number
    parts = []
    for turn in reversed(turns):
        cards = "".join(_cards_html(turn, strings))
        opened = " open" if turn.number == latest else ""
        parts.append(
            f'<details class="found" id="sources-{turn.number}"{opened}>'
            f"<summary><bdi>{escape(turn.question)}</bdi></summary>{cards}</details>"
        )
    return _clean("".join(parts))


def _cards_html(turn: Turn, strings: Mapping[str, str]) -> Iterator[str]:
    """A card for each passage: the cited ones first, by their markers, then the others by rank."""
    spans = turn.citations or turn.closest
    known = {passage.chunk_id for passage in turn.passages}
    lone = (
        Passage(each.chunk_id, each.title, each.source, each.language, each.page, each.start, each.quote)
        for each in spans
        if each.chunk_id not in known
    )
    kind = " cited" if turn.citations else " near"
    cards = []
    for rank, passage in enumerate((*turn.passages, *lone)):
        own = sorted(
            (each for each in spans if each.chunk_id == passage.chunk_id), key=lambda each: each.marker
        )
        cards.append(((own[0].marker, rank) if own else (len(spans) + 1, rank), passage, own))
    for (_, rank), passage, own in sorted(cards, key=lambda card: card[0]):
        numbers = "".join(f'<span class="number">{each.marker}</span>' for each in own if turn.citations)
        page = f'<span class="page">{escape(strings["page"].format(number=passage.page))}</span>'
        opened = " open" if own or (not spans and rank < 3) else ""
        yield (
            f'<details class="source{kind if own else ""}"{opened}><summary>{numbers}'
            f'<bdi class="title">{escape(passage.title)}</bdi>{_badge_html(passage.language, strings)}'
            f"{page if passage.page else ''}</summary>"
            f'<p class="passage" {_language_attributes(passage.language)}>{_marked(turn, passage, own)}</p>'
            f'<p class="path"><bdi dir="ltr">{escape(passage.source)}</bdi></p></details>'
        )


def _marked(turn: Turn, passage: Passage, citations: Sequence[Citation]) -> str:
    """The passage's text with a <mark> on each cited span, the target of its marker's link."""
    html, position = "", 0
    for citation in sorted(citations, key=lambda each: each.start):
        start = max(citation.start - passage.start, position)
        end = max(min(citation.end - passage.start, len(passage.text)), start)
        html += escape(passage.text[position:start])
        html += f'<mark id="source-{turn.number}-{citation.marker}" tabindex="-1">'
        html += f"{escape(passage.text[start:end])}</mark>"
        position = end
    return html + escape(passage.text[position:])
