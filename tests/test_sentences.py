"""Sentence spans: written cases in three languages, mixed text, and what must hold of any text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sentences import split_sentences


def sentences(text: str, language: str = "und") -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, language)]


# In every case "|" stands for a border between sentences (the space around it is part of the text).
ENGLISH = [
    "The tower was built in 1889.| It is 330 m tall.",
    "Is it open?| Yes!| Every day.",
    "Dr. Smith met Mrs. Jones at 5 p.m. on Friday.| They left together.",
    "It closed at 5 p.m.| The staff went home.",
    "Costs rose 6.5% to $1.5 million.| Profits fell.",
    "See e.g. Fig. 3 and Sec. 4, i.e. the second part.| It is short.",
    "He moved to the U.S. Army in 1990.| She stayed.",
    "He lives in the U.S.| His brother does not.",
    "Apple Inc. announced a phone.| Shares rose.",
    "She works for Acme Inc.| It is a small firm.",
    "The study by J. R. Speakman et al. was large.| It took years.",
    "John F. Kennedy was elected.| He won narrowly.",
    "Visit example.com or https://example.com/a.b?c=d!e now.| Then write.",
    "“Stop!” he said.| Then he ran.",
    'She said "I am leaving."| Nobody answered.',
    "It ended (nobody knows why?) in May.| The rest is known.",
    "(It rained all day.)| We stayed inside.",
    "No. 5 won on Jan. 3 and again in Dec. 2020.| No. 7 lost.",
    "I said no.| Then I left.",
    "Wait... what did he say?| I did not hear.",
    "It was over...| Nobody spoke.",
    "Steps: 1. Open the box. |2. Take the part out.",
    "iPhone sales fell.| eBay sales rose.",
    "The result was clear.[1][2]| Others disagreed.[13]",
    "Apples vs. Oranges is old.| Read it.",
    "He scored 12.| She scored 9.",
    "Version 2.0.1 is out!| Get it at v2.example.org.",
    "The band Yahoo! played on.| It was loud.",
    "Was it J. Doe?!| Maybe.",
    "He holds a Ph.D. in physics.| She has an M.D.| Both teach.",
    "St. Louis is on the river.| Mt. Fuji is not.",
    "The cat sat.| Sundays are quiet.",
    "The theory of J. A. Hobson is old.| It is known.",
    "He came to . . . submit cheerfully.| They listened.",
    "She smiled (it was over.)| Then she left.",
    "World War I.| The war ended.",
    "**Bold ends here.**| Plain starts here.",
]

CHINESE = [
    "今天天气很好。|我们去公园吧！|你去吗？",
    "他说：“你好。”|然后走了。",
    "她问：「你是誰？」|沒有人回答。",
    "（本报讯）记者昨日获悉。|详情如下。",
    "他走了。|（完。）|她来了。",
    "你知道吗?|我不知道!|真的。",
    "价格是6.5元。|涨了3.2%。",
    "他……不知道。|她知道。",
    "这件事情已经过去很多年了……|没有人再提起。",
    "我买了苹果；他买了梨。",
    "第一条规定了所有成员在会议期间应当遵守的基本纪律；|第二条规定了违反纪律的处理办法。",
    "电影《你好，李焕英！》很受欢迎。|票房很高。",
    "他（真的吗？）走了。|她没有走。",
    "“快跑！”|他喊道。",
    "“什么！”，他说，“不可能。”",
    "什么？！|这不可能。",
    "公司网站是example.com。|请访问。",
    "会议于2019年5月1日召开。|共有300人参加。",
    "iPhone 15 Pro 发布了。|售价是 7999 元。",
    "真好啊～！|下次再来。",
    "他说。”|后来呢？",
    "他叫张三.|他是学生.|他很高.",
    "面积约1,234.5平方公里。|人口不详。",
    "根据《合同法》第10条，合同成立。|双方签字。",
    "【公告】本店今日休息。|明天照常营业。",
    "天氣很好。|我們去臺北車站。|你呢？",
    "谁赢了？[1]|是红队。[2]",
    '他说:"我不去。"|大家都笑了。',
    "一、准备材料。|二、提交申请。",
]

ARABIC = [
    "بني البرج عام 1889.| يبلغ ارتفاعه 330 مترا.",
    "هل هو مفتوح؟| نعم!| كل يوم.",
    "قال د. أحمد إن النتيجة جيدة.| ثم خرج.",
    "التقى أ.د. محمد الطلاب.| كان اللقاء قصيرا.",
    "العنوان ص.ب. 123 الرياض.| الهاتف أدناه.",
    "بلغت النسبة 6.5 في المئة.| ثم انخفضت.",
    "بلغت النسبة ٦٫٥ في المئة.| ثم ارتفعت إلى ٧.٢ لاحقا.",
    "ولد عام 1420 هـ.| وتوفي شابا.",
    "كان ذلك عام 500 ق.م.| ثم تغير كل شيء.",
    "سأل: «من أنت؟»| لم يجب أحد.",
    "قال: «أنا هنا.»| ثم سكت.",
    'قال "لن أذهب."| وبقي في البيت.',
    "اشترى تفاحا؛ وباع برتقالا.",
    "نصت المادة الأولى على حق جميع الأعضاء في حضور الاجتماعات والتصويت فيها؛|"
    " ونصت المادة الثانية على واجباتهم.",
    "ماذا؟!| هذا غير معقول.",
    "ذهب إلى البيت.|ثم عاد إلى العمل.",
    "هل وصلت؟|نعم وصلت.",
    "زر الموقع example.com اليوم.| ثم اكتب لنا.",
    "انتظر... ماذا قال؟| لم أسمع.",
    "لا أعرف ماذا أقول...| ربما غدا.",
    "حضر (هل كان وحده؟) مبكرا.| ثم غادر.",
    "1. افتح الصندوق. |2. أخرج القطعة.",
    "أ. الخيار الأول",
    "انتهى الأمر.[1]| لم يعترض أحد.",
    "تأسست شركة Apple Inc. في كاليفورنيا.| وهي كبيرة.",
    "صدر إصدار 2.0.1 أمس!| حمله الآن.",
    "كتب J. R. Smith التقرير.| نشر لاحقا.",
    "كَتَبَ الوَلَدُ الدَّرْسَ.| ثُمَّ نَامَ.",
    "يا له من يوم!| لن أنساه.",
    "عدد السكان 5 ملايين.| المساحة صغيرة.",
    "قال الوزير: «سنفعل».| ثم انصرف.",
]

MIXED = [
    "他引用了一句话：The law is clear.| It applies to all.|这句话很有名。",
    "这是第一句。|This is an English sentence.|这是第三句。",
    "Yahoo!是一家公司。|它在美国。",
    "Why are you here?|因为我喜欢。",
    "The word 你好。| means hello.",
    "يسمى هذا machine learning.| وهو مفيد.",
    "The motto «نعم نستطيع!»| was heard.| It spread.",
    "Сначала он пришёл.| Потом ушёл.",
    "А. С. Пушкин родился в Москве.| Он писал стихи.",
    "वह आया।| फिर वह गया।",
    "وہ آیا۔| پھر وہ گیا۔",
]

OTHER_LANGUAGES = [
    ("de", "Er kam am 3. Mai an.| Sie blieb."),
    ("de", "Das gilt z.B. Kindern und bzw. Eltern.| Ende."),
    ("fr", "M. Dupont est venu.| Il est parti."),
    ("es", "El Sr. Pérez llegó.| ¿Quién es?| ¡Nadie!"),
]

LINES = [
    # Headings, list items, tables and fences end with their line.
    "## What is it? A short guide\n|It is a thing. |It works.",
    "# Title\n|Text under it. |More.",
    "Groceries:\n|- milk\n|- eggs and\n|* bread\n|1. pay\n|2. leave",
    # A blank line always ends a sentence, whatever stands before it.
    "no terminator here\n\n|next paragraph",
    "no terminator here\r\n\r\n|next paragraph",
    # Wrapped prose goes on in the next line.
    "The committee met in the large hall of the old town house and\n"
    "decided that the works should begin before the end of the year.\n|"
    "Nobody was against it, though some had asked for delays and Dr.\n"
    "Jones had stayed at home.",
    "اجتمعت اللجنة في القاعة الكبرى في مبنى البلدية القديم وقررت أن\n"
    "تبدأ الأعمال قبل نهاية العام الحالي مهما كانت الظروف. |ولم يعترض\nأحد.",
    # Short lines, and all Chinese lines, end at the newline.
    "Name\n|Address\n|Telephone",
    "第一行没有标点\n|第二行也没有标点",
    "春眠不觉晓，处处闻啼鸟，夜来风雨声，花落知多少，这一行足够长了而且没有句号也没有别的标点符号结束它\n"
    "|白日依山尽，黄河入海流，欲穷千里目，更上一层楼，这一行也足够长了而且没有句号也没有别的标点符号结束",
    # A long title is not a wrapped line: the next word would have fitted.
    "A report on the state of the harbour and its boats\n"
    "|The harbour is in a good state, the boats are not, and the report says why at length.",
    # A subscript that extraction has put on its own line.
    "It burns in compressed O\n2. |This raises the pressure of CO\n2 in the room.",
    "Vitamin B\n|12 of them",
    # A list item goes on in an indented line.
    "- The first item is long enough to need a second line of text and\n  goes on here.\n|- The second.",
]


def check(case: str, language: str = "und") -> None:
    expected = [part.strip() for part in case.split("|")]
    assert sentences(case.replace("|", ""), language) == expected


@pytest.mark.parametrize("case", ENGLISH)
def test_english(case: str) -> None:
    check(case, "en")
    check(case)


@pytest.mark.parametrize("case", CHINESE)
def test_chinese(case: str) -> None:
    check(case, "zh")
    check(case)


@pytest.mark.parametrize("case", ARABIC)
def test_arabic(case: str) -> None:
    check(case, "ar")
    check(case)


@pytest.mark.parametrize("case", MIXED)
@pytest.mark.parametrize("language", ["en", "zh", "ar"])
def test_the_script_around_a_mark_decides(case: str, language: str) -> None:
    check(case, language)


@pytest.mark.parametrize(("language", "case"), OTHER_LANGUAGES)
def test_other_languages_bring_their_abbreviations(language: str, case: str) -> None:
    check(case, language)


@pytest.mark.parametrize("case", LINES)
def test_lines(case: str) -> None:
    check(case)


def test_table_rows_are_sentences() -> None:
    assert sentences("| a | b |\n| 1 | 2 |") == ["| a | b |", "| 1 | 2 |"]


@pytest.mark.parametrize("text", ["", " \n\t\u3000\n"])
def test_nothing_gives_nothing(text: str) -> None:
    assert split_sentences(text) == []


@pytest.mark.parametrize("text", ["...", "?!", "。", "؟", ")", "* * *"])
def test_punctuation_alone_is_kept(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "word " * 400,
        "一二三四五六七，" * 200,
        "一二三四五六七," * 200,
        "字" * 2000,
        "كلمة طويلة، " * 150,
        "clause of words, " * 100 + "end.",
    ],
)
def test_long_runs_are_cut_at_commas_or_spaces(text: str) -> None:
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(100 <= len(sentence) <= 600 for sentence in found)
    for sentence in found[:-1]:
        if "，" in text or "،" in text or "," in text:
            assert sentence[-1] in "，،,"
        elif " " in text:
            assert sentence.endswith("word")


def test_a_long_sentence_without_a_comma_stays_whole_up_to_600() -> None:
    text = ("word " * 100).strip() + "."
    assert sentences(text) == [text]


PIECES = [
    *"。！？；，、.!?;,:…؟،؛\"'“”「」『』（）()《》[]«»*_#-|`~ \n\t\u3000",
    *[
        "\r\n",
        "\n\n",
        "\n# ",
        "\n- ",
        "\n1. ",
        "\u2028",
        "...",
        "……",
        "[1]",
        "Dr.",
        "U.S.",
        "e.g.",
        "6.5",
        "2.",
    ],
    *[
        "word",
        "Word",
        "iPhone",
        "example.com",
        "中文",
        "今天天气很好",
        "台灣",
        "كلمة",
        "د.",
        "ثم",
        "слово",
        "🙂",
        "\u0301",
    ],
    *["a line of english words that is long enough to wrap", "\ufeff", "\u200f", "\ud800", "\x1c"],
]


@settings(max_examples=250, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.text(max_size=200)))
def test_spans_hold_every_character_but_whitespace(text: str) -> None:
    position = 0
    for start, end in split_sentences(text):
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        assert end - start <= 600
        position = end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    "unit",
    [
        "The tower was built in 1889, they say. Is it tall? Yes.\n",
        "Dr. Smith of the U.S. Army said e.g. this. ",
        "今天天气很好，我们去公园吧。你去吗？",
        "ذهب د. أحمد إلى البيت، ثم عاد. هل وصل؟ ",
        # Marks that end nothing must not be looked at again and again.
        ". ",
        "a.b.",
        '."x',
        "e.g.中",
        "(a. ",
        "((([[[",
        "a\n",
        "字",
        "word ",
        "*.*",
    ],
)
def test_time_grows_with_length_only(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    split_sentences(text)
    assert time.process_time() - started < 3
