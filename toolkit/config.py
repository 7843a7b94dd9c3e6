"""The config file: pydantic models of `configs/*.toml`; unknown keys are refused with a suggestion."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolkit.errors import ToolkitError
from toolkit.store import shipped_folder


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Subject(_Section):
    """What the corpus is followed for."""

    name: str = Field(min_length=1)
    description: str = ""
    seed_terms: tuple[str, ...] = ()
    """Words and phrases that speak of the relation itself (belt and road, free trade area, bilateral)."""


class Side(_Section):
    """One side of the relation. Countries are ISO 3166-1 alpha-2 codes; names come from public lists plus these."""

    label: str
    countries: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Names of the side as a whole: "ASEAN", "Southeast Asia"."""
    aliases: dict[str, tuple[str, ...]] = {}
    """Country code → further names: {"CN": ["PRC", "mainland China"]}."""
    demonyms: dict[str, tuple[str, ...]] = {}
    regions: dict[str, tuple[str, ...]] = {}
    """Country code → provinces and regions, with the spellings found in news."""
    cities: dict[str, tuple[str, ...]] = {}
    organisations: dict[str, tuple[str, ...]] = {}


class Places(_Section):
    """The two sides and the guards against names that mean something else."""

    sides: dict[str, Side]
    min_city_population: int = Field(default=150_000, ge=0)
    ambiguous: tuple[str, ...] = ()
    """Names counted only where another name of the same country stands in the document."""
    ignore: tuple[str, ...] = ()
    """Names of the public lists that are never counted."""
    not_places: tuple[str, ...] = ()
    """Phrases that contain a name and mean something else: "Manila envelope", "bone china"."""


class Theme(_Section):
    """A named category: stable, several per segment; never merged, never dropped."""

    label: str
    description: str
    seed_terms: tuple[str, ...] = Field(min_length=1)


class Relevance(_Section):
    """Where on-topic begins; between `off_below` and `on_from` a score is unsure."""

    target_coverage: float = Field(default=0.9, gt=0, lt=1)
    """Share of the documents that are promised the right answer (conformal prediction); the rest is unsure or wrong."""
    target_recall: float | None = Field(default=None, gt=0, le=1)
    """Share of the documents truly on the subject that the threshold of `on` must find; needs labels."""
    target_precision: float | None = Field(default=None, gt=0, le=1)
    """Share of the documents called `on` that must be right; needs labels."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.target_recall is not None and self.target_precision is not None:
            raise ValueError("target_recall and target_precision exclude each other; give one")
        return self


class Topics(_Section):
    """How topics are found."""

    engine: Literal["bertopic", "nmf"] = "bertopic"
    n_topics: int | None = Field(default=None, ge=1)
    min_topic_segments: int = Field(default=5, ge=2)
    max_topics: int = Field(default=60, ge=1)
    n_terms: int = Field(default=10, ge=1, le=50)
    max_segments: int = Field(default=200_000, ge=1)
    """Clusters are learned from a sample of this many segments, and of 30,000 at most; all are given a topic."""
    encoder: str | None = Field(default=None, min_length=1)
    """A folder with an encoder for topics, relative to the working directory; the shipped embedder without one."""


class Limits(_Section):
    """What a single input may cost; what is over goes to quarantine with its reason."""

    max_characters: int = Field(default=5_000_000, ge=1)
    max_id_characters: int = Field(default=500, ge=1)
    max_unpacked_bytes: int = Field(default=20_000_000_000, ge=1)
    max_unpacked_ratio: int = Field(default=200, ge=1)
    min_ratio_bytes: int = Field(default=50_000_000, ge=1)
    """The ratio is only looked at beyond this many unpacked bytes."""
    max_json_depth: int = Field(default=50, ge=1)
    max_html_depth: int = Field(default=200, ge=1)
    max_training_documents: int = Field(default=50_000, ge=1)


class Config(_Section):
    """A whole config file."""

    schema_version: Literal[1] = 1
    subject: Subject
    places: Places
    themes: dict[str, Theme] = Field(min_length=1)
    relevance: Relevance = Relevance()
    topics: Topics = Topics()
    limits: Limits = Limits()


def parse_config(text: str, *, where: str) -> Config:
    """The config written in `text` (TOML); `where` names it in errors.

    Raises
    ------
    ToolkitError
        Where the TOML or a value is wrong; an unknown key is answered with the nearest known one.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ToolkitError(f"{where}: not valid TOML: {error}.") from error
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        raise ToolkitError("\n".join(_sentence(where, item) for item in error.errors())) from error


def load_config(path: Path) -> Config:
    """The config in the file `path`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ToolkitError(f"{path}: no such config file. `toolkit config init` writes one to start from.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ToolkitError(f"{path}: cannot be read as a config: {error}.") from error
    return parse_config(text, where=str(path))


def shipped_config() -> Path:
    """The commented config the toolkit comes with."""
    return shipped_folder("configs") / "china-asean.toml"


def _sentence(where: str, item: Any) -> str:
    location = [str(part) for part in item["loc"]]
    key = ".".join(location)
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(location[-1], _known_keys(location[:-1]), n=1, cutoff=0.6)
        hint = f" Did you mean `{near[0]}`?" if near else f" Known here: {', '.join(_known_keys(location[:-1]))}."
        return f"{where}: unknown key `{key}`.{hint}"
    return f"{where}: `{key}`: {item['msg']}."


def _known_keys(location: list[str]) -> list[str]:
    """The keys allowed at `location`, walking the models (and through dicts of models) from Config down."""
    model: Any = Config
    for part in location:
        if getattr(model, "__origin__", None) is dict:
            model = model.__args__[1]  # `part` is one of the dict's own keys
        elif isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[part].annotation
        else:
            return []
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
