"""The web app over a scripted pipeline: HTTP routes, refusals, headers and the HTML it renders."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app import create_app, serve
from corpus.document import Chunk, Document
from corpus.errors import GeneratorFailed, IndexMissing, InvalidRequest
from corpus.language import detect_language
from index import Hit
from qa.answer import Answer, AnswerEvent, Citation, Event, Sentence, SentenceEvent, SourcesEvent
from web.page import Passage, Turn, _clean, follow, interface_strings, sources_html, turn_html

ENGLISH = "When did the harbour clinic open, and who runs it?"
ARABIC = "متى افتُتحت عيادة الميناء ومن يديرها؟"
CHINESE = "海港诊所什么时候开业？由谁管理？"
UNANSWERED = "How much is a cup of tea in Samarkand?"
HOSTILE = "<img src=x onerror=alert(1)> ![pixel](http://attacker.test/p.png) **bold** {{7*7}} ${alert(2)}"
SLOW, BROKEN, CRASHING = "slow", "broken", "crashing"
EXAMPLES = {"ar": [ARABIC], "en": [ENGLISH], "zh": [CHINESE]}

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
        " وتديرها الطبيبة مارا ليندكفيست (Mara Lindqvist)، وهي طبيبة سفن سابقة.",
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


class ScriptedPipeline:
    """Answers a few questions from a few documents, as qa's pipeline would.

    gate: sentences are held back while it is clear. cancelled: set once a stream saw its cancellation.
    """

    def __init__(self) -> None:
        self._by_id = {document.id: document for document in _DOCUMENTS}
        self.index = SimpleNamespace(document=self._by_id.__getitem__, documents=lambda: _DOCUMENTS)
        self.gate = threading.Event()
        self.gate.set()
        self.cancelled = threading.Event()

    def search(self, question: str, k: int) -> list[Hit]:
        """Every document as one chunk: those that an answer cites first."""
        if not question.strip():
            raise InvalidRequest("the question is empty: ask something")
        if len(question) > 2000:
            raise InvalidRequest(f"the question has {len(question):,} characters: at most 2,000 are read")
        first = {HOSTILE: "bad-1", ARABIC: "ar-1", CHINESE: "zh-1"}.get(question, "en-1")
        ranked = sorted(_DOCUMENTS, key=lambda document: document.id != first)
        return [Hit(_chunk(document), 3.0 - rank) for rank, document in enumerate(ranked[:k])]

    def stream(self, question: str, *, cancelled: Callable[[], bool] | None = None) -> Iterator[Event]:
        hits = tuple(self.search(question, 10))
        yield SourcesEvent(hits)
        if question == BROKEN:
            raise GeneratorFailed("the generator did not answer in 30 s: ask again")
        if question == CRASHING:
            raise RuntimeError("a secret detail")
        if question == SLOW:
            for _ in range(200):
                if cancelled is not None and cancelled():
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

    def ask(self, question: str) -> Answer:
        if question == "no index":
            raise IndexMissing("there is no index at .tricite/index: run `tricite index PATH` first")
        last = list(self.stream(question))[-1]
        assert isinstance(last, AnswerEvent)
        return last.answer


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


async def build_app(pipeline: Any, **options: Any) -> FastAPI:
    """create_app inside a running loop: outside of one Gradio opens loops that it never closes."""
    return create_app(pipeline, examples=EXAMPLES, **options)


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return asyncio.run(build_app(ScriptedPipeline(), allowed_origins=["https://hospital.example"]))


def call(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        # A crash must still be answered: the transport would raise it here instead.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def test_healthz_answers_when_the_pipeline_is_ready(app: FastAPI) -> None:
    response = call(app, "GET", "/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_ask_gives_the_contract_json_with_exact_spans(app: FastAPI) -> None:
    response = call(app, "POST", "/api/ask", json={"question": ARABIC, "history": [], "stream": False})
    body = response.json()
    assert response.status_code == 200
    assert body["question"] == ARABIC
    assert body["language"] == "ar"
    assert body["abstained"] is False
    assert [sentence["kind"] for sentence in body["sentences"]] == ["generated", "notice", "quoted"]
    assert body["id"]
    texts = {document.id: document.text for document in _DOCUMENTS}
    for citation, document_id in zip(body["citations"], ["ar-1", "zh-1"], strict=True):
        assert texts[document_id][citation["start"] : citation["end"]] == citation["quote"]


def test_search_ranks_k_hits_and_names_the_language(app: FastAPI) -> None:
    body = call(app, "POST", "/api/search", json={"question": CHINESE, "k": 2}).json()
    assert body["language"] == "zh"
    assert [(hit["rank"], hit["document_id"]) for hit in body["hits"]] == [(1, "zh-1"), (2, "en-1")]
    assert len(call(app, "POST", "/api/search", json={"question": CHINESE}).json()["hits"]) == 5


@pytest.mark.parametrize(
    ("path", "sent", "status", "message"),
    [
        ("/api/ask", {"json": {"question": "  "}}, 400, "the question is empty: ask something"),
        ("/api/ask", {"json": {"question": "x" * 100_000}}, 400, "the question has 100,000 characters"),
        ("/api/ask", {"json": {"question": "x" * 1_100_000}}, 413, "over 1,000,000 bytes"),
        ("/api/ask", {"json": {}}, 422, "question: Field required"),
        ("/api/ask", {"json": {"question": 7}}, 422, "question: Input should be a valid string"),
        ("/api/ask", {"json": {"question": "x", "steam": True}}, 422, "steam: Extra inputs"),
        ("/api/ask", {"json": {"question": "x", "stream": True}}, 422, "stream: Input should be False"),
        (
            "/api/ask",
            {"json": {"question": "x", "history": [{}]}},
            422,
            "history: List should have at most 0",
        ),
        ("/api/ask", {"json": ["x"]}, 422, "the body: "),
        ("/api/ask", {"content": b'{"question": '}, 422, "the body: "),
        ("/api/ask", {"content": b"question=x"}, 422, "the body: "),
        ("/api/search", {"json": {"question": "x", "k": 0}}, 422, "k: Input should be greater"),
        ("/api/search", {"json": {"question": "x", "k": 101}}, 422, "k: Input should be less"),
        ("/api/ask", {"json": {"question": "no index"}}, 503, "there is no index at .tricite/index"),
        ("/api/ask", {"json": {"question": BROKEN}}, 503, "the generator did not answer in 30 s"),
        ("/gradio_api/upload", {"files": {"files": b"x"}}, 404, "no uploads"),
    ],
)
def test_a_bad_request_is_refused_in_one_clear_line(
    app: FastAPI, path: str, sent: dict[str, Any], status: int, message: str
) -> None:
    headers = {"content-type": "application/json"} if "content" in sent else {}
    response = call(app, "POST", path, headers=headers, **sent)
    assert response.status_code == status
    error = response.json()["error"]
    assert message in error
    assert "\n" not in error
    assert len(error) < 300


def test_json_in_a_plain_text_body_is_refused_so_that_no_foreign_form_can_ask(app: FastAPI) -> None:
    response = call(
        app, "POST", "/api/ask", content=b'{"question": "x"}', headers={"content-type": "text/plain"}
    )
    assert response.status_code == 422


def test_a_body_of_unknown_length_is_refused(app: FastAPI) -> None:
    async def pieces() -> Any:
        yield b'{"question": "x"}'

    assert call(app, "POST", "/api/ask", content=pieces()).status_code == 411


def test_an_unexpected_error_leaks_nothing(app: FastAPI) -> None:
    response = call(app, "POST", "/api/ask", json={"question": CRASHING})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "try again" in response.json()["error"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/config", "/nothing-here"])
def test_every_answer_carries_the_security_headers(app: FastAPI, path: str) -> None:
    headers = call(app, "GET", path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self';" in policy
    assert "img-src 'self' data: blob:;" in policy
    assert policy.endswith("frame-ancestors 'self' https://hospital.example")
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/healthz", "/config"])
def test_only_allowed_origins_may_read_answers(app: FastAPI, path: str) -> None:
    for origin, allowed in [("https://hospital.example", True), ("https://attacker.test", False)]:
        headers = call(app, "GET", path, headers={"origin": origin, "host": "tricite.example"}).headers
        assert (headers.get("access-control-allow-origin") == origin) is allowed
        assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "origin", ["hospital.example", "https://a.example/x", "https://a; script-src *", "*"]
)
def test_an_origin_that_is_none_is_refused(origin: str) -> None:
    with pytest.raises(InvalidRequest, match="not an origin"):
        create_app(ScriptedPipeline(), allowed_origins=[origin])  # type: ignore[arg-type]


def test_serving_on_a_taken_port_says_so() -> None:
    pipeline: Any = ScriptedPipeline()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidRequest, match=f"cannot serve on 127.0.0.1 port {port} .*: choose another"):
            serve(pipeline, "127.0.0.1", port)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        ("zh-TW,zh;q=0.9", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh-CN", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("fr-FR,ar", "en"),
        ("../../etc", "en"),
    ],
)
def test_the_interface_speaks_the_browsers_first_language(header: str, code: str) -> None:
    assert interface_strings(header)["code"] == code


def test_all_interface_languages_have_the_same_strings_and_placeholders() -> None:
    tables = [interface_strings(tag) for tag in ("en", "ar", "zh-CN", "zh-TW")]
    for table in tables[1:]:
        assert table.keys() == tables[0].keys()
        for name, text in table.items():
            assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", tables[0][name]), name
    assert len({table["no_sources"] for table in tables}) == 4


# ---- The HTML of a question --------------------------------------------------------------------------


class _Elements(HTMLParser):
    """Every element as (tag, attributes, text directly inside)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self._open: list[int] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        self._open.append(len(self.found) - 1)

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            tag, attributes, text = self.found[self._open[-1]]
            self.found[self._open[-1]] = (tag, attributes, text + data)

    def all(self, tag: str, kind: str = "") -> list[tuple[dict[str, str | None], str]]:
        return [(a, text) for t, a, text in self.found if t == tag and kind in (a.get("class") or "")]


def _rendered(question: str, until: int = 99) -> tuple[_Elements, _Elements, list[Turn]]:
    """The chat and the sources after the first events of a question."""
    pipeline: Any = ScriptedPipeline()
    turn, strings = Turn(1, question), interface_strings("en")
    for count, _ in enumerate(follow(pipeline, turn, threading.Event(), strings["failed"]), start=1):
        if count == until:
            break
    return _Elements(turn_html(turn, strings)), _Elements(sources_html([turn], strings)), [turn]


def test_sources_come_before_the_first_sentence() -> None:
    chat, sources, _ = _rendered(ENGLISH, until=1)
    assert len(sources.all("details", "source")) == 5
    assert sources.all("mark") == []
    assert chat.all("p", "state writing")
    assert chat.all("span", "sentence") == []


def test_each_marker_leads_to_the_exact_sentence_in_its_passage() -> None:
    chat, sources, (turn,) = _rendered(ENGLISH)
    marked = {attributes["id"]: text for attributes, text in sources.all("mark")}
    assert marked == {f"source-1-{citation.marker}": citation.quote for citation in turn.citations}
    links = [(attributes["href"], text) for attributes, text in chat.all("a", "marker")]
    assert links == [("#source-1-1", "[1]"), ("#source-1-1", "[1]"), ("#source-1-2", "[2]")]
    passages = ["".join(parts) for parts in _passage_texts(sources)]
    assert passages[:2] == [_DOCUMENTS[0].text, _DOCUMENTS[1].text]


def _passage_texts(sources: _Elements) -> list[list[str]]:
    """For each passage, its text in order of reading: pieces before, inside and after each mark."""
    texts: list[list[str]] = []
    for tag, attributes, text in sources.found:
        if attributes.get("class") == "passage":
            texts.append([text])
        elif tag == "mark":
            before = texts[-1][-1]
            document = next(each.text for each in _DOCUMENTS if text in each.text)
            cut = document.index(text)
            assert before.startswith(document[:cut])
            texts[-1][-1:] = [before[:cut], text, before[cut:]]
    return texts


def test_each_passage_and_quote_has_its_own_language_and_direction() -> None:
    chat, sources, _ = _rendered(ENGLISH)
    assert [(a["lang"], a["dir"]) for a, _ in sources.all("p", "passage")] == [
        ("en", "ltr"),
        ("ar", "rtl"),
        ("zh-Hans", "ltr"),
        ("zh-Hant", "ltr"),
        ("en", "ltr"),
    ]
    quoted = [a for a, _ in chat.all("p") if "lang" in a]
    assert quoted == [{"lang": "ar", "dir": "rtl"}]
    assert [text for _, text in sources.all("span", "page")] == ["page 1"]


def test_overlapping_and_foreign_spans_are_cut_to_the_passage() -> None:
    passage = Passage("c", "t", "s", "en", None, 100, "abcdefgh")
    spans = [(1, 102, 105), (2, 103, 106), (3, 103, 104), (4, 90, 101), (5, 107, 200)]
    citations = tuple(Citation(n, "d", "c", "s", "t", "en", start, end, "q") for n, start, end in spans)
    turn = Turn(3, "q", "done", (passage,), (), citations)
    html = sources_html([turn], interface_strings("en"))
    marks = {a["id"]: text for a, text in _Elements(html).all("mark")}
    assert marks == {
        "source-3-1": "cde",
        "source-3-2": "f",
        "source-3-3": "",
        "source-3-4": "a",
        "source-3-5": "h",
    }
    assert re.sub("<[^>]+>", "", html.split("passage")[1].split("</p>")[0]).endswith("abcdefgh")


def test_earlier_questions_keep_their_own_sources() -> None:
    _, _, (first,) = _rendered(ENGLISH)
    _, _, (second,) = _rendered(ARABIC)
    second.number = 2
    sources = _Elements(sources_html([first, second], interface_strings("en")))
    assert [("open" in a, a["id"]) for a, _ in sources.all("details", "found")] == [
        (True, "sources-2"),
        (False, "sources-1"),
    ]
    ids = [a["id"] for a, _ in sources.all("mark")]
    assert sorted(map(str, ids)) == ["source-1-1", "source-1-2", "source-2-1", "source-2-2"]


def test_what_the_system_says_beside_a_quote_is_no_abstention() -> None:
    chat, _, _ = _rendered(ARABIC)
    assert [text for _, text in chat.all("p", "remark")] == ["يقول مصدر بالصينية:"]
    assert chat.all("p", "notice") == []


def test_an_abstention_is_a_notice_with_the_closest_passage_and_no_marker() -> None:
    chat, sources, _ = _rendered(UNANSWERED)
    assert [text for _, text in chat.all("p", "notice")] == ["The documents do not say."]
    assert chat.all("a", "marker") == []
    assert [text for _, text in chat.all("h3")] == ["The closest passages"]
    assert [text for _, text in sources.all("mark")] == ["Boats moor at its door."]
    assert sources.all("span", "number") == []


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (BROKEN, "the generator did not answer in 30 s: ask again"),
        (CRASHING, "Something went wrong. Please ask again; the server's log has the details."),
        ("", "the question is empty: ask something"),
    ],
)
def test_a_problem_is_one_line_and_the_evidence_stays(question: str, message: str) -> None:
    chat, sources, _ = _rendered(question)
    assert [text for _, text in chat.all("p", "problem")] == [message]
    assert chat.all("p", "state") == []
    assert len(sources.all("details", "source")) == (5 if question else 0)


def test_a_cancelled_answer_says_so() -> None:
    pipeline: Any = ScriptedPipeline()
    cancelled = threading.Event()
    cancelled.set()
    turn = Turn(1, SLOW)
    assert [each.state for each in follow(pipeline, turn, cancelled, "")][-1] == "stopped"
    assert _Elements(turn_html(turn, interface_strings("en"))).all("p", "state stopped")


def test_nothing_untrusted_becomes_markup() -> None:
    chat, sources, _ = _rendered(HOSTILE)
    allowed = {"class", "dir", "id", "lang", "href", "open", "tabindex", "aria-label"}
    for page in (chat, sources):
        for tag, attributes, _ in page.found:
            assert tag not in ("script", "img", "iframe", "style", "object", "svg", "form")
            assert set(attributes) <= allowed
            assert attributes.get("href", "#source-").startswith("#source-")  # type: ignore[union-attr]
    assert chat.all("p", "question")[0][1] == HOSTILE
    assert chat.all("span", "sentence")[0][1].strip() == PAYLOAD
    assert sources.all("bdi", "title")[0][1] == PAYLOAD


def test_what_escaping_should_have_caught_is_cleaned_away() -> None:
    html = f'<p onclick="x()" style="color:red">{PAYLOAD}<a href="//attacker.test">y</a><svg/></p>'
    page = _Elements(_clean(html))
    assert {tag for tag, _, _ in page.found} == {"p", "a"}
    assert [attributes for _, attributes, _ in page.found] == [{}, {}, {}]
    assert "hacked = true" not in _clean("<script>hacked = true</script>")


@pytest.mark.parametrize("language", ['"><script>alert(1)</script>', "en onload=x", "ar"])
def test_a_language_tag_from_a_file_is_only_ever_an_attribute(language: str) -> None:
    turn = Turn(1, "q", "done", (Passage("c", "t", "s", language, None, 0, "text"),))
    page = _Elements(sources_html([turn], interface_strings("en")))
    ((attributes, _),) = page.all("p", "passage")
    assert attributes["lang"] == language
    assert set(attributes) == {"class", "lang", "dir"}
