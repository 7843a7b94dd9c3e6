"""The words of the report, explained once."""

from __future__ import annotations

from toolkit.data import CUT_ROLES, KEPT_ROLES
from toolkit.report.sections import View
from toolkit.report.wording import ROLE_LABELS

_ROLES = {
    "title": "the headline of the page's own article",
    "heading": "a heading inside the article",
    "body": "running text of the article",
    "list": "an item of a list that belongs to the article",
    "quote": "a quotation set apart from the text",
    "caption": "words under or beside a picture of the article",
    "byline": "who wrote it, or which agency it came from",
    "date": "a line that only says when it was published or updated",
    "navigation": "menus, breadcrumbs, links to the pages before and after",
    "teaser": "headlines and openings of other stories on the same page",
    "footer": "what stands under every page of a site: rights, addresses, terms",
    "advert": "advertising, and requests to subscribe, share or sign up",
    "duplicate": "text that stands on the page once already",
    "blank": "a document of nothing but white space",
    "other": "anything else that is no part of the article",
}
_TERMS = (
    ("Document, article", "one scraped page or record; the article is the part of it that the page is there for"),
    ("Segment", "a paragraph, heading or other block; the segments of a document give back its text to the character"),
    ("Kept, cut", "whether a segment is part of the article; cut text is flagged with its reason and never deleted"),
    ("On-topic", "about the subject, by the model's score: from the upper line"),
    ("Off-topic", "not about the subject, by the model's score: below the lower line"),
    ("Unsure", "between the lines: the model gives no answer, and a person should"),
    ("Relevance", "the calibrated probability, from 0 to 1, that an article or a segment is about the subject"),
    ("Theme", "a subject named in the configuration in advance; an article can carry several"),
    ("Topic", "a group of segments that speak of the same thing, found in the articles a model learned from"),
    ("Near-copy", "an article that shares nearly all its words with an earlier one; counted with it, once"),
    ("Repeat", "a record with the id and text of an earlier one; counted and left out"),
    ("Quarantine", "records and files that could not be used, with the reason"),
    ("95% interval", "a range that would hold the true share in 95 of 100 samples like this one (Wilson's)"),
    ("Promise", "the share of new documents, like the labelled ones, that the lines were chosen to serve"),
    ("Content hash", "a checksum of everything the results say: equal results have equal hashes"),
)


def glossary() -> View:
    """Terms, and the roles a segment can have."""
    return {
        "terms": _TERMS,
        "kept": [(ROLE_LABELS[role], _ROLES[role]) for role in KEPT_ROLES],
        "cut": [(ROLE_LABELS[role], _ROLES[role]) for role in CUT_ROLES],
    }
