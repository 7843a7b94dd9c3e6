"""Who and where: the names of both sides (and of competing countries) in a text."""

from toolkit.places.gazetteer import Gazetteer

__all__ = ["Gazetteer"]
