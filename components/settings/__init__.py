"""The typed stack file: `load` reads and checks it, from Pulumi's configuration or from a mapping made in Python."""

from components.settings.checks_annotations import warnings
from components.settings.load import load
from components.settings.problems import Problem, SettingsError
from components.settings.root import Settings

__all__ = ["Problem", "Settings", "SettingsError", "load", "warnings"]
