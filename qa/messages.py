"""What Tricite itself says, in the language of the question."""

from __future__ import annotations

from corpus.language import language_name

_MESSAGES = {
    "not_found": {
        "en": "The documents do not answer this question.",
        "ar": "لا تجيب الوثائق عن هذا السؤال.",
        "zh-Hans": "文档中没有这个问题的答案。",
        "zh-Hant": "文件中沒有這個問題的答案。",
    },
    "quoted": {
        "en": "The documents say, in {language}:",
        "ar": "تقول الوثائق بـ{language}:",
        "zh-Hans": "文档中以{language}写道：",
        "zh-Hant": "文件中以{language}寫道：",
    },
    "sources_differ": {
        "en": "The documents do not agree on this:",
        "ar": "تختلف الوثائق في ذلك:",
        "zh-Hans": "各文档的说法不一致：",
        "zh-Hant": "各文件的說法不一致：",
    },
    # The reason is in English, and in the log.
    "generator_failed": {
        "en": "The answer could not be written ({reason}). The documents say:",
        "ar": "تعذّرت صياغة الإجابة. تقول الوثائق:",
        "zh-Hans": "未能写出答案。文档中写道：",
        "zh-Hant": "未能寫出答案。文件中寫道：",
    },
}


def message(name: str, language: str, script: str, /, **values: str) -> str:
    """A message in a language (English where there is none). quoted takes language=: an ISO 639-1 code."""
    key = f"zh-{script}" if language == "zh" and script in ("Hans", "Hant") else language
    texts = _MESSAGES[name]
    if key not in texts:
        key = "zh-Hans" if language == "zh" else "en"
    if "language" in values:
        values["language"] = language_name(values["language"], key)
    return texts[key].format(**values)
