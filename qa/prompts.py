"""Question and numbered evidence -> Prompt: a completion for base models, messages for chat models.

Documents and questions are data. Before they enter a prompt they become one line without anything that
a model or our own reading of its output takes for structure: markers, labels, special tokens, fences.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.sentences import split_sentences
from qa.markers import without_markers
from qa.prompt_texts import CROSS_EXAMPLES, EXAMPLES, INSTRUCTIONS, LABELS

__all__ = ["NO_ANSWER", "Evidence", "Prompt", "Role", "build_prompt", "completion_prefix", "token_bound"]

Role = Literal["system", "user", "assistant"]

NO_ANSWER = "NO_ANSWER"
"""What a chat model is told to reply when the evidence does not answer the question."""

_EVIDENCE_TOKENS = 180
_QUESTION_TOKENS = 70
_FULL_STOPS = ".。．!！?？؟۔"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One numbered passage (a sentence or a few) that an answer may cite as [marker].

    language: "ar", "zh", "en", ... of the text, which need not be the question's.
    """

    marker: int
    text: str
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a generator is asked, in both forms; it takes the one it understands.

    completion: text for a base model to go on from, by one line (stop at the line break). It holds the
    first passage only: a small base model mixes up several, and cites the last one whatever it says.
    messages: (role, text) pairs for a chat model, with all passages.
    markers: numbers of the evidence in the messages (what the budget dropped is missing).
    """

    completion: str
    messages: tuple[tuple[Role, str], ...]
    markers: tuple[int, ...] = ()


def token_bound(text: str) -> int:
    """More tokens than common tokenizers make of a text, without one: from its UTF-8 bytes.

    English words take three bytes a token or more, digits and marks often a token each, and other scripts
    two bytes a token or more.
    """
    wordy = sum(1 for character in text if character.isascii() and (character.isalpha() or character == " "))
    marks = sum(1 for character in text if character.isascii()) - wordy
    others = len(text.encode("utf-8", "surrogatepass")) - wordy - marks
    return wordy // 3 + marks + others // 2 + 1


def build_prompt(
    question: str,
    language: str,
    evidence: Sequence[Evidence],
    *,
    count_tokens: Callable[[str], int] = token_bound,
    evidence_tokens: int = _EVIDENCE_TOKENS,
    question_tokens: int = _QUESTION_TOKENS,
) -> Prompt:
    """The prompt for a question about evidence, of which there is some, the most relevant first.

    language: the question's; "ar", "zh" or "zh-Hans", "zh-Hant", all others are instructed in English.
    evidence_tokens: what does not fit is dropped, the least relevant first; only a first passage that
    alone is too long is shortened, to its first sentences if one fits. question_tokens: the completion
    cuts a longer question. The defaults keep what llama.cpp has to read anew (all after
    completion_prefix) under 260 tokens, about 1.3 s on 2 cores.
    """
    if not evidence:
        raise ValueError("a prompt needs evidence; without any there is nothing to ask a generator")
    passages = _within_budget(evidence, count_tokens, evidence_tokens)
    best, plain = passages[0], _plain(question)
    asked = _cut(plain, count_tokens, question_tokens)
    turn = _turn(_tongue(language), best.marker, best.text, asked)
    instruction, question_line = INSTRUCTIONS[_tongue(language)]
    fenced = "".join(
        f"[{passage.marker}] {f'({passage.title}) ' if passage.title else ''}{passage.text}\n"
        for passage in passages
    )
    return Prompt(
        completion=completion_prefix(language, best.language) + turn,
        messages=(
            ("system", instruction.format(no_answer=NO_ANSWER)),
            ("user", f"<passages>\n{fenced}</passages>\n\n{question_line.format(question=plain)}"),
        ),
        markers=tuple(passage.marker for passage in passages),
    )


def completion_prefix(language: str, passage_language: str | None = None) -> str:
    """The worked examples that open every completion about a passage; by default one in the same language.

    Always the same for the same languages, so that a generator which caches reads them only once.
    """
    tongue = _tongue(language)
    crosses = passage_language is not None and _tongue(passage_language)[:2] != tongue[:2]
    space, full_stop = ("", "。") if tongue.startswith("zh") else (" ", ".")
    return "".join(
        f"{_turn(tongue, 1, example.passage, example.question)}{space}{example.answer} [1]{full_stop}\n\n"
        for example in (CROSS_EXAMPLES if crosses else EXAMPLES)[tongue]
    )


def _tongue(language: str) -> str:
    if language.startswith("zh"):
        return "zh-Hant" if language == "zh-Hant" else "zh-Hans"
    return language if language in LABELS else "en"


def _turn(tongue: str, marker: int, passage: str, question: str) -> str:
    labels = LABELS[tongue]
    # The marker also stands where the answer is to have it: a model that copies words copies it as well.
    said = passage.rstrip(_FULL_STOPS)
    return f"[{marker}] {said} [{marker}]{passage[len(said) :]}\n{labels.question}{question}\n{labels.answer}"


# ------------------------------------------------------------------ the budget


def _within_budget(
    evidence: Sequence[Evidence], count_tokens: Callable[[str], int], budget: int
) -> list[Evidence]:
    """The evidence as data, as much of it as fits, in the given order."""
    kept: list[Evidence] = []
    for passage in evidence:
        text = _plain(passage.text)
        cost = count_tokens(f"[{passage.marker}] {text}\n")
        if cost > budget and kept:
            break
        if cost > budget:
            text = _first_sentences(text, passage.language, count_tokens, budget)
        kept.append(Evidence(passage.marker, text, _plain(passage.title), passage.language))
        budget -= cost
    return kept


def _first_sentences(text: str, language: str, count_tokens: Callable[[str], int], budget: int) -> str:
    fitting = [text[:end] for _, end in split_sentences(text, language) if count_tokens(text[:end]) <= budget]
    return fitting[-1] if fitting else _cut(text, count_tokens, budget)


def _cut(text: str, count_tokens: Callable[[str], int], budget: int) -> str:
    """The longest beginning of a text that the budget allows, ending between words where it has spaces."""
    # No tokenizer makes more tokens than bytes: a short text need not be counted.
    if len(text.encode("utf-8", "surrogatepass")) <= budget or count_tokens(text) <= budget:
        return text
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count_tokens(text[:middle]) <= budget else (low, middle)
    space = text.rfind(" ", low // 2, low + 1)
    return text[: space if space > 0 else low].rstrip()


# ------------------------------------------------------------------ text as data

_LABEL = re.compile(
    r"\b(question|answer|system|user|assistant|human|developer|السؤال|سؤال|الجواب|جواب|الإجابة|النظام|المستخدم|المساعد)"
    r"\s*[:：]"
    r"|(问题|問題|答案|回答|系统|系統|用户|用戶|助手|问|問|答)\s*[:：]",
    re.IGNORECASE,
)
# Special tokens ("<eos>", "<|im_start|>", "[INST]") and our own fence: tokenizers read them in any text.
_ANGLE = re.compile(r"[<＜](?=[/\w|｜])")
_OPENED = re.compile(r"[\[［【〔](?=\s*\d)")
_BRACKETED = re.compile(r"\[(/?[A-Z_]{2,})\]")


def _plain(text: str) -> str:
    """A text as one line of data: nothing in it reads as a marker, a label, a special token or a fence."""
    visible = "".join(
        character
        for character in text
        if character.isspace() or character in "\u200c\u200d" or unicodedata.category(character)[0] != "C"
    )
    line = " ".join(visible.split())
    line = _OPENED.sub("(", without_markers(line))  # a marker that was cut off is none either
    line = _BRACKETED.sub(r"(\1)", line)
    line = _ANGLE.sub("< ", line)
    return _LABEL.sub(lambda label: f"{label[1] or label[2]} –", line)
