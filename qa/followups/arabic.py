"""Arabic: "هو", "فيه", "بنائه", "هناك", "وماذا عن ...؟", "وفي عام 2019؟", "ومتى أقيم؟"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.analyzers import ARABIC_STOP_WORDS, UNSEEN
from qa.followups import Topic

# Not the analyzers' table, which writes ta marbuta as ha: here a final ha is a pronoun.
_LETTERS = str.maketrans("أإآٱى", "ااااي")


def _plain(word: str) -> str:
    return UNSEEN.sub("", word).translate(_LETTERS)


def _plain_set(listed: str) -> frozenset[str]:
    return frozenset(map(_plain, listed.split()))


_WORD = re.compile(r"[\w\u064b-\u0652\u0670\u0640]+(?:[-.٫,][\w\u064b-\u0652]+)*")
_ASKING = _plain_set("ما ماذا من متى أين كيف كم لماذا هل أي أية بكم لمن بماذا بم مم لم علام إلام أيّ")
_COPULAS = _plain_set("هو هي هم كان كانت يكون تكون يوجد توجد")
_FUNCTION = (
    ARABIC_STOP_WORDS | _ASKING | _COPULAS
    | _plain_set("عند لدى حتى منذ بعد قبل حول خلال بين اليوم الآن حاليا حاليًا تقريبا حوالي نحو كل")
    | _plain_set("اللي عدد مرة")
)  # fmt: skip
_PREPOSITION = _plain_set("في على إلى عن من منذ عند لدى حتى مع بين خلال قبل بعد")
_RELATIVE = _plain_set("الذي التي الذين اللذان اللتان اللواتي اللاتي اللي")
_THERE = _plain_set("هناك هنالك هنا ذلك تلك ذاك هذا هذه هؤلاء أولئك")
_PRONOUNS = _plain_set(
    "هو هي هم هن فيه فيها فيهم منه منها منهم عليه عليها عليهم له لها لهم به بها بهم عنه عنها عنهم إليه إليها "
    "إليهم معه معها معهم لديه لديها لديهم عنده عندها عندهم بينهم حوله حولها إياه إياها"
)
# Words of their own that end like a suffix.
_LEXICAL = _plain_set(
    "مياه وجه فواكه اتجاه انتباه شبه فقه تنبيه توجيه ترفيه تشبيه مكروه شوه منتزه متنزه أبله نبيه فقيه كنه "
    "مهم أهم سهم فهم درهم وهم ملهم متهم أسهم ذهن رهن دهن بعضهم معظمهم"
)
_SUFFIX = re.compile("(?:ها|هم|هما|هن|ه)$")
_TIME = re.compile(r"\d|[٠-٩]|(?:^|\s)(?:عام|سنة|العام|شهر|يوم|أمس|غدا|الشهر|الأسبوع|القرن)(?:\s|$)")
_ABOUT = re.compile(r"(?:و?(?:ماذا|ما\s+ذا)\s+(?:عن|بشأن)|و?كذلك|و?أيضا)\s+")
_IMPLICIT_WORDS = 3
"""A question of so few words of its own, "وكم ثمن التذكرة؟", leaves its topic out."""

_POINTED_WORDS = 4
"""In a longer question a pronoun refers to another of its words."""

_PROPERTIES = _plain_set(
    "ثمن سعر تكلفة رسم رسوم عنوان اسم عدد مدير مديرة رئيس رئيسة موعد تاريخ مساحة طول ارتفاع وزن سبب نتيجة "
    "هدف أسعار أسماء نسبة قيمة مدة موقع مكان لون حجم عمر"
)

_TITLED = re.compile(
    r"(?:الطبيبة?|الدكتورة?|الجراحة?|الجرّاحة?|المهندسة?|البروفيسورة?|الأستاذة?|السيدة?|الجدة?|المزارعة?|الشيخة?|الخبازة?"
    r"|ترأسها|يرأسها|يقودها|تقودها|يقوده|تقوده|تقول|يقول|قالت?)\s+((?:[\u0621-\u0652]+)\s+(?:[\u0621-\u0652]+))"
)


@dataclass(frozen=True, slots=True)
class _Word:
    """plain: without vowel signs, letters' variants as one."""

    plain: str
    start: int
    end: int

    @property
    def content(self) -> bool:
        return self.plain not in _FUNCTION


def asks_who(question: str) -> bool:
    return any(word.plain in ("من", "لمن") for word in _words(question)[:2])


def person(answer: str) -> str:
    titled = _TITLED.search(answer)
    return titled[1] if titled else ""


def topic(question: str) -> str:
    """What follows the question word, the counted noun and the verb or the property asked for."""
    words = _words(question)
    place = 0
    while place < len(words) and not words[place].content:
        place += 1
    asked = {word.plain for word in words[:place]}
    rest = words[place:]
    counted = bool(asked & {"كم", "اي", "اية"})
    if counted:
        rest = rest[1:]  # the counted noun
    verb = not (counted and "عدد" in asked)
    if verb and len(rest) > 1 and rest[0].plain not in _PREPOSITION and not rest[0].plain.startswith("ال"):
        rest = rest[1:]  # the verb, or "price" in "price of ..."
    while rest and not rest[0].content:
        rest = rest[1:]
    while rest and not rest[-1].content:
        rest = rest[:-1]
    if not rest:
        rest = [word for word in words if word.content]
    if not rest:
        return ""
    end = rest[-1].end + (question[rest[-1].end : rest[-1].end + 1] in ("»", "”", '"'))
    return _without_preposition(question[rest[0].start : end])


def complete(question: str, before: Topic) -> tuple[str, str]:
    text = question.strip()
    if opener := _ABOUT.match(text):
        return _other(text[opener.end() :], before)
    words, opened = _opened(text)
    if not words:
        return question, ""
    asking = any(word.plain in _ASKING for word in words[:3])
    if opened and not asking:
        return _other(text[words[0].start :], before)
    content = [word for word in words if word.content]
    if not asking and len(content) > 1:
        return question, ""
    if _points(words):
        about = f"{before.person}، {before.text}" if before.person else before.text
        return _appended(text, about), ""
    if not content:
        return f"{before.question} {text}", ""
    few = len(content) <= _IMPLICIT_WORDS
    defined = not opened and len(words) > 1 and words[0].plain in ("ما", "من") and words[1].plain in _COPULAS
    if few and (opened or (_only_spoken_of(content) and not defined)) and not _names(text):
        return _appended(text, before.text), ""
    return question, ""


def _words(text: str) -> list[_Word]:
    return [_Word(_plain(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]


def _opened(text: str) -> tuple[list[_Word], bool]:
    """A question's words without the "و" or "ف" that ties it to what was said; whether there was one."""
    words = _words(text)
    if not words:
        return [], False
    first = words[0]
    tied = first.plain[1:] if first.plain[0] in "وف" else ""
    if tied in _ASKING | _PREPOSITION | _COPULAS or (tied[:1] in ("ب", "ل") and tied[1:3] in ("ال", "كم")):
        return [_Word(tied, first.start + 1, first.end), *words[1:]], True
    return words, False


def _points(words: Sequence[_Word]) -> bool:
    """Whether a word points to something before the question, and not to another of its words."""
    content = [word for word in words if word.content]
    counted = any(word.plain in ("كم", "اي", "اية") for word in words[:2])
    for place, word in enumerate(words):
        if any(one.plain in _RELATIVE for one in words[:place]):
            return False
        earlier = [one for one in words[:place] if one.content]
        last = place == len(words) - 1
        if word.plain in _THERE and (last or len(earlier) <= 2):
            return True
        if word.plain in ("هو", "هي", "هم"):
            if last or words[place - 1].plain == "هل":  # elsewhere it is a copula: "ما هو ...؟"
                return True
        elif word.plain in _PRONOUNS:
            if last or (not counted and len(content) <= _POINTED_WORDS and words[place - 1].plain != "من"):
                return True
        elif word.content and _suffixed(word.plain):
            # "كم قرية يخدمها البرنامج": the suffix is the village's; "تستمد الصوفية أصولها": the subject's.
            resumed = counted and len(earlier) == 1 and not last
            antecedent = any(one.plain.startswith("ال") for one in earlier)
            if not resumed and not antecedent and len(earlier) <= 2:
                return True
    return False


def _suffixed(plain: str) -> bool:
    if plain.startswith("ال") or len(plain) < 4 or plain in _LEXICAL:
        return False
    return _SUFFIX.search(plain) is not None


def _only_spoken_of(content: Sequence[_Word]) -> bool:
    """Whether the words name nothing of their own: a verb, or the property of a definite noun."""
    if len(content) == 2:
        return content[0].plain in _PROPERTIES and content[1].plain.startswith("ال")
    return len(content) == 1


def _names(text: str) -> bool:
    return re.search(r"[«»\"“”A-Za-z0-9٠-٩]", text) is not None


def _without_preposition(phrase: str) -> str:
    first, _, rest = phrase.partition(" ")
    return rest if rest and _plain(first) in _PREPOSITION else phrase


def _appended(question: str, about: str) -> str:
    if not about:
        return question
    text = question.rstrip("?؟ ")
    return f"{text} ({about})؟"


def _other(fragment: str, before: Topic) -> tuple[str, str]:
    """The question before, asked of something else ("وفي متحف الفخار؟") or more closely ("وفي عام 2019؟")."""
    said = fragment.rstrip("?؟ ")
    thing = _without_preposition(said)
    content = [word for word in _words(thing) if word.content]
    asked = before.question.rstrip("?؟ ")
    foreign = len(content) == 1 and not content[0].plain.startswith(("ال", "لل"))
    if (len(content) > 1 or foreign) and not _TIME.search(said) and before.text and before.text in asked:
        return f"{asked.replace(before.text, thing, 1)}؟", thing
    return f"{asked} {said}؟", ""
