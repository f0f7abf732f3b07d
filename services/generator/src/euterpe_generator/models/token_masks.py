"""Masks and biases over a vocabulary: which tokens may be generated, and which are made more probable."""

import numpy as np
from euterpe_music.key import key_profile
from euterpe_music.measures import SCALES
from euterpe_music.tokens.quantized_track import FINE
from euterpe_music.tokens.steps import HOLD
from euterpe_music.tokens.tonality import key_shift
from euterpe_music.tokens.vocabulary import Vocabulary, duration
from numpy.typing import NDArray

from euterpe_generator.engine.request import Array, Mask
from euterpe_generator.engine.tokens.plan import Tokens

#: The first two tokens of a vocabulary, BEGIN and UNKNOWN, are inputs only.
_SPECIAL_TOKENS = 2


#: The degrees of minor keys: the natural scale, and the raised sixth and seventh, which lead to the tonic.
_MINOR_STEPS = (*SCALES["natural minor"], 9, 11)


def scale_of(key: str, *, white_keys: bool) -> frozenset[int]:
    """Return the pitch classes of a key such as "D minor", transposed to C major or A minor if `white_keys`."""
    tonic, _, mode = key.partition(" ")
    if key == "any":
        return frozenset(range(12))
    steps = SCALES["major"] if mode == "major" else _MINOR_STEPS
    root = key_shift(f"{tonic} major") % 12
    shift = -key_shift(key) if white_keys else 0
    return frozenset((root + step + shift) % 12 for step in steps)


def allowed(vocabulary: Vocabulary, scale: frozenset[int]) -> Mask:
    """Return the tokens that may be generated: positive durations, rests, holds, and pitches of the scale."""
    mask = np.ones(len(vocabulary), np.bool_)
    for number, token in enumerate(vocabulary.words):
        if number < _SPECIAL_TOKENS:
            mask[number] = False
        elif vocabulary.stream == "durations":
            mask[number] = duration(token) > 0
        elif token[0].isdigit():
            mask[number] = all(int(part) % 12 in scale for part in token.split("."))
    return mask


def key_bias(vocabulary: Vocabulary, key: str, strength: float, *, white_keys: bool) -> Array:
    """Return what is added to the logits [tokens] so that notes and chords confirm a key such as "D minor".

    It is `strength`, in nats, times how well the pitch classes fit the key (see `euterpe_music.key`). The average over
    the scale is 0, so that notes are as frequent as without it.
    """
    bias = np.zeros(len(vocabulary), np.float32)
    if key == "any" or vocabulary.stream == "durations":
        return bias
    fits = np.roll(key_fits(key), -key_shift(key) if white_keys else 0)
    for number, token in enumerate(vocabulary.words):
        if token[0].isdigit():
            bias[number] = strength * fits[[int(part) % 12 for part in token.split(".")]].mean()
    return bias


def key_fits(key: str) -> NDArray[np.float64]:
    """Return how well each pitch class [12] fits a key, from its profile; 0 on average over the scale."""
    fits = key_profile(key)
    return np.asarray(fits - fits[sorted(scale_of(key, white_keys=False))].mean(), np.float64)


def sounds_on(vocabulary: Vocabulary, pitch_class: int) -> Mask:
    """Return holds, and notes and chords whose lowest note has this pitch class; all tokens if there is none."""
    if vocabulary.stream == "durations":
        return np.ones(len(vocabulary), np.bool_)
    lowest = [int(word.split(".")[0]) if word[0].isdigit() else None for word in vocabulary.words]
    mask = np.array([pitch is not None and pitch % 12 == pitch_class for pitch in lowest])
    if not mask.any():
        return np.ones(len(vocabulary), np.bool_)
    return np.asarray(mask | (np.array(vocabulary.words) == HOLD))


def allowed_first(vocabulary: Vocabulary, *, beam_search: bool) -> Mask:
    """Return the tokens that may come first. Beam search must start with a note: a long rest is its likeliest start."""
    mask = vocabulary.legal(None)
    if beam_search:
        mask[vocabulary.rest] = False
    return mask


def penalty_exempt(vocabulary: Vocabulary) -> Mask:
    """Return the tokens that repeat by nature: holds, rests and all durations."""
    if vocabulary.stream == "durations":
        return np.ones(len(vocabulary), np.bool_)
    return np.array([token == HOLD or not token[0].isdigit() for token in vocabulary.words])


def token_durations(vocabulary: Vocabulary) -> Tokens:
    """Return the duration of each token in 24ths of a quarter."""
    return np.array([round(duration(token) * FINE) for token in vocabulary.words], np.int64)
