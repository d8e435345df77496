"""--set reaches every field, by its type, and says what there is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from corpus.errors import InvalidRequest
from eval.configuration import Configuration, generator_identity
from index import RetrievalSettings
from qa.asking import AnswerSettings
from qa.settings import load_settings


@pytest.fixture
def configuration() -> Configuration:
    return Configuration(load_settings())


def test_values_are_read_by_their_type(configuration: Configuration) -> None:
    found = configuration.with_values(
        [
            "answer.threshold=40",
            "answer.evidence = 2",
            "eval.answers=off",
            "generator=none",
            "chunk_tokens=128",
        ]
    )
    assert (found.answer.threshold, found.answer.evidence) == (40.0, 2)
    assert found.eval.answers is False
    assert (found.models.generator, found.models.chunk_tokens) == ("none", 128)
    assert found.models.embedder == configuration.models.embedder
    assert found.values()["answer.threshold"] == 40.0


def test_every_field_of_the_settings_is_a_key(configuration: Configuration) -> None:
    keys = set(configuration.keys())
    assert {f"answer.{field.name}" for field in fields(AnswerSettings)} <= keys
    assert {f"retrieval.{field.name}" for field in fields(RetrievalSettings)} <= keys


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("answer.threshold", "sets nothing"),
        ("threshold=4", "there is no setting 'threshold': the settings are embedder, .*answer.threshold"),
        ("answer.nothing=4", "there is no setting"),
        ("models.generator=x", "there is no setting"),
        ("tokens=secret", "there is no setting"),
        ("answer.evidence=two", "give a whole number"),
        ("answer.threshold=high", "give a number"),
        ("answer.threshold=nan", "give a number that is finite"),
        ("answer.evidence=0", "give a whole number, 1 or more"),
        ("eval.limit=-1", "give a whole number, 0 or more"),
        ("eval.resamples=0", "eval.resamples is 0: give 1 or more"),
        ("eval.depth=0", "eval.depth is 0: give 1 or more"),
        ("eval.cluster=(", "eval.cluster is '\\(', no pattern: missing"),
        ("eval.cluster=q", r"put what names the cluster in \(...\)"),
        ("eval.answers=maybe", "give on or off"),
        ("chunk_tokens=1", "chunk_tokens"),
    ],
)
def test_wrong_assignments(configuration: Configuration, assignment: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        configuration.with_values([assignment])


def test_no_secret_is_recorded(configuration: Configuration) -> None:
    found = configuration.with_values(["base_url=http://user:secret@host:1/v1"])
    assert found.values()["base_url"] == "http://host:1/v1"
    assert not any("token" in name and "chunk" not in name for name in found.values() if "." not in name)


def test_a_generator_is_known_by_its_file(configuration: Configuration, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"one")
    first = generator_identity(configuration.with_values([f"generator=gguf:{path}"]).models)
    path.write_bytes(b"two")
    assert generator_identity(configuration.with_values([f"generator=gguf:{path}"]).models) != first
    assert generator_identity(configuration.with_values(["generator=none"]).models) == "none"
