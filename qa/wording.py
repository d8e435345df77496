"""The words of a sentence that carry meaning, its names, and where a source has them, by form or by sound.

Texts are in the form of qa.plain_text.plain().
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from index.analyzers import terms
from index.transliteration import name_terms


def _listed(words_listed: str) -> frozenset[str]:
    return frozenset(words_listed.split())


_FUNCTION_WORDS = _listed(
    "的 了 是 在 和 与 有 及 其 也 都 就 为 由 被 将 把 对 从 到 于 而 则 以 之 所 着 过 这 那 该 "
    "此 个 位 名 人 可以 能 会 要 说 共 等 里 中 上 下 它 他 她 其中 一 还 又 不得 不能 不会 没有 "
    "不可以 无法 不是 未能 不许 不可 并未 不 才 并 已 已经 目前 现在 如今 进行 通过 according "
    "document documents also one more most about while wherea although though becaus howev but "
    "both other"
)
_NAME_TAGS = ("nr", "ns", "nt", "nz", "nrt", "nrfg")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[a-z]*\d+(?:-?[a-z]+\d*)+|[a-z]+-?\d+[a-z]*")
_CAPITALISED = re.compile(r"[A-ZÀ-Þ][\w’'-]*")
_ENCLITIC = re.compile("(?:ها|هم|هن|هما|ه|ات|ون|ين|ان|وا|ا|ت|يه|ي)$")


@dataclass(frozen=True, slots=True)
class Word:
    """A word that carries meaning, text[start:end] of the plain text; forms: what it is found by."""

    text: str
    start: int
    end: int
    forms: frozenset[str]
    is_name: bool
    is_noun: bool = False  # these two are known in Chinese alone
    is_verb: bool = False


@lru_cache(maxsize=256)
def words(text: str, language: str, names: frozenset[str] = frozenset()) -> tuple[Word, ...]:
    """The words of a plain text that carry meaning; numbers are left to qa.quantities."""
    if language == "zh":
        return tuple(_chinese_words(text, names))
    found = []
    for match in _WORD.finditer(text):
        forms = frozenset(terms(match[0], language)) - _FUNCTION_WORDS
        if forms:
            is_name = match[0] in names or (language != "en" and match[0][0].isascii() and len(match[0]) > 1)
            extra = _arabic_forms(forms) if language == "ar" else frozenset()
            found.append(Word(match[0], *match.span(), forms | extra, is_name))
    return tuple(found)


@lru_cache(maxsize=256)
def _tagged(text: str) -> tuple[tuple[str, str], ...]:
    import rjieba

    return tuple(rjieba.tag(text))


def _chinese_words(text: str, names: frozenset[str]) -> list[Word]:
    found, position = [], 0
    for word, tag in _tagged(text):
        start = text.find(word, position)
        if start < 0:
            continue
        position = start + len(word)
        if not any(map(str.isalpha, word)) or word in _FUNCTION_WORDS or tag[0] in "mupcrxyqd":
            continue
        is_name = len(word) > 1 and (tag in _NAME_TAGS or word in names or word[0].isascii())
        found.append(Word(word, start, position, frozenset((word,)), is_name, tag[0] in "nt", tag[0] == "v"))
    return found


def _arabic_forms(forms: frozenset[str]) -> frozenset[str]:
    """The forms without their endings and without ب ف ك ل و before them: لهند, مستشفاها."""
    bare = {_ENCLITIC.sub("", form) for form in forms}
    cut = {form[1:] for form in forms if form[0] in "بفكلو"}
    return frozenset(form for form in bare | cut if len(form) >= 3)


def capitalised(text: str) -> frozenset[str]:
    """The names of an English text in small letters: its capitals, not by place alone."""
    found = set()
    matches = list(_CAPITALISED.finditer(text))
    for match, following in zip(matches, [*matches[1:], None], strict=False):
        before = text[: match.start()].rstrip(" \"'“‘(")
        starts = (not before or before[-1] in ".!?:;。！？：\n") and not _TITLE.search(before)
        joined = following is not None and text[match.end() : following.start()] == " "
        if not starts or joined or any(map(str.isupper, match[0][1:])):
            name = match[0].casefold().replace("’", "'")
            found |= {name, name.removesuffix("'s")}
    return frozenset(found)


def names_of(sentence: str, source: str) -> frozenset[str]:
    """The names of an English sentence: its capitals; those that begin it where the source has them so."""
    written = {match[0].casefold().replace("’", "'") for match in _CAPITALISED.finditer(sentence)}
    return capitalised(sentence) | (capitalised(source) & written)


_TITLE = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|Mt|No)\.$")


def places(word: Word, source: str, source_words: Sequence[Word], language: str) -> list[int]:
    """The offsets in a source of the same language at which a word stands, in any of its forms."""
    if language == "zh":
        return [match.start() for match in re.finditer(re.escape(word.text), source)]
    return [other.start for other in source_words if not word.forms.isdisjoint(other.forms)]


# Consonants that transliterations take for one another; what is not here is dropped.
_CONSONANTS = {
    letter: code
    for code, letters in {
        "P": "bpبپ", "T": "dtتطثدذضظ", "K": "gkqcقكکگغ", "F": "fvفڤ", "L": "lrلر", "M": "mم", "N": "nن",
        "S": "szxjچسصزشژج",
    }.items()
    for letter in letters
}  # fmt: skip
_DIGRAPHS = (
    ("تس", "س"),
    ("تش", "ش"),
    ("دج", "ج"),
    ("ph", "f"),
    ("ch", "s"),
    ("sh", "s"),
    ("zh", "s"),
    ("th", "t"),
    ("kh", "h"),
    ("gh", "k"),
    ("ck", "k"),
)
_SOUNDS_ALIKE = 0.8
_SHORTEST_SOUND = 3


@lru_cache(maxsize=1 << 14)
def _sound(word: str) -> str:
    """The consonants of a name in any of the three scripts, as far as transliteration keeps them apart."""
    if word and word[0] > "\u2e80":
        from pypinyin import lazy_pinyin

        # c and q are s in pinyin; er stands for a final r or l.
        spelled = "".join(syllable.replace("c", "s").replace("q", "s") for syllable in lazy_pinyin(word))
        word = spelled.replace("ng", "n")
    for written, spoken in _DIGRAPHS:
        word = word.replace(written, spoken)
    codes = "".join(_CONSONANTS.get(letter, "") for letter in word)
    return re.sub(r"(.)\1+", r"\1", codes)


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


_HAN_RUN = re.compile("[\u3400-\u9fff]{2,}")


def sounded(name: str, source_terms: frozenset[str]) -> bool:
    """Whether a name stands in a text of another script, whose name_terms are given."""
    return not source_terms.isdisjoint(name_terms(name, "zh"))


def sounds_like(name: str, source: str, source_words: Sequence[Word]) -> bool:
    """Whether anything in a source of another script sounds nearly like a name."""
    sound = _sound(name)
    if len(sound) < _SHORTEST_SOUND:
        return False
    heard = {_sound(word.text) for word in source_words}
    # Three consonants are too few to allow for a difference, or for characters that are no name.
    short = len(sound) == _SHORTEST_SOUND
    begins = tuple(word.text for word in source_words if word.is_name)
    for run in _HAN_RUN.finditer(source):
        for at in range(len(run[0]) - 1):
            if not short or run[0].startswith(begins, at):
                heard |= {_sound(run[0][at : at + length]) for length in (2, 3, 4, 5)}
    return sound in heard or (
        not short and any(len(other) > 2 and _alike(sound, other) >= _SOUNDS_ALIKE for other in heard)
    )
