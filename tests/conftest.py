"""Nothing in the tests may reach a network; the sample corpus is indexed once for all of them."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests run in two processes
os.environ.setdefault("TRICITE_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # torch loads OpenMP before llama.cpp can set this

import atexit
import gc
from pathlib import Path

import pytest

from index.embedder import SentenceTransformerEmbedder

atexit.register(gc.freeze)  # a process ends two seconds sooner, as in cli.py

SAMPLE = Path(__file__).resolve().parents[1] / "corpus" / "sample"
# Files that load torch or the span reader without being marked as tests of the embedded models.
_WITH_TORCH = {"test_cli", "test_embedder", "test_generators", "test_injection", "test_pipeline"}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs all that needs torch and the models, so that they are loaded once; the others go by
    file to whichever is free."""
    for item in items:
        name = item.path.stem
        with_torch = name in _WITH_TORCH or item.get_closest_marker("model") is not None
        item.add_marker(pytest.mark.xdist_group("models" if with_torch else name))


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector need not go through it again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def embedder() -> SentenceTransformerEmbedder:
    """The embedded model, loaded once for all tests."""
    return SentenceTransformerEmbedder("embedded")


@pytest.fixture(scope="session")
def sample_index(embedder: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of the sample corpus, made with the embedded model. Not to be changed."""
    from corpus.splitting import Splitter
    from index import update_index

    folder = tmp_path_factory.mktemp("sample") / "index"
    report = update_index(folder, [SAMPLE], embedder, splitter=Splitter())
    assert report.unreadable == []
    assert report.documents == len([path for path in SAMPLE.rglob("*") if path.is_file()])
    return folder
