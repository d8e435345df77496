"""Evidence: neighbours that are nearly as good, and what the span reader reads in every sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from corpus.document import Chunk
from index import Query
from qa.evidence import (
    HEADING_CHARACTERS,
    LEAST_READING,
    READ_AT_ONCE,
    READING_WEIGHT,
    WINDOWS,
    EvidenceSentence,
    heading_before,
    read_evidence,
    sureness,
    widened,
)
from qa.reader import Reading, SpanReader, Window, best_span
from qa.span_model import Pair, pack, unpack

TEXT = "The mill closed in 1987. Its owner moved to Porto. The river froze that winter."
SPANS = ((0, 24), (25, 50), (51, 79))
CHUNK = Chunk("c", "d", TEXT, "en", 100, 100 + len(TEXT), "", "")


def sentence(number: int, score: float, chunk: Chunk = CHUNK) -> EvidenceSentence:
    start, end = SPANS[number]
    place = (chunk.start + start, chunk.start + end)
    return EvidenceSentence(chunk, *place, TEXT[start:end], passage=1.0, match=0.5, score=score)


def test_neighbours_within_the_margin_are_one_span() -> None:
    joined = widened([sentence(1, 9.0), sentence(0, 8.5), sentence(2, 1.0)], 1.0)
    assert joined.text == TEXT[: SPANS[1][1]]
    assert (joined.start, joined.end) == (100, 100 + SPANS[1][1])
    assert TEXT[joined.start - CHUNK.start : joined.end - CHUNK.start] == joined.text
    assert joined.score == 9.0


@pytest.mark.parametrize(
    "second",
    [
        sentence(0, 7.5),  # too far behind
        sentence(2, 8.9),  # not beside it
        sentence(1, 8.9, Chunk("o", "other", TEXT, "en", 100, 100 + len(TEXT), "", "")),
    ],
)
def test_others_stand_alone(second: EvidenceSentence) -> None:
    best = sentence(0 if second.start != 100 else 2, 9.0)
    assert widened([best, second], 1.0) is best


def test_best_span_stays_within_its_sentence() -> None:
    offsets = np.array([(0, 3), (4, 7), (8, 11), (12, 15)], dtype=np.int32)
    pair = Pair([0, 1, 2, 3, 4, 5, 6], 2, offsets)
    start = np.array([1.0, 0, 2, 9, 0, 3, 0], dtype=np.float32)
    end = np.array([0.5, 0, 2, 9, 0, 4, 0], dtype=np.float32)
    assert best_span(start, end, pair) == (3, 3, 16.5)
    assert best_span(start, end, pair, (8, 15)) == (5, 5, 5.5)
    assert best_span(start, end, pair, (40, 50))[2] == float("-inf")


class FindsPorto(SpanReader):
    """Finds one word, wherever it stands in a window."""

    def __init__(self) -> None:
        self.read_windows: list[int] = []

    def read(self, question: str, windows: Sequence[Window]) -> list[list[Reading]]:
        self.windows = windows
        self.read_windows.append(len(windows))
        return [
            [
                Reading(window.text.index("Porto"), window.text.index("Porto") + 5, 3.0)
                if "Porto" in window.text[start:end]
                else Reading(start, start, -9.0)
                for start, end in window.sentences
            ]
            for window in windows
        ]


@pytest.mark.parametrize("heading", ["", "Mills > The mill of Tarnow"])
def test_the_reader_sees_the_heading_and_its_answer_stays_in_place(heading: str) -> None:
    chunk = replace(CHUNK, heading=heading)
    reader = FindsPorto()
    read = read_evidence(reader, Query("Where to?", "en"), [sentence(n, 1.0, chunk) for n in range(3)])
    (window,) = reader.windows
    assert window.text == (f"{heading}\n{TEXT}" if heading else TEXT)
    assert [window.text[start:end] for start, end in window.sentences] == [TEXT[a:b] for a, b in SPANS]
    assert {one.text: one.answer for one in read} == {
        one: "Porto" if "Porto" in one else "" for one in (TEXT[a:b] for a, b in SPANS)
    }


@pytest.mark.parametrize("clear", [True, False])
def test_further_passages_are_read_only_where_the_first_two_leave_doubt(clear: bool) -> None:
    others = [replace(CHUNK, id=name, document_id=name, text=TEXT.replace("Its", name)) for name in "abc"]
    evidence = [
        sentence(1, 9.0),
        *(replace(sentence(0, 8.0, one), text=f"{one.id} closed") for one in others),
    ]
    best = replace(evidence[0], score=9.0 + READING_WEIGHT * (3.0 - LEAST_READING))
    reader = FindsPorto()
    read_evidence(reader, Query("Where to?", "en"), evidence, sureness(best, "en") + (-0.1 if clear else 0.1))
    assert reader.read_windows == ([READ_AT_ONCE] if clear else [READ_AT_ONCE, WINDOWS - READ_AT_ONCE])


def test_a_sure_sentence_that_is_not_the_best_leaves_doubt() -> None:
    poor = replace(sentence(1, 30.0), passage=1.0)
    sure = replace(sentence(0, 28.0, replace(CHUNK, id="a", document_id="a")), passage=99.0, text="a closed")
    third = replace(sentence(0, 8.0, replace(CHUNK, id="b", document_id="b")), text="b closed")
    assert sureness(sure, "en") > sureness(poor, "en")
    reader = FindsPorto()
    read_evidence(reader, Query("Where to?", "en"), [poor, sure, third], sureness(sure, "en"))
    assert reader.read_windows == [READ_AT_ONCE, 1]


def test_of_a_long_heading_the_nearest_part_is_shown() -> None:
    assert heading_before("x" * 500 + " > Hours") == "x" * (HEADING_CHARACTERS - 8) + " > Hours\n"


def test_packed_weights_keep_their_values() -> None:
    torch = pytest.importorskip("torch")
    weights = {"matrix": torch.tensor([[0.5, -1.0, 0.01], [0.0, 0.0, 0.0]]), "bias": torch.tensor([3.0, 0.1])}
    packed = pack(weights)
    assert packed["matrix"].dtype == torch.int8
    for name, value in unpack(packed).items():
        assert torch.allclose(value, weights[name], atol=0.005), name


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "text", "wanted"),
    [
        ("When did the mill close?", TEXT, "1987"),
        ("磨坊是哪一年关闭的？", "磨坊于1987年关闭。店主搬到了波尔图。", "1987"),
        ("متى أغلقت المطحنة؟", "أغلقت المطحنة عام 1987. وانتقل صاحبها إلى بورتو.", "1987"),
    ],
)
def test_every_sentence_has_its_reading(question: str, text: str, wanted: str) -> None:
    from corpus.sentences import split_sentences

    spans = tuple(split_sentences(text, "zh" if "。" in text else "ar" if "؟" in question else "en"))
    (readings,) = SpanReader().read(question, [Window(text, spans)])
    assert len(readings) == len(spans)
    for (low, high), reading in zip(spans, readings, strict=True):
        assert low <= reading.start <= reading.end <= high
    best = max(readings, key=lambda reading: reading.score)
    assert wanted in text[best.start : best.end]
    assert best is readings[0]


@pytest.mark.model
def test_windows_are_read_each_for_itself() -> None:
    windows = [Window(text, ((0, len(text)),)) for text in (TEXT, "المطحنة", TEXT * 3, "磨坊于1987年关闭。")]
    reader = SpanReader()
    together = reader.read("When did the mill close?", windows)
    assert together == [reader.read("When did the mill close?", [window])[0] for window in windows]
