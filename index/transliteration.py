"""Terms that let a name meet itself in another script: Fengtai, 丰台 and فنغتاي.

A word is written in three ways, told apart by the term's first character(s):

- "=fengtai": the Latin word without accents, or the pinyin of two or three Chinese characters;
- "~fnt": its consonants in the classes that Arabic romanisation keeps apart (b=p, f=v, k=g=q, sh=ch=zh);
- "~~FNT": its consonants in the fewer classes that Chinese transliteration keeps apart (d=t, r=l, s=j=sh,
  no h): only from Chinese characters that are used to spell foreign names.

Vowels are dropped, except that a "~" term of two consonants keeps them ("~sUcU", Suzhou, 苏州, سوتشو).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from index.analyzers import ARABIC_STOP_WORDS
from index.chinese import simplified

TRANSLITERATION_VERSION = "1"

SHORTEST_WORD = 4
SHORTEST_SKELETON = 3
LONGEST_JOINED = 6
LONGEST_JOINED_ARABIC = 5
# A longer run of letters is no name.
LONGEST_WORD = 32
LONGEST_SPELLED = 6

WORD = re.compile(
    "(?P<latin>[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+)"
    "|(?P<arabic>[\u0621-\u064a\u0671-\u06d3]+)"
    "|(?P<han>[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)"
)
# What may stand between the parts of one name: Chang'an, Zhong-guan-cun.
NAME_JOINT = re.compile("[ '’-]")
UNSEEN = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\ufeff]+")
# NFD leaves these as they are.
LATIN_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ð": "d"}
)

PINYIN_WORD = re.compile(
    "(?:(?:[bpmfdtnlgkhzcsr]|[zcs]h)(?:a(?:ng|n|i|o)?|e(?:ng|n|i)?|ong|ou|o|u(?:ang|an|ai|a|i|n|o|e)?"
    "|i(?:ang|an|ao|a|e|ng|n|u)?)|[jqx](?:i(?:ang|an|ao|a|e|ng|n|u|ong)?|u(?:an|e|n)?)"
    "|y(?:ang|an|ao|a|e|ing|in|i|ong|ou|u(?:an|e|n)?)|w(?:ang|an|ai|a|eng|en|ei|o|u)|a(?:ng|n|i|o)|e[rn]|ou)+"
)  # fmt: skip

# A rule: a pattern and its consonant code, written as in "~" terms but for v, which is apart from f, and R,
# an r that no vowel follows. A, I and U stand for vowels, a dot for what is not spoken.
Rules = tuple[tuple[str, str], ...]
_SAME: Rules = tuple((letter, letter) for letter in "bdfhjklmnrstv")
_VOWELS: Rules = (("a", "A"), ("[eiy]", "I"), ("[ouw]", "U"))
_HARD: Rules = (("ch", "k"), ("g(?!h)", "k"))
_SOFT: Rules = (("ch(?![rl])", "c"), ("ch", "k"), ("g(?=[eiy])", "j"), ("g(?!h)", "k"))
_ENGLISH: Rules = (
    ("^kn", "n"), ("tch|sch|sh", "c"), ("zh", "j"), ("th", "t"), ("dh", "d"), ("ph", "f"), ("kh", "h"),
    ("gh(?=t|$)", "."), ("gh", "k"), ("ck", "k"), ("ng", "n"), ("t[sz]", "s"), ("d[jg](?=[eiy])", "j"),
    ("st(?=le)", "s"), ("qu?", "k"), ("x", "ks"), ("c(?=[eiy])", "s"), ("c", "k"),
    ("h(?![aeiouy])", "."), ("p", "b"), ("z", "s"), ("r(?![raeiouy])", "R"),
    *_VOWELS, *_SAME,
)  # fmt: skip
_PINYIN: Rules = (
    ("[zcs]h|[qx]", "c"), ("[zc]", "s"), ("ng", "n"), ("g", "k"), ("p", "b"), *_VOWELS, *_SAME,
)  # fmt: skip
_ARABIC: Rules = (
    ("ت?ش|چ", "c"), ("تس|[سصز]", "s"), ("دج", "j"), ("نغ", "n"), ("[بپ]", "b"), ("[فڤ]", "v"), ("[تطث]", "t"),
    ("[دذضظ]", "d"), ("[قكکگغ]", "k"), ("ژ", "j"), ("[هة]$", "A"), ("[هحخ]", "h"), ("ل", "l"),
    ("ر(?![راويىآ])", "R"), ("ر", "r"), ("م", "m"), ("ن", "n"), ("[يئی]", "I"), ("[وؤ]", "U"),
    ("[اىءةعأإآٱ]", "A"),
)  # fmt: skip

ARABIC_WITH_ARTICLE = re.compile("^(?:ف?[بك]?ال|ف?لل)(?=.{3})")
ARABIC_PROCLITIC = re.compile("^[فبكل](?=.{3})")

# Words of one character that no name holds part a run of Chinese.
CHINESE_PARTING = re.compile("[的了是在也就被把这吗呢吧么与]")
# Characters that usually spell foreign names; below, those whose reading is not what they spell.
SPELLING = frozenset(
    "阿埃艾爱安昂奥巴白柏班邦保堡鲍北贝本比彼毕别宾波伯博布查柴昌察楚茨达大代戴黛丹当道得德登邓狄迪底蒂"
    "第丁东都杜敦顿多恩尔耳法凡范方菲费芬丰冯佛夫弗福富伏盖甘冈高戈哥歌格葛根贡古瓜圭哈海罕汉杭豪赫黑"
    "亨洪侯胡华怀惠霍基吉季加佳贾简江杰捷金津京久喀卡开凯坎康考柯科可克肯库夸奎昆廓拉来莱赖兰朗劳勒雷"
    "蕾黎李里理丽历那革澳子彻斐坡利莉连廉良列烈林琳龙隆卢鲁路露伦罗洛吕马玛麦迈曼芒毛梅门蒙孟米密敏明摩莫墨默姆木慕穆"
    "拿娜纳乃奈南内嫩能尼涅宁牛纽农努诺欧帕派潘庞佩彭皮匹平珀普奇齐恰钱强乔切琴琼丘萨塞赛桑瑟森沙莎珊"
    "山尚绍舍申圣盛施什史士舒斯司思丝松苏孙索塔泰坦汤唐陶特滕提汀廷图土托瓦万旺威韦维伟卫魏温文翁沃乌武"
    "伍西希锡席夏香肖谢辛欣兴雄休修许旭逊雅亚扬杨耶叶伊依易因英尤于约云泽增扎詹章珍芝朱兹宗佐祖侬妮姬"
    "妲婷瑞若仁日荣茹润撒热让"
)
SPELLED_OTHERWISE = {"加": "kA", "基": "kI", "金": "kIn", "姬": "kI", "江": "kIn", "白": "bA", "罕": "hA"}
# Places that the dictionary reads as the common word.
READ_OTHERWISE = {"朝阳": ("chao", "yang"), "番禺": ("pan", "yu")}
SPELLED_RUN = re.compile("[" + "".join(sorted(SPELLING)) + "]{2,}")
_FINE = str.maketrans("vR", "fr")
# Chinese leaves out h, and often v and an r that no vowel follows: a term with each, and one without.
_COARSE = [str.maketrans("bfvtdkcjsrlnmRh", f"BF{v}TTKSSSLLNM{final_r}.") for v in "F." for final_r in "L."]
DOUBLED = re.compile(r"([A-Za-z])\1+")
NO_CONSONANT = str.maketrans("", "", "AIU.")


def name_terms(text: str, language: str) -> list[str]:
    """The terms by which the names of a text are found from other scripts, repeated as they occur.

    language: ISO 639-1 code of the text ("und" when unknown). In Arabic and Chinese text every Latin word
    of four letters counts as a name, in others only a capitalised one, or all when nothing is capitalised.
    """
    found: list[str] = []
    text = UNSEEN.sub("", text) if text.isascii() else simplified(UNSEEN.sub("", _composed(text)))
    stands_out = language in ("ar", "zh")
    capitalless = not stands_out and text == text.lower()
    latin: list[str] = []
    arabic: list[str] = []
    end = -1
    for match in WORD.finditer(text):
        adjoining = match.start() == end + 1 and NAME_JOINT.match(text, end) is not None
        end = match.end()
        kind, word = match.lastgroup, match[0]
        after_apostrophe = adjoining and text[match.start() - 1] in "'’"
        if not adjoining or kind != "latin":
            latin.clear()
        if not adjoining or kind != "arabic":
            arabic.clear()
        if kind == "han":
            for run in CHINESE_PARTING.split(word):
                found += _chinese_terms(run)
        elif len(word) > LONGEST_WORD:
            latin.clear()
            arabic.clear()
        elif kind == "arabic":
            found += _arabic_terms(word)
            short = len(word) <= LONGEST_JOINED_ARABIC and word not in ARABIC_STOP_WORDS
            found += _joined(arabic, word if short else "", _arabic_terms)
        else:
            plain = _folded(word)
            capitalised = word[0].isupper()
            if capitalised or stands_out or capitalless:
                found += _latin_terms(plain)
            # In small letters only syllables of pinyin are taken for parts of one name.
            small = stands_out or capitalless or after_apostrophe
            part = capitalised or (small and PINYIN_WORD.fullmatch(plain) is not None)
            found += _joined(latin, plain if part and len(plain) <= LONGEST_JOINED else "", _latin_terms)
    return found


def _joined(before: list[str], word: str, terms_of: Callable[[str], Sequence[str]]) -> Iterator[str]:
    """Terms of the word joined to the one and the two words before it; "" is no part of a name."""
    if not word:
        before.clear()
        return
    before.append(word)
    for length in (2, 3):
        if len(before) >= length:
            yield from terms_of("".join(before[-length:]))
    del before[:-2]


def _composed(text: str) -> str:
    return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=1 << 16)
def _folded(word: str) -> str:
    """The Latin word in small letters without accents."""
    word = unicodedata.normalize("NFD", word.casefold().translate(LATIN_LETTERS))
    return "".join(letter for letter in word if not unicodedata.combining(letter))


@lru_cache(maxsize=1 << 16)
def _latin_terms(word: str) -> tuple[str, ...]:
    if len(word) < SHORTEST_WORD:
        return ()
    readings = [_read(word, _HARD + _ENGLISH), _read(word, _SOFT + _ENGLISH)]
    if PINYIN_WORD.fullmatch(word):
        readings.append(_read(word, _PINYIN))
    return (f"={word}", *_skeletons(readings))


@lru_cache(maxsize=1 << 16)
def _arabic_terms(word: str) -> tuple[str, ...]:
    # و is dropped with the vowels, whether it is "and" or part of the name.
    forms = [word]
    bare = word.removeprefix("و")
    for prefix in (ARABIC_WITH_ARTICLE, ARABIC_PROCLITIC):
        if prefix.match(bare):
            forms.append(prefix.sub("", bare))
            break
    if len(word) < SHORTEST_WORD or word in ARABIC_STOP_WORDS:
        return ()
    # ج is j in most names and g in Egyptian spelling.
    readings = [
        _read(form, (*_ARABIC, ("ج", letter))) for form in forms for letter in ("jk" if "ج" in form else "j")
    ]
    return tuple(_skeletons(readings))


def _chinese_terms(run: str) -> Iterator[str]:
    pairs = [_pair_terms(run[start : start + 2]) for start in range(len(run) - 1)]
    for (first, second, terms), (_, third, _) in pairwise(pairs):
        yield from terms
        yield f"={first}{second}{third}"
        if skeleton := _syllables_term(first, second, third):
            yield skeleton
    if pairs:
        yield from pairs[-1][2]
    for spelled in SPELLED_RUN.findall(run):
        for start in range(len(spelled) - 1):
            for end in range(start + 2, min(start + LONGEST_SPELLED, len(spelled)) + 1):
                if skeleton := _spelled_term(spelled[start:end]):
                    yield skeleton


@lru_cache(maxsize=1 << 17)
def _spelled_term(characters: str) -> str:
    codes = (SPELLED_OTHERWISE.get(one) or _code(_character_pinyin(one)) for one in characters)
    return _coarse("".join(codes), _COARSE[0])


@lru_cache(maxsize=1 << 17)
def _pair_terms(pair: str) -> tuple[str, str, tuple[str, ...]]:
    """The two characters' syllables and their terms."""
    first, second = _pair_pinyin(pair)
    found = (f"={first}{second}", _fine(_code(first) + _code(second)))
    return first, second, tuple(term for term in found if len(term) >= SHORTEST_SKELETON)


@lru_cache(maxsize=1 << 17)
def _syllables_term(first: str, second: str, third: str) -> str:
    return _fine(_code(first) + _code(second) + _code(third))


def _pair_pinyin(pair: str) -> tuple[str, str]:
    """The syllables of two characters: as the dictionary reads the word (重庆), else each by itself."""
    if pair in READ_OTHERWISE:
        return READ_OTHERWISE[pair]
    if pair in _dictionary():
        first, second = _pinyin(pair)
        return first, second
    return _character_pinyin(pair[0]), _character_pinyin(pair[1])


@cache
def _character_pinyin(character: str) -> str:
    return "".join(_pinyin(character))


def _pinyin(text: str) -> list[str]:
    from pypinyin import lazy_pinyin

    # The ü of lü and nü is written u, as when a Latin word loses its accents. A character without a reading
    # stays itself, and is no syllable.
    return [syllable.replace("v", "u") if syllable.isascii() else "" for syllable in lazy_pinyin(text)]


@cache
def _dictionary() -> Any:
    from pypinyin.constants import PHRASES_DICT

    return PHRASES_DICT


@cache
def _code(syllable: str) -> str:
    return _read(syllable, _PINYIN)


def _read(word: str, rules: Rules) -> str:
    """The word in consonant codes, by the first rule that fits at each place; other letters are dropped."""
    codes = []
    for match in _pattern(rules).finditer(word):
        assert match.lastindex is not None
        codes.append(rules[match.lastindex - 1][1])
    return "".join(codes)


@cache
def _pattern(rules: Rules) -> re.Pattern[str]:
    return re.compile("|".join(f"({pattern})" for pattern, _ in rules))


def _skeletons(readings: list[str]) -> list[str]:
    """The distinct "~" and "~~" terms of a word's readings."""
    found: list[str] = []
    for code in readings:
        found.append(_fine(code))
        found += [_coarse(code, table) for table in (_COARSE if "v" in code or "R" in code else _COARSE[:1])]
    return list(dict.fromkeys(filter(None, found)))


def _undoubled(code: str) -> str:
    # Most codes have nothing doubled, and a substitution costs several times a search.
    return DOUBLED.sub(r"\1", code) if DOUBLED.search(code) else code


def _fine(code: str) -> str:
    """The "~" term of some codes, or "": of two consonants alone, only with the vowels around them."""
    code = _undoubled(code).translate(_FINE)
    skeleton = code.translate(NO_CONSONANT)
    if len(skeleton) >= SHORTEST_SKELETON:
        return f"~{skeleton}"
    # An initial alef only bears the vowel.
    return f"~{code.lstrip('A')}" if len(skeleton) == 2 and len(code) > 3 else ""


def _coarse(code: str, table: dict[int, int]) -> str:
    # Chinese writes m before b as n (特朗普).
    skeleton = _undoubled(code).translate(table).replace("MB", "NB")
    # And x as s alone (墨西哥).
    skeleton = _undoubled(skeleton).translate(NO_CONSONANT).replace("KS", "S")
    return f"~~{skeleton}" if len(skeleton) >= SHORTEST_SKELETON else ""
