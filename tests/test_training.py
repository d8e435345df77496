"""What the span reader is trained on: SQuAD-style files, and the questions written for this project."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from corpus.language import detect_language
from index.training.squad import read_examples
from qa.training.fit_evidence import missing
from qa.training.windows import Material, epoch

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ROOT / "qa" / "training" / "written"

FIRST = "The mill of Tarnow was built in 1841. It ground rye until 1987."
SECOND = "Its wheel came from Lodz. The owner was Jan Kos."


def question(name: str, text: str, answer: str = "", start: int = -1) -> dict[str, Any]:
    answers = [{"text": answer, "answer_start": start}] if answer else []
    return {"id": name, "question": text, "answers": answers, "is_impossible": not answers}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    asked = [
        question("q1", "When was the mill built?", "1841", FIRST.index("1841")),
        question("q2", "What was ground?", "rye"),  # its place is wrong, the words are there
        question("q3", "Who was Kos?", "a miller", 3),  # the words are not there
        question("q4", "When was the wheel built?"),
    ]
    paragraphs = [{"context": FIRST, "qas": asked}, {"context": SECOND, "qas": []}]
    article = {"title": "The_mill", "paragraphs": paragraphs}
    (tmp_path / "own.json").write_text(json.dumps({"data": [article] * 11}))
    return tmp_path


def test_questions_with_and_without_an_answer_are_read(folder: Path) -> None:
    paragraphs, examples = read_examples(folder)
    assert len(paragraphs) == 22
    first = {one.question_id: one for one in reversed(examples)}
    assert set(first) == {"q1", "q2", "q4"}
    found = {
        name: paragraphs[one.paragraph].text[one.start : one.end]
        for name, one in first.items()
        if one.answerable
    }
    assert found == {"q1": "1841", "q2": "rye"}
    assert not first["q4"].answerable
    assert [one.held_out for one in paragraphs] == [False] * 20 + [True] * 2


@pytest.mark.model
def test_windows_for_training_hold_the_answer_or_none(folder: Path) -> None:
    from index.embedded import embedded_model_path
    from qa.span_model import PairTokenizer

    paragraphs, examples = read_examples(folder)
    material = Material(paragraphs, PairTokenizer(embedded_model_path()))
    answered, unanswered = (next(e for e in examples if e.question_id == name) for name in ("q1", "q4"))
    heads = []
    for seed in range(20):
        pair, start, end = material.positive(answered, random.Random(seed)) or pytest.fail("no window")
        low, high = pair.offsets[start - pair.first][0], pair.offsets[end - pair.first][1]
        heads.append(next(head for head in ("", "The mill\n") if "1841" in (head + FIRST)[low:high]))
    assert len(set(heads)) == 2
    for seed in range(20):
        window = material.negative(unanswered, random.Random(seed))
        assert window is not None and window[1:] == (0, 0)
    made = [item for group in epoch(material, [unanswered] * 50, 0, 3000) for item in group]
    assert len(made) == 50 and all(item[1:] == (0, 0) for item in made)


def test_a_question_without_an_answer_is_refused_with_nothing_taken_out(folder: Path) -> None:
    paragraphs, _ = read_examples(folder)
    first, second = paragraphs[:2]
    assert first.source == second.source == "own"
    article = {first.name, second.name}
    assert missing([(first, "")], article, "en") == {"near": set(), "far": article}
    assert missing([(first, "1841")], article, "en") == {
        "answerable": set(),
        "near": {first.name},
        "far": article,
    }
    assert missing([(first, "1841")], {first.name}, "zh") == {"other language": set(), "far": {first.name}}


@pytest.mark.parametrize(
    "file", sorted(WRITTEN.rglob("*.json")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_the_written_questions_are_sound(file: Path) -> None:
    articles = json.loads(file.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    asked = [(paragraph["context"], qa) for paragraph in paragraphs for qa in paragraph["qas"]]
    assert len({context for context, _ in asked}) == len(paragraphs) > 40
    assert len({qa["id"] for _, qa in asked}) == len(asked) > 5 * len(paragraphs)
    for context, qa in asked:
        assert detect_language(context)[0] == file.stem
        assert qa["question"].strip()
        assert bool(qa["answers"]) != qa.get("is_impossible", False)
        for answer in qa["answers"]:
            place = answer["answer_start"]
            assert context[place : place + len(answer["text"])] == answer["text"].strip() != ""


@pytest.mark.model
def test_the_encoder_is_trained_from_what_is_embedded() -> None:
    """Cut in two and put together again, with additions that are still 0, it gives the same states; steps
    towards where they shall be move them there."""
    import torch

    from index.training.train_encoder import Encoder

    texts = sorted([FIRST, SECOND, "Who was Jan Kos?"], key=len)
    encoder = Encoder()
    read = encoder.read(texts, ["en"] * 3, encoder.model.passage_prompt, ["", "The mill", ""])
    parameters = encoder.add()
    encoded = encoder(read)
    for row, text in enumerate(read):
        assert encoded.kept[row].nonzero()[:, 0].tolist() == text.rows.tolist()
        cosines = (encoded.tokens[row, : len(text)].detach() * text.before.float()).sum(dim=-1)
        assert float(cosines.min()) > 0.999
    vectors = encoded.vectors.detach()
    aim = vectors.roll(1, dims=0)  # of each text, where another one is
    optimizer = torch.optim.SGD(parameters, lr=1.0)
    for _ in range(3):
        loss = 1 - (encoder(read).vectors * aim).sum(dim=1).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    before, after = ((found * aim).sum(dim=1) for found in (vectors, encoder(read).vectors.detach()))
    assert bool((after > before + 1e-3).all())
