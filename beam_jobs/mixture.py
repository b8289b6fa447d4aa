"""Pure: how often each source stands in training, so that the sources have the shares that were asked for."""

import hashlib
from collections.abc import Mapping

from model.contract.errors import SettingError


def epochs_of(characters: Mapping[str, int], shares: Mapping[str, float], max_epochs: float) -> dict[str, float]:
    """Epochs by source, for as many characters in all as there are.

    A source that would be repeated more than `max_epochs` times is repeated so often, and the others share what it
    leaves in the proportions asked for (as UniMax does with languages, arXiv:2304.09151, sec. 3).

    Args:
      characters: of the training documents, by source.
      shares: that each source shall have, by source.
      max_epochs: the most that a source is repeated.

    Raises:
      SettingError: when a source has no share, or a share no text.

    >>> epochs_of({"wiki": 100, "crawl": 900}, {"wiki": 0.5, "crawl": 0.5}, max_epochs=4)
    {'crawl': 0.6666666666666666, 'wiki': 4.0}
    """
    if without := sorted(set(characters) - set(shares)):
        raise SettingError(f"tokenize.mixture gives {without[0]} no share; name every source there, or none.")
    if empty := sorted(name for name in shares if not characters.get(name)):
        raise SettingError(
            f"tokenize.mixture gives {empty[0]} a share, but it has no text to train on; leave it out of read.sources, "
            "too."
        )
    epochs: dict[str, float] = {}
    left = dict(shares)
    room = float(sum(characters.values()))
    while left:
        whole = sum(left.values())
        wanted = {name: room * share / whole / characters[name] for name, share in left.items()}
        capped = [name for name, often in wanted.items() if often > max_epochs]
        if not capped:
            epochs |= wanted
            break
        for name in capped:
            epochs[name] = max_epochs
            room -= max_epochs * characters[name]
            left.pop(name)
    return dict(sorted(epochs.items()))


def copies_of(serialized: bytes, epochs: float) -> int:
    """How many copies of a record stand in training: at 2.5 epochs two, and three of every other record."""
    whole = int(epochs)
    if epochs == whole:
        return whole
    # Drawn apart from the shuffle: what is repeated more often must not lie together.
    drawn = hashlib.blake2b(serialized, digest_size=8, person=b"copies").digest()
    return whole + (int.from_bytes(drawn, "big") < (epochs - whole) * 2**64)
