"""What is it about: the themes named in the config, several per segment, none merged or dropped."""

from toolkit.themes.model import ThemeModel
from toolkit.themes.train import train_themes

__all__ = ["ThemeModel", "train_themes"]
