"""Embedders: the protocol's promises, on the fake, on a tiny random model and on the embedded model."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

from corpus.errors import ModelProblem
from index.embedder import Embedder, HashEmbedder, SentenceTransformerEmbedder, _batches
from index.packed_bert import PackedBert, where_fast
from index.sentence_model import PACKED_TOKENS

TEXTS = [
    "The keeper writes down the wind.",
    "كتبَ الحارسُ سرعةَ الرِّيحِ في دفترِهِ.",
    "灯塔看守人每天晚上六点记录风速。",
    "two  lines\n and\ttabs ",
    "",
    " \n ",
    "broken \ud83d half \x00 end",
    "short",
    "a much longer text " * 20,
]


def assert_well_formed(embedding, text, dim):
    assert embedding.vector.shape == (dim,)
    assert embedding.vector.dtype == embedding.tokens.dtype == np.float32
    assert embedding.offsets.dtype == np.int32
    assert embedding.tokens.shape == (len(embedding.offsets), dim)
    assert embedding.offsets.shape == (len(embedding.offsets), 2)
    np.testing.assert_allclose(np.linalg.norm(embedding.vector), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(embedding.tokens, axis=1), 1, atol=1e-5)
    for start, end in embedding.offsets:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
    assert (np.diff(embedding.offsets[:, 0]) >= 0).all()


ROUNDED = 5e-3 if where_fast(torch.bfloat16) == torch.bfloat16 else 1e-5
"""What rounding to bfloat16 does to a coordinate of a question's vector, in a network as small as here."""


def assert_same(one, other, atol=1e-5):
    np.testing.assert_allclose(one.vector, other.vector, atol=atol)
    np.testing.assert_allclose(one.tokens, other.tokens, atol=atol)
    np.testing.assert_array_equal(one.offsets, other.offsets)


def spans(embedding, text):
    return [text[start:end] for start, end in embedding.offsets]


def assert_same_alone_batched_shuffled(embedder, texts):
    together = embedder.embed_passages(texts)
    backwards = embedder.embed_passages(texts[::-1])[::-1]
    for text, one, other in zip(texts, together, backwards, strict=True):
        assert_well_formed(one, text, embedder.dim)
        assert_same(one, other)
        assert_same(one, embedder.embed_passages([text])[0])


# ------------------------------------------------------------------------------------------ the small fake


def test_fake_keeps_the_protocol():
    embedder = HashEmbedder(dim=32)
    assert isinstance(embedder, Embedder)
    assert_same_alone_batched_shuffled(embedder, TEXTS)
    assert embedder.count_tokens(["two words", "漢字 ab", ""]) == [2, 3, 0]
    assert embedder.fingerprint != HashEmbedder(dim=64).fingerprint


def test_fake_puts_texts_that_share_words_near():
    question, same, other = HashEmbedder().embed_queries(
        ["When did the keeper write?", "the KEEPER did write, when.", "القاهرة مدينة كبيرة"]
    )
    assert question.vector @ same.vector > 0.8
    assert abs(question.vector @ other.vector) < 0.5


def test_fake_context_colours_the_sentence_vector_only():
    embedder = HashEmbedder()
    plain, coloured = embedder.embed_passages(["the keeper"] * 2, ["", "lighthouse"])
    np.testing.assert_array_equal(plain.tokens, coloured.tokens)
    (question,) = embedder.embed_queries(["lighthouse"])
    assert question.vector @ coloured.vector > question.vector @ plain.vector + 0.1


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[])))
def test_fake_takes_any_text(text):
    embedder = HashEmbedder(dim=16)
    (embedding,) = embedder.embed_passages([text])
    assert_well_formed(embedding, text, 16)
    assert [len(embedding.tokens)] == embedder.count_tokens([text])


@given(st.lists(st.integers(1, 600), max_size=60))
def test_batches_hold_every_text_once_within_the_budget(lengths):
    batches = list(_batches(lengths))
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) * max(lengths[number] for number in batch) <= 4096


# ------------------------------------------------------------------------------- a tiny model, random weights


def write_tiny_model(
    folder, *, dense=False, prompts=None, max_tokens=64, pooling="mean", seed=3, special=True
):
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    characters = ["\u2581", *map(chr, [*range(33, 127), *range(0x621, 0x653), *range(0x4E00, 0x9000)])]
    pieces = [("[PAD]", 0.0), ("[UNK]", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0)]
    pieces += [(character, -9.0) for character in characters] + [("the", -5.0), ("\u2581the", -5.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, 1, False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    if special:
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    bare = folder / "bare"
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_tokens,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    ).save_pretrained(bare)
    BertModel(
        BertConfig(
            vocab_size=len(pieces),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=max_tokens,
            initializer_range=0.2,
        )
    ).save_pretrained(bare)
    modules = [Transformer(str(bare)), Pooling(32, pooling)]
    if dense:
        modules.append(Dense(32, 16))
    model = SentenceTransformer(modules=modules, device="cpu", prompts=prompts)
    model.save_pretrained(str(folder / "model"), create_model_card=False)
    return folder / "model"


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory):
    prompts = {"query": "ask: ", "passage": "read: "}
    return write_tiny_model(tmp_path_factory.mktemp("tiny"), prompts=prompts)


@pytest.fixture(scope="module")
def tiny(tiny_folder):
    return SentenceTransformerEmbedder(str(tiny_folder))


def test_model_keeps_the_protocol(tiny):
    assert isinstance(tiny, Embedder)
    assert (tiny.dim, tiny.max_tokens) == (32, 64)
    assert_same_alone_batched_shuffled(tiny, TEXTS)
    assert tiny.embed_queries([]) == tiny.embed_passages([], []) == []


def test_sentence_vectors_are_those_of_sentence_transformers(tiny, tiny_folder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_folder), device="cpu")
    texts = ["The keeper writes.", "灯塔看守人", "الحارس", "x" * 500]
    for ours, theirs, atol in [
        (tiny.embed_queries(texts), model.encode(texts, prompt="ask: "), ROUNDED),
        (tiny.embed_passages(texts), model.encode(texts, prompt="read: "), 1e-5),
    ]:
        theirs = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
        np.testing.assert_allclose([one.vector for one in ours], theirs, atol=atol)


def test_short_texts_read_without_padding_get_the_vectors_of_the_whole_network(tiny, monkeypatch):
    texts = TEXTS[:-1]
    assert 2 * sum(tiny.count_tokens(texts)) < PACKED_TOKENS < sum(tiny.count_tokens(texts * 40))
    packed = tiny.embed_passages(texts)
    many = tiny.embed_passages(texts * 40)[: len(texts)]
    asked = tiny.embed_queries(texts)
    monkeypatch.setattr(tiny._model, "_passages", None)
    monkeypatch.setattr(tiny._model, "_questions", None)
    for one, other, plain in zip(packed, many, tiny.embed_passages(texts), strict=True):
        assert_same(one, plain)
        assert_same(other, plain)
    for one, plain in zip(asked, tiny.embed_queries(texts), strict=True):
        assert_same(one, plain, ROUNDED)


def test_rounded_questions_have_the_very_same_vectors_in_any_company(tiny):
    together = tiny.embed_queries([*TEXTS, *TEXTS[::-1]])
    for text, one, other in zip(TEXTS, together, together[::-1], strict=False):
        (alone,) = tiny.embed_queries([text])
        assert_well_formed(alone, text, tiny.dim)
        if ROUNDED > 1e-5:
            assert (one.vector == alone.vector).all() and (one.tokens == other.tokens).all()
        assert_same(one, alone)


def test_a_text_without_a_token_has_no_direction(tmp_path):
    embedder = SentenceTransformerEmbedder(str(write_tiny_model(tmp_path, special=False)))
    alone, (nothing, word) = embedder.embed_queries([""]), embedder.embed_queries(["", "the"])
    for embedding in (*alone, nothing):
        assert embedding.tokens.shape == (0, 32)
        assert not embedding.vector.any()
    assert_well_formed(word, "the", 32)


def test_only_networks_whose_arithmetic_is_known_are_taken_apart():
    sizes = {"hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 32}
    assert PackedBert.takes(BertModel(BertConfig(vocab_size=9, **sizes)))
    assert not PackedBert.takes(BertModel(BertConfig(vocab_size=9, hidden_act="relu", **sizes)))
    assert not PackedBert.takes(BertModel(BertConfig(vocab_size=9, is_decoder=True, **sizes)))
    assert not PackedBert.takes(XLMRobertaModel(XLMRobertaConfig(vocab_size=9, **sizes)))


@pytest.mark.parametrize(("products", "nearest"), [(torch.bfloat16, 0.9999), (torch.int8, 0.995)])
def test_rounded_states_stay_near(products, nearest):
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 64}
    model = BertModel(BertConfig(vocab_size=50, **sizes)).eval()
    texts = [[1, 7, 9, 30], [2, 3], list(range(40))]
    exact, near = PackedBert(model)(texts), PackedBert(model, products)(texts)
    assert near.shape == exact.shape == (3, 40, 32)
    assert torch.cosine_similarity(near[2], exact[2], dim=1).min() > nearest
    assert 0 < (near - exact).abs().max() < 0.2
    assert not near[1, 2:].any()


def test_offsets_are_of_the_text_alone(tiny):
    text = "the 灯塔  of the الحارس"
    expected = ["the", "灯", "塔", "o", "f", "the", *"الحارس"]
    (plain,) = tiny.embed_passages([text])
    (coloured,) = tiny.embed_passages([text], ["the title"])
    assert spans(plain, text) == spans(coloured, text) == expected
    assert np.abs(plain.vector - coloured.vector).max() > 1e-3
    assert np.abs(plain.tokens - coloured.tokens).max() > 1e-3
    assert_same(plain, tiny.embed_passages([text], [""])[0])


def test_context_never_pushes_the_text_out(tiny):
    text = "x" * 50
    (coloured,) = tiny.embed_passages([text], ["long title " * 40])
    assert len(coloured.tokens) == 50
    full = "y" * 500
    assert_same(tiny.embed_passages([full], ["title"])[0], tiny.embed_passages([full])[0])


def test_long_texts_are_cut_and_counted_whole(tiny):
    for text in ["word " * 20_000, "字" * 100_000]:
        (embedding,) = tiny.embed_queries([text])
        assert_well_formed(embedding, text, 32)
        assert len(embedding.tokens) < tiny.max_tokens
    assert tiny.count_tokens(["", "字" * 1000, "the end"]) == [0, 1001, 5]


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=[])))
def test_model_takes_any_text(tiny, text):
    (embedding,) = tiny.embed_passages([text], [text])
    assert_well_formed(embedding, text, 32)


def test_threads_get_the_same(tiny):
    alone = tiny.embed_queries(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for together in pool.map(tiny.embed_queries, [TEXTS] * 8):
            for one, other in zip(alone, together, strict=True):
                assert_same(one, other)


def test_dense_layer_gives_tokens_of_the_same_dimension(tmp_path):
    embedder = SentenceTransformerEmbedder(str(write_tiny_model(tmp_path, dense=True)))
    assert embedder.dim == 16
    assert_same_alone_batched_shuffled(embedder, TEXTS[:3])


def test_e5_by_name_gets_its_prompts(tmp_path):
    folder = write_tiny_model(tmp_path)
    plain = SentenceTransformerEmbedder(str(folder))
    assert_same(plain.embed_queries(["the"])[0], plain.embed_passages(["the"])[0], ROUNDED)
    (expected,) = plain.embed_passages(["query: the"])
    named = SentenceTransformerEmbedder(str(folder.rename(tmp_path / "another-e5-model")))
    np.testing.assert_allclose(named.embed_queries(["the"])[0].vector, expected.vector, atol=ROUNDED)
    assert np.abs(named.embed_passages(["the"])[0].vector - expected.vector).max() > max(1e-3, 2 * ROUNDED)


def test_fingerprint_follows_weights_and_prompts(tiny, tiny_folder, tmp_path):
    assert tiny.fingerprint == SentenceTransformerEmbedder(str(tiny_folder)).fingerprint
    prompts = {"query": "ask: ", "passage": "read: "}
    others = [
        write_tiny_model(tmp_path / "seed", prompts=prompts, seed=4),
        write_tiny_model(tmp_path / "prompts", prompts=prompts | {"query": "say: "}),
        write_tiny_model(tmp_path / "pooling", prompts=prompts, pooling="cls"),
    ]
    fingerprints = {SentenceTransformerEmbedder(str(folder)).fingerprint for folder in others}
    assert len(fingerprints | {tiny.fingerprint}) == 4


def test_missing_model_says_what_to_do(tmp_path):
    with pytest.raises(ModelProblem, match="hf download nobody/no-such-model") as caught:
        SentenceTransformerEmbedder("nobody/no-such-model").embed_queries(["the"])
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelProblem, match="check the files in"):
        _ = SentenceTransformerEmbedder(str(tmp_path)).dim


def test_pickled_weights_are_refused(tiny_folder, tmp_path):
    import shutil

    import torch
    from safetensors.torch import load_file

    folder = tmp_path / "pickled"
    shutil.copytree(tiny_folder, folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelProblem, match=r"no file named model\.safetensors"):
        _ = SentenceTransformerEmbedder(str(folder)).dim


def test_model_of_another_kind_is_refused(tmp_path):
    folder = write_tiny_model(tmp_path, pooling=("mean", "max"))
    with pytest.raises(ModelProblem, match="Transformer, Pooling; wanted"):
        _ = SentenceTransformerEmbedder(str(folder)).dim


# ---------------------------------------------------------------------------------------- the embedded model


@pytest.mark.model
def test_embedded_model_keeps_the_protocol(embedder):
    assert isinstance(embedder, Embedder)
    assert (embedder.dim, embedder.max_tokens) == (384, 512)
    assert_same_alone_batched_shuffled(embedder, TEXTS)


@pytest.mark.model
def test_embedded_offsets_in_three_languages(embedder):
    text = "The cat،  القِطّة  猫在睡觉 ＡＢＣ.\n End"
    (embedding,) = embedder.embed_passages([text], ["A title"])
    found = spans(embedding, text)
    assert "".join(found) == "".join(text.split())
    assert found[:2] == ["The", "cat"]
    assert "ＡＢＣ" in found
    assert found[-1] == "End"


@pytest.mark.model
def test_embedded_model_finds_across_languages(embedder):
    questions = ["Who writes down the wind?", "من يكتب سرعة الريح؟", "谁记录风速？"]
    passages = [
        *TEXTS[:3],
        "Bread rises because of yeast.",
        "ينتفخ الخبز بسبب الخميرة.",
        "面包因酵母而膨胀。",
    ]
    vectors = np.array([one.vector for one in embedder.embed_passages(passages)])
    for embedding in embedder.embed_queries(questions):
        scores = vectors @ embedding.vector
        for language in range(3):
            assert scores[language] > scores[language + 3]
