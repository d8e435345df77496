"""Fit index/token_codec.npz: the principal components of the embedded model's token vectors.

    python -m index.training.fit_token_codec ../shared/data/train

Reads paragraphs of SQuAD-style JSON files, as many tokens of each language.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from corpus.language import detect_language
from index.chinese import simplified
from index.embedder import SentenceTransformerEmbedder
from index.token_codec import fit_token_codec, save_token_codec
from index.training.fit_calibration import read_training_folder

_TOKENS_PER_LANGUAGE = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    passages, _ = read_training_folder(parser.parse_args().folder)
    embedder = SentenceTransformerEmbedder("embedded")
    texts: dict[str, list[str]] = {}
    for text in passages.values():
        texts.setdefault(detect_language(text)[0], []).append(text)
    sampled = []
    for language, found in sorted(texts.items()):
        kept, tokens = [], 0
        for text in found[:: max(1, len(found) // 60)]:  # spread over the articles
            if tokens < _TOKENS_PER_LANGUAGE:
                kept.append(simplified(text))
                tokens += embedder.count_tokens([text])[0]
        vectors = np.concatenate([one.tokens for one in embedder.embed_passages(kept)])
        sampled.append(vectors[:_TOKENS_PER_LANGUAGE])
        print(f"{language}: {len(vectors)} tokens of {len(kept)} passages")
    codec = fit_token_codec(np.concatenate(sampled))
    save_token_codec(codec, embedder.fingerprint)
    print(f"{len(codec.deviations)} of {embedder.dim} coordinates, {codec.width} bytes a token")


if __name__ == "__main__":
    main()
