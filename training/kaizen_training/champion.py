"""Where the champion is: at an address, or in a channel of a job that has no network."""

from __future__ import annotations

from pathlib import Path

NO_CHAMPION = "none"
CHAMPION_URI = "champion_uri"
CHAMPION_CHANNEL = "champion"
_ARCHIVE = "model.tar.gz"
# A channel cannot be empty: the pipeline's first execution gets a file with this ending.
_PLACEHOLDER = ".none"


def champion_in(channel: Path) -> str:
    """Path of the champion's model.tar.gz in a channel; `none` where the channel holds the placeholder.

    Raises:
        ValueError: it holds neither: comparing with nothing by mistake would let any model pass.
    """
    names = sorted(path.name for path in channel.iterdir())
    if names == [_ARCHIVE]:
        return str(channel / _ARCHIVE)
    if len(names) == 1 and names[0].endswith(_PLACEHOLDER):
        return NO_CHAMPION
    raise ValueError(
        f"channel champion: must hold {_ARCHIVE} or a file *{_PLACEHOLDER}, got {', '.join(names) or 'nothing'}"
    )
