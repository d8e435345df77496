"""Answer measures: an answer's text against the gold answers, by the rules of the gold's language.

English: SQuAD v1.1 (Rajpurkar et al. 2016) and v2.0 (2018). Chinese: by character, and CMRC 2018 (Cui et al.
2019) beside it. Arabic: SQuAD's rules over words without vowel signs, with one form of every letter, without
the article. chrF: Popovic 2015.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from index.analyzers import ARABIC_LETTERS, FOREIGN_DIGIT, UNSEEN

Gold = Mapping[str, Sequence[str]]
"""Language of the passage -> accepted answers as they stand in passages of that language."""

_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ENGLISH_ARTICLES = re.compile(r"\b(a|an|the)\b")
_ARABIC_ARTICLE = re.compile(r"\bال(?=\w{2})")
_CMRC_PUNCTUATION = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_CMRC_HAN = re.compile("[\u4e00-\u9fa5]")
_CMRC_WORD = re.compile(r"\w+(?:[.,']\w+)*|[^\w\s]")


# -- exact match and F1 -----------------------------------------------------------------------------------
def score_tokens(text: str, language: str) -> list[str]:
    """The tokens that exact match and F1 compare: words, or characters for Chinese.

    English, and any other language with spaces, by SQuAD: lower case, no ASCII punctuation, no a, an, the.
    """
    if language == "zh":
        kept = unicodedata.normalize("NFKC", text).lower()
        return [character for character in kept if unicodedata.category(character)[0] not in "PZCS"]
    if language == "ar":
        return _arabic_words(text)
    return _ENGLISH_ARTICLES.sub(" ", text.lower().translate(_ASCII_PUNCTUATION)).split()


def exact_match(prediction: str, gold: str, language: str) -> float:
    """1 if both have the same tokens, else 0. Two empty texts match (SQuAD v2.0)."""
    return float(score_tokens(prediction, language) == score_tokens(gold, language))


def f1(prediction: str, gold: str, language: str) -> float:
    """Harmonic mean of precision and recall of the tokens as bags. An empty side: 1 if both are (v2.0)."""
    given, wanted = score_tokens(prediction, language), score_tokens(gold, language)
    if not given or not wanted:
        return float(given == wanted)
    return _f1(sum((Counter(given) & Counter(wanted)).values()), len(given), len(wanted))


def best_over_gold(measure: Callable[[str, str, str], float], prediction: str, gold: Gold) -> float:
    """The best of a measure over all gold answers, each by its own language's rules; 0 without gold."""
    scores = [measure(prediction, text, language) for language, texts in gold.items() for text in texts]
    return max(scores, default=0.0)


# -- CMRC 2018 --------------------------------------------------------------------------------------------
def cmrc_f1(prediction: str, gold: str) -> float:
    """CMRC 2018's F1: the longest common run of characters (and Latin words) against both lengths."""
    given, wanted = _cmrc_segments(prediction), _cmrc_segments(gold)
    return _f1(_longest_common_run(given, wanted), len(given), len(wanted))


def cmrc_exact_match(prediction: str, gold: str) -> float:
    """CMRC 2018's exact match: equal after lower case and without its list of punctuation."""
    return float(_cmrc_plain(prediction) == _cmrc_plain(gold))


def _cmrc_plain(text: str) -> str:
    return "".join(character for character in text.lower().strip() if character not in _CMRC_PUNCTUATION)


def _cmrc_segments(text: str) -> list[str]:
    """Chinese characters one by one, what stands between them cut into words, the listed punctuation gone."""
    segments: list[str] = []
    run = ""
    for character in _cmrc_plain(text):
        if _CMRC_HAN.match(character):
            segments += [*_CMRC_WORD.findall(run), character]
            run = ""
        else:
            run += character
    return segments + _CMRC_WORD.findall(run)


def _longest_common_run(left: Sequence[str], right: Sequence[str]) -> int:
    longest, previous = 0, [0] * (len(right) + 1)
    for one in left:
        current = [0] * (len(right) + 1)
        for place, other in enumerate(right, start=1):
            if one == other:
                current[place] = previous[place - 1] + 1
                longest = max(longest, current[place])
        previous = current
    return longest


# -- containment ------------------------------------------------------------------------------------------
def contains(text: str, gold: str, language: str) -> bool:
    """Whether a text states a gold answer, after the normalisation of its language.

    A gold answer that begins or ends with a digit or a Latin letter must not go on in the text with
    another: 5 is not in 1995, nor US in bus. An answer that is nothing but punctuation is in no text.
    """
    wanted = _joined(gold, language)
    if not wanted:
        return False
    before = _no_neighbour(wanted[0], "(?<!{})")
    after = _no_neighbour(wanted[-1], "(?!{})")
    return re.search(before + re.escape(wanted) + after, _joined(text, language)) is not None


def contains_gold(text: str, gold: Gold) -> bool:
    """Whether a text states any gold answer."""
    return any(contains(text, answer, language) for language, answers in gold.items() for answer in answers)


def _joined(text: str, language: str) -> str:
    return ("" if language == "zh" else " ").join(score_tokens(text, language))


def _no_neighbour(character: str, form: str) -> str:
    for kind in ("[0-9]", "[a-z]"):
        if re.match(kind, character):
            return form.format(kind)
    return ""


# -- chrF -------------------------------------------------------------------------------------------------
def chrf(prediction: str, gold: str, order: int = 6, beta: float = 2.0) -> float:
    """chrF2: F-score of character n-grams, n = 1 to order, white space left out, recall weighted beta times.

    Precision and recall are averaged over the n that both texts are long enough for. A fraction of 1.
    """
    precisions, recalls = [], []
    given, wanted = "".join(prediction.split()), "".join(gold.split())
    for n in range(1, order + 1):
        found, expected = _ngrams(given, n), _ngrams(wanted, n)
        if found and expected:
            common = sum((found & expected).values())
            precisions.append(common / found.total())
            recalls.append(common / expected.total())
    if not precisions:
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    if not precision + recall:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def _ngrams(text: str, n: int) -> Counter[str]:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))


# -- shared -----------------------------------------------------------------------------------------------
def _arabic_words(text: str) -> list[str]:
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", text)).lower().translate(ARABIC_LETTERS)
    plain = FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.digit(digit[0])), plain)
    plain = "".join(" " if unicodedata.category(c)[0] in "PSZC" else c for c in _joined_numbers(plain))
    return _ARABIC_ARTICLE.sub("", plain).split()


def _joined_numbers(text: str) -> str:
    """A number's own separators taken out, so that it stays one word: 1,200 is 1200."""
    return re.sub(r"(?<=\d)[.,٫٬](?=\d)", "", text)


def _f1(common: int, given: int, wanted: int) -> float:
    return 2 * common / (given + wanted) if common else 0.0


def languages_of(gold: Gold, languages: Iterable[str]) -> dict[str, Sequence[str]]:
    """The gold answers of some languages only."""
    wanted = set(languages)
    return {language: answers for language, answers in gold.items() if language in wanted}
