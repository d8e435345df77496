"""Fit what the checker knows of an embedder: the constants of qa/similarity.py (qa/checking.json).

    python -m qa.training.fit_checking ../shared/data/train [--pairs 520]

Sentences of parallel paragraphs are translations of each other. Fitted on them: the mean token of each
language; how high the best cosine of a word is where the other sentence says it, against that of words put
in its place (a logistic curve for each pair of languages); and the direction in which names lie, from the
capitals of English, the tags of Chinese and the Arabic words that sound like an English name beside them.
Inside one language there is nothing parallel to fit on: SAME_LANGUAGE was chosen on the dev half of
benchmarks/support_pairs.jsonl. Prints the share of translations and of other sentences of the same article
that reach the mean credit which qa/checking.py asks for.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.sentences import split_sentences
from index.embedder import Embedding, SentenceTransformerEmbedder
from index.transliteration import name_terms
from index.vectors import Vectors
from qa.checking import LIKELY_TRANSLATION
from qa.plain_text import plain
from qa.similarity import CONSTANTS
from qa.wording import Word, capitalised, words

_LANGUAGES = ("en", "zh", "ar")
SAME_LANGUAGE = (20.0, 0.5)
"""Slope and middle of the credit curve inside one language."""

_REPLACED = 2
_RIDGE = 0.003
_LATIN_NAME = re.compile(r"\b[A-Z][a-z]{3,}")
_LATIN_WORD = re.compile(r"\b[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, its translation, and the sentence with some words replaced; kept: false for those."""

    article: int
    languages: tuple[str, str]
    sentence: str
    sentence_words: tuple[Word, ...]
    translation: str
    altered: str
    altered_words: tuple[Word, ...]
    kept: tuple[bool, ...]


def read_parallel(folder: Path) -> list[tuple[int, dict[str, str]]]:
    """(article, language -> raw sentence) of paragraphs that all languages split into as many sentences."""
    articles = {
        language: json.loads((folder / f"xquad.{language}.json").read_text(encoding="utf-8"))["data"]
        for language in _LANGUAGES
    }
    found = []
    for number in range(len(articles["en"])):
        for paragraphs in zip(*(articles[name][number]["paragraphs"] for name in _LANGUAGES), strict=True):
            split = []
            for language, paragraph in zip(_LANGUAGES, paragraphs, strict=True):
                text = paragraph["context"]
                split.append([text[a:b].strip() for a, b in split_sentences(text, language)])
            if len({len(sentences) for sentences in split}) == 1:
                found += [
                    (number, dict(zip(_LANGUAGES, group, strict=True))) for group in zip(*split, strict=True)
                ]
    return found


def make_pairs(parallel: Sequence[tuple[int, dict[str, str]]], count: int) -> list[Pair]:
    """Sentences in both directions of all pairs of languages, with words of other sentences put in."""
    chance = random.Random(1)
    wording = [
        (
            article,
            language,
            plain(text),
            tuple(words(plain(text), language, capitalised(text) if language == "en" else frozenset())),
        )
        for article, group in parallel
        for language, text in group.items()
    ]
    pool = {
        language: [w.text for _, name, _, ws in wording if name == language for w in ws]
        for language in _LANGUAGES
    }
    ordered = [
        (mine[0], (mine[1], theirs[1]), mine[2], mine[3], theirs[2])
        for start in range(0, len(wording), len(_LANGUAGES))
        for mine in wording[start : start + len(_LANGUAGES)]
        for theirs in wording[start : start + len(_LANGUAGES)]
        if mine[1] != theirs[1] and len(mine[3]) > _REPLACED and max(len(mine[2]), len(theirs[2])) < 400
    ]
    pairs = []
    for article, languages, sentence, sentence_words, translation in chance.sample(
        ordered, min(count, len(ordered))
    ):
        chosen = set(chance.sample(range(len(sentence_words)), _REPLACED))
        altered, position = "", 0
        altered_words = []
        for number, word in enumerate(sentence_words):
            text = chance.choice(pool[languages[0]]) if number in chosen else word.text
            altered += sentence[position : word.start]
            altered_words.append(Word(text, len(altered), len(altered) + len(text), word.forms, word.is_name))
            altered, position = altered + text, word.end
        kept = tuple(number not in chosen for number in range(len(sentence_words)))
        pairs.append(
            Pair(
                article, languages, sentence, sentence_words, translation,
                altered + sentence[position:], tuple(altered_words), kept,
            )
        )  # fmt: skip
    return pairs


def fit(
    pairs: Sequence[Pair], parallel: Sequence[tuple[int, dict[str, str]]], embedded: dict[str, Embedding]
) -> dict[str, object]:
    """The constants: means, credit and name."""
    means = {
        language: np.concatenate(
            [embedded[pair.translation].tokens for pair in pairs if pair.languages[1] == language]
        ).mean(axis=0)
        for language in _LANGUAGES
    }
    credit: dict[str, list[float]] = {f"{name}-{name}": list(SAME_LANGUAGE) for name in _LANGUAGES}
    for one in _LANGUAGES:
        for other in _LANGUAGES:
            if one != other:
                credit[f"{one}-{other}"] = _fit_credit(
                    [p for p in pairs if p.languages == (one, other)], embedded, means
                )
    _report(pairs, embedded, means, credit)
    return {
        "means": {language: [round(float(x), 4) for x in mean] for language, mean in means.items()},
        "credit": credit,
        "name": _fit_name(pairs, parallel, embedded, means),
    }


def _centred(tokens: Vectors, mean: Vectors) -> Vectors:
    about = tokens - mean
    return np.asarray(about / np.maximum(np.linalg.norm(about, axis=1, keepdims=True), 1e-9))


def _rows(embedding: Embedding, word: Word) -> NDArray[np.bool_]:
    return (embedding.offsets[:, 0] < word.end) & (embedding.offsets[:, 1] > word.start)


def _best(
    sentence: Embedding, sentence_words: Sequence[Word], other: Embedding, means: Sequence[Vectors]
) -> list[float]:
    cosines = (_centred(sentence.tokens, means[0]) @ _centred(other.tokens, means[1]).T).max(axis=1)
    return [
        float(cosines[rows].mean()) if (rows := _rows(sentence, word)).any() else np.nan
        for word in sentence_words
    ]


def _fit_credit(
    pairs: Sequence[Pair], embedded: dict[str, Embedding], means: dict[str, Vectors]
) -> list[float]:
    """Slope and middle of the logistic curve that tells words said from words put in, weighed equally."""
    values: list[float] = []
    said: list[bool] = []
    for pair in pairs:
        about = [means[language] for language in pair.languages]
        translation = embedded[pair.translation]
        values += _best(embedded[pair.sentence], pair.sentence_words, translation, about)
        said += [True] * len(pair.sentence_words)
        altered = _best(embedded[pair.altered], pair.altered_words, translation, about)
        values += [value for value, kept in zip(altered, pair.kept, strict=True) if not kept]
        said += [False] * (len(pair.kept) - sum(pair.kept))
    known = ~np.isnan(values)
    slope, offset = _logistic(np.array(values)[known, None], np.array(said)[known], 1e-6)
    return [round(float(slope), 3), round(float(-offset / slope), 4)]


def _fit_name(
    pairs: Sequence[Pair],
    parallel: Sequence[tuple[int, dict[str, str]]],
    embedded: dict[str, Embedding],
    means: dict[str, Vectors],
) -> list[float]:
    english = {plain(text): group["en"] for _, group in parallel for text in group.values()}
    vectors, labels = [], []
    for pair in {pair.sentence: pair for pair in pairs}.values():
        language, source = pair.languages[0], english[pair.sentence]
        names, others = (
            {term for word in pattern.findall(source) for term in name_terms(word, "zh")}
            for pattern in (_LATIN_NAME, _LATIN_WORD)
        )
        tokens = _centred(embedded[pair.sentence].tokens, means[language])
        for word in pair.sentence_words:
            is_name = word.is_name
            if language == "ar":
                heard = set(name_terms(word.text, "ar"))
                is_name = bool(heard & names)
                if word.text.isascii() or (not is_name and heard & others):
                    continue
            rows = _rows(embedded[pair.sentence], word)
            if rows.any() and len(word.text) > 1:
                vectors.append(tokens[rows].mean(axis=0))
                labels.append(is_name)
    return [round(float(x), 3) for x in _logistic(np.array(vectors), np.array(labels), _RIDGE)]


def _logistic(features: NDArray[np.floating], labels: NDArray[np.bool_], ridge: float) -> NDArray[np.float64]:
    """Weights and offset of a logistic regression with both classes weighed equally, by Newton's method."""
    rows = np.c_[features, np.ones(len(features))].astype(np.float64)
    weights = np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum())
    penalty = ridge * np.r_[np.ones(rows.shape[1] - 1), 1e-6]
    solution = np.zeros(rows.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-rows @ solution))
        gradient = rows.T @ (weights * (labels - chance)) - penalty * solution
        curvature = (rows * (weights * chance * (1 - chance))[:, None]).T @ rows + np.diag(penalty)
        solution += np.linalg.solve(curvature, gradient)
    return solution


def _report(
    pairs: Sequence[Pair],
    embedded: dict[str, Embedding],
    means: dict[str, Vectors],
    credit: dict[str, list[float]],
) -> None:
    for languages in sorted({pair.languages for pair in pairs}):
        chosen = [pair for pair in pairs if pair.languages == languages]
        slope, middle = credit["-".join(languages)]
        about = [means[language] for language in languages]
        reached: dict[bool, list[bool]] = {True: [], False: []}
        for pair in chosen:
            for other in chosen:
                if other is pair or (other.article == pair.article and other.translation != pair.translation):
                    best = _best(
                        embedded[pair.sentence], pair.sentence_words, embedded[other.translation], about
                    )
                    mean = np.nanmean(1 / (1 + np.exp(-slope * (np.array(best) - middle))))
                    reached[other is pair].append(bool(mean >= LIKELY_TRANSLATION))
        print(
            f"{'-'.join(languages)}: reached by {np.mean(reached[True]):.1%} of translations,"
            f" {np.mean(reached[False]):.1%} of other sentences of the article"
        )


def main() -> None:
    """Fit, and replace the constants of the embedded model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("--pairs", type=int, default=520)
    arguments = parser.parse_args()
    embedder = SentenceTransformerEmbedder("embedded")
    parallel = read_parallel(arguments.train)
    pairs = make_pairs(parallel, arguments.pairs)
    texts = sorted({text for pair in pairs for text in (pair.sentence, pair.translation, pair.altered)})
    embedded = dict(zip(texts, embedder.embed_passages(texts), strict=True))
    fitted = json.loads(CONSTANTS.read_text(encoding="utf-8")) if CONSTANTS.is_file() else {}
    fitted[embedder.fingerprint] = fit(pairs, parallel, embedded)
    CONSTANTS.write_text(json.dumps(fitted) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
