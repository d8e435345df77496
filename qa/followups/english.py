"""English: "it", "its", "there", "And in 2019?", "What about the other one?", "Who was the architect?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.analyzers import ENGLISH_STOP_WORDS
from qa.followups import Topic


def _word_set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_FUNCTION = ENGLISH_STOP_WORDS | _word_set(
    "much many per each every all most more less only just now today currently still ever yet again about "
    "me us before after when while because during since until between than one ones same other another "
    "please tell"
)
# Base forms that end a question after its subject ("How much does a rye loaf cost?").
_VERBS = _word_set(
    "cost costs take takes last lasts start starts begin begins end ends open opens close closes run runs "
    "use work weigh yield earn hold make sell stand attend attended opened closed happen look mean serve "
    "supply cover employ need want live come built founded located based called set get go"
)
_ASKING = re.compile(
    r"(?:what|who|whom|whose|which|when|where|why|how|is|are|was|were|am|do|does|did|has|have|had|can|could"
    r"|will|would|should|shall|may|might|must)\b|(?:in|on|at|for|from|to|by|with|of|since|until) "
    r"(?:what|whom?|which|when|how)\b",
    re.IGNORECASE,
)
_OPENER = re.compile(r"(?:(?:and|but|so|or|then|also|ok|okay)\b[\s,]*)+", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"(?:what|how) about\b\s*", re.IGNORECASE)
_DETERMINER = re.compile(r"\b(?:the|a|an|this|that|these|those)\s+$", re.IGNORECASE)
_COUNTING = re.compile(r"\b(?:how (?:many|much)|which|what|who)\s+$", re.IGNORECASE)
_LINK = re.compile(r"\s+(?:(?:of|for|at|in|on|to|from|by|with)\s+)(?:(?:the|a|an)\s+)?", re.IGNORECASE)
_DO = re.compile(r"\b(?:do|does|did|can|could|will|would)\s+(?:the\s+|an?\s+)?$", re.IGNORECASE)
_HAVE = re.compile(r"\s+(?:have|be|do|[a-z]*ly)\b", re.IGNORECASE)
_OF = re.compile(r"\s+(?:of|for|to|on)\b", re.IGNORECASE)
_PREPOSITION = re.compile(r"(?:of|for|at|in|on|to|from|by|with)\s+", re.IGNORECASE)
_CLAUSE = re.compile(
    r"\b(?:before|after|when|while|if|because|until|since|that|which|who|and|once)\b", re.IGNORECASE
)
_EXPLETIVE = re.compile(r"\s+(?:mean|means|called|true)\s+(?:when|that|to|for|if)\b", re.IGNORECASE)
_DEFINITION = re.compile(r"what (?:is|are|was|were) (?!the\b)", re.IGNORECASE)
_TIMES = _word_set(
    "january february march april may june july august september october november december monday tuesday "
    "wednesday thursday friday saturday sunday year years month week day summer winter spring autumn"
)

_PERSONAL = _word_set("he she him her his hers")
_POSSESSIVE = _word_set("its his her their")
_REFERRING = _PERSONAL | _word_set("it its they them their theirs hers")
_DEMONSTRATIVE = _word_set("this that these those")
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\s+$", re.IGNORECASE
)
_IMPLICIT_WORDS = 3
"""A question of so few words of its own, none a name, leaves its topic out: "Who was the architect?"."""

_POINTED_WORDS = 3
"""After more words of content a pronoun refers to one of them."""

_NAME = re.compile(r"[A-Z][\w'’-]+(?:\s+(?:al-|de |van |von )?[A-Z][\w'’-]+)+")
_TITLES = re.compile(r"^(?:(?:The|Dr|Mr|Mrs|Ms|Professor|Prof|Coach|Mayor|Sir)\s+)+")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int
    content: bool
    named: bool


def asks_who(question: str) -> bool:
    return re.search(r"\bwho(?:m|se)?\b", question, re.IGNORECASE) is not None


def person(answer: str) -> str:
    for match in _NAME.finditer(answer):
        name = _TITLES.sub("", match[0])
        if " " in name and name.split()[0].casefold() not in _TIMES:
            return name
    return ""


def topic(question: str) -> str:
    """The chain of nouns with a name in it ("the Lantern Market in Marsa al-Yasmin"), or else all of them."""
    words = _words(question)
    chains = [_without_asked(chain, question) for chain in _chains(_runs(words, question), question)]
    if any(word.named for chain in chains for run in chain for word in run):
        chains = [chain for chain in chains if any(word.named for run in chain for word in run)]
    elif len(chains) > 1 and _COUNTING.search(question[: chains[0][0][0].start]):
        chains = chains[1:]
    return ", ".join(filter(None, (_phrase(chain, question) for chain in chains)))


def complete(question: str, before: Topic) -> tuple[str, str]:
    text = question.strip()
    opener = _OPENER.match(text)
    rest = text[opener.end() :] if opener else text
    about = _WHAT_ABOUT.match(rest)
    if about or (opener and not _ASKING.match(rest)):
        return _other(rest[about.end() :] if about else rest, before)
    words = _words(rest)
    reference = next((word for word in words if _refers(word, words, rest)), None)
    if reference is not None:
        return _with_topic(rest, reference, before), ""
    if not any(word.content for word in words):
        return f"{before.question} {rest}", ""
    if _leaves_out(words, rest):
        return _appended(rest, before.text), ""
    return question, ""


def _words(question: str) -> list[_Word]:
    found = list(re.finditer(r"\w+(?:[-'’.,]\w+)*", question))
    words = []
    for place, match in enumerate(found):
        word = match[0]
        plain = re.sub(r"['’]s$", "", word.casefold())
        after_how = place > 0 and found[place - 1][0].casefold() == "how"
        content = plain not in _FUNCTION and not after_how
        numbered = any(character.isdigit() for character in word)
        capital = any(character.isupper() for character in (word if place else word[1:]))
        opens_name = not place and content and len(found) > 1 and found[1][0][0].isupper()
        named = content and plain not in _TIMES and (numbered or capital or opens_name or not word.isascii())
        words.append(_Word(word, match.start(), match.end(), content, named))
    return words


# ------------------------------------------------------------------ what a question is about


def _runs(words: Sequence[_Word], question: str) -> list[list[_Word]]:
    """Neighbouring content words, as "home sleep centre"."""
    runs: list[list[_Word]] = []
    for word in words:
        if not word.content:
            continue
        if runs and not question[runs[-1][-1].end : word.start].strip(" \"'“”‘’«»"):
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _chains(runs: Sequence[list[_Word]], question: str) -> list[list[list[_Word]]]:
    """Runs that prepositions link, as "home sleep centre of Shinan Hospital"."""
    chains: list[list[list[_Word]]] = []
    for run in runs:
        if chains and _LINK.fullmatch(question[chains[-1][-1][-1].end : run[0].start]):
            chains[-1].append(run)
        else:
            chains.append([run])
    return chains


def _without_asked(chain: list[list[_Word]], question: str) -> list[list[_Word]]:
    """The price of the sofa, asked for, is about the sofa."""
    before = question[: chain[0][0].start].casefold().split()
    asked = all(word.strip(",") in _FUNCTION or place == 1 for place, word in enumerate(before))
    if len(chain) < 2 or not before or not asked or any(word.named for word in chain[0]):
        return chain
    counted = _COUNTING.search(question[: chain[0][0].start])
    return chain[1:] if counted or _OF.match(question[chain[0][-1].end : chain[1][0].start]) else chain


def _phrase(chain: Sequence[Sequence[_Word]], question: str) -> str:
    first, last = list(chain[0]), list(chain[-1])
    if any(word.named for word in first) and not _DETERMINER.search(question[: first[0].start]):
        while not first[0].named:
            first.pop(0)
    if len(chain) == 1:
        last = first
    while last and not last[-1].named and last[-1].text.casefold() in _VERBS:
        last.pop()
    if last and not last[-1].named and any(word.named for word in last) and _verb_stands_last(last, question):
        last.pop()
    if not last:
        return ""
    start = first[0].start
    article = re.search(r"\bthe\s+(?:most\s+)?$", question[:start], re.IGNORECASE)
    phrase = question[article.start() if article else start : last[-1].end]
    return re.sub(r"^The\b", "the", phrase)


def _verb_stands_last(run: Sequence[_Word], question: str) -> bool:
    """Whether a run holds the verb after its subject: "does the Blue Ferry carry"."""
    after = question[run[-1].end :]
    return bool(_DO.search(question[: run[0].start])) and not _HAVE.match(after)


# ------------------------------------------------------------------ what a question leaves out


def _refers(word: _Word, words: Sequence[_Word], question: str) -> bool:
    """Whether a word points to something before the question."""
    plain, before = word.text.casefold(), question[: word.start]
    place = words.index(word)
    earlier = [one for one in words[:place] if one.content]
    follows_content = place > 0 and words[place - 1].content
    if plain == "there":
        return not re.search(r"\b(?:is|are|was|were|be|been)\s+$", before, re.IGNORECASE) and not re.match(
            r"\s+(?:is|are|was|were)\b", question[word.end :], re.IGNORECASE
        )
    if plain in _DEMONSTRATIVE:
        return not follows_content and not any(one.named for one in earlier)
    if plain not in _REFERRING or any(one.named for one in earlier) or len(earlier) > _POINTED_WORDS:
        return False
    if plain == "it" and _EXPLETIVE.match(question[word.end :]):
        return False
    if plain in _POSSESSIVE and place + 1 < len(words) and words[place + 1].content and follows_content:
        return False  # "people get their water"
    clause = list(_CLAUSE.finditer(before))
    return not (clause and any(one.end <= clause[-1].start() for one in earlier))


def _leaves_out(words: Sequence[_Word], question: str) -> bool:
    """Whether a short question names only what has been spoken of: "Who was the architect?"."""
    content = [word for word in words if word.content]
    if len(content) > _IMPLICIT_WORDS or any(word.named for word in content):
        return False
    if not _ASKING.match(question) or _DEFINITION.match(question):
        return False
    runs = _runs(words, question)
    return all(
        _DETERMINER.search(before := question[: run[0].start]) or _COUNTING.search(before) for run in runs[:1]
    ) and all(_introduced(run, question) for run in runs[1:])


def _introduced(run: Sequence[_Word], question: str) -> bool:
    before = question[: run[0].start]
    return bool(_DETERMINER.search(before) or all(word.text.casefold() in _VERBS for word in run))


# ------------------------------------------------------------------ putting it in


def _with_topic(question: str, reference: _Word, before: Topic) -> str:
    plain = reference.text.casefold()
    about = before.text
    if plain in _PERSONAL and before.person:
        about = f"{before.person} ({about})" if about else before.person
    if not about:
        return question
    after = question[reference.end :]
    if plain in _POSSESSIVE and re.match(r"\s+\w", after) and not _PREPOSITION.match(after.lstrip()):
        about += "'s"
    elif plain == "there":
        about = f"at {about}"
    elif plain in _DEMONSTRATIVE and (thing := re.match(r"\s+(?:one\b)?", after)):
        if thing[0].strip():
            after = after[thing.end() :]
        elif re.match(r"\s+\w", after) and not _AUXILIARY.match(after.lstrip()):
            return _appended(question, about)
    return f"{question[: reference.start]}{about}{after}"


def _appended(question: str, about: str) -> str:
    if not about:
        return question
    text = question.rstrip("?؟？ ")
    return f"{text} ({about})?"


def _other(fragment: str, before: Topic) -> tuple[str, str]:
    """The question before, asked of something else ("And in Lanqiao?") or more closely ("And in 2019?")."""
    said = fragment.rstrip("?؟？. ")
    words = _words(f"x {said}")  # no question opens it: a capital is a name
    asked = before.question.rstrip("?؟？ ")
    if any(word.named and not word.text[0].isdigit() for word in words) and before.text in asked:
        thing = _PREPOSITION.sub("", said, count=1) if _PREPOSITION.match(said) else said
        return f"{asked.replace(before.text, thing, 1)}?", thing
    if not _PREPOSITION.match(said):
        for run in _runs(_words(asked), asked):
            article = _DETERMINER.search(asked[: run[0].start])
            phrase = _phrase([run], asked)
            if article and phrase and not any(word.named for word in run):
                end = asked.index(phrase, article.start()) + len(phrase)
                return f"{asked[: article.start()]}{said}{asked[end:]}?", ""
    return f"{asked} {said}?", ""
