"""Chinese: 它, 他, 她, 其, 那里, 这种, "那北京呢？", "2019年呢？", "票价是多少？"."""

from __future__ import annotations

import re

from index.chinese import simplified
from qa.followups import Topic

_HAN = "\u3400-\u9fff"
_END = "?？。!！ 　"
_OPENER = re.compile(
    r"(?:那么|然后|还有|另外|而且|以及|再|那(?![里儿边个些种家位座台条次场天年时])|请问)[,，、\s]*"
)
_ASKED = re.compile(
    r"什么时候|什么|多少|多大|多长|多久|多高|多远|多重|多快|几|哪|谁|怎么|怎样|如何|为什么|为何|何时|何地|吗|是否|是不是"
)
# Where what a question is about ends: a copula, an adverb, a question word, a common verb of asking.
_PREDICATE = re.compile(
    r"是|有(?!限)|一共|总共|共(?!同|享)|每|最|现在|目前|今年|去年|今天|平均|大约|可以|可否|能(?!源|力)|会不会|什么|多少|多大|多长"
    r"|多久|多高|多远|多重|几|哪|谁|怎么|怎样|如何|为什么|为何|何时|吗|叫|花了|卖|由|位于|占地|建于|建成|成立|开放|启用|属于"
    r"|全长|需要|要|做了|处理|用了|获得|如今|以前|曾"
)
_PRONOUN = re.compile("(?:它|他|她|牠)们?|(?<![尤极与])其(?![中他余实次])")
_THERE = re.compile("[那这][里儿边]")
_DEMONSTRATIVE = re.compile(
    "[这那](?:个|些|种|家|位|座|台|条|项|所|款|张|场|次|部|本|间|届)|该(?![死当怎如])|此(?![外后前时])"
)
_PERSON = re.compile("[他她]")
_REFERRED_LATEST = 4
"""A pronoun after more characters of content refers to something in the question itself."""

_IMPLICIT_CHARACTERS = 4
_OPENED_CHARACTERS = 10
"""A question of so few characters of its own leaves its topic out; so does a longer one after 那."""

_PROPERTIES = (
    "名字|名称|价格|售价|票价|费用|门票|面积|人口|电话|地址|时间|高度|长度|重量|校长|院长|馆长|船长|队长|主任|园长|创办人|创始人|作者"
    "|主题|校址|口号|负责人|教练|市长|位置|规模|年龄|全票|海拔|首都|特色|目的|原因|结果|主席|会长|所长|经理|总部"
)
_PROPERTY = re.compile(f"的(?:{_PROPERTIES})$")
_DEFINITION = re.compile(
    rf"(?!(?:{_PROPERTIES})(?:是|又|叫)).+?(?:是|又?叫做?|指的是)(?:什么|谁|哪里人|哪种)"
)
_CONTENT = re.compile(f"[{_HAN}A-Za-z0-9０-９]")
_NAMED = re.compile("[A-Za-z0-9０-９「」《》“”‘’『』]")
_PLACES = frozenset(("ns", "nr", "nt", "nz", "nrt", "nrfg"))
_TITLED = re.compile(
    f"(?:院长|校长|馆长|船长|主任|医生|医师|教授|博士|创办人|创始人|负责人|主刀医生|教练|市长|老师)(?:是|为)?([{_HAN}]{{2,3}}?)"
    "(?:教授|博士|医生|医师|说|表示|坐|看|在|指出|认为|[，。、（(])"
)
_FILLER = re.compile("[的了呢是在和与及或也都就为于个位家台张座条种一]")


def asks_who(question: str) -> bool:
    return re.search("[谁誰]|哪位|什么人|什麼人", question) is not None


def person(answer: str) -> str:
    titled = _TITLED.search(simplified(answer))
    return answer[titled.start(1) : titled.end(1)] if titled else ""


def topic(question: str) -> str:
    """What stands before the predicate, or all but the question words where nothing does."""
    text, read = question.strip(_END), simplified(question.strip(_END))
    opener = _OPENER.match(read)
    start = opener.end() if opener else 0
    predicate = _PREDICATE.search(read, start)
    end = predicate.start() if predicate else len(read)
    if end - start < 2:
        return _ASKED.sub("", text[start:]).strip() or text
    owned = _PROPERTY.search(read[start:end])
    return text[start : start + owned.start()] if owned else text[start:end].rstrip("在的，, ")


def complete(question: str, before: Topic) -> tuple[str, str]:
    text = question.strip()
    read = simplified(text)
    opener = _OPENER.match(read)
    start = opener.end() if opener else 0
    rest, read = text[start:], read[start:]
    bare = read.rstrip(_END)
    if bare.endswith("呢") and not _ASKED.search(bare):
        return _other(rest[: len(bare) - 1], before)
    pronoun = _reference(read)
    if pronoun is not None:
        return _with_topic(rest, pronoun, before), ""
    size = len(_CONTENT.findall(_FILLER.sub("", _ASKED.sub("", read))))
    if not size:
        return f"{before.question}{rest}", ""
    limit = _OPENED_CHARACTERS if opener else _IMPLICIT_CHARACTERS
    if size <= limit and _ASKED.search(read) and not _names(read):
        return f"{before.text}{rest}", ""
    return question, ""


def _reference(read: str) -> re.Match[str] | None:
    """The word that points to something before the question."""
    starts = _word_starts(read)
    for pattern in (_PRONOUN, _THERE):
        for match in pattern.finditer(read):
            is_word = match[0] != "他" or match.start() in starts
            if is_word and len(_CONTENT.findall(read[: match.start()])) <= _REFERRED_LATEST:
                return match
    return _DEMONSTRATIVE.match(read)


def _word_starts(read: str) -> set[int]:
    """Where words start: the 他 of 巴吞他尼府 is no word."""
    import rjieba

    starts, place = set(), 0
    for word in rjieba.cut(read):
        starts.add(place)
        place += len(word)
    return starts


def _names(read: str) -> bool:
    """Whether a question names something: a definition asked for, a quotation, a number, a proper name."""
    if _NAMED.search(read) or read.startswith(("什么是", "何谓", "谁是")) or _DEFINITION.match(read):
        return True
    if re.match(f"[{_HAN}]{{2,}}的[{_HAN}]", read):
        return True  # "the length of the eel"
    import rjieba

    return any(tag in _PLACES and len(word) > 1 for word, tag in rjieba.tag(read))


def _with_topic(question: str, pronoun: re.Match[str], before: Topic) -> str:
    about = before.text
    if _PERSON.match(pronoun[0]) and before.person:
        about = f"{before.person}（{about}）" if about else before.person
    if _DEMONSTRATIVE.fullmatch(pronoun[0]):
        return f"{question[: pronoun.start()]}{about}{question[pronoun.start() :]}"
    return (
        f"{question[: pronoun.start()]}{about}{'的' if pronoun[0] == '其' else ''}{question[pronoun.end() :]}"
    )


def _other(fragment: str, before: Topic) -> tuple[str, str]:
    """The question before, asked of something else (那北京呢) or more closely (2019年呢)."""
    asked = before.question.rstrip(_END)
    read = simplified(fragment)
    time = re.fullmatch("[0-9０-９一二三四五六七八九十]+[年月日].*|[去今明前后昨][年天].*", read)
    if not time and before.text and before.text in asked and len(_CONTENT.findall(read)) > 1:
        thing = re.sub("^[在对]", "", fragment)
        return f"{asked.replace(before.text, thing, 1)}？", thing
    return f"{asked}，{fragment}？", ""
