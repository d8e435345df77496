"""Negation and opposites: does a sentence deny what its source says, or say the contrary?

Words of the three languages stand side by side, so that a sentence is compared with a source of another
language in the same way. All texts are in the form of qa.plain_text.plain().
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def clauses(text: str) -> list[tuple[int, int]]:
    """The spans of a text's clauses, by punctuation and conjunctions."""
    bounds = [0, *(match.end() for match in _CLAUSE_END.finditer(text)), len(text)]
    return [(start, end) for start, end in pairwise(bounds) if text[start:end].strip()]


def negations(text: str) -> list[tuple[int, int]]:
    """Where a text denies something."""
    blanked = _NO_NEGATION.sub(lambda match: "~" * len(match[0]), text)
    return [match.span() for match in _NEGATION.finditer(blanked)]


def implied(text: str) -> set[str]:
    """The words of a text that another would put with a negation: closed, free, 免, مجاني."""
    return {match[0] for match in _IMPLIED.finditer(text)}


_OPPOSITES: list[tuple[str, ...]] = [
    (
        r"\b(?:rise[sn]?|rose|rising|increas\w*|grew|grow\w*|climbed)\b|上升|上涨|增加|增长|提高|增至"
        r"|升至|上调|(?<!\w)[وفت]*(?:ارتفع\w*|[يت]رتفع|ارتفاع(?!ه| \d)|زاد\w*|[يت]?زداد\w*|نما|نمت"
        r"|ازداد\w*)(?!\w)",
        r"\b(?:fall[s]?|fell|fallen|falling|declin\w*|decreas\w*|drop(?:s|ped)?|shrank|shrunk|reduc\w*)\b"
        r"|下降|下跌|减少|降低|降至|降到|缩短|缩减|跌|(?<!\w)[وف]*(?:انخف\w*|[يت]نخفض|تراجع\w*|هبط\w*"
        r"|[يت]?خفض\w*|تقلص\w*|تناقص\w*)(?!\w)",
    ),
    (r"\bnorth\w*|北(?!京)|(?<!\w)(?:[وبل]*ال)?شمال\w*", r"\bsouth\w*|南(?!京)|(?<!\w)(?:[وبل]*ال)?جنوب\w*"),
    (r"\beast(?:ern|wards?)?\b|东(?=[部边方侧面翼岸端头]|$)|(?<!\w)(?:[وبل]*ال)?شرق\w*",
    r"\bwest(?:ern|wards?)?\b|西(?=[部边方侧面翼岸端头]|$)|(?<!\w)(?:[وبل]*ال)?غرب(?:ي\w*)?(?!\w)"),
    (r"\b(?:before|ahead|prior)\b|之前|以前|(?<!\w)[وب]?قبل(?!\w)",
    r"\b(?:after|afterwards|later)\b|之后|以后|(?<!\w)[وب]?(?:بعد\w*|عقب)(?!\w)"),
    (
        r"\b(?:support\w*|favou?r\w*|approv\w*)\b|支持|赞成|(?<!\w)[وف]?(?:[يت]?ؤ?ؤيد\w*|ايد\w*"
        r"|[يت]?دعم\w*)(?!\w)",
        r"\b(?:oppos\w*|reject\w*|object\w*)\b|反对|(?<!\w)[وف]?(?:[يت]?عارض\w*|[يت]?رفض\w*)(?!\w)"),
    (r"(?<!un)\bpaid\b(?= \w)|带薪|(?<!\w)مدفوع\w*(?! غير)", r"\bunpaid\b|无薪|غير مدفوع\w*"),
    (
        r"\b(?:more|higher|above|exceed\w*|longer|larger|greater)\b|高于|多于|超过|大于|(?<!\w)(?:اكثر"
        r"|اعلي|اكبر|اطول|فوق)(?!\w)",
        r"\b(?:less|fewer|lower|below|shorter|smaller)\b|低于|少于|不到|不足|小于|(?<!\w)(?:اقل|ادني|اصغر"
        r"|اقصر|تحت|دون)(?!\w)"),
    (r"\bfirst\b|第一|首(?=[次位个届批部])|(?<!\w)[وبل]?(?:ال)?(?:اول|اولي)(?!\w)",
    r"\b(?:last|final)\b|最后|末|(?<!\w)[وبل]?(?:ال)?(?:اخر|اخير\w*)(?!\w)"),
    (r"\b(?:morning|a\.?m)\b|上午|早上|清晨|(?<!\w)(?:ال)?صباح\w*",
    r"\b(?:evening|p\.?m|afternoon)\b|下午|晚上|傍晚|(?<!\w)(?:ال)?(?:مساء\w*)"),
    (r"\b(?:new(?:ly|er|est)?)\b|新(?=[体馆楼校址建])|(?<!\w)(?:ال)?جديد\w*",
    r"\b(?:old|former)\b|旧|(?<!\w)(?:ال)?قديم\w*"),
    (r"\b(?:import\w*)\b|进口|(?<!\w)[وفل]?(?:[يت]?ستورد\w*|استيراد\w*)",
    r"\b(?:export\w*)\b|出口|(?<!\w)[وفل]?(?:[يت]?صدر\w*|تصدير\w*)"),
    (
        r"\b(?:w[io]ns?|won|beat|victor\w*|defeats)\b|赢|获胜|战胜|(?<!\w)[وف]?(?:فاز\w*|[يت]فوز|فوز\w*"
        r"|تغلب\w*)",
        r"\b(?:lose|loses|defeated by|lost (?:the|to|against))\b|输|落败|(?<!\w)[وف]?(?:خسر\w*|[يت]خسر\w*"
        r"|خساره)"),
    (r"\b(?:alone|unaccompanied)\b|独自|单独|(?<!\w)(?:وحد\w*|بمفرد\w*)",
    r"\b(?:accompan\w*|companion\w*)\b|陪同|陪伴|(?<!\w)(?:مرافق\w*|برفق\w*)"),
    (r"\b(?:slow\w*)\b|太慢|很慢|缓慢|更慢|(?<!\w)(?:ال)?(?:بطيء\w*|بطيئ\w*|ببطء)",
    r"\b(?:fast|faster|quick\w*|rapid\w*)\b|太快|很快|快速|更快|(?<!\w)(?:ال)?سريع\w*"),
    (r"\b(?:big|bigger|large|larger)\b|(?<!\w)(?:اكبر|كبير\w*)|比[^,，。]{1,12}大",
    r"\b(?:small|smaller)\b|(?<!\w)(?:اصغر|صغير\w*)|比[^,，。]{1,12}小"),
    (r"\b(?:cheap\w*)\b|便宜|(?<!\w)(?:ال)?(?:ارخص|رخيص\w*)",
    r"\b(?:expensive|dearer)\b|昂贵|更贵|(?<!\w)(?:اغلي|باهظ\w*)"),
    (r"\b(?:easy|easier|easily)\b|容易|(?<!\w)(?:ال)?(?:اسهل|سهل(?!\w))",
    r"\b(?:difficult|harder)\b|困难|很难|(?<!\w)(?:ال)?(?:اصعب|صعب\w*)"),
    (r"\bspring\b|春(?=[天季]|$)|(?<!\w)[وفب]?(?:ال)?ربيع(?!\w)",
    r"\bsummer\b|夏(?=[天季]|$)|(?<!\w)[وفب]?(?:ال)?صيف(?!\w)",
    r"\bautumn\b|秋(?=[天季]|$)|(?<!\w)[وفب]?(?:ال)?خريف(?!\w)",
    r"\bwinter\b|冬(?=[天季]|$)|(?<!\w)[وفب]?(?:ال)?شتاء(?!\w)"),
    (r"\bmothers?\b|母亲|妈妈|(?<!\w)(?:ال)?(?:ام|والده|امه|امها|والدته|والدتها)(?!\w)",
    r"\bfathers?\b|父亲|爸爸|(?<!\w)(?:ال)?(?:اب|والد|ابوه|ابوها|والده|والدها)(?!\w)"),
    (r"\bdaughters?\b|女儿|(?<!\w)(?:ابنته|ابنتها|ابنه)(?!\w)",
    r"\bsons?\b|儿子|(?<!\w)(?:ابن|ابنه|ابنها)(?!\w)"),
    (r"\bwi(?:fe|ves)\b|妻子|(?<!\w)(?:زوجته|زوجه)(?!\w)", r"\bhusbands?\b|丈夫|(?<!\w)(?:زوجها|زوج)(?!\w)"),
]  # fmt: skip
_COMPILED = [[re.compile(pattern) for pattern in patterns] for patterns in _OPPOSITES]


def opposed(sentence: str, source: str) -> bool:
    """Whether a sentence says one of several things that exclude each other, its source another."""
    for patterns in _COMPILED:
        said = {number for number, pattern in enumerate(patterns) if pattern.search(sentence)}
        given = {number for number, pattern in enumerate(patterns) if said and pattern.search(source)}
        if said - given and given - said:
            return True
    return False


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
