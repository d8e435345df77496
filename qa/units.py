"""Units of measure, money and time, month and weekday names, in English, Arabic and Chinese.

All words are in the form that qa.plain_text.plain() gives.
"""

from __future__ import annotations

import re
from fractions import Fraction

_MONTHS_LISTED = """
january jan يناير جانفي كانون_الثاني
february feb فبراير فيفري شباط
march mar مارس اذار
april apr ابريل افريل نيسان
may مايو ماي ايار
june jun يونيو يونيه جوان حزيران
july jul يوليو يوليه جويليه تموز
august aug اغسطس اوت اب
september sep sept سبتمبر ايلول
october oct اكتوبر تشرين_الاول
november nov نوفمبر تشرين_الثاني
december dec ديسمبر كانون_الاول
"""
MONTHS: dict[str, int] = {
    name.replace("_", " "): number
    for number, names in enumerate(_MONTHS_LISTED.strip().splitlines(), start=1)
    for name in names.split()
    if name != "mar"
}
"""Month name -> 1 to 12: English, Gregorian names as Arabic writes them (the Maghreb's too), Levantine."""

WEEKDAYS = re.compile(
    "|".join(
        f"(?P<d{number}>\\b(?:{english})s?\\b|(?:星期|周|礼拜){chinese}(?![\u4e00-\u9fff]?[年岁边])"
        f"|(?<!\\w)[وبل]?(?:ال)?{arabic}(?!\\w))"
        for number, english, chinese, arabic in (
            (1, "monday", "一", "اثنين(?<=الاثنين)"), (2, "tuesday", "二", "ثلاثاء"), (3, "wednesday", "三",
            "اربعاء"),
            (4, "thursday", "四", "خميس"), (5, "friday", "五", "جمعه"), (6, "saturday", "六", "سبت"),
            (7, "sunday", "[日天]", "احد(?<=الاحد)"),
        )
    )
)  # fmt: skip
"""Group d1 is Monday."""

_UNITS = """
second second seconds 秒 ثانيه ثوان ثواني
minute minute minutes min 分钟 دقيقه دقائق
hour hour hours 小时 个小时 钟头 ساعه ساعات
day day days 天 日 يوم يوما ايام
week week weeks 周 个星期 星期 اسبوع اسبوعا اسابيع
fortnight fortnight fortnights
month month months 个月 شهر شهرا اشهر شهور
year year years 年 سنه سنوات سنين عام عاما اعوام
century century centuries 世纪 قرن قرنا قرون
millimetre millimetre millimetres millimeter millimeters mm 毫米 مليمتر مليمترا مليمترات
centimetre centimetre centimetres centimeter centimeters cm 厘米 公分 سنتيمتر سنتيمترا سنتيمترات سم
metre metre metres meter meters m 米 公尺 متر مترا امتار
kilometre kilometre kilometres kilometer kilometers km 公里 千米 كيلومتر كيلومترا كيلومترات كم
yard yard yards 码 يارده ياردات
mile mile miles mi 英里 ميل ميلا اميال
square_metre square_metre square_metres square_meters m2 平方米 平方公尺 平米 متر_مربع مترا_مربعا امتار_مربعه
square_kilometre square_kilometre square_kilometres km2 平方公里 平方千米 كيلومتر_مربع كيلومترا_مربعا
cubic_metre cubic_metre cubic_metres cubic_meters m3 立方米 متر_مكعب مترا_مكعبا امتار_مكعبه
square_mile square_miles square_mile sq_mi 平方英里 ميل_مربع ميلا_مربعا
hectare hectare hectares ha 公顷 هكتار هكتارا هكتارات
gram gram grams g 克 公克 غرام غراما غرامات جرام جراما جرامات
kilogram kilogram kilograms kg kilo kilos 公斤 千克 كيلوغرام كيلوغراما كيلوغرامات كيلوجرام كيلو
tonne tonne tonnes ton tons 吨 طن طنا اطنان
litre litre litres liter liters 升 公升 لتر لترا لترات
celsius degrees_celsius degree_celsius °c 摄氏度 درجه_مئويه درجات_مئويه
fahrenheit degrees_fahrenheit °f 华氏度 درجه_فهرنهايت
dollar dollar dollars usd 美元 دولار دولارا دولارات
euro euro euros eur 欧元 يورو
pound pound pounds 英镑 جنيه جنيها جنيهات
yen yen 日元 ين
yuan yuan renminbi rmb 元人民币 元 يوان يوانا يوانات
dinar dinar dinars 第纳尔 دينار دينارا دنانير
dirham dirham dirhams 迪拉姆 درهم درهما دراهم
riyal riyal riyals rial rials 里亚尔 ريال ريالا ريالات
crown crown crowns kronor kroner 克朗 كرونه كرونات
lira lira liras 里拉 ليره ليرات
rupee rupee rupees 卢比 روبيه روبيات
"""
_UNIT_OF = {
    word.replace("_", " "): line.split()[0]
    for line in _UNITS.strip().splitlines()
    for word in line.split()[1:]
}
_UNIT_WORD = re.compile(
    r"[ -]?(?:多|余|几)?(?:(?:of )?(?:ال)?)(?P<unit>"
    + "|".join(
        re.escape(word) + (r"(?![a-z\u0621-\u064a])" if not word[-1] >= "\u4e00" else "")
        for word in sorted(_UNIT_OF, key=len, reverse=True)
    )
    + ")"
)
_DUALS = {
    f"{stem}{ending}": unit
    for stem, unit in (
        ("يوم", "day"), ("اسبوع", "week"), ("شهر", "month"), ("عام", "year"), ("سنت", "year"), ("ساعت",
        "hour"),
        ("دقيقت", "minute"), ("دينار", "dinar"), ("متر", "metre"), ("كيلومتر", "kilometre"), ("دولار",
        "dollar"),
        ("قرن", "century"), ("سنتيمتر", "centimetre"), ("مرت", "times"),
    )
    for ending in ("ان", "ين")
}  # fmt: skip

_FACTORS: dict[str, dict[str, str | int]] = {
    "minute": {"second": "1/60", "minute": 1, "hour": 60, "day": 1440, "week": 10080, "fortnight": 20160},
    "month": {"month": 1, "year": 12, "century": 1200},
    "metre": {"millimetre": "1/1000", "centimetre": "1/100", "metre": 1, "kilometre": 1000},
    "gram": {"gram": 1, "kilogram": 1000, "tonne": 1000000},
    "square_metre": {"square_metre": 1, "hectare": 10000, "square_kilometre": 1000000},
}
BASE_UNITS = {
    unit: (base, Fraction(factor)) for base, factors in _FACTORS.items() for unit, factor in factors.items()
}
"""Unit -> the unit it is compared in, and how many of those it is."""


def unit_after(text: str, position: int) -> tuple[str, int]:
    """The unit whose name stands at a place of a plain text, and where it ends; ("", position) for none."""
    match = _UNIT_WORD.match(text, position)
    return (_UNIT_OF[match["unit"]], match.end()) if match else ("", position)


def dual_unit(word: str) -> str:
    """The unit of an Arabic "two days" in one word, or ""."""
    return _DUALS.get(word) or _DUALS.get(word.lstrip("وفبلك"), "")


_RATES = {
    "hour":
        r"\b(?:hourly|an hour|per hour|each hour|every hour)\b|每(?:个)?(?:小时|钟头)|一小时(?=能|可)"
        r"|(?:في|كل) (?:ال)?ساعه(?! \d)|بالساعه",
    "day":
        r"\b(?:daily|(?:every|each|per|a) (?:single )?day)\b(?! (?:later|before|after|or))|每(?:天|日)"
        r"|天天|日均|يوميا|(?:كل|في ال)يوم(?! \w*ين)|كل يوم",
    "night": r"\b(?:nightly|(?:every|each|per|a) night)\b|每(?:晚|夜)|(?:كل|في ال)ليله|كل ليله",
    "week":
        r"\b(?:weekly|(?:every|each|per|a) week)\b(?! (?:later|before|after))|每(?:周|星期|个星期)"
        r"|一周(?=一次)|اسبوعيا|(?:كل |في ال)اسبوع",
    "month":
        r"\b(?:monthly|(?:every|each|per|a) month)\b(?! (?:later|before|after))|每(?:个)?月|月租|月薪"
        r"|شهريا|(?:كل |في ال)شهر",
    "year":
        r"\b(?:yearly|annual|annually|(?:every|each|per|a) year)\b(?! (?:later|before|after|earlier))"
        r"|每(?:一)?年|全年|年均|一年(?=接)|سنويا|السنويه|السنوي|(?:كل |في ال)(?:سنه|عام(?! (?:الماض|الذي"
        r"|المقبل|\d)))",
}  # fmt: skip
_RATE = {unit: re.compile(pattern) for unit, pattern in _RATES.items()}


def rates(text: str) -> set[str]:
    """The units by which a plain text counts again and again: a day, 每月, سنويًا."""
    return {unit for unit, pattern in _RATE.items() if pattern.search(text)}
