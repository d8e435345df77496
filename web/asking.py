"""A program's question: its events, brought from the thread that answers to the request that asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.requests import Request

from index import EVERYTHING, Filter
from qa.answer import Answer, AnswerEvent, Event, Exchange
from web.queueing import Slots, WaitingEvent, answer_in_turn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from qa.pipeline import Pipeline


class ClientGone(Exception):
    """The client closed the connection before its answer was there."""


async def follow_answer(
    pipeline: Pipeline,
    slots: Slots,
    request: Request,
    question: str,
    *,
    history: Sequence[Exchange] = (),
    only: Filter = EVERYTHING,
) -> AsyncGenerator[Event | WaitingEvent]:
    """answer_in_turn for a request. Its answer ends when the iterator is closed or the client goes.

    Raises what answer_in_turn raises, and ClientGone.
    """
    loop, cancelled = asyncio.get_running_loop(), threading.Event()
    arrived: asyncio.Queue[Event | WaitingEvent | Exception | None] = asyncio.Queue()

    def bring(item: Event | WaitingEvent | Exception | None) -> None:
        try:
            loop.call_soon_threadsafe(arrived.put_nowait, item)
        except RuntimeError:  # the server stopped
            cancelled.set()

    def work() -> None:
        person = request.client.host if request.client else ""
        try:
            for event in answer_in_turn(
                pipeline,
                slots,
                question,
                history=history,
                only=only,
                person=person,
                cancelled=cancelled.is_set,
            ):
                bring(event)
            bring(None)
        except Exception as error:  # whatever it is, the request must hear of it
            bring(error)

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        arrived.put_nowait(ClientGone())

    # A thread of its own: those that wait for their turn must not take the threads that searches need.
    threading.Thread(target=work, daemon=True).start()
    watching = asyncio.create_task(watch())
    try:
        while (item := await arrived.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        cancelled.set()
        watching.cancel()


async def whole_answer(events: AsyncGenerator[Event | WaitingEvent]) -> Answer:
    """The answer at the end of a stream."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, AnswerEvent):
                return event.answer
    raise RuntimeError("a stream always ends with its answer")


async def begun(events: AsyncGenerator[Event | WaitingEvent]) -> AsyncIterator[Event | WaitingEvent]:
    """The same events, once the first is there: what is refused is refused before an answer begins."""
    first = await anext(events)

    async def all_events() -> AsyncIterator[Event | WaitingEvent]:
        async with aclosing(events):
            yield first
            async for event in events:
                yield event

    return all_events()
