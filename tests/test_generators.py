"""Generators: one protocol, whatever writes. No network: the only server is a scripted one of our own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import GeneratorFailed, InvalidRequest, MissingExtra, ModelProblem
from qa.generators import Generator, NoGenerator, embedded, load_generator
from qa.generators.scripted import ScriptedGenerator
from qa.generators.streaming import Background, cut_at_stop
from qa.prompts import Prompt, build_prompt, token_bound

ROOT = Path(__file__).resolve().parents[1]


def completion(text: str) -> Prompt:
    return Prompt(text, (("user", text),))


def seconds(call: Callable[[], object]) -> float:
    start = time.monotonic()
    call()
    return time.monotonic() - start


# ------------------------------------------------------------------ settings


def test_none_says_nothing() -> None:
    generator = load_generator("none")
    assert isinstance(generator, NoGenerator)
    assert isinstance(generator, Generator)
    assert list(generator.stream(completion("Hello"), max_tokens=9)) == []


@pytest.mark.parametrize("setting", ["", "embeded", "gguf:", "transformers:", "none:x", "a b:c", "foo:bar"])
def test_an_unknown_setting_is_refused_with_the_forms(setting: str) -> None:
    with pytest.raises(InvalidRequest, match=r"gguf:/path/model\.gguf, transformers:NAME_OR_PATH"):
        load_generator(setting)


def test_a_missing_provider_package_is_named() -> None:
    with pytest.raises(MissingExtra, match=r"pip install langchain-anthropic$"):
        load_generator("anthropic:some-model")


def test_no_api_key_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelProblem, match="OPENAI_API_KEY"):
        load_generator("openai:gpt-4o-mini")


@pytest.mark.parametrize("content", [b"", b"no model", b"GGUF and then rubbish"])
def test_what_is_no_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelProblem, match=r"model\.gguf"):
        load_generator(f"gguf:{path}")
    with pytest.raises(ModelProblem, match="No such file"):
        load_generator(f"gguf:{tmp_path / 'absent.gguf'}")


# ------------------------------------------------------------------ scripted


def test_scripted_streams_words_and_keeps_prompts() -> None:
    generator = ScriptedGenerator(["It is 1874 [1].", "你好吗"])
    assert isinstance(generator, Generator)
    first, second = completion("one"), completion("two")
    assert list(generator.stream(first, max_tokens=99)) == ["It", " is", " 1874", " [1]."]
    assert list(generator.stream(second, max_tokens=2)) == ["你", "好"]
    assert generator.prompts == [first, second]
    with pytest.raises(GeneratorFailed, match="2 responses"):
        list(generator.stream(first, max_tokens=1))


def test_scripted_stops_and_is_cancelled() -> None:
    generator = ScriptedGenerator(lambda prompt: prompt.completion)
    assert "".join(generator.stream(completion("one. two\nthree"), max_tokens=9, stop=["\n"])) == "one. two"
    flag = threading.Event()
    pieces = generator.stream(completion("one two three"), max_tokens=9, cancelled=flag.is_set)
    assert next(pieces) == "one"
    flag.set()
    assert list(pieces) == []


# ------------------------------------------------------------------ what the backends share


@pytest.mark.parametrize("size", range(1, 12))
def test_a_stop_string_is_found_across_pieces(size: int) -> None:
    text = "a sto stop stoSTOP rest"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(cut_at_stop(pieces, ["STOP", "rest"])) == "a sto stop sto"
    assert "".join(cut_at_stop(pieces, ["absent", "restless"])) == text
    assert "".join(cut_at_stop(pieces, [])) == text


def test_text_that_cannot_become_a_stop_string_is_not_held_back() -> None:
    pieces = cut_at_stop(iter(["one", " two", "\n", "three"]), ["\n\n"])
    assert [next(pieces), next(pieces), next(pieces)] == ["one", " two", "\nthree"]


def test_work_that_hangs_times_out() -> None:
    release = threading.Event()
    background = Background("slow", timeout=0.2)
    with pytest.raises(GeneratorFailed, match=r"slow did not finish within 0\.2 s"):
        list(background.stream(lambda put, stopped: release.wait(20) and None))
    with pytest.raises(GeneratorFailed, match=r"slow was busy for 0\.2 s"):
        list(background.stream(lambda put, stopped: put("never")))
    release.set()
    assert list(background.stream(lambda put, stopped: put("again"))) == ["again"]


def test_an_error_in_the_thread_reaches_the_caller_after_what_came_before() -> None:
    def work(put: Callable[[str], None], stopped: Callable[[], bool]) -> None:
        put("half")
        raise ValueError("bad\nluck")

    pieces = Background("unlucky", timeout=5).stream(work)
    assert next(pieces) == "half"
    with pytest.raises(GeneratorFailed, match=r"^unlucky failed: bad luck$"):
        next(pieces)


@pytest.mark.parametrize("how", ["cancelled", "iterator closed", "generator closed"])
def test_the_work_is_told_to_stop(how: str) -> None:
    cancel, ended = threading.Event(), threading.Event()

    def work(put: Callable[[str], None], stopped: Callable[[], bool]) -> None:
        put("first")
        while not stopped():
            time.sleep(0.01)
        ended.set()

    background = Background("endless", timeout=20)
    pieces = background.stream(work, cancel.is_set)
    assert next(pieces) == "first"
    if how == "cancelled":
        cancel.set()
        assert list(pieces) == []
    elif how == "iterator closed":
        pieces.close()  # type: ignore[attr-defined]
    else:
        assert background.close() is True
        with pytest.raises(GeneratorFailed, match="endless is closed"):
            next(pieces)
        with pytest.raises(GeneratorFailed, match="endless is closed"):
            list(background.stream(work))
    assert ended.wait(2)


# ------------------------------------------------------------------ the embedded generator's file


@pytest.fixture
def small_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A package of two small chunks instead of the real ones, and an empty cache. The chunks' folder."""
    content = bytes(range(256)) * 5000
    folder = tmp_path / "package"
    folder.mkdir()
    chunks = [folder / "part0", folder / "part1"]
    chunks[0].write_bytes(content[:700_000])
    chunks[1].write_bytes(content[700_000:])
    monkeypatch.setenv("TRICITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(embedded, "SIZE", len(content))
    monkeypatch.setattr(embedded, "SHA256", hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(embedded, "_packaged_chunks", lambda: chunks)
    return folder


def test_the_chunks_are_joined_once(small_package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = embedded.embedded_generator_path()
    assert path.parents[1] == small_package.parent / "cache"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == embedded.SHA256

    def fail(*args: object) -> str:
        raise AssertionError("a file whose size and time are known must not be read again")

    monkeypatch.setattr(embedded, "sha256", fail)
    monkeypatch.setattr(embedded, "_join", fail)
    assert embedded.embedded_generator_path() == path


def test_a_changed_file_is_hashed_and_replaced_only_if_wrong(
    small_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = embedded.embedded_generator_path()
    right = path.read_bytes()
    path.write_bytes(b"x" + right[1:])
    assert embedded.embedded_generator_path().read_bytes() == right
    path.write_bytes(right[:-1])
    assert embedded.embedded_generator_path().read_bytes() == right
    os.utime(path, (1, 1))
    monkeypatch.setattr(embedded, "_join", lambda *args: pytest.fail("the content was right"))
    assert embedded.embedded_generator_path() == path
    assert path.stat().st_mtime == 1


def test_damaged_chunks_leave_no_file(small_package: Path) -> None:
    (small_package / "part1").write_bytes(b"not the model")
    with pytest.raises(ModelProblem, match="force-reinstall"):
        embedded.embedded_generator_path()
    left = {path.name for path in (small_package.parent / "cache" / "generator").iterdir()}
    assert left <= {embedded.FILE_NAME + ".lock"}


def test_a_cache_that_cannot_be_written_is_said(small_package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRICITE_CACHE", str(small_package / "part0"))
    with pytest.raises(ModelProblem, match="TRICITE_CACHE"):
        embedded.embedded_generator_path()


def test_several_at_once_write_it_once(small_package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joined, join = [], embedded._join

    def counted(path: Path, chunks: Any) -> None:
        joined.append(path)
        time.sleep(0.1)
        join(path, chunks)

    monkeypatch.setattr(embedded, "_join", counted)
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda: paths.append(embedded.embedded_generator_path())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(joined) == 1
    assert len(paths) == 4


# ------------------------------------------------------------------ llama.cpp


@pytest.fixture(scope="module")
def gemma() -> Iterator[Generator]:
    generator = load_generator("embedded")
    yield generator
    generator.close()


LONG = "The river runs to the sea and the road follows it. " * 60  # about 700 tokens


@pytest.mark.model
def test_gemma_is_a_completion_generator(gemma: Generator) -> None:
    assert isinstance(gemma, Generator)
    assert (gemma.name, gemma.kind, gemma.context_tokens) == ("embedded", "completion", 2048)


@pytest.mark.model
def test_gemma_is_greedy_and_ends_where_told(gemma: Generator) -> None:
    prompt = completion("1, 2, 3, 4, 5,")
    once = "".join(gemma.stream(prompt, max_tokens=12))
    assert once.startswith(" 6, 7, 8,")
    assert "".join(gemma.stream(prompt, max_tokens=12)) == once
    assert "".join(gemma.stream(prompt, max_tokens=40, stop=["7"])) == " 6, "
    assert len(list(gemma.stream(prompt, max_tokens=3))) == 3
    assert list(gemma.stream(prompt, max_tokens=0)) == []


@pytest.mark.model
@pytest.mark.parametrize("text", ["饕餮 龘 爨", "😀🥳🧿🪬", "مَرْحَبًا", "ꙮ𐍈"])
def test_characters_of_several_tokens_come_whole(gemma: Generator, text: str) -> None:
    pieces = list(gemma.stream(completion(f"{text}\n{text}\n{text}\n"), max_tokens=60, stop=["\n"]))
    assert "".join(pieces) == text
    assert all("\ufffd" not in piece for piece in pieces)


@pytest.mark.model
def test_prompts_of_several_languages_stay_read(gemma: Generator) -> None:
    prompts = [completion(f"{start} {LONG[:1000]}") for start in ("One:", "واحد:", "一：")]
    first = seconds(lambda: [list(gemma.stream(prompt, max_tokens=1)) for prompt in prompts])
    again = seconds(lambda: [list(gemma.stream(prompt, max_tokens=1)) for prompt in prompts])
    assert again < first / 3


@pytest.mark.model
@pytest.mark.parametrize("wait", [0.0, 0.4])
def test_a_prompt_being_read_can_be_cancelled(gemma: Generator, wait: float) -> None:
    flag = threading.Event()
    threading.Timer(wait, flag.set).start()
    prompt = completion(f"{wait} {LONG} {LONG}")
    took = seconds(lambda: list(gemma.stream(prompt, max_tokens=300, cancelled=flag.is_set)))
    assert took < wait + 1.0
    # The engine itself must be free as well, not only the caller.
    assert seconds(lambda: list(gemma.stream(completion("Hello"), max_tokens=1))) < 2.5


@pytest.mark.model
def test_gemma_counts_tokens_below_the_bound(gemma: Generator) -> None:
    assert gemma.count_tokens("") == 0
    for text in ("The lighthouse was first lit in 1874.", "林家灯塔建于1874年。", "بُني الجسر عام 1932."):
        assert 5 < gemma.count_tokens(text) <= token_bound(text)


@pytest.mark.model
def test_a_prompt_too_long_is_said(gemma: Generator) -> None:
    with pytest.raises(GeneratorFailed, match=r"tokens, embedded reads at most 2048"):
        list(gemma.stream(completion(LONG * 5), max_tokens=5))
    assert list(gemma.stream(completion("1, 2, 3,"), max_tokens=1)) == [" "]


@pytest.mark.model
def test_two_callers_take_turns(gemma: Generator) -> None:
    answers: dict[str, str] = {}

    def ask(text: str) -> None:
        answers[text] = "".join(gemma.stream(completion(text), max_tokens=12))

    threads = [threading.Thread(target=ask, args=(text,)) for text in ("1, 2, 3, 4, 5,", "a, b, c, d, e,")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers["1, 2, 3, 4, 5,"].startswith(" 6, 7, 8,")
    assert answers["a, b, c, d, e,"].startswith(" f, g, h,")


@pytest.mark.model
def test_the_engine_answers_nobody_without_its_key(gemma: Generator) -> None:
    address = f"http://{gemma._address}"  # type: ignore[attr-defined]
    assert address.startswith("http://127.0.0.1:")
    request = urllib.request.Request(
        f"{address}/completion", b'{"prompt": "Hello"}', {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    assert refused.value.code == 401
    refused.value.close()


@pytest.mark.model
@pytest.mark.parametrize(
    ("language", "question", "passage", "answer"),
    [
        ("en", "When was the tower built?", "The tower was built in 1931 by Carl Wood.", "1931 [1]."),
        ("ar", "متى بني البرج؟", "بني البرج عام 1931 على يد سالم الكرمي.", "1931 [1]."),
        ("zh-Hans", "火山上一次喷发是什么时候？", "火山上一次喷发是在1783年。", "1783年 [1]。"),
    ],
)
def test_the_prompt_makes_gemma_answer_in_one_cited_sentence(
    gemma: Generator, language: str, question: str, passage: str, answer: str
) -> None:
    from qa.prompts import Evidence

    prompt = build_prompt(question, language, [Evidence(1, passage, "", language[:2])])
    assert "".join(gemma.stream(prompt, max_tokens=64, stop=["\n"])).endswith(answer)


@pytest.mark.model
def test_a_chat_template_can_be_used_and_a_timeout_is_said() -> None:
    generator = load_generator("embedded", kind="chat", context_tokens=1024, timeout=0.3)
    try:
        with pytest.raises(GeneratorFailed, match=r"embedded did not finish within 0\.3 s"):
            list(generator.stream(completion(LONG), max_tokens=400))
    finally:
        generator.close()
    generator.close()
    with pytest.raises(GeneratorFailed, match="closed"):
        list(generator.stream(completion("Hello"), max_tokens=5))
    with pytest.raises(GeneratorFailed, match="closed"):
        generator.count_tokens("Hello")


@pytest.mark.model
@pytest.mark.parametrize("end", ["", "generator.close()", "raise SystemExit(0)"])
def test_the_process_is_silent_and_ends_cleanly(end: str) -> None:
    """Even with a generation under way, nothing but our own JSON is written and nothing hangs."""
    program = f"""
import json
from qa.generators import load_generator
from qa.prompts import Prompt
generator = load_generator("embedded")
print(json.dumps({{"text": "".join(generator.stream(Prompt("1, 2, 3,", ()), max_tokens=3))}}))
pieces = generator.stream(Prompt("Once upon a time", ()), max_tokens=2000)
next(pieces)
{end}
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["text"].startswith(" 4")


# ------------------------------------------------------------------ transformers


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with random models of a few thousand weights: causal, chat (causal with template), seq2seq."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        T5Config,
        T5ForConditionalGeneration,
    )

    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    # Printable ASCII only, so that whatever a random model says is text. "Ġ" is the space.
    alphabet = ["Ġ", *(chr(code) for code in range(33, 127))]
    vocabulary = {token: number for number, token in enumerate(["<pad>", "</s>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    sizes = {"vocab_size": len(vocabulary), "pad_token_id": 0, "eos_token_id": 1}
    causal = LlamaForCausalLM(
        LlamaConfig(
            **sizes,
            bos_token_id=None,
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=200,
        )
    )
    seq2seq = T5ForConditionalGeneration(
        T5Config(**sizes, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0)
    )
    for name, model in (("causal", causal), ("chat", causal), ("seq2seq", seq2seq)):
        model.generation_config.suppress_tokens = [0, 1]  # a random model must not end by chance
        wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>")
        if name == "chat":
            wrapped.chat_template = (
                "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}"
                "{% endif %}<{{ m.role }}>{{ m.content }}{% endfor %}"
            )
        model.save_pretrained(folder / name)
        wrapped.save_pretrained(folder / name)
    return folder


@pytest.mark.parametrize(
    ("name", "kind"), [("causal", "completion"), ("chat", "chat"), ("seq2seq", "completion")]
)
def test_transformers_models_stream(tiny_models: Path, name: str, kind: str) -> None:
    generator = load_generator(f"transformers:{tiny_models / name}", device="cpu")
    assert isinstance(generator, Generator)
    assert generator.kind == kind
    assert generator.context_tokens == (200 if name != "seq2seq" else 2048)
    assert generator.count_tokens("abc de") == 6
    prompt = Prompt("Hello", (("system", "Be brief."), ("user", "Hello")))
    once = "".join(generator.stream(prompt, max_tokens=20))
    assert once
    assert "Hello" not in once
    assert "".join(generator.stream(prompt, max_tokens=20)) == once
    assert "".join(generator.stream(prompt, max_tokens=20, stop=[once[3]])) == once[: once.index(once[3])]
    generator.close()
    with pytest.raises(GeneratorFailed, match="closed"):
        list(generator.stream(prompt, max_tokens=5))


def test_transformers_can_be_cancelled_and_refuses_a_prompt_too_long(tiny_models: Path) -> None:
    generator = load_generator(f"transformers:{tiny_models / 'causal'}", context_tokens=100_000)
    flag = threading.Event()
    threading.Timer(0.5, flag.set).start()
    took = seconds(lambda: list(generator.stream(completion("a"), max_tokens=90_000, cancelled=flag.is_set)))
    assert 0.4 < took < 1.5
    assert list(generator.stream(completion("a"), max_tokens=1))  # the thread has ended, the model is free
    generator.close()
    short = load_generator(f"transformers:{tiny_models / 'causal'}")
    with pytest.raises(GeneratorFailed, match="the prompt has 300 tokens"):
        list(short.stream(completion("a" * 300), max_tokens=5))
    short.close()


def test_transformers_weights_must_be_safetensors(tiny_models: Path, tmp_path: Path) -> None:
    for file in (tiny_models / "causal").iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(ModelProblem, match="safetensors"):
        load_generator(f"transformers:{tmp_path}")


# ------------------------------------------------------------------ chat models over a scripted server

KEY = "sk-test-abcdefgh12345678"


class Script(BaseHTTPRequestHandler):
    """An OpenAI-compatible server whose model name says how it behaves."""

    protocol_version = "HTTP/1.1"
    requests: list[dict[str, Any]]
    released: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        request = json.loads(body) if self.path == "/v1/chat/completions" else {"model": "error"}
        self.requests.append({"key": self.headers["Authorization"], "path": self.path, **request})
        self.close_connection = True
        behaviour = request["model"]
        if behaviour == "error":
            body = json.dumps({"error": {"message": f"the key {KEY} broke\nthe server"}}).encode()
            self.send_response(500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        if behaviour == "hang":
            self.released.wait(30)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        if behaviour == "broken":
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for word in ["The", " answer", " is", " 7", " [1]", "."] * (100 if behaviour == "slow" else 1):
                self._event({"content": word}, None, behaviour)
                if behaviour == "slow":
                    time.sleep(0.02)
            if behaviour == "good":
                self._event({}, "stop", behaviour)
                self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.requests.append({"left": True})

    def do_GET(self) -> None:
        self.do_POST()

    def _event(self, delta: dict[str, str], reason: str | None, behaviour: str) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [choice],
        }
        line = f"data: {json.dumps(chunk)}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line) if behaviour == "broken" else line)
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The base_url of a running scripted server, and the requests it gets."""
    requests: list[dict[str, Any]] = []
    released = threading.Event()
    handler = type("Handler", (Script,), {"requests": requests, "released": released})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}/v1", requests
    released.set()
    running.shutdown()
    running.server_close()
    thread.join()


def test_a_chat_model_streams(server: tuple[str, list[dict[str, Any]]]) -> None:
    address, requests = server
    generator = load_generator("openai:good", base_url=address, api_key=KEY)
    assert isinstance(generator, Generator)
    assert generator.kind == "chat"
    prompt = Prompt("unused", (("system", "Be brief."), ("user", "What is it?")))
    assert list(generator.stream(prompt, max_tokens=50)) == ["The", " answer", " is", " 7", " [1]", "."]
    assert "".join(generator.stream(prompt, max_tokens=50, stop=["r is"])) == "The answe"
    request = requests[0]
    assert request["path"] == "/v1/chat/completions"
    assert request["key"] == f"Bearer {KEY}"
    assert request["stream"] is True
    assert [(message["role"], message["content"]) for message in request["messages"]] == list(prompt.messages)
    assert 50 in (request.get("max_tokens"), request.get("max_completion_tokens"))
    generator.close()


def test_nothing_is_traced_whatever_the_environment_asks(server: tuple[str, list[dict[str, Any]]]) -> None:
    program = f"""
from qa.generators import load_generator
from qa.prompts import Prompt
generator = load_generator("openai:good", base_url="{server[0]}")
print("".join(generator.stream(Prompt("", (("user", "secret"),)), max_tokens=9)))
"""
    asked = {"TRACING_V2": "true", "ENDPOINT": server[0] + "/spy", "API_KEY": "lsv2_x"}
    variables = {
        f"{name}_{key}": value for name in ("LANGSMITH", "LANGCHAIN") for key, value in asked.items()
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, **variables},
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"The answer is 7 [1].\n", b"")
    assert [request["path"] for request in server[1]] == ["/v1/chat/completions"]


def test_a_server_of_ones_own_needs_no_key(
    server: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    generator = load_generator("openai:good", base_url=server[0])
    assert "".join(generator.stream(completion("?"), max_tokens=9)) == "The answer is 7 [1]."


def test_a_servers_error_is_told_on_one_line_without_the_key(
    server: tuple[str, list[dict[str, Any]]],
) -> None:
    generator = load_generator("openai:error", base_url=server[0], api_key=KEY, max_retries=1)
    with pytest.raises(GeneratorFailed, match=r"500.*broke the server") as failed:
        list(generator.stream(completion("?"), max_tokens=9))
    assert KEY not in str(failed.value)
    assert "\n" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert len(server[1]) == 2  # the request and one retry


def test_nobody_listening_is_told() -> None:
    generator = load_generator("openai:m", base_url="http://127.0.0.1:9/v1", api_key=KEY, max_retries=0)
    with pytest.raises(GeneratorFailed, match=r"openai:m failed: .*refused"):
        list(generator.stream(completion("?"), max_tokens=9))


def test_a_server_that_hangs_times_out(server: tuple[str, list[dict[str, Any]]]) -> None:
    generator = load_generator("openai:hang", base_url=server[0], api_key=KEY, timeout=0.5)
    start = time.monotonic()
    with pytest.raises(GeneratorFailed, match=r"within 0\.5 s|timed out"):
        list(generator.stream(completion("?"), max_tokens=9))
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("behaviour", ["broken", "cut"])
def test_a_stream_that_breaks_off_is_an_error(
    server: tuple[str, list[dict[str, Any]]], behaviour: str
) -> None:
    """With (broken) and without (cut) a transport that notices."""
    generator = load_generator(f"openai:{behaviour}", base_url=server[0], api_key=KEY)
    pieces = generator.stream(completion("?"), max_tokens=9)
    assert [next(pieces) for _ in range(6)] == ["The", " answer", " is", " 7", " [1]", "."]
    with pytest.raises(GeneratorFailed, match="failed"):
        next(pieces)


def test_a_chat_model_can_be_cancelled(server: tuple[str, list[dict[str, Any]]]) -> None:
    address, requests = server
    generator = load_generator("openai:slow", base_url=address, api_key=KEY)
    flag = threading.Event()
    pieces = generator.stream(completion("?"), max_tokens=999, cancelled=flag.is_set)
    assert next(pieces) == "The"
    flag.set()
    assert seconds(lambda: list(pieces)) < 1
    deadline = time.monotonic() + 5
    while {"left": True} not in requests and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {"left": True} in requests  # the server, too, is told: the connection is closed
    generator.close()


def test_counting_tokens_needs_no_tokenizer() -> None:
    generator = load_generator("openai:m", base_url="http://127.0.0.1:9/v1")
    assert generator.count_tokens("你好") == token_bound("你好") == 4
