"""Near-duplicates: are copies found, and is what is found a copy?

    python tests/quality/duplicates_quality.py [CORPORA]

Three measurements. (1) same_url_rescrapes: each of the pairs of scrapes of one page, cut by the shipped line model,
mixed with all articles of sea_china_news; a pair counts as found when one names the other or both name the same
earliest copy; what resembles less than nearly whole is listed, to be read. The thresholds were chosen on these pairs.
(2) reuters21578, which no threshold was chosen on:
the estimate against the exact rule (all shingles of all pairs that share one). (3) bbc_news with the texts cut, noisy
and padded as re-scrapes are, by a stated amount; nothing was tuned on it either.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.data import Document
from toolkit.duplicates import MIN_CONTAINED, MIN_RESEMBLANCE, find_duplicates, shingle_hashes, signature
from toolkit.segment import cut, load_line_model

SEED = 0
CERTAIN = 0.9  # resemblance from which nobody would call two articles different
EDITS = ("same", "cut to 60 %", "5 % of words changed", "10 % of words changed", "40 words of boilerplate added")


def read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def kept_text(text: str, outlet: str) -> str:
    found = cut(Document("d", text, outlet=outlet), load_line_model())
    return "\n".join(text for text, segment in zip(found.texts, found.segments, strict=True) if segment.kept)


def rescrapes(corpora: Path) -> None:
    folder = corpora / "sea_china_news"
    pairs = list(read(folder / "same_url_rescrapes.jsonl.gz"))
    texts: dict[str, str] = {}
    for i, pair in enumerate(pairs):
        for side in "ab":
            texts[f"pair-{i:03d}-{side}"] = kept_text(pair[f"text_{side}"], pair.get("outlet", ""))
    for row in read(folder / "articles.jsonl.gz"):
        texts[row["id"]] = kept_text(row["text"], row["outlet"])
    copies = find_duplicates((name, None, signature(text)) for name, text in texts.items())
    leader = {name: copies.get(name, name) for name in texts}
    found = sum(leader[f"pair-{i:03d}-a"] == leader[f"pair-{i:03d}-b"] for i in range(len(pairs)))
    doubtful = []
    for a, b in sorted(copies.items()):
        shared, contained = exact(shingle_hashes(texts[a]), shingle_hashes(texts[b]))
        if shared < CERTAIN:
            doubtful.append(f"   {a} of {b}: resemblance {shared:.2f}, contained {contained:.2f}")
    print(
        f"same_url_rescrapes: {found} of {len(pairs)} pairs found among {len(texts):,} documents; {len(copies)} named "
        f"copies in all, resemblance below {CERTAIN} (to be read by a person): {len(doubtful)}"
    )
    print("\n".join(doubtful))


def exact(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Resemblance and containment over all shingles."""
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / max(1, len(first) + len(second) - shared), shared / max(1, min(len(first), len(second)))


def is_copy(resemblance: float, contained: float) -> bool:
    return resemblance >= MIN_RESEMBLANCE or (resemblance >= MIN_CONTAINED[0] and contained >= MIN_CONTAINED[1])


def against_the_exact_rule(corpora: Path) -> None:
    from scipy.sparse import csr_matrix

    texts = [row["text"] for row in read(corpora / "reuters21578" / "articles.jsonl.gz")]
    shingles = [shingle_hashes(text) for text in texts]
    values, columns = np.unique(np.concatenate(shingles), return_inverse=True)
    ends = np.cumsum([0, *map(len, shingles)])
    rows = csr_matrix((np.ones(len(columns), np.int32), columns, ends), shape=(len(texts), len(values)))
    copies = find_duplicates((f"{i:06d}", None, signature(text)) for i, text in enumerate(texts))
    leaders: set[int] = set()
    wanted = set()
    shared = (rows @ rows.T).tocsr()
    sizes = np.diff(ends)
    for i in range(len(texts)):
        others = shared.indices[shared.indptr[i] : shared.indptr[i + 1]]
        counts = shared.data[shared.indptr[i] : shared.indptr[i + 1]]
        for j, n in zip(others.tolist(), counts.tolist(), strict=True):
            if j in leaders and is_copy(n / (sizes[i] + sizes[j] - n), n / max(1, min(sizes[i], sizes[j]))):
                wanted.add(i)
                break
        else:
            leaders.add(i)
    right = sum(is_copy(*exact(shingles[int(a)], shingles[int(b)])) for a, b in copies.items())
    found = {int(a) for a in copies}
    print(
        f"reuters21578: {len(texts):,} stories, {len(wanted)} are copies by the exact rule; recall "
        f"{len(found & wanted) / max(1, len(wanted)):.3f}, precision {right / max(1, len(copies)):.3f} "
        f"({len(copies)} named)"
    )


def edited(words: list[str], edit: str, random_words: list[str], chance: random.Random) -> list[str]:
    if edit == "cut to 60 %":
        return words[: int(len(words) * 0.6)]
    if "changed" in edit:
        rate = int(edit.split()[0]) / 100
        return [chance.choice(random_words) if chance.random() < rate else word for word in words]
    if "boilerplate" in edit:
        return chance.choices(random_words, k=20) + words + chance.choices(random_words, k=20)
    return words


def edits(corpora: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - not for secrets
    rows = [row for row in read(corpora / "bbc_news" / "articles.jsonl.gz") if not row["exact_duplicate_of"]]
    texts = [row["text"] for row in rows]
    pool = sorted({word for text in texts[:300] for word in text.split()})
    for edit in EDITS:
        items = [(f"{i:05d}-a", None, signature(text)) for i, text in enumerate(texts)]
        chosen = range(0, len(texts), 2)
        items += [
            (f"{i:05d}-b", None, signature(" ".join(edited(texts[i].split(), edit, pool, chance)))) for i in chosen
        ]
        copies = find_duplicates(items)
        leader = {name: copies.get(name, name) for name, _, _ in items}
        found = sum(leader[f"{i:05d}-a"] == leader[f"{i:05d}-b"] for i in chosen)
        print(f"bbc_news, {edit}: {found / len(chosen):.3f} of {len(chosen)} found among {len(items):,}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
    parser.add_argument("corpora", nargs="?", type=Path, default=default)
    corpora = parser.parse_args().corpora
    if not corpora.is_dir():
        sys.stderr.write(f"{corpora}: no such folder; give the folder of the labelled corpora.\n")
        return 2
    rescrapes(corpora)
    against_the_exact_rule(corpora)
    edits(corpora)
    return 0


if __name__ == "__main__":
    sys.exit(main())
