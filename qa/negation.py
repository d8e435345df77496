"""Negation: does a sentence deny what its source says?

Words of the three languages stand side by side, so that a sentence is compared with a source of another
language in the same way. All texts are in the form of qa.plain_text.plain().
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from corpus.language import detect_language
from qa.finding import Found
from qa.wording import words

# Looks like a negation and is none; blanked before anything is counted.
_NO_NEGATION = re.compile(
    r"\bnot only\b|\bno (?:less|more|fewer|later|sooner|earlier) than\b|\bnothing but\b|\bno\. ?\d"
    r"|\bnot until\b|\bnot\b[^,.;]{0,40}\buntil\b"
    r"|不仅|不但|不只|不光|不同|不过|不断|不久|不少|不到|不足|不超过|不等(?!于)|不得不|不论|不管|无论"
    r"|未来|非常|非洲|除非|无线|无人|无数|无限|没收|不锈|未成年|不幸|不错"
    r"|不动产|不良|沉没|淹没|没落|无疑|差不多|对不起|了不起|不由|不满|不低于|不少于|不高于|能不能|是不是"
    r"|会不会|有没有|可不可以|无非|不外|不时|毫不犹豫|不妨|不料|不禁|不佳|不服从|不利|不适|不当|不明|不便"
    r"|不安|不朽|不公|不顾|不止"
    r"|(?<!\w)[وف]?(?:لا سيما|(?:لا|ما|لم) [يت]?زا?ل\w*|لا بد|لا ت?ي?زيد \w+ ?\w*|لا [يت]تجاوز|لا [يت]قل"
    r"|لا اكثر|لا غير|غير ان\w*)(?!\w)"
    r"|(?<!\w)و?(?:لا|لم|لن|ما)(?!\w)(?=[^.،؛]{0,60} (?:الا(?! ان)|سوي)(?!\w))"
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|neither|nobody|nothing|nowhere|without|cannot)\b|n't\b"
    r"|不|没|未(?!必)|无(?!锡|名)|并非|绝非|勿|禁止"
    r"|(?<!\w)[وف]?(?:لا|لم|لن|ليس|ليست|ليسوا|دون|بدون|غير)(?!\w)|(?<!\w)(?:بلا|[وف]?من دون)(?!\w)"
)
# Says a negation in another way, and may stand against one or by itself.
_IMPLIED = re.compile(
    r"\b(?:free|exempt\w*|closed?|except|until|forbid\w*|forbidden|bann?e?d?|prohibit\w*|refus\w*"
    r"|lack\w*|fail\w*|unable|stop\w*|instead|rather"
    r"|den(?:y|ied)|unless|un[a-z]{4,}|non-?[a-z]+|im(?:possible|mobile)|in(?:direct|finit|correct"
    r"|complete)\w*|disobe\w*|irrational|abolish\w*|avoid\w*|absent|missing|hardly|barely|rarely|last"
    r"|alone|keep|kept)\b"
    r"|免|停止|停业|停开|非|除(?!夕)|才|关闭|关门|闭|拒|缺|失去|避免"
    r"|别再|全部|所有|禁|难以|谢绝|反对|独自|杜绝"
    r"|(?<!\w)[وفبل]*(?:ال)?(?:مجان\w*|مغلق\w*|[يت]غلق|اغلق\w*|اعفا\w*|[يت]عف[يى]|معف\w*|سوي|الا"
    r"|ما عدا|باستثناء|[يت]منع|ممنوع\w*|[يت]?حظر\w*|رفض\w*|[يت]رفض|عدم|توقف\w*"
    r"|بدلا|حتي|نقص\w*|افتقر\w*|خال|خاليه|[يت]?فقد\w*|وحد\w*|صعب\w*|انقطع\w*|نفي|نفت|انكر\w*|اخفا\w*"
    r"|بخلاف|خلافا|ازال\w*|[يت]?تعذر\w*)(?!\w)"
)
_CLAUSE_END = re.compile(
    r"[,;:!?。，；：！？、،؛؟()\n]+ ?|(?<!\d)\. |(?<=\w) (?=(?:but|while|whereas|although|though|because"
    r"|which|who|whose|and)\b)|(?=但|而(?!且)|却|并(?!非|不|未|没)|以及)"
    r"| (?=(?:لكن|ولكن|بينما|اما|حيث|الذي|التي)(?!\w))"
)


@lru_cache(maxsize=256)
def clauses(text: str) -> tuple[tuple[int, int], ...]:
    """The spans of a text's clauses, by punctuation and conjunctions."""
    bounds = [0, *(match.end() for match in _CLAUSE_END.finditer(text)), len(text)]
    return tuple((start, end) for start, end in pairwise(bounds) if text[start:end].strip())


@lru_cache(maxsize=256)
def negations(text: str) -> tuple[tuple[int, int], ...]:
    """Where a text denies something."""
    blanked = _NO_NEGATION.sub(lambda match: "~" * len(match[0]), text)
    return tuple(match.span() for match in _NEGATION.finditer(blanked))


def implied(text: str) -> set[str]:
    """The words of a text that another would put with a negation: closed, free, 免, مجاني."""
    return {match[0] for match in _IMPLIED.finditer(text)}


def denies(stated: str, given: str, found: Sequence[Found], same: bool) -> bool:
    """Whether a negation was added or left out, clause by clause."""
    stated_negations, given_negations = negations(stated), negations(given)
    given_clauses = clauses(given)
    for start, end in clauses(stated):
        own = [first for first, _ in stated_negations if start <= first < end]
        # The source's clauses that this clause speaks of, by the words that its negation bears on.
        bears_on = [one for one in found if (min(own) if own else start) <= one.word.start < end]
        chosen = _chosen(bears_on or [one for one in found if start <= one.word.start < end], given_clauses)
        text = " ".join(given[first:last] for first, last in chosen) if chosen else given
        denied = [
            n for n in given_negations if not chosen or any(first <= n[0] < last for first, last in chosen)
        ]
        # A word that stands in both denies nothing between them; across languages any does.
        also = implied(stated[start:end])
        otherwise = implied(text) - also if same else implied(given) if not also else set()
        if own and not denied and not otherwise:
            return True
        if denied and len(own) == len(denied) + 1 and len(own) % 2 == 0 and not otherwise:
            return True  # "does not cost nothing"
        if own or implied(stated[start:end]) - implied(text):
            continue
        here = {
            place
            for one in found
            if start <= one.word.start < end
            for place in one.places
            if len(one.places) == 1 or any(first <= place < last for first, last in chosen)
        }
        if any(_bears_on(given, last, given_clauses) & here for _, last in given_negations):
            return True
    return False


def _chosen(found: Sequence[Found], given_clauses: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The clauses of the source that hold most of some words."""
    votes = [
        sum(1 / len(one.places) for one in found for place in one.places if first <= place < last)
        for first, last in given_clauses
    ]
    most = max(votes, default=0)
    return [clause for clause, vote in zip(given_clauses, votes, strict=True) if most and vote == most]


def _bears_on(given: str, after: int, given_clauses: Sequence[tuple[int, int]]) -> set[int]:
    """The offsets of the two words that a negation of the source bears on."""
    end = next((last for first, last in given_clauses if first < after <= last), len(given))
    following = words(given[after:end], detect_language(given)[0])[:2]
    return {after + word.start for word in following}
