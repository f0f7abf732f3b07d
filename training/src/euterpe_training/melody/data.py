"""Songs as arrays of token indices, and batches of windows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from euterpe_music.tokens import (
    HOLD,
    REST,
    ConditioningFeature,
    Vocabulary,
    bar_lag_features,
    conditioning_table,
    encode_steps,
    encode_streams,
    fill_bar_lag_tokens,
)
from euterpe_music.tokens.conditioning import SIZES, UNKNOWN_MODE
from euterpe_music.tokens.quantized_track import FINE, SIXTEENTHS
from euterpe_music.tokens.symbols import transpose_symbol
from numpy.typing import NDArray

from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.corpus import MelodyCorpus, Song, Split

Ints = NDArray[np.int64]

#: Transpositions of augmented songs, in semitones.
SHIFTS = np.arange(-5, 7)
#: Sixteenths by which the accompaniment is conditioned on the melody ahead.
LOOKAHEAD_STEPS = (0, 4, 8)
#: Lags of the bar-lag tokens, in bars.
LAG_BARS = (1, 2, 4, 8, 16)
#: Share of training windows without a mode, so that it may be left open; and its place among the conditions.
UNKNOWN_MODE_SHARE = 0.2
MODE_COLUMN = 1
#: Marks targets without loss.
IGNORED = -100


@dataclass(frozen=True)
class TokenFormat:
    """The inputs and outputs of a network: one vocabulary per stream, conditioning features, and styles."""

    vocabularies: tuple[Vocabulary, ...]
    features: tuple[ConditioningFeature, ...]
    styles: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens per stream."""
        return tuple(len(vocabulary) for vocabulary in self.vocabularies)


@dataclass(frozen=True, eq=False)
class EncodedSongs:
    """Concatenated songs: song i is [offsets[i], offsets[i + 1]).

    `targets` [tokens, streams] are the tokens, `previous` those before them (BEGIN at a song's start), `conditions`
    [tokens, features] the conditioning. `replaced` counts tokens that were not in the vocabulary.
    """

    previous: Ints
    targets: Ints
    conditions: Ints
    offsets: Ints
    replaced: int

    def windows(self, window: int, random: np.random.Generator | None) -> Ints:
        """Return starts of windows that cover every song: one at its beginning, the next at a random offset in it.

        Without `random` windows are adjacent.
        """
        starts: list[Ints] = []
        for begin, end in zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True):
            shift = window if random is None else int(random.integers(1, window + 1))
            starts.append(np.array([begin, *range(begin + shift, end, window)], np.int64))
        return np.concatenate(starts)

    def whole_windows(self, window: int) -> Ints:
        """Return starts of the windows at every position from which on a song has `window` tokens."""
        borders = zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True)
        return np.concatenate([np.arange(begin, max(end - window + 1, begin)) for begin, end in borders])


@dataclass(frozen=True, eq=False)
class Batch:
    """Windows [batch, window, …] of inputs and targets; targets after a song's end are IGNORED."""

    previous: Ints
    conditions: Ints
    targets: Ints


def make_token_format(corpus: MelodyCorpus, config: MelodyConfig) -> TokenFormat:
    """Build the vocabularies of the training songs; for augmented songs they have every token in every key."""
    symbols = [_symbols(song, config) for song in corpus.split("train")]
    streams = ("steps",) if config.encoding == 1 else ("pitches", "durations")
    vocabularies = []
    for at, stream in enumerate(streams):
        vocabulary = Vocabulary.build(stream, (song[at] for song in symbols), config.least)  # type: ignore[arg-type]
        if config.keys == "augmented" and stream != "durations":
            vocabulary = _in_all_keys(vocabulary)
        vocabularies.append(vocabulary)
    features = conditioning_features(config, len(corpus.styles), len(vocabularies[0]))
    return TokenFormat(tuple(vocabularies), features, corpus.styles)


def conditioning_features(config: MelodyConfig, styles: int, tokens: int) -> tuple[ConditioningFeature, ...]:
    """Return the conditioning features of the configuration, for numbers of styles and of tokens of a stream."""
    if not config.conditioned:
        return ()
    features = [ConditioningFeature("style", styles)]
    if config.modes:
        features.append(ConditioningFeature("mode", SIZES["mode"]))
    features += [ConditioningFeature(name, SIZES[name]) for name in ("meter", "position", "phrase", "remaining")]
    if config.echoes:
        features += [
            ConditioningFeature("section", SIZES["section"]),
            *(ConditioningFeature("echo", tokens, bars) for bars in LAG_BARS),
        ]
    if config.part == "accompaniment":
        features += [ConditioningFeature("melody", SIZES["melody"], offset) for offset in LOOKAHEAD_STEPS]
    return tuple(features)


def encode_songs(
    songs: Sequence[Song], styles: Sequence[str], token_format: TokenFormat, config: MelodyConfig
) -> EncodedSongs:
    """Encode songs in a token format; `styles` are those of the corpus."""
    previous, targets, conditions, replaced = [], [], [], 0
    for song in songs:
        found = [vocabulary.encode(symbols) for vocabulary, symbols in
                 zip(token_format.vocabularies, _symbols(song, config), strict=True)]  # fmt: skip
        tokens = np.stack([numbers for numbers, _ in found], axis=1)
        replaced += sum(count for _, count in found)
        targets.append(tokens)
        previous.append(np.concatenate([np.zeros((1, tokens.shape[1]), np.int64), tokens[:-1]]))
        table = _conditions(song, styles, token_format, config)[: len(tokens)]
        rows = np.zeros(len(tokens), np.int64)
        lags = bar_lag_features(token_format.features)
        conditions.append(fill_bar_lag_tokens(table, lags, tokens[None, :, 0], rows))
    offsets = np.cumsum([0, *(len(tokens) for tokens in targets)])
    return EncodedSongs(
        np.concatenate(previous), np.concatenate(targets), np.concatenate(conditions), offsets, replaced
    )


def encode_split(corpus: MelodyCorpus, part: Split, token_format: TokenFormat, config: MelodyConfig) -> EncodedSongs:
    """Encode one part of the corpus."""
    return encode_songs(corpus.split(part), corpus.styles, token_format, config)


def batches(
    encoded: EncodedSongs, config: MelodyConfig, random: np.random.Generator | None, keys: Ints | None = None
) -> Iterator[Batch]:
    """Yield the batches of one epoch.

    With `random`, windows are in random order, and with `keys` [shifts, tokens] in random keys; see
    `MelodyConfig.targets`. Without, every token is a target once.
    """
    last_only = config.targets == "last" and random is not None
    starts = encoded.whole_windows(config.window) if last_only else encoded.windows(config.window, random)
    if random is not None:
        random.shuffle(starts)
    ends = encoded.offsets[np.searchsorted(encoded.offsets, starts, side="right")]
    for first in range(0, len(starts), config.batch_size):
        some = slice(first, first + config.batch_size)
        places = starts[some, None] + np.arange(config.window)
        inside = places < ends[some, None]
        places = np.where(inside, places, 0)
        previous, targets = encoded.previous[places], encoded.targets[places]
        conditions = encoded.conditions[places]
        if keys is not None and random is not None:
            shifts = random.integers(0, len(SHIFTS), len(places))
            previous[..., 0] = keys[shifts[:, None], previous[..., 0]]
            targets[..., 0] = keys[shifts[:, None], targets[..., 0]]
            conditions = _transposed(conditions, SHIFTS[shifts], config)
        if config.modes and random is not None:
            unknown = random.random(len(places)) < UNKNOWN_MODE_SHARE
            conditions[unknown, :, MODE_COLUMN] = UNKNOWN_MODE
        targets[~inside] = IGNORED
        if last_only:
            targets[:, :-1] = IGNORED
        yield Batch(previous, conditions, targets)


def key_table(vocabulary: Vocabulary) -> Ints:
    """Return the index of each token in each key: [shifts, tokens]."""

    def transposed(symbol: str, shift: int) -> int:
        unpitched = symbol == HOLD or symbol.startswith("<")
        return vocabulary.index[symbol if unpitched else vocabulary.nearest(transpose_symbol(symbol, shift))]

    return np.array([[transposed(symbol, int(shift)) for symbol in vocabulary.words] for shift in SHIFTS], np.int64)


def _transposed(conditions: Ints, shifts: Ints, config: MelodyConfig) -> Ints:
    """Transpose the melody in conditions [batch, window, features]; the other features do not depend on the key."""
    if not config.conditioned or config.part != "accompaniment":
        return conditions
    for at in range(conditions.shape[2] - len(LOOKAHEAD_STEPS), conditions.shape[2]):
        column = conditions[..., at]
        pitch = np.clip((column - 1) % 128 + shifts[:, None], 0, 127)
        conditions[..., at] = np.where(column > 0, 1 + pitch + 128 * (column > 128), 0)
    return conditions


def _in_all_keys(vocabulary: Vocabulary) -> Vocabulary:
    symbols = dict.fromkeys(vocabulary.words[:2])
    for symbol in vocabulary.words[2:]:
        symbols.update(dict.fromkeys([symbol] if symbol in (HOLD, REST) else
                                     [transpose_symbol(symbol, int(shift)) for shift in SHIFTS]))  # fmt: skip
    return Vocabulary(vocabulary.stream, tuple(symbols))


def _symbols(song: Song, config: MelodyConfig) -> tuple[list[str], ...]:
    track = song.melody if config.part == "melody" else song.accompaniment
    return (encode_steps(track),) if config.encoding == 1 else encode_streams(track)


def _conditions(song: Song, styles: Sequence[str], token_format: TokenFormat, config: MelodyConfig) -> Ints:
    """Return the conditions [tokens, features]; with encoding 2, of the sixteenth at which each event begins."""
    if config.encoding == 1:
        return conditioning_table(token_format.features, song.form(styles.index(song.style)), song.melody)
    track = song.melody if config.part == "melody" else song.accompaniment
    lengths = [length for length, _ in track.with_rests()]
    begins = np.cumsum([0, *lengths[:-1]]) // (FINE // SIXTEENTHS)
    coarse = song.coarse()
    table = conditioning_table(token_format.features, coarse.form(styles.index(song.style)), coarse.melody)
    return np.asarray(table[np.minimum(begins, max(len(table) - 1, 0))])
