"""Learn the shipped line model: `python -m toolkit.segment.train CORPORA_DIR`.

Reads the labelled corpora (sea_china_news, line_quality, extraction_blocks, mixed_articles, and bbc_news for stories
to splice in) and writes `toolkit/assets/line_model/line_model.json`. Same corpora, same bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from toolkit.segment.examples import Example, load_examples, read_jsonl
from toolkit.segment.fitting import fit
from toolkit.segment.model import LineModel

__all__ = ["Example", "fit", "load_examples", "main", "read_jsonl", "rounded"]


def rounded(model: LineModel) -> LineModel:
    """The model as it is shipped: what is measured is what is written."""
    return LineModel.from_state(json.loads(json.dumps(model.state())))


def main(arguments: Sequence[str]) -> int:
    """Train on the corpora folder given and write the shipped file."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m toolkit.segment.train CORPORA_DIR\n")
        return 2
    model = fit(load_examples(Path(arguments[0])))
    target = Path(__file__).parents[1] / "assets" / "line_model" / "line_model.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(model.state(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    target.write_text(text + "\n", encoding="utf-8")
    sys.stderr.write(f"wrote {target} ({len(text):,} characters)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
