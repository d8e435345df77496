"""A question that follows up on earlier ones -> a question that stands alone, for retrieval and evidence.

No model is asked: what a question leaves out shows in its words (a pronoun, "And in 2019?", a bare "the
ticket"), and what it leaves out is the topic of the question before. Each language has its own rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from corpus.language import detect_language
from qa.answer import Exchange
from qa.followups import Rules, Topic
from qa.followups import arabic as arabic_rules
from qa.followups import chinese as chinese_rules
from qa.followups import english as english_rules

_RULES: dict[str, Rules] = {
    "ar": Rules(arabic_rules.topic, arabic_rules.person, arabic_rules.complete),
    "en": Rules(english_rules.topic, english_rules.person, english_rules.complete),
    "zh": Rules(chinese_rules.topic, chinese_rules.person, chinese_rules.complete),
}
_EXCHANGES = 8
_CHARACTERS = 1000
"""The last exchanges that are read, and how much of each question and answer."""


def standalone(question: str, history: Sequence[Exchange]) -> str:
    """The question with what it takes from the conversation put in; itself when it needs nothing.

    history: oldest first. The language is the question's own, the words put in keep theirs: "它是哪一年
    启用的？" after a question about the Lantern room becomes "Lantern in Port Ellery是哪一年启用的？".
    """
    topic: Topic | None = None
    for exchange in history[-_EXCHANGES:]:
        asked = exchange.question.strip()[:_CHARACTERS]
        topic = _completed(asked, topic, exchange.answer[:_CHARACTERS])[1]
    return _completed(question, topic)[0]


def _completed(question: str, before: Topic | None, answer: str = "") -> tuple[str, Topic]:
    """A question that stands alone, and what it is about."""
    rules = _RULES.get(detect_language(question)[0], _RULES["en"])
    asked, about = question, ""
    if before is not None:
        asked, about = rules.complete(question, before)
    about = about or (rules.topic(asked) if before is None or asked == question else before.text)
    return asked, Topic(asked, about, _person(asked, answer))


def _person(question: str, answer: str) -> str:
    """The person whom an answer names to a question that asks who."""
    if not answer or not any(rules_ask_who(question) for rules_ask_who in _ASKS_WHO):
        return ""
    return _RULES.get(detect_language(answer)[0], _RULES["en"]).person(answer)


_ASKS_WHO = (arabic_rules.asks_who, chinese_rules.asks_who, english_rules.asks_who)
