"""What is it about: the themes named in the config, several per segment, none merged or dropped."""

from toolkit.themes.model import ThemeModel
from toolkit.themes.train import LearnedThemes, learn_themes

__all__ = ["LearnedThemes", "ThemeModel", "learn_themes"]
