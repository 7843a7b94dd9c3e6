"""Distilling a sentence transformer into the static embedder we ship: one vector per word piece, no torch to use it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.distil_fit import fit_to_teacher
from toolkit.embed import Embedder
from toolkit.errors import ToolkitError

EMBEDDING_FILE = "embedding.safetensors"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"

# Smooth inverse frequency (Arora et al. 2017), the rank of a piece standing for its frequency; model2vec's default.
SIF_COEFFICIENT = 1e-4
# Pieces that never occur in English text: placeholders and characters of scripts MiniLM saw too rarely to know.
_DROPPED_PIECES = r"\[unused\d+\]|^(##)?[^\x00-\u024f\u1e00-\u1eff\u2000-\u206f\u20a0-\u20cf]+$"


# The teacher reads the texts of the fit in batches of like length; its vectors are rounded, so that last bits, which
# depend on the processor, seldom reach the file.
_TEACHER_PIECES = 56
_TEACHER_BATCH = 16
_TEACHER_ROWS = 1000
_TEACHER_DECIMALS = 4


def build_embedder(
    source: str | Path,
    out: Path,
    *,
    texts: Sequence[str] = (),
    dimensions: int = 256,
    seed: int = 0,
    cache: Path | None = None,
) -> Mapping[str, Any]:
    """Distil the sentence transformer in the folder `source` into `out`; gives back the manifest.

    Every word piece goes through the transformer once; its vectors are reduced by principal components, weighted by
    smooth inverse frequency and rounded to 8 bits with one scale a dimension, so that sums of pieces are exact. With
    `texts` the vectors are then fitted to those the transformer gives the texts, and rounded again.

    Parameters
    ----------
    source : path
        A sentence-transformers folder (config.json, tokenizer.json, model.safetensors), or a folder that contains one,
        such as an installed package of model files.
    out : path
        The folder to write; files of an earlier build are replaced.
    texts : sequence of str
        Texts to fit the vectors on; an hour for 30,000 sentences on one core.
    dimensions : int
        How many principal components to keep.
    seed : int
        For the random number generators of the libraries; the method itself is deterministic.
    cache : path
        A folder for the transformer's vectors of `texts`, a thousand at a time: an interrupted build goes on there.

    Raises
    ------
    ToolkitError
        Where the folder holds no model, or the libraries for distilling are not installed.
    """
    teacher = _teacher_folder(Path(source))
    try:
        import torch
        from model2vec.distill import distill_from_model
        from safetensors.numpy import save
        from threadpoolctl import threadpool_limits
        from tokenizers import Tokenizer
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        raise ToolkitError(
            f"Building an embedder needs {error.name}; install article-toolkit[transformers] and model2vec[distill]."
        ) from error
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model = AutoModel.from_pretrained(str(teacher), local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(str(teacher), local_files_only=True)
    distilled = distill_from_model(
        model=model,
        tokenizer=tokenizer,
        device="cpu",
        pca_dims=dimensions,
        sif_coefficient=SIF_COEFFICIENT,
        token_remove_pattern=_DROPPED_PIECES,
        quantize_to="float32",
    )
    matrix, scales = quantise(np.asarray(distilled.embedding, dtype=np.float64))
    vocabulary = json.loads(distilled.tokenizer.to_str())
    for key in ("truncation", "padding"):
        vocabulary[key] = None
    tokenizer_json = json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":")) + "\n"
    if texts:
        wanted = _teacher_vectors(model, tokenizer, texts, cache)
        with threadpool_limits(1):
            static = Embedder(matrix, scales, Tokenizer.from_str(tokenizer_json))
            start = np.asarray(matrix * scales.astype(np.float64), dtype=np.float64)
            matrix, scales = quantise(fit_to_teacher(start, static.count(texts), wanted, dimensions=dimensions))

    out.mkdir(parents=True, exist_ok=True)
    (out / EMBEDDING_FILE).write_bytes(save({"matrix": matrix, "scales": scales}))
    (out / TOKENIZER_FILE).write_text(tokenizer_json, encoding="utf-8")
    manifest = {
        "schema_version": 1,
        "teacher": _teacher_name(teacher),
        "teacher_sha256": _sha256(teacher / "model.safetensors"),
        "licence": "Apache-2.0",
        "method": "model2vec distillation: principal components, smooth inverse frequency, 8 bits a value"
        + ("; fitted to the teacher's vectors of texts by ridge regression" if texts else ""),
        "n_texts": len(texts),
        "texts_sha256": _hash_of(texts) if texts else None,
        "dimensions": int(matrix.shape[1]),
        "n_pieces": int(matrix.shape[0]),
        "sif_coefficient": SIF_COEFFICIENT,
        "seed": seed,
        "files": {name: _sha256(out / name) for name in (EMBEDDING_FILE, TOKENIZER_FILE)},
        "versions": {name: metadata.version(name) for name in ("model2vec", "numpy", "scipy", "torch", "transformers")},
    }
    (out / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return manifest


def _teacher_vectors(model: Any, tokenizer: Any, texts: Sequence[str], cache: Path | None) -> npt.NDArray[np.float64]:
    """The transformer's unit vectors of `texts`: the mean over their pieces, rounded."""
    import torch

    model.eval()
    parts = []
    for start in range(0, len(texts), _TEACHER_ROWS):
        rows = texts[start : start + _TEACHER_ROWS]
        kept = cache / f"{_hash_of(rows)}.npy" if cache else None
        if kept is not None and kept.exists():
            parts.append(np.load(kept))
            continue
        vectors = np.zeros((len(rows), model.config.hidden_size), dtype=np.float32)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        with torch.inference_mode():
            for first in range(0, len(order), _TEACHER_BATCH):
                batch = order[first : first + _TEACHER_BATCH]
                pieces = tokenizer(
                    [rows[i] for i in batch],
                    padding=True,
                    truncation=True,
                    max_length=_TEACHER_PIECES,
                    return_tensors="pt",
                )
                mask = pieces["attention_mask"][..., None].float()
                means = (model(**pieces).last_hidden_state * mask).sum(1) / mask.sum(1)
                vectors[batch] = torch.nn.functional.normalize(means, dim=1).numpy()
        parts.append(vectors)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, vectors)
    return np.asarray(np.round(np.concatenate(parts).astype(np.float64), _TEACHER_DECIMALS), dtype=np.float64)


def _hash_of(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()


def quantise(vectors: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """`vectors` as whole numbers from -127 to 127 and one scale a dimension: `matrix * scales` is near `vectors`.

    One scale a dimension, not one a row: sums of rows stay whole numbers, and whole numbers add up the same in any
    order.

    Parameters
    ----------
    vectors : array of shape (n_pieces, n_dimensions)

    Returns
    -------
    matrix : int8 array of shape (n_pieces, n_dimensions)
    scales : float32 array of shape (n_dimensions,)
    """
    scales = np.abs(vectors).max(axis=0) / 127
    scales[scales == 0] = 1
    return np.rint(vectors / scales).astype(np.int8), scales.astype(np.float32)


def _teacher_folder(source: Path) -> Path:
    needed = ("config.json", "tokenizer.json", "model.safetensors")
    if not source.is_dir():
        raise ToolkitError(f"{source}: no such folder; give a sentence-transformers folder with {', '.join(needed)}.")
    found = [
        path.parent for path in source.rglob("model.safetensors") if all((path.parent / n).exists() for n in needed)
    ]
    if not found:
        raise ToolkitError(f"{source}: no sentence transformer found; a folder with {', '.join(needed)} was expected.")
    return min(found, key=lambda folder: (len(folder.parts), str(folder)))


def _teacher_name(folder: Path) -> str:
    """What the model folder calls itself: the model card's title, or the folder's name."""
    card = folder / "README.md"
    title = re.search(r"^# +(\S.*)$", card.read_text(encoding="utf-8"), re.M) if card.exists() else None
    return title.group(1).strip() if title else folder.name


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
