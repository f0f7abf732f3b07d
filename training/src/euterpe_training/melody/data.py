"""Songs as arrays of integers, and windows of them: nothing is ever one-hot in memory."""

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
from euterpe_music.tokens.conditioning import SIZES
from euterpe_music.tokens.quantized_track import FINE, SIXTEENTHS
from euterpe_music.tokens.symbols import transpose_symbol
from numpy.typing import NDArray

from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.corpus import MelodyCorpus, Song, Split

Ints = NDArray[np.int64]

#: Keys in which an augmented song may be shown, in semitones from how it is written.
SHIFTS = np.arange(-5, 7)
#: Sixteenths by which an accompaniment looks ahead in its melody.
AHEAD = (0, 4, 8)
#: Bars back to which a network is told its own words.
ECHOES = (1, 2, 4, 8, 16)
#: Marks targets that do not count.
IGNORED = -100


@dataclass(frozen=True)
class Language:
    """What a network reads and writes: one vocabulary per stream, and its conditions' columns."""

    vocabularies: tuple[Vocabulary, ...]
    columns: tuple[ConditioningFeature, ...]
    styles: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Words per stream."""
        return tuple(len(vocabulary) for vocabulary in self.vocabularies)


@dataclass(frozen=True, eq=False)
class Encoded:
    """Songs one after the other: song i is [offsets[i], offsets[i + 1]).

    `targets` [tokens, streams] are the tokens, `previous` those before them (BEGIN at a song's start), `conditions`
    [tokens, columns] what the network is told with them.
    """

    previous: Ints
    targets: Ints
    conditions: Ints
    offsets: Ints
    replaced: int

    def windows(self, window: int, random: np.random.Generator | None) -> Ints:
        """Starts of windows that cover every song: from its beginning, and on from a random place in the first.

        Without `random` they follow each other without overlap.
        """
        starts: list[Ints] = []
        for begin, end in zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True):
            shift = window if random is None else int(random.integers(1, window + 1))
            starts.append(np.array([begin, *range(begin + shift, end, window)], np.int64))
        return np.concatenate(starts)


@dataclass(frozen=True, eq=False)
class Batch:
    """Windows [batch, window, …] of inputs and targets; targets behind a song's end are IGNORED."""

    previous: Ints
    conditions: Ints
    targets: Ints


def languages(corpus: MelodyCorpus, config: MelodyConfig) -> Language:
    """The language of the corpus' training songs. Augmented songs need every word in every key."""
    songs = corpus.split("train")
    words = [_words(song, config) for song in songs]
    streams = ("steps",) if config.encoding == 1 else ("pitches", "durations")
    vocabularies = []
    for at, stream in enumerate(streams):
        vocabulary = Vocabulary.build(stream, (song[at] for song in words), config.least)  # type: ignore[arg-type]
        if config.keys == "augmented" and stream != "durations":
            vocabulary = _in_all_keys(vocabulary)
        vocabularies.append(vocabulary)
    return Language(tuple(vocabularies), columns(config, len(corpus.styles), len(vocabularies[0])), corpus.styles)


def columns(config: MelodyConfig, styles: int, words: int) -> tuple[ConditioningFeature, ...]:
    """What the networks of the configuration are told at each step."""
    if not config.conditioned:
        return ()
    told = [ConditioningFeature("style", styles)]
    told += [ConditioningFeature(name, SIZES[name]) for name in ("meter", "position", "phrase", "remaining")]
    if config.echoes:
        told += [
            ConditioningFeature("section", SIZES["section"]),
            *(ConditioningFeature("echo", words, bars) for bars in ECHOES),
        ]
    if config.part == "accompaniment":
        told += [ConditioningFeature("melody", SIZES["melody"], offset) for offset in AHEAD]
    return tuple(told)


def encode_songs(songs: Sequence[Song], styles: Sequence[str], language: Language, config: MelodyConfig) -> Encoded:
    """Songs in a language."""
    previous, targets, conditions, replaced = [], [], [], 0
    for song in songs:
        found = [vocabulary.encode(words) for vocabulary, words in
                 zip(language.vocabularies, _words(song, config), strict=True)]  # fmt: skip
        tokens = np.stack([numbers for numbers, _ in found], axis=1)
        replaced += sum(count for _, count in found)
        targets.append(tokens)
        previous.append(np.concatenate([np.zeros((1, tokens.shape[1]), np.int64), tokens[:-1]]))
        told = _conditions(song, styles, language, config)[: len(tokens)]
        own = np.zeros(len(tokens), np.int64)
        conditions.append(fill_bar_lag_tokens(told, bar_lag_features(language.columns), tokens[None, :, 0], own))
    offsets = np.cumsum([0, *(len(tokens) for tokens in targets)])
    return Encoded(np.concatenate(previous), np.concatenate(targets), np.concatenate(conditions), offsets, replaced)


def encode_split(corpus: MelodyCorpus, part: Split, language: Language, config: MelodyConfig) -> Encoded:
    """One part of the corpus."""
    return encode_songs(corpus.split(part), corpus.styles, language, config)


def batches(
    encoded: Encoded, config: MelodyConfig, random: np.random.Generator | None, keys: Ints | None = None
) -> Iterator[Batch]:
    """One epoch. With `random`, windows come in random order, and with `keys` [shifts, words] in random keys."""
    starts = encoded.windows(config.window, random)
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
            conditions = _moved(conditions, SHIFTS[shifts], config)
        targets[~inside] = IGNORED
        yield Batch(previous, conditions, targets)


def key_table(vocabulary: Vocabulary) -> Ints:
    """[shifts, words]: what each word is in another key."""

    def moved(word: str, shift: int) -> int:
        plain = word == HOLD or word.startswith("<")
        return vocabulary.index[word if plain else vocabulary.nearest(transpose_symbol(word, shift))]

    return np.array([[moved(word, int(shift)) for word in vocabulary.words] for shift in SHIFTS], np.int64)


def _moved(conditions: Ints, shifts: Ints, config: MelodyConfig) -> Ints:
    """Conditions [batch, window, columns] with the melody in other keys; the other columns know no key."""
    if not config.conditioned or config.part != "accompaniment":
        return conditions
    for at in range(conditions.shape[2] - len(AHEAD), conditions.shape[2]):
        column = conditions[..., at]
        pitch = np.clip((column - 1) % 128 + shifts[:, None], 0, 127)
        conditions[..., at] = np.where(column > 0, 1 + pitch + 128 * (column > 128), 0)
    return conditions


def _in_all_keys(vocabulary: Vocabulary) -> Vocabulary:
    words = dict.fromkeys(vocabulary.words[:2])
    for word in vocabulary.words[2:]:
        words.update(dict.fromkeys([word] if word in (HOLD, REST) else
                                   [transpose_symbol(word, int(shift)) for shift in SHIFTS]))  # fmt: skip
    return Vocabulary(vocabulary.stream, tuple(words))


def _words(song: Song, config: MelodyConfig) -> tuple[list[str], ...]:
    slices = song.melody if config.part == "melody" else song.accompaniment
    return (encode_steps(slices),) if config.encoding == 1 else encode_streams(slices)


def _conditions(song: Song, styles: Sequence[str], language: Language, config: MelodyConfig) -> Ints:
    """[tokens, columns]; with encoding 2, those of the sixteenth at which each event begins."""
    if config.encoding == 1:
        return conditioning_table(language.columns, song.form(styles.index(song.style)), song.melody)
    slices = song.melody if config.part == "melody" else song.accompaniment
    lengths = [length for length, _ in slices.with_rests()]
    begins = np.cumsum([0, *lengths[:-1]]) // (FINE // SIXTEENTHS)
    coarse = song.coarse()
    table = conditioning_table(language.columns, coarse.form(styles.index(song.style)), coarse.melody)
    return np.asarray(table[np.minimum(begins, max(len(table) - 1, 0))])
