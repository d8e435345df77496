# ruff: noqa: E501  (sample pages: one line of the page is one line here)
"""Cleaning takes out what web pages wrap around articles, and nothing from ordinary documents."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.cleaning import clean
from corpus.readings import is_reading, strip_readings

SEEDS = Path(__file__).resolve().parents[2] / "shared" / "seeds"
# Per line of five saved web pages: number, first 12 hex digits of its SHA-256, article or junk. Labelled by
# reading the pages before any rule was written. Bylines, sources and dates count as article; repeated
# titles and the blurbs of other stories count as junk.
LABELS = json.loads(Path(__file__).with_name("seed_labels.json").read_text(encoding="utf-8"))
READING = "reading injected after a character"


def gone_lines(text: str) -> set[int]:
    return {removed.line for removed in clean(text).removed if removed.why != READING}


# --- the five pages -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    if not SEEDS.is_dir():
        pytest.skip("the pages are not part of the repository")
    texts = {name: (SEEDS / name).read_bytes().decode("utf-8") for name in LABELS}
    for name, rows in LABELS.items():
        lines = texts[name].split("\n")
        for number, digest, _ in rows:
            assert hashlib.sha256(lines[number - 1].encode()).hexdigest()[:12] == digest
        assert [row[0] for row in rows] == [n for n, line in enumerate(lines, 1) if line.strip()]
    return texts


def test_the_five_pages_keep_their_article_and_lose_their_furniture(pages: dict[str, str]) -> None:
    table, kept, articles, gone, junk = [], 0, 0, 0, 0
    for name, rows in LABELS.items():
        cleaned = set(clean(pages[name]).text.split("\n"))
        source = strip_readings(pages[name])[0].split("\n")
        missing = gone_lines(pages[name])
        article = [number for number, _, label in rows if label == "article"]
        other = [number for number, _, label in rows if label == "junk"]
        lost = [n for n in article if n in missing or source[n - 1].strip(" \u3000\xa0") not in
                {line.strip(" ") for line in cleaned}]  # fmt: skip
        left = [n for n in other if n not in missing]
        table.append(f"{name}: article lines lost {lost} of {len(article)}, junk left {left} of {len(other)}")
        kept, articles = kept + len(article) - len(lost), articles + len(article)
        gone, junk = gone + len(other) - len(left), junk + len(other)
    assert kept >= 0.99 * articles, "\n".join(table)
    assert gone >= 0.95 * junk, "\n".join(table)


def test_no_injected_reading_is_left_in_the_five_pages(pages: dict[str, str]) -> None:
    bracket = re.compile(r"(\w)[(（]\s*([a-zāáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜńňǹḿ]+)\s*[)）]")
    before = sum(is_reading(*found) for text in pages.values() for found in bracket.findall(text))
    after = [found for text in pages.values() for found in bracket.findall(clean(text).text)]
    assert before > 300
    assert not [found for found in after if is_reading(*found)]


def test_cleaning_the_five_pages_twice_changes_nothing_more(pages: dict[str, str]) -> None:
    for text in pages.values():
        once = clean(text)
        assert clean(once.text).text == once.text
        assert clean(once.text).removed == ()


# --- readings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("首頁(yè)", "首頁"),
        ("創(chuàng )新", "創新"),
        ("領(lǐng)域創(chuàng )新發(fā)展", "領域創新發展"),
        ("医（yī）疗（liáo）", "医疗"),
        ("旅(lv)行(xing)", "旅行"),
        ("綠(lǜ)色的(de)數(shù)據", "綠色的數據"),
        ("這是實(shí)(shí)例", "這是實例"),
        ("廣(ɡuǎnɡ)場", "廣場"),
    ],
)
def test_injected_readings_go(given_text: str, wanted: str) -> None:
    assert strip_readings(given_text)[0] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "職業課程(VET)和人工智能(AI)融合發展(IT+BT)",
        "选项(A)和选项(b)，参见附录(a)。",
        "啊(a)",
        "她喜欢唱歌(ge)",
        "函数(fun)与变量(var)",
        "長(cm)寬(mm)",
        "单位：米(m)",
        "第一(i)第二(ii)",
        "Latin(yì) text",
    ],
)
def test_other_brackets_stay(text: str) -> None:
    assert strip_readings(text) == (text, [])


def test_a_single_gloss_in_long_prose_is_a_gloss() -> None:
    text = (
        "这位老人姓仇(qiú)，住在河边的小镇上，每天清晨都去码头散步，看渔船出海。" * 1
        + "镇上的人都认识他。" * 40
    )
    assert strip_readings(text) == (text, [])


def test_injected_readings_of_whole_words_go() -> None:
    text = "青石镇(Qīngshí Zhèn)图书馆昨天开放，馆内藏书(cángshū)八万册。馆长（guǎnzhǎng）说，周一闭馆(bì guǎn)。"
    assert strip_readings(text)[0] == "青石镇图书馆昨天开放，馆内藏书八万册。馆长说，周一闭馆。"


@pytest.mark.parametrize(
    "text",
    [
        "重庆(Chóngqìng)位于长江(Cháng Jiāng)上游。",  # two are a writer's glosses
        "银行(bank)、公司(gongsi)与图书馆(library)在人工智能(AI)学校(école)旁边的咖啡馆(café)里。",
        "他会说法语(français)、德语(für alle)和西班牙语(español)。",
        "行长(chángháng)姓李，图书(túshù)很多，老师(lǎobǎn)很忙。",  # readings of other characters
    ],
)
def test_other_brackets_after_words_stay(text: str) -> None:
    assert strip_readings(text) == (text, [])


def test_removed_readings_name_their_line() -> None:
    removed = clean("第一行文字。\n這是醫(yī)院與學(xué)校。\n末行會(huì )議。").removed
    assert [(entry.line, entry.text) for entry in removed] == [(2, "(yī) (xué)"), (3, "(huì )")]


# --- pages of other sites: every line with its label ------------------------------------------------

ENGLISH = """
- Skip to main content
- The Harbour Times
- Home > News > Environment
- Log in
- Subscribe
+ River towns weigh new flood barriers after record spring
+ By Anna Kowalski, Environment correspondent
+ Published 14 May 2023, 09:30 BST
- Share this article
+ Three towns along the lower Wend are considering movable flood barriers after the river reached its highest level since measurements began in 1911.
+ The barriers would cost about 40 million euros, the regional council said on Tuesday, and could be finished within four years if parliament agrees.
- Read also: How Delft kept its feet dry
+ "We cannot wait for the next flood," said mayor Peter Lund. "People here remember the last one."
- Advertisement
+ What happens next
+ A public hearing is planned for June.
+ Residents can send comments until the end of the month, and the council will publish every one of them on its website.
- Related articles
- Storm warning lifted for the northern coast
- Five ways to prepare your home
- More stories
- Most read
- Comments (14)
- Leave a comment
- Sign up for our newsletter
- We use cookies to improve your experience. By continuing you accept our privacy policy.
- About us | Contact | Privacy policy | Terms
- © 2023 The Harbour Times Ltd. All rights reserved.
- Back to top
"""
ARABIC = """
- الرئيسية
- أخبار
- رياضة
- اقتصاد
- ثقافة
- تكنولوجيا
- الرئيسية > اقتصاد > طاقة
+ محطة شمسية جديدة تضيء قرى الوادي الغربي
+ كتبت: سلمى حداد
+ نُشر في 12 مارس 2022
- شارك المقال على فيسبوك
+ افتتحت وزارة الطاقة أمس محطة شمسية جديدة قرب مدينة الوادي الغربي، بطاقة إنتاجية تبلغ خمسين ميغاواط، لتغذي أكثر من عشرين قرية كانت تعتمد على مولدات الديزل.
- اقرأ أيضًا: خطة وطنية لترشيد استهلاك المياه
+ وقال مدير المشروع إن الأعمال استغرقت سنتين، وإن كلفتها بلغت ثلاثين مليون دولار، شملت مد خطوط النقل وتدريب الفنيين من أبناء المنطقة.
+ مرحلة ثانية
+ وتخطط الوزارة لتوسعة المحطة خلال العام المقبل لتصل طاقتها إلى ثمانين ميغاواط، إذا توافر التمويل اللازم لذلك.
+ المصدر: وكالة الأنباء المحلية
- الكلمات الدلالية: طاقة شمسية، الوادي الغربي
- مواضيع ذات صلة
- أسعار النفط تتراجع مع بداية الأسبوع
- افتتاح معرض الكتاب في العاصمة
- الأكثر قراءة
- جاري التحميل...
- اشترك في نشرتنا البريدية
- يستخدم هذا الموقع ملفات تعريف الارتباط لتحسين تجربتك.
- من نحن
- اتصل بنا
- جميع الحقوق محفوظة © 2022 صحيفة الوادي
- العودة إلى الأعلى
"""
CHINESE = """
- 设为首页 | 加入收藏
- 首页 新闻 财经 体育 科技 教育
- 您的位置：首页 > 科技 > 正文
+ 山区小学用上卫星宽带
+ 2021年09月03日 08:15 来源：山城日报 记者 周岚
- 字号：大 中 小
- 分享到：
- 图1.png
+ 本报讯 9月1日，云岭县最后一所没有网络的小学接通了卫星宽带。全校四十二名学生第一次在教室里和省城的孩子同上一堂美术课。
+ 校长说，过去老师要走两个小时山路到镇上下载课件，现在几分钟就能完成。
+ “孩子们最喜欢看海。”
+ 县教育局介绍，全县还将在两年内为三十所学校更新设备，总投入约一千二百万元，并为每所学校培训一名网络管理员。
+ （责任编辑：周岚）
- 上一篇：县图书馆延长开放时间
- 下一篇：没有了
- 相关阅读
- 云岭县启动校车更新计划
- 山里的第一场音乐会
- 网友评论
- 登录 | 注册
- 关于我们 | 联系我们 | 广告服务 | 版权声明
- 凡本网注明“来源：山城日报”的作品，未经本网授权不得转载、摘编。
- Copyright © 2021 山城日报社 版权所有 沪ICP备12345678号
"""


ARABIC_CONSENT = """
- الرئيسية
- سياسة
- اقتصاد
- رياضة
- تكنولوجيا
- نحن نستخدم ملفات تعريف الارتباط لتحسين تجربتك. باستمرارك في استخدام الموقع فإنك توافق على سياسة الخصوصية.
- قبول الكل
- رفض
- إدارة التفضيلات
- الرئيسية / اقتصاد / نقل
+ ميناء المرجان يستقبل أول عبارة كهربائية
+ كتب: سامر الحداد
+ آخر تحديث: 12 مارس 2024 - 10:35 ص
- ٤٥٦ مشاهدة
- شارك
- فيسبوك
- واتساب
- نسخ الرابط
+ دخلت الخدمة أمس أول عبارة كهربائية في ميناء المرجان، وتتسع لنحو 240 راكبا وتقطع المسافة في 18 دقيقة.
- شاهد بالفيديو رحلة العبارة الأولى
+ وقال مدير الميناء كريم البنا إن كلفتها بلغت ستة ملايين دولار، وإن عبارة ثانية ستصل في الخريف.
- للمزيد من الأخبار تابعونا على قناتنا في تيليجرام
- مواضيع ذات صلة
- حالة الطقس غدا
- جميع الحقوق محفوظة © 2024 صحيفة المرجان
"""
TRADITIONAL_CONSENT = """
- 跳至主要內容
- 選單
- 會員中心
- 購物車（0）
- 我們使用 cookies 以提供更好的服務，詳情請參閱隱私權政策。
- 我知道了
+ 海風市新增三條公車路線
+ 文／陳怡君 攝影／黃志明
+ 發布時間：2024/03/12 10:35
- 讚 256 分享 LINE 列印
+ 海風市交通局今天宣布，四月起新增三條公車路線，每十五分鐘一班。
- 【延伸閱讀】捷運藍線延後通車
+ 局長林大偉表示，新路線每天可服務一萬兩千名乘客，票價十五元，全部使用電動車。
- 加入好友，獲得最新消息
- 看更多
- 回到頂部
- © 2024 海風新聞網 All Rights Reserved.
"""


@pytest.mark.parametrize(
    "page",
    [ENGLISH, ARABIC, CHINESE, ARABIC_CONSENT, TRADITIONAL_CONSENT],
    ids=["en", "ar", "zh", "ar-consent", "zh-consent"],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n \n\n"])
def test_pages_of_other_sites(page: str, gap: str) -> None:
    labelled = [(row[0], row[2:]) for row in page.strip().split("\n")]
    cleaned = clean(gap.join(text for _, text in labelled))
    kept = [line for line in cleaned.text.split("\n") if line]
    assert kept == [text for label, text in labelled if label == "+"]
    assert len(cleaned.removed) == sum(label == "-" for label, _ in labelled)
    assert all(entry.why and entry.text for entry in cleaned.removed)


def test_short_lines_after_furniture_go_only_at_the_tail() -> None:
    prose = (
        "The council met on Monday to discuss the repair of the bridge, and agreed to open it in the spring."
    )
    page = [
        prose,
        "Share this article",
        "Next steps",
        prose,
        "Peter Lund",
        "Print this page",
        "Storm warning lifted",
        "Updated 3 May 2021",
        "Back to top",
    ]
    kept = [line for line in clean("\n".join(page)).text.split("\n") if line]
    assert kept == [prose, "Next steps", prose, "Peter Lund", "Updated 3 May 2021"]


def test_spam_between_paragraphs_goes_with_its_reason() -> None:
    prose = (
        "The council met on Monday to discuss the repair of the bridge, and agreed to open it in the spring."
    )
    spam = "成人视频在线|国产自拍精品|欧美成人电影|亚洲无码一区"
    (removed,) = clean(f"{prose}\n{spam}\n{prose}").removed
    assert (removed.line, removed.text, removed.why) == (2, spam, "link spam")


# --- ordinary documents: nothing goes ---------------------------------------------------------------

ORDINARY = {
    "recipe": "Lentil soup\n\nServes 4\n\nIngredients:\n- 200 g red lentils\n- 1 onion\n- 2 carrots\n\n1. Chop the onion.\n"
    "2. Boil everything for 20 minutes.\n3. Blend, season and serve.\n\nTip\nAdd lemon.\n\nSave some for later",
    "poem": "The tide comes in\nthe tide goes out\n\nno one asks\nno one shouts\n\n*\n\nThe tide comes in\nthe tide goes out",
    "chinese poem": "小河\n\n清晨的小河\n流过我的窗前\n带走了昨夜的雨\n也带走了落叶\n\n清晨的小河\n流过我的窗前\n\n——无名",
    "arabic poem": "يا نهر\n\nيا نهر خذني معك\nإلى مدينة بعيدة\n\nلا تسأل عن اسمي\nولا عن حقيبتي\n\nيا نهر خذني معك",
    "questions": "Q: When does the library open?\nA: At nine.\n\nQ: May I bring a dog?\nA: No.\n\nQ: Is there parking?\nA: Yes",
    "chinese questions": "问：图书馆几点开门？\n答：九点。\n\n问：可以带狗吗？\n答：不可以。\n\n问：有停车场吗？\n答：有",
    "addresses": "Maria Lopez\n12 Mill Lane\nYork\nTel: 01904 555 010\n\nJohn Smith\nPO Box 77\nHull\nEmail: j@example.org",
    "arabic addresses": "مكتب البريد المركزي\nشارع النصر 14\nهاتف: 0225550101\n\nمكتبة المدينة\nساحة السلام 3\nهاتف: 0225550199",
    "letter": "Dear Ms Chen,\n\nThank you for your letter of 3 March, in which you ask whether the hall can be rented for a wedding in June.\n"
    "It can, and I enclose the price list.\n\nYours sincerely,\n\nTom Baker\nHall manager\nTel. 555 0101",
    "paper": "Counting birds from space\n\nAbstract\nWe count penguins in satellite images with a small network and compare the result with surveys from the ground over ten years.\n\n"
    "Keywords: remote sensing, penguins, counting\n\n1 Related work\nEarlier studies counted by hand, which took months and could not be repeated by other groups.",
    "abstract": "Counting birds from space\n\nWe count penguins in satellite images with a small network and compare the result with surveys from the ground over ten years.\n\n"
    "Keywords: remote sensing, penguins, counting",
    "markdown": "# Widget\n\nA small tool that turns lists of measurements into charts, on the command line and without any configuration file.\n\n## Install\n\n"
    "```\npip install widget\nlogo.png\n|\n```\n\n| Name | Meaning |\n| --- | --- |\n| top | upper edge |\n| share | part of the whole |\n\n"
    "* * *\n\n## Comments\n\n- Print\n- Search\n\n> Home is where the chart is.\n\n## License\n\nMIT",
    "manual": "Changing the password\n\nOpen the settings and choose the account that you want to change, then follow the path below.\n\n"
    "Home > Settings > Account > Password\n\nType the old password once and the new one twice, then press the button and wait for the message.\n\nSave\n\n"
    "The new password is valid at once on every device that is signed in to the same account.",
    "chinese manual": "更换滤芯\n\n关闭进水阀门，等待两分钟，待管路内的水压完全释放之后再打开机盖，取出旧的滤芯并妥善处理。\n\n"
    "注意\n\n一、不要使用热水。\n二、每半年更换一次。\n\n型号 A-200\n功率 45W",
    "arabic report": "تقرير الزيارة\n\nزار الفريق المدرسة صباح الأحد والتقى المديرة وثلاثة من المعلمين، واطلع على حال الصفوف والمكتبة والملعب.\n\n"
    "الملاحظات\n\n- السقف يحتاج إلى صيانة\n- عدد المقاعد غير كاف\n\nالتوصيات\n\nإصلاح السقف قبل الشتاء\n\nأعد التقرير: خالد منصور",
    "copyright law": "Copyright in a photograph belongs to the person who took it, and lasts for seventy years after that person has died.\n\n"
    "版权所有者可以授权他人复制其作品，也可以拒绝授权，这是法律赋予作者的基本权利之一。\n\nAll of this holds for drawings too.",
    "numbers": "Results\n\n12 15 19\n1 2 3\n4 5 6\n\nThe first row holds the totals of all three stations for the month of May; the others hold ranks.",
    "play": "ANNA\nWho is there?\n\nTOM\nNobody.\n\nANNA\nNobody who?\n\nTOM\nMore of that later",
    "cookies": "Website operators use cookies to recognise visitors, and the law asks them to obtain consent before they store any of them.",
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_documents_lose_nothing(name: str) -> None:
    cleaned = clean(ORDINARY[name])
    assert cleaned.removed == ()
    assert cleaned.text == ORDINARY[name]


def test_blank_lines_and_indents_are_tidied_without_mention() -> None:
    cleaned = clean("\n\n\u3000\u3000第一段。  \n\n\n\n  - nested\n\n")
    assert cleaned.text == "第一段。\n\n  - nested"
    assert cleaned.removed == ()


def test_a_running_foot_is_no_end_of_the_document() -> None:
    page = "The pump is serviced once a year by trained staff, who note the pressure and the date in the log."
    foot = "© 2020 Pump Works. All rights reserved. Page {}"
    last = "Spare parts\nSeal ring\nValve"
    text = "\n".join([page, foot.format(1), page, page, page, foot.format(2), last])
    assert clean(text).text.endswith(last)


# --- properties -------------------------------------------------------------------------------------

PIECES = [row[2:] for page in (ENGLISH, ARABIC, CHINESE) for row in page.strip().split("\n")] + [
    "", "", "|", "1 2 3 4", "# Heading", "- item", "| a | b |", "```", "創(chuàng )新與(yǔ)發展", "啊(a)", "正文", "More:", "更多:",
    "A short line", "Top", "2024-05-01", "a b|c d|e f|g h", "سطر قصير", "© 2001 Someone",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("\n".join) | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_cleaning_is_idempotent_and_accounts_for_every_line(text: str) -> None:
    once = clean(text)
    again = clean(once.text)
    assert again.text == once.text
    assert again.removed == ()
    touched = {entry.line for entry in once.removed}
    kept = set(once.text.split("\n"))
    for number, line in enumerate(text.split("\n"), start=1):
        if number not in touched:
            assert line.strip() == "" or line.rstrip().lstrip(" \u3000\xa0") in {k.lstrip(" ") for k in kept}


@given(st.lists(st.sampled_from(PIECES), max_size=30))
@settings(max_examples=100, deadline=None)
def test_line_starts_point_at_what_is_left(lines: list[str]) -> None:
    cleaned = clean("\n".join(lines))
    assert len(cleaned.line_starts) == max(len(lines), 1)
    assert list(cleaned.line_starts) == sorted(cleaned.line_starts)
    touched = {entry.line for entry in cleaned.removed}
    for number, (line, start) in enumerate(zip(lines, cleaned.line_starts, strict=False), start=1):
        if line and number not in touched:
            assert cleaned.text.startswith(line, start)


def hostile() -> Iterator[str]:
    for piece in ("share this ", "> a ", "home > ", "|", "1 ", "qq", "a+ ", "© ", "字号 大 ", "اقرأ ", " "):
        yield (piece * 400)[:400]
        yield "首页" + (piece * 400)[:390]


def test_hostile_lines_cost_little() -> None:
    started = time.perf_counter()
    clean("\n".join(hostile()))
    assert time.perf_counter() - started < 5
