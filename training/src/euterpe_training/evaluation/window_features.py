"""The features by which the two-sample test compares windows, in one table, and their computation.

None depends on tempo or key: times are in pulses (the median time between onsets of the window), pitches are intervals,
scale degrees of the window's estimated key, or registers after the move onto the white keys (-6 to 5 semitones). The
*melody* is the highest voice that sounds, the *bass* the lowest. A *figure* is an n-gram, *exact* in all that it
consists of. A *moment* is an onset with everything that begins there. Shares are 0 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from euterpe_training.evaluation.features import dynamics, harmony, lines, repetition, rhythm, texture
from euterpe_training.evaluation.features.view import make_view
from euterpe_training.evaluation.scores import Score

Group = Literal["melody", "motion", "repetition", "rhythm", "texture", "register", "change", "harmony", "dynamics"]


@dataclass(frozen=True)
class Feature:
    """A feature's name, its group, and what it measures."""

    name: str
    group: Group
    meaning: str


def _voice(name: str) -> list[Feature]:
    rows = {
        "repeated_notes": "share of intervals that repeat the pitch", "semitones": "share of intervals of 1 semitone",
        "whole_tones": "share of intervals of 2 semitones", "thirds": "share of intervals of 3 or 4 semitones",
        "fourths_fifths": "share of intervals of 5 to 7 semitones",
        "sixths_sevenths": "share of intervals of 8 to 11 semitones",
        "octave_leaps": "share of intervals of exactly an octave",
        "wide_leaps": "share of intervals over an octave", "mean_interval": "mean size of an interval in semitones",
        "ascending": "share of moves that go up", "turns": "share of moves that change direction",
        "leaps_answered": "share of leaps over a fourth that a move in the other direction follows",
        "interval_entropy": "entropy of signed intervals in bits",
        "longest_repeat": "longest run of one pitch over the voice's notes",
        "longest_scale": "steps of the longest run of seconds in one direction",
        "distinct_pitches": "distinct pitches over the voice's notes",
    }  # fmt: skip
    return [Feature(f"{name}_{key}", "melody", f"{name}: {text}") for key, text in rows.items()]


def _figures() -> list[Feature]:
    kinds = (
        ("melody", repetition.MELODY_FIGURES, "melodic figures of {n} notes (intervals)"),
        ("bass", repetition.BASS_FIGURES, "bass figures of {n} notes (intervals)"),
        ("all_notes", repetition.ALL_NOTES_FIGURES, "figures of {n} notes in order of onset and pitch (intervals)"),
        ("rhythm", repetition.RHYTHM_FIGURES, "figures of {n} times between onsets"),
        ("melody_and_rhythm", repetition.JOINT_FIGURES, "melodic figures of {n} notes with their rhythm"),
        ("moment", repetition.MOMENT_FIGURES, "figures of {n} moments: chord shapes, steps, times"),
    )
    return [
        Feature(f"{name}_figures_of_{n}", "repetition", f"share of {text.format(n=n)} that occurred before")
        for name, lengths, text in kinds
        for n in lengths
    ]


def _rhythm() -> list[Feature]:
    found = [
        Feature(f"{kind}_{name}", "rhythm", f"share of {text} of {name.replace('_', ' ')} pulses")
        for kind, text in (("onset_gap", "times between onsets"), ("duration", "durations"))
        for name in rhythm.CLASS_NAMES
    ]
    found += [
        Feature(f"successive_gaps_{name}", "rhythm", f"share of neighbouring times between onsets in ratio {ratio}")
        for name, ratio in (("equal", "1"), ("double", "2"), ("triple", "3"), ("dotted", "3:2"))
    ]
    for lag in rhythm.LAGS:
        found.append(Feature(f"onset_periodicity_{lag}", "rhythm", f"autocorrelation of onsets at {lag} pulses"))
        found.append(
            Feature(f"pitch_class_periodicity_{lag}", "rhythm", f"autocorrelation of pitch classes at {lag} pulses")
        )
    return found


_SINGLE: Final[dict[Group, dict[str, str]]] = {
    "motion": {
        "motion_contrary": "share of steps in which outer voices move apart or together",
        "motion_similar": "share of steps in which outer voices move in one direction",
        "motion_oblique": "share of steps in which one outer voice moves",
        "motion_parallel_perfect": "share of steps in parallel fifths or octaves of the outer voices",
        "outer_voices_distance": "mean semitones between lowest and highest sounding note",
        "outer_voices_distance_spread": "standard deviation of the same",
        "voice_leading_distance": "semitones from a chord's notes to the nearest of the chord before, mean",
    },
    "repetition": {
        "melody_longest_figure": "longest melodic figure that occurs twice, over the melody's notes",
        "rhythm_longest_figure": "longest rhythmic figure that occurs twice, over the onsets",
        "pitch_compressibility": "bytes per interval after deflate", "rhythm_compressibility": "bytes per onset, too",
    },
    "rhythm": {
        "onset_gap_entropy": "entropy of times between onsets in bits", "onset_gap_distinct": "distinct times",
        "onset_gap_commonest": "share of the commonest time", "onset_gap_spread": "standard deviation of log times",
        "onset_gap_variability": "mean difference of neighbouring times over their sum (nPVI)",
        "onset_gap_shortest": "shortest time between onsets in pulses",
        "duration_entropy": "entropy of durations in bits", "duration_distinct": "distinct durations",
        "duration_spread": "standard deviation of log durations", "duration_longest": "log of the longest in pulses",
        "duration_equal_in_chord": "share of chords whose notes last equally long",
        "rest_time": "share of time in which nothing sounds", "rests": "share of onsets that follow a rest",
        "longest_rest": "log of one plus the longest rest in pulses",
        "melody_articulation": "melody: mean duration over time to its next note, at most 3",
        "melody_legato": "melody: share of notes that end where the next begins",
        "melody_overlaps": "melody: share of notes that outlast the next one's onset",
        "bass_articulation": "bass: the same", "bass_legato": "bass: the same", "bass_overlaps": "bass: the same",
        "melody_to_bass_duration": "log of the melody's mean duration over the bass's",
        "onset_periodicity_best": "highest autocorrelation of onsets from 2 to 64 pulses",
        "pitch_class_periodicity_best": "highest autocorrelation of pitch classes from 2 to 64 pulses",
        "onsets_on_pulse": "share of onsets at the commonest quarter of the pulse",
    },
    "texture": {
        "onsets_single": "share of onsets with one note", "onsets_of_two": "with two", "onsets_of_three": "with three",
        "onsets_of_four_or_more": "with four or more", "notes_per_onset": "mean notes that begin together",
        "onset_size_spread": "standard deviation of the same",
        "onset_size_changes": "share of onsets with another number of notes than the one before",
        "polyphony": "mean notes that sound at an onset", "polyphony_spread": "standard deviation of the same",
        "polyphony_most": "most notes that sound together",
        "onsets_under_held_notes": "share of onsets while other notes are held",
        "held_notes": "mean notes held at an onset", "solo_moments": "share of onsets at which one note sounds",
    },
    "register": {
        "lowest_pitch": "lowest pitch", "highest_pitch": "highest pitch", "low_register": "10th percentile of pitch",
        "middle_register": "median pitch", "high_register": "90th percentile of pitch",
        "pitch_span": "highest minus lowest pitch", "pitch_spread": "standard deviation of pitch",
        "melody_register": "mean pitch of the melody", "bass_register": "mean pitch of the bass",
        "melody_span": "range of the melody", "bass_span": "range of the bass",
        "notes_below_c3": "share of notes below C3", "notes_above_c6": "share of notes from C6 on",
        "distinct_pitches": "distinct pitches", "octave_doublings": "share of chords with an octave struck together",
    },
    "change": {
        "density_variation": "coefficient of variation of notes in eighths of the window's time",
        "density_change": "log of the first half's time over the second's",
        "density_change_size": "absolute value of the same",
        "register_variation": "standard deviation of mean pitch over eighths",
        "polyphony_change": "absolute difference of mean polyphony between the halves",
    },
    "harmony": {
        **{f"degree_{name}": f"share of notes on degree {name} of the estimated key" for name in harmony.DEGREES},
        "notes_in_scale": "share of notes in the key's scale", "pitch_class_entropy": "entropy of degrees in bits",
        "pitch_classes": "distinct pitch classes", "key_clarity": "correlation with the key's profile",
        "key_margin": "distance to the second best key", "is_minor": "1 for minor",
        "bass_on_tonic": "share of bass notes on the tonic", "bass_on_dominant": "share on the dominant",
        "bass_pitch_class_entropy": "entropy of the bass's degrees in bits",
        **{f"sounding_{name}": f"share of {name.replace('_', ' ')} (octave and inversion aside) among sounding pairs"
           for name in harmony.CLASSES},
        "sounding_clashes": "share of chords with a sounding minor second or ninth",
        "close_bass": "share of chords whose two lowest notes are within a major third",
        "chords_triads": "share of moments of three and more pitch classes that are major or minor triads",
        "chords_sevenths": "share of these that are seventh chords or diminished",
        "moments_of_three_classes": "share of moments with three pitch classes or more",
        "pitch_classes_per_moment": "mean pitch classes that sound",
        "harmony_kept": "overlap of prevailing pitch classes of neighbouring stretches of four pulses",
        "chord_tone_share": "share of melody notes whose pitch class others have within four pulses",
        "distinct_harmonies": "distinct sets of sounding pitch classes over moments",
    },
    "dynamics": {
        "velocity_mean": "mean velocity", "velocity_spread": "standard deviation of velocity",
        "velocity_range": "highest minus lowest velocity", "velocity_distinct": "distinct velocities",
        "velocity_commonest": "share of the commonest velocity", "velocity_entropy": "entropy of velocity in bits",
        "velocity_step": "mean difference between neighbouring notes",
        "velocity_unchanged": "share of notes as loud as the one before",
        "velocity_smoothness": "correlation of neighbouring onsets' loudest velocities",
        "velocity_with_pitch": "correlation of velocity and pitch",
        "velocity_melody_over_bass": "mean velocity of the melody minus the bass's",
    },
}  # fmt: skip

#: Every feature, in the order of the matrix's columns.
FEATURES: Final[tuple[Feature, ...]] = (
    *_voice("melody"), *_voice("bass"), *_figures(), *_rhythm(),
    *(Feature(name, group, meaning) for group, rows in _SINGLE.items() for name, meaning in rows.items()),
)  # fmt: skip


def feature_names(velocity: bool) -> tuple[str, ...]:
    """The features in use, with or without those of velocity."""
    return tuple(feature.name for feature in FEATURES if velocity or feature.group != "dynamics")


def compute_features(window: Score) -> dict[str, float]:
    """Every feature of a window by name. Raises ValueError for a window with fewer than two onsets."""
    view = make_view(window)
    return {
        **lines.line_features(view),
        **repetition.repetition_features(view),
        **rhythm.rhythm_features(view),
        **texture.texture_features(view),
        **harmony.harmony_features(view),
        **dynamics.dynamics_features(view),
    }


def feature_matrix(windows: Sequence[Score]) -> NDArray[np.float64]:
    """Features [windows, len(FEATURES)] of many windows, velocity's included."""
    rows = [compute_features(window) for window in windows]
    matrix = np.array([[row[feature.name] for feature in FEATURES] for row in rows], np.float64)
    return matrix.reshape(len(windows), len(FEATURES))
