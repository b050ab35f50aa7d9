"""Our own plugins of Hydra, which takes them from the namespace package `hydra_plugins` only."""

import sys

from dlexp.composition.groups import PACKAGE

PLUGINS = PACKAGE / "plugins"  # holds hydra_plugins/


def register_plugins() -> None:
    """Put them where Hydra looks; call it before Hydra first looks for plugins."""
    if str(PLUGINS) not in sys.path:
        sys.path.append(str(PLUGINS))
