"""The MCP server, asked by the official client."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from scripted import ARABIC, ENGLISH, UNANSWERED, ScriptedPipeline

from corpus.errors import IndexMissing, MissingExtra
from web import mcp_server
from web.mcp_server import create_server


def use(load: Any, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """The results of tool calls, one after another, as a client sees them."""
    from mcp.client import Client

    async def talk() -> list[Any]:
        async with Client(create_server(load)) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(talk())


def value(result: Any) -> Any:
    assert not result.is_error, result
    return json.loads(result.content[0].text)


def test_the_tools_and_what_they_take() -> None:
    from mcp.client import Client

    async def talk() -> Any:
        async with Client(create_server(ScriptedPipeline)) as client:  # type: ignore[arg-type]
            return await client.list_tools()

    tools = {tool.name: tool for tool in asyncio.run(talk()).tools}
    assert set(tools) == {"ask", "search", "read_document"}
    for tool in tools.values():
        assert tool.description
        assert all(each.get("description") for each in tool.input_schema["properties"].values())


def test_ask_search_and_read_follow_each_other() -> None:
    asked, abstained, found = use(
        ScriptedPipeline,
        ("ask", {"question": ARABIC}),
        ("ask", {"question": UNANSWERED}),
        ("search", {"question": ENGLISH, "k": 2}),
    )
    answer = value(asked)
    assert answer["citations"][0]["document_id"] == "ar-1"
    assert value(abstained)["abstained"] is True
    assert [hit["document_id"] for hit in value(found)["hits"]] == ["en-1", "ar-1"]
    citation = answer["citations"][0]
    (read,) = use(ScriptedPipeline, ("read_document", {"document_id": "ar-1", "start": citation["start"]}))
    assert value(read)["text"].startswith(citation["quote"])
    assert value(read)["next"] is None


def test_a_long_document_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_server, "MOST_READ", 50)
    text, start = "", 0
    while start is not None:
        (read,) = use(ScriptedPipeline, ("read_document", {"document_id": "en-1", "start": start}))
        piece = value(read)
        text, start = text + piece["text"], piece["next"]
    assert text == ScriptedPipeline().index.document("en-1").text


def test_problems_are_told_in_one_line_and_the_index_is_loaded_once_it_can_be() -> None:
    loads: list[int] = []

    def load() -> Any:
        loads.append(1)
        if len(loads) == 1:
            raise IndexMissing("there is no index at x: run `tricite index PATH` first")
        return ScriptedPipeline()

    first, empty, unknown, beyond, good = use(
        load,
        ("ask", {"question": ENGLISH}),
        ("ask", {"question": " "}),
        ("read_document", {"document_id": "none"}),
        ("read_document", {"document_id": "en-1", "start": 1000}),
        ("search", {"question": ENGLISH}),
    )
    for result, message in (
        (first, "there is no index at x"),
        (empty, "the question is empty"),
        (unknown, "no document 'none'"),
        (beyond, "start at an offset below"),
    ):
        assert result.is_error
        assert message in result.content[0].text
    assert value(good)["hits"]
    assert len(loads) == 2


def test_without_the_extra_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    with pytest.raises(MissingExtra, match=r"pip install 'tricite\[mcp\]'"):
        create_server(ScriptedPipeline)  # type: ignore[arg-type]


def test_the_command_talks_over_standard_input_and_output(tmp_path: Path) -> None:
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    command = str(Path(sys.executable).parent / "tricite")
    server = StdioServerParameters(
        command=command, args=["mcp", "--index", str(tmp_path)], env=dict(os.environ)
    )

    async def talk() -> Any:
        async with Client(stdio_client(server)) as client:
            return await client.call_tool("search", {"question": ENGLISH})

    result = asyncio.run(talk())
    assert result.is_error
    assert f"there is no index at {tmp_path}" in result.content[0].text
