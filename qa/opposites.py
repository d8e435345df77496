"""Opposites: does a sentence say one of several things that exclude each other, and its source another?

Words of the three languages stand side by side, so that a sentence is compared with a source of another
language in the same way. All texts are in the form of qa.plain_text.plain().
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.finding import Found
from qa.negation import clauses, negations

_PATTERNS: list[tuple[str, ...]] = [
    (
        r"\b(?:rise[sn]?|rose|rising|increas\w*|grew|grow\w*|climbed)\b|\b(?:half|third|quarter) more\b"
        r"|(?<=%) (?:more|higher)\b|上升|上涨|增加|增长|提高|增至"
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

_LISTED = """
begin begins began begun start starts started | 开始 | بدا* يبدا تبدا
end ends ended finish finishes finished | 结束 | انتهي انتهت ينتهي تنتهي

arrive* arriving arrival | 到达 抵达 | وصل* يصل تصل وصول
leave leaves depart* | 离开 驶离 | غادر* يغادر تغادر مغادره

open opens opened reopen* | 开放 开门 开馆 营业 重开 | فتح* يفتح تفتح افتتح* مفتوح*
close closes closed closing shut | 关闭 关门 闭馆 停业 封闭 | مغلق* يغلق تغلق اغلق* اغلاق

accept* agree agrees agreed | 接受 同意 | وافق* يوافق توافق
refuse* refusing decline* disagree* | 拒绝 不同意 谢绝 | رفض* يرفض ترفض

pass passes passed adopted | 获得通过 获通过 | اجيز* اقر*
failed rejected | 未通过 未获通过 否决 | سقط* فشل*

succeed* success* | 成功 | نجح* نجاح ناجح*
fail fails failed failure | 失败 | فشل* اخفق*

profit* | 盈利 利润 | ربح* ارباح
loss losses deficit* | 亏损 赤字 | خسار* خسائر عجز

majority | 多数 大部分 | غالبي* اغلبي*
minority | 少数 | اقلي*

doubl* tripl* quadrupl* | 翻番 翻倍 翻了一番 | تضاعف* يتضاعف
halv* | 减半 | انتصف*

hot hotter warm warmer | 炎热 温暖 | حار* دافئ*
cold colder cool cooler | 寒冷 凉爽 | بارد* ابرد

wet damp humid rainy | 潮湿 多雨 | رطب* ممطر*
dry drier | 干燥 干旱 | جاف* جفاف

daytime | 白天 白班 日班 | نهار*
night nights nightly overnight | 夜间 夜里 夜班 夜晚 | ليل*

man men male males boy boys | 男 | رجل رجال ذكر ذكور
woman women female females girl girls | 女 | امراه نساء انثي اناث

adult adults | 成人 成年人 大人 | بالغ* راشد*
child children kids | 儿童 孩子 小孩 | طفل* اطفال

inside indoor* | 室内 里面 | داخل*
outside outdoor* | 室外 户外 外面 | خارج*

safe safely | 安全 | امن امنه
dangerous unsafe | 危险 | خطر خطير*

strong stronger strongest | 很强 较强 最强 | قوي قويه اقوي
weak weaker weakest | 很弱 较弱 最弱 | ضعيف* اضعف

high highest | 最高 较高 | اعلي مرتفع*
low lowest | 最低 较低 | ادني منخفض*

early earlier earliest | 提前 较早 最早 | مبكر* ابكر
late latest delayed | 推迟 延迟 晚点 | متاخر* تاخر*

same identical | 相同 一样 | نفس* مماثل*
different | 不同 不一样 | مختلف*

domestic | 国内 本国 | محلي*
foreign abroad overseas | 国外 外国 海外 | اجنبي* اجانب

temporar* | 临时 暂时 | موقت* مؤقت*
permanent* | 永久 长期 | دائم*

private* | 私立 私人 私营 私有 | خاصه خاص
public state-owned | 公立 国有 国营 公办 | حكومي* الدوله

youngest | 最年轻 | 
oldest | 最年长 最老 | 

alive surviv* | 生还 幸存 | نجا نجت احياء
died killed dead | 死亡 去世 遇难 丧生 | مات ماتت توفي توفيت قتل* مقتل

free | 免费 免收 免票 | مجان*
charged | 收费 照收 付费 | بمقابل برسوم

upper | 上游 上层 | علوي*
lower | 下游 下层 | سفلي*

larger bigger largest biggest | 更大 最大 较大 | اكبر
smaller smallest | 更小 最小 较小 | اصغر

better best | 更好 最好 | افضل احسن
worse worst | 更差 最差 | اسوا

rural | 农村 乡村 | ريفي* الريف
urban | 城市 城镇 | حضري* المدن

join joins joined | 加入 | انضم* ينضم تنضم
quit quits resign* | 退出 辞去 辞职 | استقال* يستقيل انسحب*

allowed permitted permits | 允许 准许 | يسمح تسمح مسموح* سمح*
banned forbidden prohibited bans | 禁止 不许 严禁 不准 | ممنوع* يمنع تمنع محظور* يحظر
"""


def _pattern(listed: str) -> str:
    """Words of the three languages, "*" for any ending, as one pattern."""
    english, chinese, arabic = (part.split() for part in listed.split("|"))
    parts = list(chinese)
    if english:
        parts.append(rf"\b(?:{'|'.join(word.replace('*', '[a-z]*') for word in english)})\b")
    if arabic:
        words = "|".join(word.replace("*", r"\w*") for word in arabic)
        parts.append(rf"(?<!\w)[وف]?(?:ال|بال|لل|[بل])?(?:{words})(?!\w)")
    return "|".join(parts)


_COMPILED = [[re.compile(pattern) for pattern in patterns] for patterns in _PATTERNS]
_COMPILED_LISTED = [
    [re.compile(_pattern(side)) for side in group.splitlines()] for group in _LISTED.strip().split("\n\n")
]


def opposed(stated: str, given: str) -> bool:
    """Whether a sentence says one of several things that exclude each other, its source another."""
    for patterns in _COMPILED:
        said = {number for number, pattern in enumerate(patterns) if pattern.search(stated)}
        told = {number for number, pattern in enumerate(patterns) if said and pattern.search(given)}
        if said - told and told - said:
            return True
    return False


def contrary(stated: str, given: str, found: Sequence[Found]) -> bool:
    """Whether a word of the sentence stands for its opposite in the source, by its place or for want of one.

    These opposites are many and loose, so they count only where both stand in clauses that deny alike.
    """
    for one, other in (pair for sides in _COMPILED_LISTED for pair in (sides, sides[::-1])):
        here, there = one.search(stated), other.search(given)
        if not here or not there or other.search(stated) or one.search(given):
            continue
        if _denied(stated, here.start()) != _denied(given, there.start()):
            continue
        words = [f for f in found if f.word.start < here.end() and here.start() < f.word.end]
        if all(
            not f.places or any(there.start() - 2 <= place < there.end() for place in f.places) for f in words
        ):
            return True
    return False


def _denied(text: str, place: int) -> bool:
    return any(
        start <= place < end and any(start <= first < end for first, _ in negations(text))
        for start, end in clauses(text)
    )
