# ruff: noqa: E501  (word lists: one line for each language and purpose)
"""The words by which the furniture of a web page is known, in Chinese, English and Arabic.

Every pattern must match a whole folded line (see fold): Simplified characters, lower case, Arabic without
marks and with one form of alef, ya and ta marbuta. So each word is written once here, in its folded form.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

_TASHKEEL = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670]")
_LETTERS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "，": ",", "：": ":"})


@cache
def _to_simplified():  # type: ignore[no-untyped-def]
    from opencc import OpenCC

    return OpenCC("t2s")


def fold(text: str) -> str:
    """One spelling for matching; lines stay lines."""
    folded: str = _to_simplified().convert(text)
    return _TASHKEEL.sub("", folded).translate(_LETTERS).casefold()


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_NETWORK = (
    "微信|微博|朋友圈|qq空间|qq|好友|公众号|豆瓣|facebook|twitter|x|linkedin|whatsapp|telegram|instagram|youtube|"
    "tiktok|pinterest|reddit|snapchat|e-?mail|messenger|فيس ?بوك|تويتر|واتس ?اب|تيليجرام|تلغرام|انستغرام|"
    "انستجرام|يوتيوب|لينكد ?ان|ماسنجر|البريد(?: الالكتروني)?"
)
_END = r"[\s.…。!！>»›→↓↑:]*"
_HOME = "首页|网站首页|主页|home(?:page)?|الرئيسيه|الصفحه الرئيسيه"

# why -> whole lines that are furniture wherever they stand.
SURE: dict[str, re.Pattern[str]] = {
    "image file name": _any(r"[\w\-%.()@]{1,80}\.(?:jpe?g|png|gif|webp|bmp|svg)"),
    "lone separator": _any(r"[|｜·¦]"),
    "share button": _any(
        rf"(?:扫一扫|扫码|长按|分享|转发|推荐|关注|一键).{{0,12}}(?:{_NETWORK}).{{0,6}}",
        r"扫(?:一扫|码|描二维码).{0,12}|分享(?:到|至)[:\s]*.{0,12}|手机(?:看|扫码|继续看|阅读|浏览)",
        r"(?:share|tweet|pin|e-?mail|print|save) (?:this|it|the|article|story|page|post|link| )+",
        rf"(?:share|follow|like|join|find|watch|connect)(?: (?:this|it|us|me|the|article|story|page|post|on|via|by|"
        rf"to|with|at|channel|news))* (?:on|via|by|to|with)(?:[\s,|/&]|and|or|{_NETWORK})+",
        r"share:|follow us:?|spread the word",
        r"加入?(?:line ?|我们的?|官方)?好友[,!]?.{0,4}(?:获得|获取|接收|掌握|追踪).{0,16}",
        rf"(?:شارك|شاركها|انشر|مشاركه|ارسل|تابعنا|تابعونا)(?: (?:المقال|المقاله|الخبر|الموضوع|هذا|هذه|الصفحه|علي|عبر|في))*"
        rf"(?:[\s,،|/و]|{_NETWORK})*(?: (?:المقال|المقاله|الخبر|الموضوع|الصفحه|علي|عبر)|{_NETWORK})[:\s]*",
        rf"(?:للمزيد.{{0,24}} )?(?:تابعنا|تابعونا|انضم|انضموا)(?: الينا)? (?:علي|الي|عبر|في) .{{0,30}}(?:{_NETWORK}).{{0,8}}",
    ),
    "page control": _any(
        rf"(?:正在)?加载(?:中|更多){_END}|正在加载{_END}|[上下][滑拉].{{0,4}}加载.{{0,4}}{_END}",
        rf"(?:点击|展开|收起|查看|看|阅读|显示|点此)+(?:全文|原文|更多|剩余.{{0,6}}|全部){_END}",
        rf"(?:点击|轻触|上滑|下拉).{{0,4}}(?:全文|更多|关闭|返回).{{0,2}}{_END}",
        rf"(?:返回|回到)(?:顶部|首页|列表|上一页|目录|页首){_END}|加入收藏|设为首页|关闭(?:窗口|本页)|打印(?:本页|本文|此页)|跳(?:至|到|转到|过至?)(?:主要?)?内容(?:区|页)?",
        r"字(?:号|体)[:\s]*(?:[大中小默认特超+\-\s|]|a[+-])*|(?:a\s*[-+−]\s*){2,}|(?:\[?[大中小]\]?\s*){3}",
        r"loading\s*(?:\.{2,}|…).{0,12}|please wait\s*(?:\.{2,}|…)?",
        rf"(?:back to|go to|return to) (?:the )?(?:top|home(?: ?page)?){_END}|skip to (?:main )?content",
        rf"(?:read|load|show|view|see) (?:more|all)(?: (?:articles|stories|news|comments|posts))?{_END}",
        rf"(?:continue|keep) reading{_END}|article continues below.{{0,30}}|click (?:here )?to (?:read|view|share|expand).{{0,30}}",
        r"(?:font|text) size:?[\s\w+\-|]{0,20}|print this (?:page|article)|report (?:an )?(?:error|typo)",
        rf"(?:جاري|جار) التحميل{_END}|(?:تحميل|عرض|مشاهده|اقرا|قراءه) المزيد{_END}|تابع القراءه{_END}",
        rf"(?:العوده|الرجوع|عوده) (?:الي|ل)\s?(?:ال)?(?:اعلي|رئيسيه|صفحه الرئيسيه|قائمه).{{0,8}}{_END}|الي اعلي|اعلي الصفحه",
        r"(?:حجم|تكبير|تصغير) (?:الخط|النص)[\s\w+\-:|]{0,20}|طباعه (?:الخبر|المقال|الصفحه)|(?:انتقل|انتقال|تخطي?|تجاوز) (?:الي )?المحتوي(?: الرئيسي)?",
    ),
    "copyright line": _any(
        r"(?:©|\(c\)|copyright\b|حقوق النشر).{0,20}\d{4}.{0,120}|©.{0,100}",
        r".{0,120}\ball rights? reserved.{0,80}|.{0,100}جميع الحقوق محفوظه.{0,60}|.{0,60}كل الحقوق محفوظه.{0,60}",
        r".{0,50}版权所有(?![者人权]).{0,50}|.{0,40}icp[备证].{0,40}|.{0,40}公网安备.{0,40}|(?:site )?powered by [\w. ]{2,30}",
        r".{0,12}(?:增值电信|网络文化|新闻信息服务|视听节目|广播电视节目).{0,16}许可证.{0,30}|.{0,12}不良信息举报.{0,40}",
    ),
    "cookie or newsletter banner": _any(
        r"(?:we|this (?:web ?)?site|our (?:web ?)?site|this page)(?: and our partners)? (?:use|uses|store)s? .{0,30}cookies.{0,300}",
        r"by (?:continuing|using|browsing|clicking).{0,80}cookies.{0,200}|(?:accept|reject|manage|allow)(?: all)? cookies.{0,40}",
        r"(?:(?:本|我们的?|此)(?:网站|站|网页|网).{0,10}|我们.{0,4})使用.{0,6}cookies?.{0,150}|.{0,20}(?:接受|同意).{0,10}cookies?.{0,20}",
        r"(?:نحن |(?:هذا )?الموقع |موقعنا )?(?:يستخدم|نستخدم|تستخدم).{0,40}(?:ملفات (?:تعريف )?الارتباط|الكوكيز|كوكيز|cookies).{0,250}",
        r"(?:subscribe|sign ?up|register)(?: now| today| here| free)* (?:to|for) (?:our|the|free|daily|weekly|\w+['’]s)+ ?.{0,60}(?:newsletters?|updates|alerts|channel).{0,40}",
        r"get (?:the|our) .{0,60}(?:newsletter|delivered to your inbox|in your inbox).{0,30}",
        r"(?:اشترك|اشتركوا|سجل)(?: الان)? (?:في|ب) ?(?:نشرتنا|النشره|القائمه|قناتنا).{0,60}|订阅(?:我们的?|本站|邮件).{0,20}",
        r"advertisement|[-\s–—]*advertisement(?:[-\s–—].{0,40})?|sponsored (?:content|links|post)|اعلان ممول|广告位.{0,6}",
    ),
    "page number": _any(
        r"(?:上一[页篇]|下一[页篇])(?:[:\s|>»].{0,60})?|(?:首页\s*)?上一页.{0,40}下一页.{0,20}",
        r"(?:«|‹|<|←)?\s*(?:previous|prev|next) (?:page|article|post|story)\b.{0,100}|(?:«|‹)\s*prev(?:ious)?.{0,30}(?:next.{0,4})?",
        r"(?:الصفحه|المقال|الخبر) (?:التاليه?|السابقه?)(?:[:\s].{0,100})?|السابق\s*[|\d\s]*\s*التالي",
    ),
    "empty label": _any(r"(?:副标题|原标题|引题|肩题|友情链接|友情连接|相关链接|推荐阅读|延伸阅读|标签|tags|وسوم)\s*:"),
    "repeated title": _any(r"(?:正在阅读|您正在阅读|now reading|you are reading|انت تقرا)\s*:.{0,200}"),
}  # fmt: skip

# Headers of lists of other stories, and single lines that name one.
RELATED = _any(
    rf"(?:相关|推荐|延伸|精彩|热门|更多|猜你喜欢|大家都在看|最新|编辑)(?:阅读|推荐|新闻|文章|报道|内容|资讯|专题|链接|热点|评论|精选)+{_END}",
    rf"(?:猜你喜欢|大家都在看|热点排行|点击排行|新闻排行.{{0,2}}|阅读排行.{{0,2}}|热门排行|今日热点|为您推荐|为你推荐){_END}",
    r"(?:相关|推荐|延伸)阅读\s*:.{1,80}|[【\[](?:相关|推荐|延伸)(?:阅读|新闻|报道)[】\]].{1,80}",
    r"related (?:articles?|stor(?:y|ies)|news|posts?|reading|content|coverage|links|topics|videos?)\s*:?.{0,3}",
    r"(?:you (?:may|might) (?:also|be) (?:like|interested in|enjoy).{0,20}|(?:more|top|latest|other|popular|trending|editors?['’]? pick(?:ed)?) (?:stories|articles|news|posts)(?: from .{0,30})?|recommended for you|most (?:read|popular|viewed|shared)|more on this (?:story|topic)|trending(?: now)?|what to read next|(?:more|up) next|(?:more )?from around the web|you may have missed)\s*:?",
    r"(?:read (?:also|next|more)|also read|see also|related)\s*[:|].{1,160}",
    r"(?:اقرا|اقراوا|اقرئي|شاهد|طالع|تابع) (?:ايضا|كذلك)\s*[:.…]*.{0,160}",
    r"(?:شاهد|شاهدوا)\s*:?\s*(?:ب?ال)?(?:فيديو|صور)\b.{0,120}",
    r"(?:مواضيع|اخبار|مقالات|موضوعات|روابط|قصص) (?:ذات صله|ذات علاقه|متعلقه|مشابهه|اخري|مرتبطه)(?: .{0,20})?\s*:?|(?:الاكثر|الاعلي) (?:قراءه|مشاهده|تداولا|شعبيه)\s*:?|قد (?:يعجبك|يهمك|تعجبك)(?: ايضا)?\s*:?|ذات صله\s*:?|اخر الاخبار\s*:?",
)  # fmt: skip

# Words that are furniture only beside other furniture, at the head or tail of a page.
WEAK = _any(
    rf"(?:{_HOME}|top|menu|search|log ?in|sign ?in|sign ?up|register|subscribe|print|e-?mail|share|tweet|save|close|comments?|"
    rf"(?:\d+|no|view|post a|add a|leave a) (?:comments?|reply|replies)|comments? ?\(?\d*\)?|share(?:s|d)?|loading|next|previous|prev|more|"
    rf"advertising|contact(?: us)?|about(?: us)?|privacy(?: policy)?|terms(?: (?:of (?:use|service)|and conditions|& conditions))?|sitemap|site map|help|faq|rss|careers|cookies?|feedback|newsletter|(?:accept|reject|decline|allow|agree)(?: all| and continue| to all)?|(?:manage|more|cookie) (?:preferences|options|settings)|got it|i agree|ok(?:ay)?|{_NETWORK}){_END}",
    rf"(?:顶部|登录|注册|登录.{{0,2}}注册|搜索|菜单|导航|评论|网友评论|我要评论|发表评论|评论.{{0,4}}条|点赞|赞|收藏|打印|分享|转发|举报|纠错|关闭|广告|更多|推荐|全文|投稿|"
    rf"关于我们|联系我们|网站地图|版权声明|免责声明|隐私政策|法律声明|广告服务|帮助中心|意见反馈|加载中|客户端|手机版|微信公众号|选单|目录|会员中心|会员登录|购物车|我的账户|留言|列印){_END}(?:[(（]\d*[)）])?",
    rf"(?:全部|一律)?(?:接受|同意|拒绝|允许)(?:全部|所有)?(?:并继续|并关闭)?{_END}|我?知道了{_END}|(?:管理|更多)(?:偏好|选项|设置){_END}|加入?(?:line ?)?(?:好友|会员)",
    r"(?:(?:赞|按赞|喜欢|分享|收藏|留言|评论|打印|列印|转发|line|\d+)\s*){2,}",
    rf"(?:القائمه|بحث|البحث|تسجيل(?: الدخول)?|دخول|اشترك|طباعه|مشاركه|شارك|حفظ|اغلاق|التعليقات|تعليقات|تعليق|اضف تعليقا?|اترك تعليقا?|اعلان|اعلانات|المزيد|التالي|السابق|من نحن|اتصل بنا|تواصل معنا|سياسه الخصوصيه|شروط الاستخدام|خريطه الموقع|ارسل|نسخ الرابط|قبول(?: الكل)?|رفض(?: الكل)?|موافق|اوافق|اداره التفضيلات|التفضيلات|الاعدادات){_END}",
    r"[\d٠-٩,.٬]+ ?(?:مشاهدات|مشاهده|قراءه|تعليقا?|تعليقات|مشاركه|مشاركات|اعجاب)|(?:اعجاب|مشاركه|مشاهده)\s*\(?[\d٠-٩]+\)?",
    r"(?:标签|热词|tags?|وسوم|الوسوم|الكلمات الدلاليه|كلمات دلاليه|关键[词字]|keywords?|الكلمات المفتاحيه|كلمات مفتاحيه)\s*:.{1,200}",
    r"\d{20,}|(?:责任编辑|更多|推荐|分享|评论|more)\s*:|[·•|/\\>»›‹«<↑↓→←×✕+\-\s]{1,4}",
    r"[^|]{1,30}(?:[|｜][^|]{1,30}){2,}",
    r"(?:阅读|浏览|点击|评论|点赞|views?|reads?|المشاهدات|عدد المشاهدات)(?:量|数|次数)?\s*[:：(]?\s*[\d,.]+\s*[)次]?",
)  # fmt: skip

# A notice about the use of this very site or text: both halves must be there.
_OWN = re.compile(
    "本[站网报刊社平台]|本网站|凡标注|凡本|凡注明|转载请|注明来源|本文(?:仅|不|版权|来源|系转载)|获取授权|版权均?[属归]|如有侵权|"
    r"this (?:site|web ?site|article|story|publication|material|page)\b|our (?:site|website)|هذا (?:الموقع|المقال|المحتوي)|المنشوره? (?:في|علي)"
)
_RIGHTS = re.compile(
    "版权|授权|侵权|转载|刊载|免责|学习交流|不代表.{0,10}[观立]|copyright|without (?:the )?(?:prior |express )*(?:written )?permission|may not be (?:published|reproduced|copied|republished)|"
    "reproduc|الحقوق|حقوق (?:النشر|الملكيه)|اعاده (?:نشر|النشر)|لا يجوز|دون اذن"
)

# Bylines, sources, editors and dates carry facts: they belong to the article.
BYLINE = _any(
    r"[\[【(（—\-\s]*(?:来源|稿源|编辑|责任编辑|责编|校对|记者|作者|撰文|文字|摄影|审核|审校|监制|通讯员|翻译|制图|图片来源|发布时间|发布日期|更新时间|本报记者|新华社|文[/|丨:]|图[/|丨:]).{0,80}",
    r"[\[(—\-\s]*(?:source|photo|image|picture|by|author|editor|edited|written|reporting|reported|published|updated|posted|last (?:updated|modified)|date|translated|correspondent)\b.{0,100}",
    r"[\[(—\-\s]*(?:ال)?(?:مصدر|مصادر|محرر|تحرير|بقلم|كتب|كتبت|كاتب|اعداد|مراسل|ترجمه|تصوير|صوره|تاريخ|نشر|نشرت|اخر تحديث|تحديث)[\s:].{0,100}",
)  # fmt: skip
DATED = re.compile(
    r".{0,16}\d{2,4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,4}.{0,24}|.{0,24}\b(?:19|20)\d\d\b.{0,16}"
)

_BREADCRUMB_PREFIX = _any(
    r"(?:您?的?)?(?:当前|现在|所在)?(?:的)?位置\s*:.{0,100}", r"you are here\s*:.{0,100}", r"(?:انت هنا|موقعك الحالي)\s*:.{0,100}"
)  # fmt: skip
_BREADCRUMB = re.compile(
    rf"(?:{_HOME})\s*(?:(?:>+|»|›|/|→|\||<+|«|‹|::|-{{2}}>?|—>)\s*[^>»›/→|<«‹]{{1,60}})+[>»›/→|<«‹\s]*"
)
_TRAIL = re.compile(r"[^>»›]{1,40}(?:\s*(?:»|›|>>)\s*[^>»›]{1,60}){2,}")
_NAVIGATION = frozenset((
    "新闻", "资讯", "体育", "财经", "娱乐", "科技", "时政", "国际", "国内", "军事", "教育", "汽车", "房产", "视频", "图片", "社会",
    "文化", "健康", "论坛", "博客", "专题", "评论", "直播", "news", "sports", "sport", "business", "world",
    "politics", "technology", "tech", "opinion", "culture", "entertainment", "video", "videos",
    "photos", "weather", "contact", "about", "login", "lifestyle", "health", "science", "travel",
    "اخبار", "رياضه", "اقتصاد", "سياسه", "ثقافه", "تكنولوجيا", "فيديو", "صور", "منوعات", "صحه",
    "فن", "عالم", "محليات", "مقالات", "راي", "العالم", "المزيد",
))  # fmt: skip
_SPAM = re.compile(
    "无码|自拍|偷拍|精品(?:自|国产|久久|视频|在线)|国产(?:自|精品|普通话|av|在线|成人)|亚洲(?:中文|无码|欧美|av|国产|综合)|欧美(?:另类|性|成人|日韩)|[一二三四]区|久久|爆乳|"
    "色欲|成人(?:视频|电影|网站|小说|在线)|[日毛黄a]片|人妻|porn|xxx|sex (?:video|cam)|casino|viagra|cialis|slot online|سكس|اباحي|كازينو"
)


def is_breadcrumb(folded: str) -> bool:
    """A trail of sections, from "home" or from "you are here", or three and more joined by » or >>."""
    return bool(
        _BREADCRUMB_PREFIX.fullmatch(folded) or _BREADCRUMB.fullmatch(folded) or _TRAIL.fullmatch(folded)
    )


def is_menu(folded: str) -> bool:
    """A row of section names: "home" or a section first, and at least three section names in all."""
    words = re.split(r"[\s|/,،·•]+", folded)
    known = sum(word in _NAVIGATION or bool(re.fullmatch(_HOME, word)) for word in words)
    return known >= 3 and known >= 0.6 * len(words)


def is_link_spam(folded: str) -> bool:
    """Keywords of a link farm in a row: separated items, no sentence, two different spam words or more."""
    items = [item for item in re.split(r"[|｜,，、\s]+", folded) if item]
    return len(items) >= 3 and not re.search("[。！？!?]", folded) and len(set(_SPAM.findall(folded))) >= 2


def is_pager(folded: str) -> bool:
    """Page numbers in a row: three and more, counting up by one."""
    numbers = re.findall(r"\d+", folded)
    if len(numbers) < 3 or not re.fullmatch(r"[\d\s.…|\[\]«»<>‹›]+|.{0,8}[\d\s.…|\[\]]+.{0,8}", folded):
        return False
    values = [int(number[:6]) for number in numbers]
    return all(after - before == 1 for before, after in pairwise(values))


def is_notice(folded: str) -> bool:
    """A legal notice about the use of this very site or text."""
    return len(folded) <= 400 and bool(_OWN.search(folded)) and bool(_RIGHTS.search(folded))
