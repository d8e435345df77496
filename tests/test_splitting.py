"""Chunks: what must hold of any document, and where the borders fall in written ones."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Chunk, Document
from corpus.errors import InvalidRequest
from corpus.splitting import Splitter


def document(text: str, language: str = "en", title: str = "", script: str = "Zyyy") -> Document:
    return Document(id="d1", text=text, language=language, title=title, source="d1.md", script=script)


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def pairs(texts: Sequence[str]) -> list[int]:
    """One token for two characters of a text, the odd one alone: sentences alone count less than joined."""
    return [len(text.encode("utf-8", "surrogatepass")) // 2 for text in texts]


COUNTERS = [words, characters, pairs]
SENTENCE = "One two three four five six seven eight nine ten."


def texts(chunks: list[Chunk]) -> list[str]:
    return [chunk.text for chunk in chunks]


PIECES = [
    *[
        "今天天气很好。",
        "我们去公园吧！",
        "台灣的首都是臺北，人口很多",
        "ذهب الولد إلى البيت. ",
        "هل وصل؟ ",
        "The boy went home. ",
    ],
    *[
        "Is it far? ",
        "word ",
        "字",
        "كلمة ",
        "...",
        "\n",
        "\n\n",
        "\n# Heading\n",
        "\n## Section one\n",
        "\n```\n",
        "  ",
        "\r\n",
    ],
    *[
        "\n- item one",
        "x" * 90,
        "e\u0301" * 30,
        "🙂",
        "\ufeff",
        "\ud800",
        "a long run of words without any end " * 20,
    ],
]


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.text(max_size=100)),
    max_tokens=st.integers(4, 120),
    overlap=st.integers(0, 2),
    count_tokens=st.sampled_from(COUNTERS),
)
def test_what_holds_of_any_document(text: str, max_tokens: int, overlap: int, count_tokens) -> None:
    chunks = Splitter(max_tokens=max_tokens, overlap_sentences=overlap).split(document(text), count_tokens)
    position = 0
    for number, chunk in enumerate(chunks):
        assert text[chunk.start : chunk.end] == chunk.text == chunk.text.strip() != ""
        assert count_tokens([chunk.text])[0] <= max_tokens
        assert not text[position : chunk.start].strip()  # nothing is left out
        assert chunk.end > position  # every chunk brings something new
        if number and not overlap:
            assert chunk.start >= position
        position = chunk.end
    assert not text[position:].strip()
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    if text.strip() and count_tokens([text.strip()])[0] <= max_tokens:
        assert texts(chunks) == [text.strip()]


def test_the_default_budget() -> None:
    assert Splitter() == Splitter(max_tokens=320, overlap_sentences=1)
    assert Splitter().version


@pytest.mark.parametrize("setting", [{"max_tokens": 0}, {"overlap_sentences": -1}])
def test_settings_that_cannot_be_served(setting: dict[str, int]) -> None:
    with pytest.raises(InvalidRequest, match="at least"):
        Splitter(**setting)


@pytest.mark.parametrize("text", ["", " \n\n\t"])
def test_nothing_gives_nothing(text: str) -> None:
    assert Splitter().split(document(text), words) == []


def test_sentences_are_counted_in_one_batch() -> None:
    calls: list[int] = []

    def counting(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return words(texts)

    Splitter(max_tokens=1000).split(document(" ".join([SENTENCE] * 50)), counting)
    assert calls == [50, 1]  # and the document once whole, because it might fit


@pytest.mark.parametrize(("sentences", "budget", "sizes"), [(11, 100, [50, 60]), (21, 100, [70, 70, 70])])
def test_chunks_are_even(sentences: int, budget: int, sizes: list[int]) -> None:
    chunks = Splitter(max_tokens=budget, overlap_sentences=0).split(
        document(" ".join([SENTENCE] * sentences)), words
    )
    assert sorted(words(texts(chunks))) == sizes


def test_a_border_falls_between_paragraphs() -> None:
    first, second = " ".join([SENTENCE] * 4), " ".join([SENTENCE.replace("One", "First")] * 6)
    chunks = Splitter(max_tokens=70).split(document(f"{first}\n\n{second}"), words)
    assert texts(chunks)[-1].endswith(second)
    assert chunks[0].text == first


def test_a_border_falls_before_a_heading_and_never_after_one() -> None:
    body = " ".join([SENTENCE] * 5)
    text = f"# One\n\n{body}\n\n## Two\n\n{body}\n\n## Three\n\n{body}"
    chunks = Splitter(max_tokens=60).split(document(text), words)
    assert texts(chunks) == [f"# One\n\n{body}", f"## Two\n\n{body}", f"## Three\n\n{body}"]
    for budget in range(15, 160, 5):
        for chunk in Splitter(max_tokens=budget).split(document(text), words):
            assert not chunk.text.splitlines()[-1].startswith("#")


def test_the_last_sentence_is_repeated_within_a_section() -> None:
    numbered = [f"Sentence number {number} has exactly these seven words." for number in range(20)]
    chunks = Splitter(max_tokens=50).split(document(" ".join(numbered)), words)
    assert len(chunks) > 2
    for before, after in pairwise(chunks):
        shared = before.text[after.start - before.start :]
        assert shared in numbered
        assert after.text.startswith(shared)


def test_nothing_is_repeated_over_a_heading_or_when_it_is_long() -> None:
    body = " ".join([SENTENCE] * 5)
    chunks = Splitter(max_tokens=60).split(document(f"{body}\n\n# Next\n\n{body}"), words)
    assert texts(chunks) == [body, f"# Next\n\n{body}"]
    long = " ".join([SENTENCE] * 12)  # ten of thirty tokens are more than a quarter
    chunks = Splitter(max_tokens=30).split(document(long), words)
    assert "".join(" ".join(texts(chunks)).split()) == "".join(long.split())


def test_headings_above_a_passage() -> None:
    body = " ".join([SENTENCE] * 5)
    text = f"# Guide\n\n{body}\n\n## Setup ##\n\n{body}\n\n### **Linux**\n\n{body}\n\n## Use\n\n{body}"
    for title, top in (("Guide", "Guide"), ("guide ", "guide"), ("Manual", "Manual > Guide"), ("", "Guide")):
        chunks = Splitter(max_tokens=60).split(document(text, title=title), words)
        assert [chunk.heading for chunk in chunks] == [
            top,
            f"{top} > Setup",
            f"{top} > Setup > Linux",
            f"{top} > Use",
        ]


def test_a_chunk_over_two_sections_has_the_headings_of_both() -> None:
    text = f"# Guide\n\n## One\n\n{SENTENCE}\n\n## Two\n\n{SENTENCE}"
    [chunk] = Splitter().split(document(text, title="Manual"), words)
    assert chunk.heading == "Manual > Guide"


def test_marks_that_are_no_headings() -> None:
    text = f"# Guide\n\n```sh\n# a comment\nls\n```\n\n{SENTENCE} # not this.\n\n#tag\n\n{SENTENCE}"
    chunks = Splitter(max_tokens=14).split(document(text), words)
    assert {chunk.heading for chunk in chunks} == {"Guide"}
    # A fence that is never closed does not hide the headings behind it.
    [chunk] = Splitter().split(document(f"```\n# Guide\n\n{SENTENCE}"), words)
    assert chunk.heading == ""
    chunks = Splitter(max_tokens=12).split(document(f"```\n\n# Guide\n\n{SENTENCE}"), words)
    assert chunks[-1].heading == "Guide"


def test_a_sentence_beyond_the_budget_is_cut_at_word_borders() -> None:
    text = " ".join(f"word{number}" for number in range(100)) + "."
    chunks = Splitter(max_tokens=30).split(document(text), words)
    assert " ".join(texts(chunks)) == text
    assert max(words(texts(chunks))) <= 30
    [*_, last] = Splitter(max_tokens=10).split(document("中" * 95, language="zh"), characters)
    assert 5 <= len(last.text) <= 10


def test_a_character_beyond_the_budget_is_kept() -> None:
    chunks = Splitter(max_tokens=1).split(document("𠀀 𠀁"), pairs)
    assert texts(chunks) == ["𠀀", "𠀁"]


def test_spaces_that_the_tokenizer_counts() -> None:
    text = "One." + " " * 500 + "Two."
    assert texts(Splitter(max_tokens=20).split(document(text), characters)) == ["One.", "Two."]


def test_the_id_is_a_hash_of_content_and_offsets() -> None:
    [chunk] = Splitter().split(document("  Hello there."), words)
    digest = hashlib.sha256()
    for field in (b"d1", b"2", b"14", b"Hello there."):
        digest.update(len(field).to_bytes(8, "big") + field)
    assert chunk.id == digest.hexdigest()[:16]
    assert (chunk.document_id, chunk.start, chunk.end) == ("d1", 2, 14)


@pytest.mark.parametrize(
    ("text", "language", "script", "expected"),
    [
        # The document's language stands wherever the script agrees with it.
        ("Bonjour tout le monde, comment allez-vous ce matin à Paris?", "en", "Latn", ("en", "Latn")),
        ("Hello there", "fr", "Zyyy", ("fr", "Latn")),
        ("مرحبا بالعالم", "fa", "Arab", ("fa", "Arab")),
        ("2019", "ar", "Arab", ("ar", "Arab")),
        ("ẹ kú àárọ̀", "yo", "Zyyy", ("yo", "Latn")),
        # Another script is another language.
        ("今天天气很好，我们去公园。", "en", "Latn", ("zh", "Hans")),
        ("Hello there, friends", "zh", "Hans", ("en", "Latn")),
        # Chinese: a short passage of shared characters says nothing, a long one speaks for itself.
        ("人口多少", "zh", "Hant", ("zh", "Hant")),
        ("這個國家" * 60, "zh", "Hans", ("zh", "Hant")),
        ("這個國家", "zh", "Zyyy", ("zh", "Hant")),
        # Nothing given: what is found.
        ("這個國家", "und", "Zyyy", ("zh", "Hant")),
        ("2019", "und", "Zyyy", ("und", "Zyyy")),
    ],
)
def test_language_of_a_chunk(text: str, language: str, script: str, expected: tuple[str, str]) -> None:
    [chunk] = Splitter().split(document(text, language=language, script=script), words)
    assert (chunk.language, chunk.script) == expected


@pytest.mark.parametrize(
    "unit", [SENTENCE + " ", "今天天气很好，我们去公园吧。", "ذهب الولد إلى البيت البعيد.\n\n", "a\n"]
)
def test_time_for_a_long_document(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    chunks = Splitter().split(document(text), lambda texts: [1 + len(text) // 4 for text in texts])
    assert time.process_time() - started < 4
    assert chunks[-1].end == len(text.rstrip())
