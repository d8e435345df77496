"""Bytes -> text: which encoding a file is in, and one form of Unicode for all that follows."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from corpus.errors import UnreadableSource

# Above this share of characters that could not be decoded a text is refused, not shown with holes.
MAX_BROKEN_SHARE = 0.02
# Control characters that no text holds; more than this share of them means a binary file.
MAX_CONTROL_SHARE = 0.01
# Below this plausibility (see _plausibility) no candidate encoding is believed.
MIN_PLAUSIBILITY = 0.2
# Above it another encoding is believed even where UTF-8 nearly fits.
CLEARLY_PLAUSIBLE = 0.6
# Two candidates closer than this are too close to call by our own score.
CLOSE_CALL = 0.1
SAMPLE_BYTES = 20_000

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_MAGIC = (
    b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x7fELF", b"\x1f\x8b", b"Rar!\x1a",
    b"7z\xbc\xaf", b"SQLite format 3\0", b"OggS\0", b"\xd0\xcf\x11\xe0", b"BZh9", b"\xfd7zXZ",
)  # fmt: skip
# Python codec -> the name we report. The first of two equals wins: Latin text reads the same in both
# Windows code pages, and the Hong Kong supplement of Big5 only differs where cp950 has no character.
_CANDIDATES = {
    "gb18030": "gb18030",
    "cp950": "big5",
    "big5hkscs": "big5",
    "cp1252": "windows-1252",
    "cp1256": "windows-1256",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
# Characters that carry no text: zero-width space, word joiner, BOM, soft hyphen, and the controls of
# bidirectional layout. ZWNJ and ZWJ stay: they change how words are written.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_NEWLINE = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_CONTROL_BYTES = bytes(byte for byte in range(32) if byte not in b"\t\n\r\x0b\x0c\x1b")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and the encoding it came in; the text is normalised (see normalise)."""

    text: str
    encoding: str


def decode(data: bytes) -> Decoded:
    """Find the encoding of a plain text and decode it.

    Tried in turn: byte order marks, UTF-16 when there are control bytes, UTF-8, then the most plausible of
    GB18030, Big5, Windows-1256, Windows-1252 and UTF-16. A share of broken characters up to
    MAX_BROKEN_SHARE is read as U+FFFD.
    Raises UnreadableSource for binary data, for no known encoding and for too many broken characters.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding, encoding)
    if data.startswith(_MAGIC):
        raise UnreadableSource("is no text file, whatever its suffix says: give it its own suffix")
    controls = len(data) - len(data.translate(None, _CONTROL_BYTES))
    if controls > MAX_CONTROL_SHARE * len(data):
        # Controls are what UTF-16 looks like byte by byte, or what any binary file holds.
        codec = _utf16(data)
        if codec is None:
            raise UnreadableSource("is a binary file: convert it to a text file")
        return _decoded(data, codec, codec)
    broken, whole = _utf8_sequences(data)
    if broken == 0:
        return _decoded(data, "utf-8", "utf-8")
    codec = _most_plausible(data, tuple(_CANDIDATES) if len(data) % 2 == 0 else tuple(_CANDIDATES)[:-2])
    if whole > broken:
        # Damaged UTF-8, unless it is short and reads clearly better as something else.
        if codec is None or broken <= MAX_BROKEN_SHARE * whole or _score(data, codec) < CLEARLY_PLAUSIBLE:
            return _decoded(data, "utf-8", "utf-8")
    elif codec is None:
        raise UnreadableSource("is in an encoding that is not recognised: save it as UTF-8")
    return _decoded(data, codec, _CANDIDATES[codec])


def normalise(text: str) -> str:
    """One form of Unicode: \\n for every line end, NFC, no invisible or control characters, no lone
    surrogates. ZWNJ, ZWJ and Arabic marks stay."""
    text = _NEWLINE.sub("\n", text)
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    return unicodedata.normalize("NFC", text)


def _decoded(data: bytes, codec: str, name: str) -> Decoded:
    text = data.decode(codec, errors="replace")
    broken = text.count("\ufffd")
    if broken > MAX_BROKEN_SHARE * len(text):
        raise UnreadableSource(
            f"is mis-encoded: {broken} of {len(text)} characters are broken as {name}: save it as UTF-8"
        )
    return Decoded(normalise(text), name)


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: it reads well, or every other byte is NUL (spaces, line ends)."""
    if len(data) % 2:
        return None
    codec = _most_plausible(data, ("utf-16-le", "utf-16-be"))
    if codec is not None:
        return codec
    high, low = data[1::2].count(0), data[::2].count(0)
    codec = "utf-16-le" if high > low else "utf-16-be"
    if high + low < MAX_CONTROL_SHARE * len(data) or min(high, low) > 0.05 * max(high, low):
        return None
    text = data.decode(codec, errors="replace")
    return codec if len(_CONTROL.findall(text)) <= MAX_CONTROL_SHARE * len(text) else None


def _utf8_sequences(data: bytes) -> tuple[int, int]:
    """How many characters are broken as UTF-8, and how many non-ASCII ones are whole."""
    text = data.decode("utf-8", errors="replace")
    if text.encode("utf-8") == data:
        return 0, len(text)
    broken = text.count("\ufffd")
    return broken, sum(character > "\x7f" for character in text) - broken


def _most_plausible(data: bytes, codecs_to_try: tuple[str, ...]) -> str | None:
    scores = {codec: _score(data, codec) for codec in codecs_to_try}
    best = max(scores, key=lambda codec: scores[codec])
    if scores[best] < MIN_PLAUSIBILITY:
        return None
    text = _read_sample(data, best)
    rivals = [
        codec
        for codec in scores
        if scores[best] - scores[codec] < CLOSE_CALL and _read_sample(data, codec) != text
    ]
    return _second_opinion(data, [best, *rivals]) if rivals else best


def _score(data: bytes, codec: str) -> float:
    return _plausibility(_read_sample(data, codec))


def _read_sample(data: bytes, codec: str) -> str:
    sample = _sample(data, 2 if codec.startswith("utf-16") else 1)
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    return decoder.decode(sample, final=len(data) <= SAMPLE_BYTES)


def _second_opinion(data: bytes, rivals: list[str]) -> str:
    """charset-normalizer's choice among close rivals, or the first of them when it has none."""
    from charset_normalizer import from_bytes

    match = from_bytes(_sample(data, 1), cp_isolation=rivals).best()
    names = {codecs.lookup(codec): codec for codec in rivals}
    return names.get(codecs.lookup(match.encoding), rivals[0]) if match else rivals[0]


def _sample(data: bytes, width: int) -> bytes:
    """A piece that starts with the line of the first non-ASCII byte: what comes before tells nothing."""
    if width == 2:
        return data[:SAMPLE_BYTES]
    first = re.search(rb"[\x80-\xff]", data)
    start = data.rfind(b"\n", 0, first.start()) + 1 if first else 0
    return data[start : start + SAMPLE_BYTES]


@cache
def _frequent_han() -> frozenset[str]:
    """The most frequent characters of modern Chinese, Simplified and Traditional."""
    from opencc import OpenCC

    simplified = (
        "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好"
        "都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法"
        "此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再"
        "平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车"
        "白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题"
        "建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联权往展该领传近留红治决周保达"
        "办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越"
        "史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴切"
        "简繁体测试谢您吗啊医疗数据库编辑来源标题责任"
    )
    return frozenset(simplified + OpenCC("s2t").convert(simplified))


_HAN_MARKS = frozenset("、。《》「」『』【】〈〉…—～·，：；？！（）“”‘’％　＋－／")
_LATIN_MARKS = frozenset("‘’“”–—…€£©®™°·«»§•½¼¾²³×±\u00a0")
_ARABIC_MARKS = frozenset("،؛؟")
_ARABIC_FINAL = frozenset("ةى")
_ARABIC_NEVER_FIRST = frozenset("ةىؤئء")


def _plausibility(text: str) -> float:
    """How much the non-ASCII characters look like Chinese, Arabic or Latin writing; about -2 to 1."""
    total, count = 0.0, 0
    frequent = _frequent_han()
    padded = f" {text} "
    for position, character in enumerate(text, start=1):
        if character < "\x80":
            # ASCII tells nothing, but controls and NULs tell of a wrong width.
            if character < " " and character not in "\t\n\r\x0b\x0c\x1b":
                total, count = total - 2, count + 1
            continue
        count += 1
        total += _character_score(padded[position - 1], character, padded[position + 1], frequent)
    if count:
        return total / count
    return 1.0 if text.strip() else 0.0


def _character_score(before: str, character: str, after: str, frequent: frozenset[str]) -> float:
    if character in frequent:
        # Inside a Latin word it is an accented letter that was taken for half of a Chinese character.
        return -0.5 if _is_ascii_letter(before) and _is_ascii_letter(after) else 1.0
    if "\u4e00" <= character <= "\u9fff":
        return 0.4 if _is_common_han(character) else -0.3
    if character in _ARABIC_MARKS:
        return -1.0 if _is_arabic_letter(before) and _is_arabic_letter(after) else 0.5
    if _is_arabic_letter(character):
        misplaced = (character in _ARABIC_FINAL and _is_arabic_letter(after)) or (
            character in _ARABIC_NEVER_FIRST and not _is_arabic(before)
        )
        foreign = any(neighbour.isalpha() and not _is_arabic(neighbour) for neighbour in (before, after))
        return -1.0 if misplaced or foreign else 0.9
    if _is_arabic(character):
        return 0.5 if _is_arabic(before) else -1.0
    if character in _HAN_MARKS or character in _LATIN_MARKS:
        # A lone mark fits its own script, beside a letter of it or alone between spaces.
        alone = not any(neighbour > "\xa0" for neighbour in (before, after))
        beside_han = any("\u4e00" <= neighbour <= "\u9fff" for neighbour in (before, after))
        return 0.6 if alone or beside_han or character in "‘’“”–—…،\u00a0" else 0.0
    if "\u00c0" <= character <= "\u017f" and character.isalpha():
        if any(neighbour >= "\x80" and neighbour.isalpha() for neighbour in (before, after)):
            return -0.5
        return 0.8 if _is_ascii_letter(before) or _is_ascii_letter(after) else 0.3
    if "\uff00" <= character <= "\uffef" or "\u3040" <= character <= "\u30ff":
        return 0.1
    return -1.0


def _is_common_han(character: str) -> bool:
    """In GB 2312 level 1 or Big5 level 1: the characters that their makers found frequent."""
    for codec, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            if first <= character.encode(codec)[0] <= last:
                return True
        except UnicodeEncodeError:
            continue
    return False


def _is_ascii_letter(character: str) -> bool:
    return character < "\x80" and character.isalpha()


def _is_arabic(character: str) -> bool:
    return "\u0600" <= character <= "\u06ff"


def _is_arabic_letter(character: str) -> bool:
    return _is_arabic(character) and character.isalpha()
