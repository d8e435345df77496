"""Abbreviations, titles, initials and ordinals: words whose full stop need not end a sentence."""

from __future__ import annotations

import re

from corpus.characters import is_cjk

LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ][\w'’-]*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A full stop after these, or after a capitalised title, never ends a sentence ...
_NEVER_ENDS = _words("e.g i.e eg ie cf vs viz al approx ca esp incl resp fig figs eq eqs dept")
_TITLES = _words(
    "mr mrs ms dr prof gen rep sen gov capt lt col sgt maj cmdr adm rev hon pres supt messrs mme mlle mt"
)
# ... after these it does not before a number ...
_BEFORE_NUMBER = _words(
    "no nos nr vol vols ch chap sec sect pt p pp par ver jan feb mar apr jun jul aug sep sept oct nov dec"
)
# ... and after these, when capitalised, and after initials and acronyms, only before a word that opens
# sentences.
_MAY_END = _words(
    "inc ltd co corp llc plc bros jr sr st ave blvd rd est ph.d m.sc b.sc ed univ mon tue tues wed thu thurs"
    " fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec"
)
_OPENS_SENTENCES = _words(
    "the a an this that these those it its he she his her him they their we our you your i my there here in"
    " on at by for from with to of as after before during since until when while where what who why how if"
    " although though because but and or so yet however moreover furthermore therefore thus then also both"
    " each every some many most several all no not one two three another other such according despite unlike"
    " under over between through is are was were do does did has have had will would can could may might must"
    " should today later meanwhile finally instead"
)
_ABBREVIATIONS = {
    "de": _words("z.b bzw usw d.h u.a nr str hr fr ca evtl ggf inkl vgl abb bd hrsg jh st"),
    "fr": _words("m mm mme mlle dr cf av env chap éd p.ex"),
    "es": _words("sr sra srta d dña ud uds ee.uu p.ej núm art av dr dra"),
    "it": _words("sig sigg dott prof avv ing ecc art pag"),
    "pt": _words("sr sra dr dra exmo av núm pág art"),
    "nl": _words("dhr mevr mw bijv d.w.z o.a m.b.t enz nr blz"),
}
# Languages that write ordinals as a number and a full stop ("am 3. Mai").
DOTTED_ORDINALS = _words("de da nb nn no fi cs sk hu hr sl et lv tr is")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
ROMAN = re.compile(r"[ivx]{1,5}", re.IGNORECASE)
# Arabic abbreviations are letters with full stops between: د. أ.د. ص.ب. هـ.
ARABIC_INITIALS = re.compile("[ء-ي]\u0640?(?:\\.[ء-ي]\u0640?)*")


def abbreviates(word: str, word_after: str, language: str) -> bool:
    """Is the full stop between two words part of the first one only?"""
    lower = word.lower()
    capitalised = word[:1].isupper()
    if (
        lower in _NEVER_ENDS
        or (capitalised and lower in _TITLES)
        or lower in _ABBREVIATIONS.get(language, ())
    ):
        return True
    if lower in _BEFORE_NUMBER and word_after[:1].isdigit():
        return True
    initial = len(word) == 1 and word.isalpha() and not is_cjk(word)
    if initial or (capitalised and lower in _MAY_END) or _ACRONYM.fullmatch(word):
        # "A." after an initial is another initial, not the article.
        opener = LATIN_WORD.match(word_after)
        return opener is None or word_after[1:2] == "." or opener.group().lower() not in _OPENS_SENTENCES
    return False
