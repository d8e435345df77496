"""Planted errors: one fact of a supported sentence is changed, and the checker must say so.

Every line of planted_sources.jsonl has a sentence of the sample corpus (source), and a twin of it in other
words or another language (variant). Sources and variants are both true to the source; in each of them one
number, date, name or negation is changed by the rules below, which share nothing with the checker.

    python benchmarks/planted_errors.py [--split dev|test] [--failures]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).with_name("planted_sources.jsonl")
KINDS = ("number", "name", "negation", "date")
RELATIONS = ("verbatim", "paraphrased", "translated")
_QUESTION = {"en": "What is said about it?", "zh": "关于它说了什么？", "ar": "ماذا قيل عنه؟"}


def _listed(names: str) -> list[str]:
    return names.split()


_MONTHS = {
    "en": _listed("January February March April May June July August September October November December"),
    "ar": _listed("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر"),
}
_DAYS = {
    "en": _listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "ar": _listed("الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد"),
}
# What is written -> what says the contrary; the first that occurs is changed, once.
_NEGATIONS = {
    "en": [
        ("not from the sauna", "from the sauna"), ("but not in", "and also in"),
        ("though not in", "and also in"),
        (" not ", " "), ("Nobody was", "Many people were"), ("No one came", "Many came"),
        ("never ", "often "),
        (" is ", " is not "), (" was ", " was not "), (" were ", " were not "), (" are ", " are not "),
        (" has ", " has not "), (" have ", " have not "), (" had ", " had not "), (" can ", " cannot "),
        (" may ", " may not "), (" will ", " will not "), ("It opened", "It did not open"),
        (" opened ", " did not open "), (" leave ", " do not leave "), (" serve the", " do not serve the"),
        (" travel free", " do not travel free"), (" rode ", " did not ride "),
        (" included ", " did not include "),
        (" complained ", " did not complain "), (" moved ", " did not move "), (" cost ", " did not cost "),
        (" paid ", " did not pay "), (" wants ", " does not want "), (" signed ", " did not sign "),
        (" founded ", " did not found "), (" took over", " did not take over"), (" runs ", " does not run "),
        (" costs ", " does not cost "), (" weighs ", " does not weigh "), (" went to", " did not go to"),
        (" equalised ", " did not equalise "), (" came on", " did not come on"), (" fell ", " did not fall "),
        (" put the ", " did not put the "), (" troubled ", " did not trouble "),
        (" took part", " did not take part"),
        (" connects ", " does not connect "), (" washed away", " did not wash away"),
        (" says ", " does not say "),
        (" turns out", " does not turn out"), (" holds 18", " does not hold 18"),
        (" travelled ", " did not travel "),
    ],
    "zh": [
        ("不再需要", "仍然需要"), ("没有机场", "有机场"), ("没有意见", "都有意见"), ("沒有意見", "都有意見"),
        ("不许", "可以"), ("禁止", "允许"), ("不是越大", "就是越大"), ("不用", "必须"),
        ("不收房租", "照收房租"),
        ("并不等于", "就等于"), ("免收", "照收"), ("可以", "不可以"), ("能量出", "不能量出"),
        ("能分辨", "不能分辨"),
        ("每次能", "每次不能"), ("不到", "超过"), ("都還能", "都不能"), ("仍然可以", "不可以"),
        ("必须", "不必"),
        ("设有", "没有设"), ("共有", "没有"), ("现有", "没有"), ("是", "不是"), ("有", "没有"),
        ("决定", "没有决定"), ("卖桂花", "不卖桂花"), ("收入", "没有收入"), ("获得", "没有获得"),
        ("花了", "没有花"),
        ("建了", "没有建"), ("办起", "没有办起"), ("收费", "不收费"), ("支付了", "没有支付"),
        ("說", "沒有說"),
        ("说", "没有说"), ("达到", "没有达到"), ("认为", "不认为"), ("者免費", "者也要付費"),
    ],
    "ar": [
        ("ولا يتوقف", "ويتوقف"), ("ولا يتضمن", "ويتضمن"), ("لن يعمل", "سيعمل"), ("لن يبدأ", "سيبدأ"),
        ("لم يدفع", "دفع"), ("لم يكلّف", "كلّف"), ("من دون مقابل", "بمقابل"),
        ("دون أن يدفع شيئًا", "بعد أن دفع مبلغًا"),
        ("يضم ", "لا يضم "), ("ويعمل ", "ولا يعمل "), ("يعمل ", "لا يعمل "), ("وتشير ", "ولا تشير "),
        ("انخفضت ", "لم تنخفض "), ("انخفض ", "لم ينخفض "), ("بيعت ", "لم تُبع "), ("بلغت ", "لم تبلغ "),
        ("بلغ ", "لم يبلغ "), ("استمرت ", "لم تستمر "), ("دامت ", "لم تدم "), ("وفازت ", "ولم تفز "),
        ("نالت ", "لم تنل "), ("وشارك ", "ولم يشارك "), ("شارك ", "لم يشارك "), ("حضر ", "لم يحضر "),
        ("تنعقد ", "لن تنعقد "), ("ستُعقد ", "لن تُعقد "), ("ويدفع ", "ولا يدفع "), ("يدفع ", "لا يدفع "),
        ("وتدير ", "ولا تدير "), ("ترأس ", "لا ترأس "), ("تراجعت ", "لم تتراجع "), ("سُرقت ", "لم تُسرق "),
        ("واستعادها ", "ولم يستعدها "), ("استعاد ", "لم يستعد "), ("يفتح ", "لا يفتح "),
        ("مفتوح ", "غير مفتوح "),
        ("استغرقت ", "لم تستغرق "), ("تأسست ", "لم تتأسس "), ("أُنشئت ", "لم تُنشأ "),
        ("وسجلت ", "ولم تسجل "),
        ("حصلت ", "لم تحصل "), ("قدّم ", "لم يقدّم "), ("يتناوب ", "لا يتناوب "),
        ("وللمستشفى ", "وليس للمستشفى "),
        ("وبلغت ", "ولم تبلغ "), ("واستقبل ", "ولم يستقبل "), ("يستقبل ", "لا يستقبل "),
        ("ذهبت ", "لم تذهب "),
        ("وأعلنت ", "ولم تعلن "), ("بدأت ", "لم تبدأ "), ("وزار ", "ولم يزر "), ("وغادر ", "ولم يغادر "),
        ("ويصل ", "ولا يصل "), ("وتستغرق ", "ولا تستغرق "), ("تزن ", "لا تزن "), ("تبلغ ", "لا تبلغ "),
        ("أُلغيت ", "لم تُلغَ "), ("أدرك ", "لم يدرك "), ("يمتد ", "لا يمتد "), ("يتسع ", "لا يتسع "),
        ("يريد ", "لا يريد "), ("يزن ", "لا يزن "), ("غُرّمت ", "لم تُغرَّم "), ("يقول ", "لا يقول "),
        ("تقول ", "لا تقول "), ("سيتعاونان ", "لن يتعاونا "), ("شُخّص ", "لم يُشخَّص "),
        ("ويرى ", "ولا يرى "),
        ("وقّع ", "لم يوقّع "), ("يجب أن ", "لا يجب أن "), ("مجاني ", "غير مجاني "),
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Twin:
    """A sentence that its source supports, and the same with one fact changed (kind names it)."""

    id: str
    split: str
    relation: str
    language: str
    source: str
    heading: str
    sentence: str
    changed: str
    kind: str


def twins() -> list[Twin]:
    """Every source and every variant, each with its planted error."""
    records = [json.loads(line) for line in SOURCES.read_text(encoding="utf-8").splitlines()]
    pools = _name_pools(records)
    used: Counter[tuple[str, str]] = Counter()
    found = []
    for record in records:
        translated = record["language"] != record["variant_language"]
        for relation, language, sentence, names in (
            ("verbatim", record["language"], record["source"], record["names"]),
            (
                "translated" if translated else "paraphrased",
                record["variant_language"],
                record["variant"],
                record["variant_names"],
            ),
        ):
            changes = dict(_changes(sentence, language, names, pools[language], record["id"]))
            # The kind planted least so far, so that all four come about equally often.
            kind = min(changes, key=lambda kind: (used[language, kind], KINDS.index(kind)))
            used[language, kind] += 1
            found.append(
                Twin(
                    record["id"], record["split"], relation, language, record["source"], record["heading"],
                    sentence, changes[kind], kind,
                )
            )  # fmt: skip
    return found


def _name_pools(records: list[dict[str, Any]]) -> dict[str, list[str]]:
    pools: dict[str, list[str]] = {"en": [], "zh": [], "ar": []}
    for record in records:
        pools[record["language"]] += record["names"]
        pools[record["variant_language"]] += record["variant_names"]
    return {language: sorted(set(names)) for language, names in pools.items()}


def _changes(
    sentence: str, language: str, names: list[str], pool: list[str], key: str
) -> Iterator[tuple[str, str]]:
    """(kind, sentence with that kind of fact changed) for every kind that the sentence allows."""
    for kind, changed in (
        ("number", _other_number(sentence)),
        ("name", _other_name(sentence, names, pool, int(key[1:]))),
        ("negation", _contrary(sentence, language)),
        ("date", _other_date(sentence, language)),
    ):
        if changed and changed != sentence:
            yield kind, changed


def _other_number(sentence: str) -> str:
    """The first number that is no part of a code or a date, with its first digit raised by three."""
    for match in re.finditer(r"[0-9０-９٠-٩]+", sentence):
        before, after = sentence[: match.start()][-1:], sentence[match.end() :][:1]
        code = re.search(r"[A-Za-z]-?$", sentence[: match.start()]) or re.match("[A-Za-z-]", after)
        if (
            code
            or after in ("年", "月", "日")
            or re.fullmatch("(?:19|20|٢٠|١٩|２０|１９)..", match[0])
            or before in (":", ".")
        ):
            continue
        digit = match[0][0]
        zero = next(z for z in "0０٠" if ord(z) <= ord(digit) <= ord(z) + 9)
        raised = chr(ord(zero) + (ord(digit) - ord(zero) + 3 - 1) % 9 + 1)
        return sentence[: match.start()] + raised + sentence[match.start() + 1 :]
    return ""


def _other_name(sentence: str, names: list[str], pool: list[str], key: int) -> str:
    """The first name replaced by another of the pool, of as many words where there is one."""
    if not names:
        return ""
    others = [
        name for name in pool if name not in names and not any(part in sentence for part in name.split())
    ]
    alike = [name for name in others if len(re.split("[ ·]", name)) == len(re.split("[ ·]", names[0]))]
    choice = (alike or others)[key % len(alike or others)]
    return sentence.replace(names[0], choice)


def _contrary(sentence: str, language: str) -> str:
    for written, contrary in _NEGATIONS[language]:
        if (at := sentence.find(written)) >= 0 and (at == 0 or language != "ar" or sentence[at - 1] in " «،"):
            return sentence[:at] + contrary + sentence[at + len(written) :]
    return ""


def _other_date(sentence: str, language: str) -> str:
    """The month, the day of the week or else the year changed to another."""
    for names in (_MONTHS.get(language, ()), _DAYS.get(language, ())):
        for number, name in enumerate(names):
            if re.search(rf"(?<!\w){name}(?!\w)", sentence):
                return re.sub(rf"(?<!\w){name}(?!\w)", names[(number + 4) % len(names)], sentence, count=1)
    if match := re.search(r"(?<!\d)(1[0-2]|[1-9])月", sentence):
        return f"{sentence[: match.start()]}{int(match[1]) % 12 + 1}月{sentence[match.end() :]}"
    if match := re.search(r"(?<![0-9٠-٩])((?:19|20)[0-9]{2}|[١٢][٠٩][٠-٩]{2})(?![0-9٠-٩万公])", sentence):
        swapped = (
            match[0][:2] + match[0][3] + match[0][2]
            if match[0][2] != match[0][3]
            else match[0][:3] + ("4" if match[0][3] not in "4٤" else "7")
        )
        return sentence[: match.start()] + swapped + sentence[match.end() :]
    return ""


def main() -> None:
    """Print how many planted errors are caught and how many true twins are rejected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("dev", "test"))
    parser.add_argument("--failures", action="store_true", help="show every sentence judged wrongly")
    arguments = parser.parse_args()

    from index.embedder import SentenceTransformerEmbedder
    from qa.checking import SUPPORTED, SupportChecker

    checker = SupportChecker(SentenceTransformerEmbedder("embedded"))
    counts: Counter[tuple[str, str, str]] = Counter()
    for twin in twins():
        if arguments.split not in (None, twin.split):
            continue
        question = _QUESTION[twin.language]
        for planted, sentence in ((False, twin.sentence), (True, twin.changed)):
            score = checker.support(sentence, twin.source, twin.heading, question)
            group = twin.kind if planted else twin.relation
            counts[twin.split, group, "of"] += 1
            if (score < SUPPORTED) != planted:
                counts[twin.split, group, "wrong"] += 1
                if arguments.failures:
                    told = "MISSED" if planted else "REJECTED"
                    print(
                        f"{told} {twin.id} {group} {twin.relation} {score:.2f}\n  {sentence}\n  {twin.source}"
                    )
            if planted:
                counts[twin.split, f"in {twin.relation}", "of"] += 1
                counts[twin.split, f"in {twin.relation}", "wrong"] += score >= SUPPORTED
    for split in ("dev", "test"):
        _print_share(counts, split, "planted errors caught", KINDS, right=True)
        _print_share(counts, split, "  of those in", [f"in {relation}" for relation in RELATIONS], right=True)
        _print_share(counts, split, "true twins rejected", RELATIONS, right=False)


def _print_share(
    counts: Counter[tuple[str, str, str]], split: str, title: str, groups: Sequence[str], *, right: bool
) -> None:
    shares, said, of = [], 0, 0
    for group in groups:
        total, wrong = counts[split, group, "of"], counts[split, group, "wrong"]
        count = total - wrong if right else wrong
        shares.append(f"{group} {count}/{total}")
        said, of = said + count, of + total
    if of:
        print(f"{split} {title}: {said}/{of} = {said / of:.1%} ({', '.join(shares)})")


if __name__ == "__main__":
    main()
