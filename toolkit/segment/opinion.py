"""Second opinions: where the line model is unsure of a page, the votes of extractors enter as evidence.

The sequence model decides. A vote adds log-odds to the article state of a paragraph before the best sequence of
states is sought; so neighbours still count, and a sure paragraph is not overturned by one voter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from toolkit.data import Votes
from toolkit.segment.model import ARTICLE
from toolkit.segment.page import Page

FloatArray = npt.NDArray[np.float64]

# Tuned on the 150 HTML pages of extraction_blocks with line models that had not seen their sites:
# tests/quality/html_quality.py prints F1 and the share of pages asked for other values, and `--learn-votes` the
# weights: run it again after a change of the line model's features or of the voters.
MIN_ARTICLE = 0.1  # a paragraph less likely than this to be of the article is no candidate
MAX_ARTICLE = 0.9  # one likelier than this is sure
MIN_UNSURE_SHARE = 0.15  # of the characters of a page's candidates not sure: then others are asked; 1/3 of pages
SCALE = 0.3  # neighbours vote alike, so their votes are not independent evidence; 1 would count them so
PRIOR_CHARACTERS = 500  # of agreement that a voter is granted before it is compared with what the model is sure of
KEPT_WEIGHTS = {"trafilatura": 2.3, "readability": 4.5}
LEFT_OUT_WEIGHTS = {"trafilatura": 10.3, "readability": 3.7}


def unsure_share(page: Page, posteriors: FloatArray) -> float:
    """The share in [0, 1] of the characters of a page's candidates for the article that the model is unsure of."""
    article = posteriors[:, ARTICLE]
    n_chars = _characters(page)
    candidates = float(n_chars[article > MIN_ARTICLE].sum())
    unsure = float(n_chars[(article > MIN_ARTICLE) & (article < MAX_ARTICLE)].sum())
    return unsure / candidates if candidates else 1.0


def is_unsure(page: Page, posteriors: FloatArray) -> bool:
    """Whether others are to be asked about this page."""
    return unsure_share(page, posteriors) >= MIN_UNSURE_SHARE


def evidence(page: Page, posteriors: FloatArray, votes: Votes) -> FloatArray:
    """Log-odds for the article that the votes add to each paragraph, of shape (n_paragraphs,).

    A voter that leaves out much of what the model is sure of has missed part of the page: its leaving out then counts
    for less, by the square of the share it kept.
    """
    kept, left_out = terms(page, posteriors, votes)
    for_article = np.array([KEPT_WEIGHTS[name] for name in votes.names])
    against = np.array([LEFT_OUT_WEIGHTS[name] for name in votes.names])
    return np.asarray(SCALE * (kept @ for_article - left_out @ against), dtype=np.float64)


def terms(page: Page, posteriors: FloatArray, votes: Votes) -> tuple[FloatArray, FloatArray]:
    """What the weights are multiplied with: shares kept and shares left out, of shape (n_paragraphs, n_voters) each."""
    article = posteriors[:, ARTICLE]
    sure = _characters(page) * np.abs(2 * article - 1) * article
    kept = np.nan_to_num(votes.shares, nan=0.0)
    found = (sure[:, None] * kept).sum(axis=0) + PRIOR_CHARACTERS
    trust = (found / (sure.sum() + PRIOR_CHARACTERS)) ** 2
    left_out = np.nan_to_num(1.0 - votes.shares, nan=0.0) * trust
    return kept, left_out


def _characters(page: Page) -> FloatArray:
    return np.array([p.end - p.start for p in page.paragraphs], dtype=np.float64)


def cues(votes: Votes, row: int) -> str:
    """Which voters leave a paragraph out and which abstained, for the reason it is cut with; "" where none does."""
    names = [name for name, share in zip(votes.names, votes.shares[row].tolist(), strict=True) if share < 0.5]
    return ", ".join([f"{' and '.join(names)} left it out", *votes.notes]) if names else ""
