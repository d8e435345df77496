"""The checker: what a span supports passes, a changed number, name or negation does not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from index.embedder import HashEmbedder, SentenceTransformerEmbedder
from qa.checking import SUPPORTED, SupportChecker, support
from qa.negation import implied, negations
from qa.opposites import contrary, opposed
from qa.plain_text import plain
from qa.similarity import Matches
from qa.wording import Word, capitalised, names_of, sounds_like, words

SPANS = {
    "en": "The Harbour Clinic treated 4,200 patients in 2021, and its director Anna Berg called it hard.",
    "ar": "عالج مستشفى الميناء ٤٢٠٠ مريض في عام 2021، ووصفت مديرته سلمى حداد ذلك العام بالصعب.",
    "zh": "海港诊所2021年收治了4200名患者，院长王芳称这一年十分艰难。",
}


class NoEncoder:
    """A similarity that must not be asked: words alone decide."""

    def __call__(
        self, sentence: str, sentence_words: Sequence[Word], source: str, pair: tuple[str, str]
    ) -> Matches:
        raise AssertionError(f"nothing of {sentence} is embedded")

    def with_names(self, text: str, text_words: Sequence[Word], language: str) -> list[Word]:
        raise AssertionError(f"nothing of {text} is embedded")


HEADINGS = {"en": "The Harbour Clinic", "ar": "مستشفى الميناء", "zh": "海港诊所"}


@pytest.mark.parametrize(
    ("language", "question", "sentence"),
    [
        (
            "en",
            "How many patients did the Harbour Clinic treat?",
            "The Harbour Clinic treated 4,200 patients.",
        ),
        ("en", "Who is the director?", "The director is Anna Berg."),
        ("ar", "كم مريضا عالج مستشفى الميناء؟", "عالج مستشفى الميناء 4200 مريض."),
        ("ar", "من هي مديرة المستشفى؟", "مديرة المستشفى سلمى حداد."),
        ("zh", "诊所收治了多少患者？", "诊所收治了4200名患者。"),
        ("zh", "院长是谁？", "院长是王芳。"),
    ],
)
def test_supported(language: str, question: str, sentence: str) -> None:
    assert support(sentence, SPANS[language], HEADINGS[language], question) >= SUPPORTED


@pytest.mark.parametrize(
    ("language", "question", "sentence"),
    [
        ("en", "How many patients did it treat?", "The Harbour Clinic treated 4,300 patients."),
        ("en", "How many patients did it treat?", "The Harbour Clinic did not treat 4,200 patients."),
        ("en", "Who is the director?", "The director is Maria Lindqvist."),
        ("en", "Did it treat patients in 2019?", "It treated 4,200 patients in 2019."),
        ("en", "Where is the archive of the clinic?", "The archive is with Anna Berg."),
        ("zh", "诊所的档案室在哪里？", "档案室在王芳那里。"),
        ("en", "Who is the director of the Harbour Clinic?", "The director of the Harbour Clinic."),
        ("ar", "كم مريضا عالج المستشفى؟", "عالج مستشفى الميناء 4300 مريض."),
        ("ar", "كم مريضا عالج المستشفى؟", "لم يعالج مستشفى الميناء 4200 مريض."),
        ("ar", "من هي مديرة المستشفى؟", "مديرة المستشفى ليلى منصور."),
        ("zh", "诊所收治了多少患者？", "诊所收治了4300名患者。"),
        ("zh", "诊所收治了多少患者？", "诊所没有收治4200名患者。"),
        ("zh", "院长是谁？", "院长是李建国。"),
        ("zh", "院长是谁？", "The director is Wang Fang."),
    ],
)
def test_not_supported(language: str, question: str, sentence: str) -> None:
    assert support(sentence, SPANS[language], HEADINGS[language], question) < SUPPORTED


@pytest.mark.parametrize(
    ("sentence", "span"),
    [
        ("The Harbour Clinic treated 4,200 patients in 2021.", SPANS["en"]),
        ("its director Anna Berg called it hard", SPANS["en"]),
        ("According to the documents, the Harbour Clinic treated 4,200 patients.", SPANS["en"]),
        (
            "The choir seats 900 people and was founded by Olga Renn.",
            "The choir was founded by Olga Renn. It seats 900 people.",
        ),
        ("海港診所2021年收治了４２００名患者。", SPANS["zh"]),
        ("图书馆周一闭馆", "图书馆周一闭馆，其余时间开放。"),
        ("لا تعمل العبّارة في الأيام العاصفة.", "تغادر العبّارة الميناء صباحا، ولا تعمل في الأيام العاصفة."),
    ],
)
def test_near_copies_need_no_encoder(sentence: str, span: str) -> None:
    assert support(sentence, span, "", "?", NoEncoder()) >= SUPPORTED


@pytest.mark.parametrize(
    ("sentence", "span"),
    [
        # a number or name with the words of another
        ("Tickets cost 3 crowns for adults.", "Tickets cost 7 crowns for adults and 3 crowns for pupils."),
        ("The depth is 1250 metres.", "The height is 1250 metres, the depth is 40 metres."),
        (
            "Vera Holt left in May 2016.",
            "Dr. Vera Holt spoke; her colleague Pim Dorn shouted and left in May 2016.",
        ),
        ("该厂去年增长12%。", "该厂去年增长8.5%，研发占收入的12%。"),
        # one clause's words given to another's subject
        (
            "The choir plays in Oslo.",
            "The choir sings in Rome every spring, while the orchestra plays in Oslo.",
        ),
        (
            "Sales of cars doubled last year.",
            "Sales of bicycles doubled last year, but sales of cars fell by 8 percent.",
        ),
        ("كتبت منى درويش التقرير.", "كتب المهندس فارس العلي التقرير، وراجعته زميلته منى درويش."),
        # roles
        ("The farmers lent horses to Bray & Sons.", "Bray & Sons lent horses to the farmers."),
        ("李明击败了王强。", "王强击败了李明。"),
        ("اشترى كريم المطعم من سلوى.", "اشترت سلوى المطعم من كريم."),
        ("The stay went from 6 to 9 days.", "The stay went from 9 to 6 days."),
        # another word in the place of one
        (
            "The hall was designed by the engineer Vera Holt.",
            "The hall was designed by the engineer Hanne Oster.",
        ),
        ("创办人孙玉才是本地人。", "创办人赵明德是本地人。"),
        # negation and opposites
        ("The drug lowered the death rate.", "The drug shortened the stay but did not lower the death rate."),
        ("Any member may not vote.", "Any member may vote."),
        ("The price rose by 9 percent.", "The price fell by 9 percent."),
        ("الصالة مغلقة في الصيف.", "الصالة مغلقة في الشتاء."),
    ],
)
def test_not_supported_by_the_same_words(sentence: str, span: str) -> None:
    assert support(sentence, span, "", "?") < SUPPORTED


@pytest.mark.parametrize(
    ("question", "sentence", "supported"),
    [
        ("Did the clinic treat 4,200 patients?", "The clinic treated 4,200 patients.", True),
        ("Who is the director of the clinic?", "The director of the clinic.", False),
        ("How many patients did the clinic treat?", "The clinic treated 4,200 patients.", True),
    ],
)
def test_a_sentence_that_repeats_the_question(question: str, sentence: str, supported: bool) -> None:
    assert (support(sentence, SPANS["en"], "", question) >= SUPPORTED) is supported


def test_text_is_data() -> None:
    for text in ("", "   ", "?!", "«»", "1" * 5000, "\ud800 a", "(" * 500, "ا" * 3000, "不" * 500):
        assert 0 <= support(text, SPANS["en"], text, text) <= 1
        assert 0 <= support("The clinic opened.", text, text, text) <= 1


def test_an_embedder_that_nobody_fitted_adds_nothing() -> None:
    checker = SupportChecker(HashEmbedder())
    assert checker.support("诊所收治了4200名患者。", SPANS["en"], "", "?") < SUPPORTED
    assert checker.support("The clinic treated 4,200 patients.", SPANS["en"], "", "?") >= SUPPORTED


@pytest.fixture(scope="module")
def checker() -> SupportChecker:
    return SupportChecker(SentenceTransformerEmbedder("embedded"))


MEANING = [
    (
        "The Kelmar Observatory, 2,300 metres up, was built by the astronomer Ruth Adeyemi between 1951"
        " and 1954.",
        [
            "Ruth Adeyemi built the Kelmar Observatory from 1951 to 1954.",
            "天文学家鲁思·阿德耶米在1951年至1954年间建造了凯尔马天文台。",
            "يقع المرصد على ارتفاع 2300 متر.",
        ],
        [
            "The observatory was built between 1951 and 1964.",
            "The Kelmar Observatory was built by the astronomer Paul Mercer.",
            "天文学家林德奎斯特建造了凯尔马天文台。",
        ],
    ),
    (
        "Sales of bicycles doubled last year, but sales of cars went down by 8 percent.",
        [
            "Bicycle sales doubled last year.",
            "Car sales fell by 8 percent.",
            "去年自行车销量翻了一番。",
            "تضاعفت مبيعات الدراجات في العام الماضي.",
            "انخفضت مبيعات السيارات بنسبة 8 في المئة.",
        ],
        [
            "Sales of cars doubled last year.",
            "Bicycle sales went down by 8 percent.",
        ],
    ),
    (
        "老街的糖画师傅孙玉才从不收学徒，他说这门手艺学起来太慢。",
        [
            "糖画师傅孙玉才不收徒弟。",
            "孙玉才说，这门手艺学得太慢。",
            "Sun Yucai, who makes sugar paintings in the old street, never takes apprentices.",
            "يقول سون يوتساي إن تعلم هذه الحرفة بطيء جدًا.",
        ],
        [
            "孙玉才收了很多学徒。",
            "Sun Yucai takes apprentices.",
            "老街的糖画师傅赵明德从不收学徒。",
            "孙玉才说这门手艺学起来很快。",
        ],
    ),
    (
        "تغادر العبّارة الميناء الساعة السابعة صباحًا وتصل إلى الجزيرة بعد ساعتين، ولا تعمل في الأيام العاصفة.",
        [
            "تصل العبّارة إلى الجزيرة بعد رحلة مدتها ساعتان.",
            "لا تعمل العبّارة في الأيام العاصفة.",
            "The ferry does not run on stormy days.",
            "渡轮早上七点离港。",
        ],
        [
            "تعمل العبّارة في الأيام العاصفة.",
            "تغادر العبّارة الميناء مساءً.",
            "The ferry leaves the port at nine in the morning.",
            "渡轮三小时后到达岛上。",
        ],
    ),
    (
        "Marta Lind bought the mill from the Hansen family in 1998 and turned it into a hotel.",
        [
            "The mill was sold to Marta Lind by the Hansen family in 1998.",
            "Marta Lind turned the mill into a hotel.",
            "اشترت مارتا ليند الطاحونة عام 1998.",
            "1998年，玛尔塔·林德从汉森家族手中买下了磨坊。",
        ],
        [
            "The Hansen family bought the mill from Marta Lind in 1998.",
            "Marta Lind bought the mill from the Olsen family in 1998.",
            "اشترت مارتا ليند الطاحونة عام 1989.",
        ],
    ),
    (
        "医院新大楼共12层，地下两层为停车场，可停车480辆。",
        [
            "新大楼的地下停车场能停480辆车。",
            "医院的新大楼有十二层。",
            "The hospital's new building has twelve storeys.",
            "يتسع موقف السيارات لـ480 سيارة.",
        ],
        [
            "新大楼共48层。",
            "医院新大楼的停车场可停车12辆。",
            "The car park has room for 480 lorries and buses.",
            "يتسع موقف السيارات لـ840 سيارة.",
        ],
    ),
    (
        "كتب المهندس فارس العلي التقرير في نيسان 2020، وراجعته زميلته منى درويش.",
        [
            "راجعت منى درويش التقرير.",
            "التقرير كتبه المهندس فارس العلي في أبريل 2020.",
            "The engineer Faris al-Ali wrote the report in April 2020.",
            "报告由工程师法里斯·阿里撰写。",
        ],
        [
            "كتبت منى درويش التقرير.",
            "كتب المهندس سامر حداد التقرير.",
            "Muna Darwish wrote the report in April 2020.",
            "工程师法里斯·阿里于2021年4月撰写了报告。",
        ],
    ),
    (
        "Only members may borrow films, and no one may keep them longer than a week.",
        [
            "Films can be borrowed only by members.",
            "任何人借电影都不得超过一周。",
            "لا يجوز لأحد الاحتفاظ بالأفلام أكثر من أسبوع.",
        ],
        [
            "Members may not borrow films.",
            "任何人都可以保留电影超过一周。",
        ],
    ),
    (
        "The hall seats 900 people. It was designed by Olga Renn and opened in the spring of 1975.",
        [
            "The hall, designed by Olga Renn, seats 900 people.",
            "Designed by Olga Renn, the hall opened in spring 1975.",
            "音乐厅可容纳900人，由奥尔加·雷恩设计。",
            "صممت أولغا رين القاعة التي تتسع لـ900 شخص.",
        ],
        [
            "The hall, designed by Olga Renn, seats 600 people.",
            "The hall opened in the autumn of 1975.",
            "音乐厅于1957年春天开放。",
        ],
    ),
    (
        "واحة تيمان أصغر من واحة سعد، لكن مياهها أعذب، ويزورها كل شتاء نحو ألفي سائح.",
        [
            "يزور نحو 2000 سائح واحة تيمان كل شتاء.",
            "About two thousand tourists visit the Timan oasis every winter.",
            "提曼绿洲比萨阿德绿洲小。",
        ],
        [
            "واحة تيمان أكبر من واحة سعد.",
            "يزور واحة تيمان كل صيف نحو ألفي سائح.",
            "About two hundred tourists visit the Timan oasis every winter.",
            "The Timan oasis is larger than the Saad oasis.",
        ],
    ),
    (
        "鲸湾码头的灯光由志愿者维护，他们每周二晚上巡查一次，去年更换了三十七盏灯。",
        [
            "志愿者去年更换了37盏灯。",
            "鲸湾码头的灯由志愿者负责维护。",
            "Volunteers look after the lights on the pier and check them every Tuesday evening.",
            "استبدل المتطوعون 37 مصباحًا في العام الماضي.",
        ],
        [
            "志愿者每周四晚上巡查一次。",
            "Volunteers replaced 73 lamps last year.",
            "يتفقد المتطوعون الأضواء كل صباح ثلاثاء.",
        ],
    ),
]
"""A span, what it supports in other words or another language, and what it does not."""


@pytest.mark.model
@pytest.mark.parametrize(("span", "supported", "unsupported"), MEANING)
def test_meaning(checker: SupportChecker, span: str, supported: list[str], unsupported: list[str]) -> None:
    judged = {sentence: checker.support(sentence, span, "", "?") for sentence in supported + unsupported}
    assert {sentence for sentence, score in judged.items() if score >= SUPPORTED} == set(supported)


def test_negations() -> None:
    def denied(text: str) -> list[str]:
        found = plain(text)
        return [found[start:end] for start, end in negations(found)]

    assert denied("It is not open and never was.") == ["not", "never"]
    assert denied("他没有来，不仅如此。") == ["没"]
    assert denied("لم يحضر أحد، ولا يزال ينتظر.") == ["لم"]
    assert denied("No less than 27 percent, not only here.") == []
    assert denied("لا يتجاوز عددهم مئة.") == []
    assert implied(plain("الدخول مجاني")) == {"مجاني"}


def test_opposites() -> None:
    assert opposed("the price rose", "价格下降了")
    assert opposed("في الصيف", "in winter")
    assert not opposed("the price rose", "the price rose, then fell")
    assert not opposed("the price rose", "the price is high")


def test_names_of_english() -> None:
    assert capitalised("The mayor, Odette Farrow, met Dr. Renn. He left.") == {
        "odette",
        "farrow",
        "dr",
        "renn",
    }
    assert capitalised("Anna Berg runs it.") == {"anna", "berg"}


def test_names_by_their_sound() -> None:
    given = plain("科维尔大桥由图灵设计，伯格没有参加。")
    assert sounds_like("turing", given, words(given, "zh"))
    assert not sounds_like("lindqvist", given, words(given, "zh"))


@pytest.mark.parametrize(
    ("sentence", "span"),
    [
        ("The bakery refused a second branch.", "The bakery accepted a second branch."),
        ("该提案获得通过。", "该提案被否决。"),
        ("الطريق مفتوح للشاحنات.", "الطريق مغلق للشاحنات."),
    ],
)
def test_opposites_stand_for_each_other(sentence: str, span: str) -> None:
    assert contrary(plain(sentence), plain(span), [])
    assert not contrary(plain(span), plain(span), [])


def test_opposites_where_one_is_denied() -> None:
    stated, given = "The road is not open to lorries.", "The road is closed to lorries."
    assert not contrary(plain(stated), plain(given), [])


def test_an_arabic_verb_keeps_its_subject() -> None:
    span = "تبرع حسن البكري بالأرض، ودفعت البلدية تكاليف البناء."
    assert support("دفع حسن البكري تكاليف البناء.", span, "", "?") < SUPPORTED
    assert support("دفعت البلدية تكاليف البناء.", span, "", "?") >= SUPPORTED


def test_what_only_the_heading_says_is_not_supported() -> None:
    span, heading = "It carries 42,300 vehicles a day.", "Corvale Bridge opening"
    assert support("Opening of the Corvale Bridge.", span, heading, "What is said?") == 0
    assert support("The Corvale Bridge carries 42,300 vehicles a day.", span, heading, "?") >= SUPPORTED


def test_a_common_word_of_a_name_is_no_name() -> None:
    span = "The Tallow Mill burned down; the owner, Edith Crane, rebuilt it within two years."
    assert names_of("Crane rebuilt the mill.", span) == {"crane"}


def test_three_consonants_are_heard_in_names_alone() -> None:
    source = plain("他用这笔钱办了一所学校。")
    assert not sounds_like("bishan", source, words(source, "zh"))  # 笔钱 sounds like it
