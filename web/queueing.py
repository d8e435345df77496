"""Turns at the generator: a few answers are written at once, the others wait in a fair line.

One Slots object serves a whole server, the chat page and the API alike:

    for event in answer_in_turn(pipeline, slots, question, person=session, cancelled=stopped.is_set):
        ...  # SourcesEvent; WaitingEvent while others are before us; SentenceEvent ...; AnswerEvent

The passages are found at once, so a reader has the sources while waiting.
"""

from __future__ import annotations

import bisect
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Literal

from corpus.errors import ServerBusy
from corpus.language import detect_language
from index import EVERYTHING, Filter
from qa.answer import AnswerEvent, Event, Exchange

if TYPE_CHECKING:
    from qa.pipeline import Pipeline

Outcome = Literal["answered", "abstained", "cancelled", "busy", "failed"]

_BUSY = {
    "en": "Too many people are asking right now. Please ask again in a minute.",
    "ar": "عدد السائلين كبير الآن. يُرجى إعادة طرح السؤال بعد دقيقة.",
    "zh-Hans": "现在提问的人太多，请过一分钟再问。",
    "zh-Hant": "現在提問的人太多，請過一分鐘再問。",
}
_LOOK_EVERY = 0.1
"""Seconds between two looks at whether a waiting person has left."""


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """Sent while an answer waits for its turn, and again when it moves up. position: 1 is next."""

    position: int


@dataclass(frozen=True, slots=True)
class Place:
    """One answer's place, ordered by fairness first and arrival second."""

    round: int
    number: int
    person: str = field(compare=False)


class Slots:
    """At most `running` answers at once and at most `waiting` in line. Safe to share between threads.

    The line is fair to people, not to questions: whoever has asked several times at once waits with the
    later ones until everybody else had a turn (start-time fair queuing, Goyal et al. 1996).
    """

    def __init__(self, running: int = 1, waiting: int = 32) -> None:
        self.most_running = running
        self.most_waiting = waiting
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """(language of the question, how its answer ended) -> answers so far."""
        self._changed = threading.Condition()
        self._numbers = count()
        self._round = 0
        self._running: list[Place] = []
        self._waiting: list[Place] = []

    @property
    def running(self) -> int:
        """Answers being written now."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Answers in line."""
        return len(self._waiting)

    def enter(self, person: str = "") -> Place:
        """Take a place, which must be given to leave() at the end. "" stands for a person of its own.

        Raises ServerBusy at once when the line is full.
        """
        with self._changed:
            own = [place.round for place in (*self._running, *self._waiting) if person == place.person != ""]
            place = Place(max([self._round, *(each + 1 for each in own)]), next(self._numbers), person)
            if self._running_is_free():
                self._start(place)
            elif len(self._waiting) >= self.most_waiting:
                raise ServerBusy(_BUSY["en"])
            else:
                bisect.insort(self._waiting, place, key=_order)
                self._changed.notify_all()
            return place

    def wait(self, place: Place, cancelled: Callable[[], bool]) -> Iterator[int]:
        """Yield the position in line, 1 for the next, on each change; ends at the turn or when cancelled."""
        told = 0
        while not cancelled():
            with self._changed:
                if place in self._running:
                    return
                position = self._waiting.index(place) + 1
                if position == told:
                    self._changed.wait(_LOOK_EVERY)
                    continue
            told = position
            yield position

    def leave(self, place: Place) -> None:
        """Give a place back, waiting or running; the next in line starts."""
        with self._changed:
            for places in (self._running, self._waiting):
                if place in places:
                    places.remove(place)
            while self._waiting and self._running_is_free():
                self._start(self._waiting.pop(0))
            self._changed.notify_all()

    def count(self, question: str, outcome: Outcome) -> None:
        """Note how an answer ended."""
        with self._changed:
            self.outcomes[detect_language(question)[0], outcome] += 1

    def _running_is_free(self) -> bool:
        return len(self._running) < self.most_running

    def _start(self, place: Place) -> None:
        self._round = max(self._round, place.round)
        self._running.append(place)


def _order(place: Place) -> tuple[int, int]:
    return place.round, place.number


def answer_in_turn(
    pipeline: Pipeline,
    slots: Slots,
    question: str,
    *,
    history: Sequence[Exchange] = (),
    only: Filter = EVERYTHING,
    person: str = "",
    cancelled: Callable[[], bool],
) -> Iterator[Event | WaitingEvent]:
    """The pipeline's stream, whose part after the sources has one of the slots.

    person: a session or an address. The slot is free again when the stream ends, is cancelled or is closed.
    The first event raises InvalidRequest for a bad question, and ServerBusy, in the question's language,
    for a full line.
    """
    events = pipeline.stream(question, history=history, only=only, cancelled=cancelled)
    try:
        place = slots.enter(person)
    except ServerBusy:
        slots.count(question, "busy")
        raise ServerBusy(_busy_message(question)) from None
    outcome: Outcome = "cancelled"
    try:
        yield next(events)  # the sources
        yield from map(WaitingEvent, slots.wait(place, cancelled))
        while not cancelled() and (event := next(events, None)):
            if isinstance(event, AnswerEvent) and not cancelled():
                outcome = "abstained" if event.answer.abstained else "answered"
            yield event
    except Exception:
        outcome = "failed"
        raise
    finally:
        slots.leave(place)
        slots.count(question, outcome)


def _busy_message(question: str) -> str:
    """What a full line says, in the language of the question."""
    language, script = detect_language(question)
    key = f"zh-{script}" if language == "zh" else language
    return _BUSY.get(key) or _BUSY["zh-Hans" if language == "zh" else "en"]
