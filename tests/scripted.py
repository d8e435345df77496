"""A pipeline that answers a few questions from a few documents, for the tests of the page and the API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from corpus.document import Chunk, Document
from corpus.errors import GeneratorFailed, IndexMissing, InvalidRequest
from corpus.language import detect_language
from index import DocumentSummary, Hit
from qa.answer import Answer, AnswerEvent, Citation, Event, Exchange, Sentence, SentenceEvent, SourcesEvent

ENGLISH = "When did the harbour clinic open, and who runs it?"
ARABIC = "متى افتُتحت عيادة الميناء ومن يديرها؟"
CHINESE = "海港诊所什么时候开业？由谁管理？"
TRADITIONAL = "最後一班渡輪幾點離開？"
UNANSWERED = "How much is a cup of tea in Samarkand?"
HOSTILE = "<img src=x onerror=alert(1)> ![pixel](http://attacker.test/p.png) **bold** {{7*7}} ${alert(2)}"
SLOW, BROKEN, CRASHING = "slow", "broken", "crashing"
EXAMPLES = {"ar": [ARABIC], "en": [ENGLISH], "zh": [CHINESE, TRADITIONAL]}

PAYLOAD = (
    "<script>window.hacked = true</script><img src=x onerror='window.hacked = true'>"
    ' ![p](http://attacker.test/q.png) <a href="javascript:window.hacked=true">x</a> ${window.hacked = true}'
)
_DOCUMENTS = [
    Document(
        "en-1",
        "The town had waited for years. The harbour clinic opened on 4 May 2021 with twelve beds.\n"
        "Its director is Mara Lindqvist, a former ship's doctor. Boats moor at its door.",
        "en",
        "A clinic by the water",
        "articles/clinic.pdf",
        script="Latn",
        pages=(0, 31),
    ),
    Document(
        "ar-1",
        "انتظرت المدينة سنوات طويلة. افتُتحت عيادة الميناء في 4 مايو 2021 وفيها اثنا عشر سريرًا."
        " وتديرها الطبيبة مارا ليندكفيست (Mara Lindqvist)، وهي طبيبة سفن سابقة."
        "\n\n## ساعات العمل\nمن الثامنة إلى الرابعة.",
        "ar",
        "عيادة على الماء",
        "articles/clinic-ar.md",
        script="Arab",
    ),
    Document(
        "zh-1",
        "全城等了好几年。海港诊所于2021年5月4日开业，设有十二张病床。院长是马拉·林德奎斯特，她曾是一名船医。",
        "zh",
        "水边的诊所",
        "articles/clinic-zh.md",
        script="Hans",
    ),
    Document(
        "tw-1",
        "港口的渡輪每天開十二班。最後一班於晚上十點離開。",
        "zh",
        "渡輪時刻",
        "articles/ferry.md",
        script="Hant",
    ),
    Document("bad-1", PAYLOAD + " Tea is sold here.", "en", PAYLOAD, f"{PAYLOAD}.txt", script="Latn"),
]

_SUMMARIES = [
    DocumentSummary(each.id, each.source, each.title, each.language, each.script, len(each.text), 1)
    for each in _DOCUMENTS
]


class ScriptedPipeline:
    """Answers a few questions from a few documents, as qa's pipeline would.

    gate: sentences are held back while it is clear. cancelled: set once a stream saw its cancellation.
    history: what the last question came with.
    """

    def __init__(self) -> None:
        self.index = SimpleNamespace(
            document=_document, documents=lambda: _SUMMARIES, is_current=lambda: True
        )
        self.history: Sequence[Exchange] = ()
        self.gate = threading.Event()
        self.gate.set()
        self.cancelled = threading.Event()

    def search(self, question: str, k: int = 10, *, only: Any = None) -> list[Hit]:
        """Every document as one chunk: those that an answer cites first."""
        if not question.strip():
            raise InvalidRequest("the question is empty: ask something")
        if len(question) > 2000:
            raise InvalidRequest(f"the question has {len(question):,} characters: at most 2,000 are read")
        first = {HOSTILE: "bad-1", ARABIC: "ar-1", CHINESE: "zh-1"}.get(question, "en-1")
        ranked = sorted(_DOCUMENTS, key=lambda document: document.id != first)
        return [Hit(_chunk(document), 3.0 - rank) for rank, document in enumerate(ranked[:k])]

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Exchange] = (),
        only: Any = None,
        cancelled: Callable[[], bool] = bool,
    ) -> Iterator[Event]:
        self.history = history
        hits = tuple(self.search(question, 10))
        yield SourcesEvent(hits)
        if question == BROKEN:
            raise GeneratorFailed("the generator did not answer in 30 s: ask again")
        if question == CRASHING:
            raise RuntimeError("a secret detail")
        if question == SLOW:
            for _ in range(800):
                if cancelled():
                    self.cancelled.set()
                    return
                threading.Event().wait(0.05)
        sentences, citations = _script(question)
        for sentence in sentences:
            assert self.gate.wait(20)
            yield SentenceEvent(
                sentence, tuple(each for each in citations if each.marker in sentence.markers)
            )
        closest = () if citations else (_cite(1, "en-1", "Boats moor at its door."),)
        language = {ARABIC: "ar", CHINESE: "zh"}.get(question, "en")
        yield AnswerEvent(
            Answer(question, language, sentences, citations, hits, abstained=not citations, closest=closest)
        )

    def language(self, question: str) -> str:
        return detect_language(question)[0]

    def ask(self, question: str, *, history: Sequence[Exchange] = (), only: Any = None) -> Answer:
        if question == "no index":
            raise IndexMissing("there is no index at .tricite/index: run `tricite index PATH` first")
        last = list(self.stream(question, history=history))[-1]
        assert isinstance(last, AnswerEvent)
        return last.answer


def _document(document_id: str) -> Document:
    for document in _DOCUMENTS:
        if document.id == document_id:
            return document
    raise InvalidRequest(f"no document {document_id!r} in the index: `tricite status` lists their ids")


def _chunk(document: Document) -> Chunk:
    text, size = document.text, len(document.text)
    return Chunk(f"chunk-{document.id}", document.id, text, document.language, 0, size, "", document.script)


def _cite(marker: int, document_id: str, quote: str) -> Citation:
    document = next(each for each in _DOCUMENTS if each.id == document_id)
    start = document.text.index(quote)
    return Citation(
        marker,
        document.id,
        f"chunk-{document.id}",
        document.source,
        document.title,
        document.language,
        start,
        start + len(quote),
        quote,
        document.page(start),
    )


def _script(question: str) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    opened_en = _cite(1, "en-1", "The harbour clinic opened on 4 May 2021 with twelve beds.")
    runs_ar = "وتديرها الطبيبة مارا ليندكفيست (Mara Lindqvist)، وهي طبيبة سفن سابقة."
    runs_zh = "院长是马拉·林德奎斯特，她曾是一名船医。"
    if question in (ENGLISH, SLOW):
        sentences = (
            Sentence("The harbour clinic opened on 4 May 2021.", "generated", (1,), 0.97),
            Sentence("It has twelve beds, by the water of the old harbour.", "generated", (1,), 0.8),
            Sentence(runs_ar, "quoted", (2,), 1.0),
        )
        return sentences, (opened_en, _cite(2, "ar-1", runs_ar))
    if question == ARABIC:
        opened = _cite(1, "ar-1", "افتُتحت عيادة الميناء في 4 مايو 2021 وفيها اثنا عشر سريرًا.")
        sentences = (
            Sentence("افتُتحت عيادة الميناء في 4 مايو 2021، وفيها 12 سريرًا.", "generated", (1,), 0.95),
            Sentence("يقول مصدر بالصينية:", "notice"),
            Sentence(runs_zh, "quoted", (2,), 1.0),
        )
        return sentences, (opened, _cite(2, "zh-1", runs_zh))
    if question == CHINESE:
        opened = _cite(1, "zh-1", "海港诊所于2021年5月4日开业，设有十二张病床。")
        english = "Its director is Mara Lindqvist, a former ship's doctor."
        sentences = (
            Sentence("海港诊所于2021年5月4日开业。", "generated", (1,), 0.95),
            Sentence("诊所设有十二张病床。", "generated", (1,), 0.95),
            Sentence(english, "quoted", (2,), 1.0),
        )
        return sentences, (opened, _cite(2, "en-1", english))
    if question == HOSTILE:
        quote = "<img src=x onerror='window.hacked = true'>"
        sentences = (
            Sentence(PAYLOAD, "generated", (1,), 0.9),
            Sentence(quote, "quoted", (1,), 1.0),
        )
        return sentences, (_cite(1, "bad-1", quote),)
    return (Sentence("The documents do not say.", "notice"),), ()
