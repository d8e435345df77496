"""The line for the generator: order, fairness, cancelling, and what a full one says."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from browsing import served
from scripted import ARABIC, CHINESE, ENGLISH, SLOW, ScriptedPipeline

from app import create_app
from corpus.errors import InvalidRequest, ServerBusy
from qa.answer import AnswerEvent, SourcesEvent
from qa.settings import load_settings
from web.queueing import Place, Slots, WaitingEvent, answer_in_turn


def never() -> bool:
    return False


def positions(slots: Slots, places: list[Place]) -> list[int]:
    """Each waiting place's position; 0 for one that runs."""
    return [next(iter(slots.wait(place, never)), 0) for place in places]


def test_places_run_in_the_order_in_which_they_came() -> None:
    slots = Slots(running=2, waiting=3)
    places = [slots.enter() for _ in range(5)]
    assert positions(slots, places) == [0, 0, 1, 2, 3]
    assert (slots.running, slots.waiting) == (2, 3)
    slots.leave(places[1])
    assert positions(slots, [places[0], *places[2:]]) == [0, 0, 1, 2]
    slots.leave(places[3])  # one that waits goes away
    assert positions(slots, [places[2], places[4]]) == [0, 1]


def test_a_person_who_asks_much_waits_for_those_who_ask_little() -> None:
    slots = Slots(running=1, waiting=9)
    greedy = [slots.enter("greedy") for _ in range(4)]
    modest, other = slots.enter("modest"), slots.enter("other")
    assert positions(slots, [*greedy, modest, other]) == [0, 3, 4, 5, 1, 2]
    slots.leave(greedy[0])
    slots.leave(modest)
    slots.leave(other)
    # Newcomers do not starve who has waited: the greedy person's next turn comes before theirs.
    late = slots.enter("late")
    assert positions(slots, [greedy[1], late]) == [0, 1]
    slots.leave(greedy[1])
    assert positions(slots, [late, greedy[2], greedy[3]]) == [0, 1, 2]


def test_people_behind_one_address_that_is_not_known_are_not_taken_for_one() -> None:
    slots = Slots(running=1, waiting=9)
    places = [slots.enter("") for _ in range(3)]
    assert positions(slots, places) == [0, 1, 2]
    assert slots.enter("someone").round == 0


def test_a_full_line_refuses_at_once_and_a_freed_place_is_taken_again() -> None:
    slots = Slots(running=1, waiting=1)
    first, _ = slots.enter(), slots.enter()
    with pytest.raises(ServerBusy):
        slots.enter()
    slots.leave(first)
    slots.enter()


def test_waiting_ends_soon_after_cancelling_and_tells_every_move() -> None:
    slots = Slots(running=1, waiting=5)
    first, second, third = (slots.enter() for _ in range(3))
    stopped = threading.Event()
    told: list[int] = []
    waiting = threading.Thread(target=lambda: told.extend(slots.wait(third, stopped.is_set)))
    waiting.start()
    time.sleep(0.15)
    slots.leave(second)
    time.sleep(0.15)
    stopped.set()
    waiting.join(1)
    assert not waiting.is_alive()
    assert told == [2, 1]
    slots.leave(third)
    slots.leave(first)
    assert (slots.running, slots.waiting) == (0, 0)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (ENGLISH, "Too many people are asking right now"),
        (ARABIC, "عدد السائلين كبير الآن"),
        (CHINESE, "现在提问的人太多"),
        ("港口的渡輪每天開幾班？", "現在提問的人太多"),
        ("Quand la clinique a-t-elle ouvert ses portes ?", "Too many people"),
    ],
)
def test_a_full_line_answers_in_the_language_of_the_question(question: str, message: str) -> None:
    slots = Slots(running=1, waiting=0)
    slots.enter()
    pipeline: Any = ScriptedPipeline()
    with pytest.raises(ServerBusy, match=message):
        next(answer_in_turn(pipeline, slots, question, cancelled=never))
    assert [outcome for _, outcome in slots.outcomes] == ["busy"]


def test_the_sources_come_before_the_turn_and_the_slot_is_given_back() -> None:
    slots = Slots(running=1, waiting=1)
    before = slots.enter()
    pipeline: Any = ScriptedPipeline()
    events = answer_in_turn(pipeline, slots, ENGLISH, cancelled=never)
    assert isinstance(next(events), SourcesEvent)
    assert next(events) == WaitingEvent(1)
    slots.leave(before)
    assert isinstance(list(events)[-1], AnswerEvent)
    assert (slots.running, slots.waiting) == (0, 0)
    assert slots.outcomes == {("en", "answered"): 1}


@pytest.mark.parametrize("read", [0, 1, 2])
def test_a_stream_that_is_dropped_or_refused_gives_its_slot_back(read: int) -> None:
    slots = Slots(running=1, waiting=1)
    pipeline: Any = ScriptedPipeline()
    events = answer_in_turn(pipeline, slots, ENGLISH, cancelled=never)
    for _ in range(read):
        next(events)
    del events
    assert slots.running == 0
    with pytest.raises(InvalidRequest):
        next(answer_in_turn(pipeline, slots, " ", cancelled=never))
    assert slots.running == 0


# ---- Over HTTP, where a client that goes away is a closed connection -----------------------------------


@pytest.fixture(scope="module")
def pipeline() -> ScriptedPipeline:
    return ScriptedPipeline()


@pytest.fixture(scope="module")
def address(pipeline: ScriptedPipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    feedback = tmp_path_factory.mktemp("queue") / "feedback.jsonl"
    settings = load_settings(answers_at_once=1, answers_waiting=1, feedback=feedback)
    with served(lambda: create_app(pipeline, settings)) as served_at:  # type: ignore[arg-type]
        yield served_at


@contextmanager
def asking(address: str, question: str, stream: bool = True) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    body = json.dumps({"question": question, "stream": stream})
    connection.request("POST", "/api/ask", body, {"content-type": "application/json"})
    try:
        yield connection
    finally:
        connection.close()


def event(response: http.client.HTTPResponse) -> tuple[str, Any]:
    name, data, _ = (response.readline().decode() for _ in range(3))
    return name.strip().removeprefix("event: "), json.loads(data.removeprefix("data: "))


def soon(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def running(address: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return sum(
        int(float(line.split()[1]))
        for line in lines
        if line.startswith(("tricite_answers_running ", "tricite_answers_waiting "))
    )


def test_one_writes_one_waits_one_is_refused_and_a_closed_connection_frees_the_slot(
    address: str, pipeline: ScriptedPipeline
) -> None:
    with asking(address, SLOW) as writing:
        first = writing.getresponse()
        assert event(first)[0] == "sources"
        with asking(address, ENGLISH) as waiting:
            second = waiting.getresponse()
            assert event(second)[0] == "sources"
            assert event(second) == ("waiting", {"position": 1})
            with asking(address, ARABIC) as refused:
                third = refused.getresponse()
                assert third.status == 503
                assert third.headers["retry-after"] == "60"
                assert "عدد السائلين" in json.loads(third.read())["error"]
            first.close()
            writing.close()
            closed = time.monotonic()
            assert event(second)[0] == "sentence"
            assert time.monotonic() - closed < 1
            assert pipeline.cancelled.is_set()
            while event(second)[0] != "answer":
                pass
    assert soon(lambda: running(address) == 0, 1)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_the_line_or_its_answer_leaves_no_trace(address: str, stream: bool) -> None:
    with asking(address, SLOW, stream):
        assert soon(lambda: running(address) == 1, 2)
        with asking(address, SLOW, stream):
            assert soon(lambda: running(address) == 2, 2)
        assert soon(lambda: running(address) == 1, 1)
    assert soon(lambda: running(address) == 0, 1)
