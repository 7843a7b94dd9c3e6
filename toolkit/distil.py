"""Distilling a sentence transformer into the static embedder we ship: one vector per word piece, no torch to use it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.errors import ToolkitError

EMBEDDING_FILE = "embedding.safetensors"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"

# Smooth inverse frequency (Arora et al. 2017), the rank of a piece standing for its frequency; model2vec's default.
SIF_COEFFICIENT = 1e-4
# Pieces that never occur in English text: placeholders and characters of scripts MiniLM saw too rarely to know.
_DROPPED_PIECES = r"\[unused\d+\]|^(##)?[^\x00-\u024f\u1e00-\u1eff\u2000-\u206f\u20a0-\u20cf]+$"


def build_embedder(source: str | Path, out: Path, *, dimensions: int = 256, seed: int = 0) -> Mapping[str, Any]:
    """Distil the sentence transformer in the folder `source` into `out`; gives back the manifest.

    Every word piece goes through the transformer once; its vectors are reduced by principal components, weighted by
    smooth inverse frequency and rounded to 8 bits with one scale a dimension, so that sums of pieces are exact.

    Parameters
    ----------
    source : path
        A sentence-transformers folder (config.json, tokenizer.json, model.safetensors), or a folder that contains one,
        such as an installed package of model files.
    out : path
        The folder to write; files of an earlier build are replaced.
    dimensions : int
        How many principal components to keep.
    seed : int
        For the random number generators of the libraries; the method itself is deterministic.

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

    out.mkdir(parents=True, exist_ok=True)
    (out / EMBEDDING_FILE).write_bytes(save({"matrix": matrix, "scales": scales}))
    vocabulary = json.loads(distilled.tokenizer.to_str())
    for key in ("truncation", "padding"):
        vocabulary[key] = None
    (out / TOKENIZER_FILE).write_text(
        json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    manifest = {
        "schema_version": 1,
        "teacher": _teacher_name(teacher),
        "teacher_sha256": _sha256(teacher / "model.safetensors"),
        "licence": "Apache-2.0",
        "method": "model2vec distillation: principal components, smooth inverse frequency, 8 bits a value",
        "dimensions": int(matrix.shape[1]),
        "n_pieces": int(matrix.shape[0]),
        "sif_coefficient": SIF_COEFFICIENT,
        "seed": seed,
        "files": {name: _sha256(out / name) for name in (EMBEDDING_FILE, TOKENIZER_FILE)},
        "versions": {name: metadata.version(name) for name in ("model2vec", "numpy", "torch", "transformers")},
    }
    (out / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return manifest


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
