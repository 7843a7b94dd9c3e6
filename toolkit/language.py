"""Which language a text is in: script first, English by its stop words, a model only for the rest."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MIN_LETTERS = 20
MIN_SCRIPT_LETTERS = 4  # enough where the script itself names the language
MAX_CHARACTERS = 4_000  # a text's beginning and middle say what language it is in
# Of 3,300 lines of English news with 20 letters and more, answers below this are mostly wrong (names, menus); with
# it 3 % of the lines stay undetermined and 1 % are misread, against 2.4 % misread without it.
MIN_CONFIDENCE = 0.5

# Asked of the model: the languages of the two sides, and those their outlets and agencies also publish in.
LANGUAGES = tuple(
    """ar bn cs da de el en es fa fi fr he hi hu id it ja jv km ko lo mn ms my ne nl no pl pt ro ru sv ta th tl tr uk
    ur vi zh""".split()
)

# Scripts that one language of the field writes.
_SCRIPTS = {
    "th": re.compile("[\u0e00-\u0e7f]"),
    "lo": re.compile("[\u0e80-\u0eff]"),
    "my": re.compile("[\u1000-\u109f\uaa60-\uaa7f]"),
    "km": re.compile("[\u1780-\u17ff]"),
    "ko": re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
    "ja": re.compile("[\u3040-\u30ff\u31f0-\u31ff]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
}
_OWN_SCRIPT = re.compile("[" + "".join(pattern.pattern[1:-1] for pattern in _SCRIPTS.values()) + "]")
_MIN_KANA_SHARE = 0.1  # of kana and Han: Japanese always writes its endings in kana
_WORD = re.compile(r"[^\W\d_]+")
# English words that no neighbouring language has (Dutch "of", Malay "an", Tagalog "at" are left out).
_ENGLISH = frozenset(
    """the and that with for were have has which from by are said will its this their been would they would into between
    also other about after more than when who through during could should there these those his her""".split()
)
_MIN_ENGLISH_SHARE = 0.12  # of words; English news has 0.2 to 0.3, other languages with English names below 0.04
_MIN_ENGLISH_WORDS = 3


def detect_language(text: str) -> str:
    """ISO 639-1 code of the language of `text`, "und" where there are too few letters to tell.

    Examples
    --------
    >>> detect_language("The two sides signed an agreement and said that trade will grow.")
    'en'
    >>> detect_language("Boao")
    'und'
    """
    if len(text) > MAX_CHARACTERS:
        middle = len(text) // 2
        text = text[: MAX_CHARACTERS // 2] + " " + text[middle : middle + MAX_CHARACTERS // 2]
    words = _words(text)
    n_letters = sum(map(len, words))
    if not text.isascii():
        script = _by_script(text, n_letters)
        if script is not None:
            return script
    if n_letters < MIN_LETTERS:
        return "und"
    english = [word for word in " ".join(words).lower().split() if word in _ENGLISH]
    if len(set(english)) >= _MIN_ENGLISH_WORDS and len(english) >= _MIN_ENGLISH_SHARE * len(words):
        return "en"
    language, confidence = _model().classify(" ".join(words))
    return str(language) if confidence >= MIN_CONFIDENCE else "und"


# Of UTF-8: all of ASCII but letters become blanks.
_BLANKED = bytes(code if chr(code).isalpha() or code >= 0x80 else 0x20 for code in range(256))


_TYPOGRAPHIC = (
    "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u00a0"  # the usual characters beyond ASCII that are no letters
)


def _words(text: str) -> list[str]:
    """`_WORD.findall(text)`, sooner: parted at what is no letter, and searched only where something odd is left."""
    if text.isascii():
        return text.encode("ascii").translate(_BLANKED).decode("ascii").split()
    for separator in _TYPOGRAPHIC:
        text = text.replace(separator, " ")
    parts = text.encode("utf-8", "surrogatepass").translate(_BLANKED).decode("utf-8", "surrogatepass").split()
    if all(map(str.isalpha, parts)):
        return parts
    words: list[str] = []
    for part in parts:
        if part.isalpha():
            words.append(part)
        else:
            words += _WORD.findall(part)
    return words


def _by_script(text: str, n_letters: int) -> str | None:
    """The language whose own script most letters are in, None for scripts that several languages share."""
    if _OWN_SCRIPT.search(text) is None:
        return None
    counts = {language: len(pattern.findall(text)) for language, pattern in _SCRIPTS.items()}
    if counts["ja"] >= _MIN_KANA_SHARE * (counts["ja"] + counts["zh"]):
        counts["ja"] += counts.pop("zh")
    language = max(sorted(counts), key=lambda code: counts[code])
    if counts[language] < MIN_SCRIPT_LETTERS or 2 * counts[language] < n_letters:
        return None
    return language


@lru_cache(maxsize=1)
def _model() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # 0.4 s to import and load

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(LANGUAGES)
    return model
