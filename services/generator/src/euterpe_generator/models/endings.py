"""Which ending of a melody or an accompaniment is kept of several sampled ones; see engine.tokens.plan.Ending."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from euterpe_music.key import KEYS, rate_keys
from euterpe_music.melody_parameters import RANDOM_STRATEGIES
from euterpe_music.parameters import Parameter
from euterpe_music.tokens import QuantizedTrack
from numpy.typing import NDArray

from euterpe_generator.engine.request import Mask
from euterpe_generator.engine.tokens.plan import Ending, Tokens

MelodyOf = Callable[[Sequence[Tokens]], QuantizedTrack]

#: For each sampled ending the bars at its end that are without rests and in which notes begin on the tonic only, if the
#: tonic is preferred.
_MELODY_GUIDES: Final = (0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 1.0, 1.0)
_ACCOMPANIMENT_GUIDES: Final = (0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)
#: Bars of which several endings are sampled.
SEARCHED_BARS: Final = 2
OFF: Final = "off"
ENDINGS: Final = ("typical", "tonic", OFF)
#: Longer notes count as this many quarters in the estimation of a key: a long final note is no stronger evidence.
_LONGEST_QUARTERS: Final = 4
#: Notes up to this many semitones above the lowest one of the last bar are its bass; higher ones are chords.
_BASS_RANGE: Final = 7
#: Added to the rating of C major when only the melody is known: without chords the estimate is often a neighbour.
#: With it, the tonic is that of the whole piece for 89 % instead of 78 % of the folk pieces, 60 instead of 49 % of pop.
_MELODY_ALONE_BONUS: Final = 0.15


@dataclass(frozen=True)
class EndingShares:
    """How often an ending on the tonic is preferred: by the melody, and by the bass below a melody that ends on it.

    `on_beat`: a melody's last note begins on a beat, if possible.
    """

    melody: float
    bass: float
    on_beat: bool = False


@dataclass(frozen=True)
class Frame:
    """What is known of a piece before its ending: its end, bar and beat in steps, its tonic if stated.

    `tonic` is the pitch class in the key in which the networks compose. `is_white`: they compose on white keys.
    """

    end: int
    bar: int
    beat: int
    tonic: int | None
    is_white: bool

    @property
    def search_start(self) -> int:
        """The step at which the searched bars begin."""
        return max(self.end - SEARCHED_BARS * self.bar, 0)

    def guide_starts(self, bars: Sequence[float]) -> tuple[int, ...]:
        """Return the steps from which the endings are guided, from bars before the end."""
        return tuple(self.end - round(each * self.bar) for each in bars)


#: Measured with `make bench-endings`, so that pieces end on the tonic as often as test works do. `melody` is more than
#: their share, because the key of a melody alone is sometimes estimated wrongly.
_TYPICAL: Final = {"melody-folk": EndingShares(0.95, 1.0, on_beat=True), "melody-pop": EndingShares(0.55, 0.7)}
#: The same where the key is known: its tonic cannot be mistaken.
_TYPICAL_IN_KEY: Final = {"melody-folk": EndingShares(0.5, 1.0, on_beat=True), "melody-pop": EndingShares(0.35, 0.8)}
_ALWAYS: Final = EndingShares(1.0, 1.0)


@dataclass(frozen=True)
class TokenPart:
    """How a part's tokens are read: as a track, and which hold or begin a note of a pitch class (mask [tokens]).

    Of chords the lowest note counts.
    """

    decode: Callable[[Tokens], QuantizedTrack]
    on_pitch_class: Callable[[int], Mask]


def ending_shares(model: str, ending: str, *, is_key_known: bool) -> EndingShares | None:
    """Return the shares of a model for a value of the parameter; None for `off`."""
    if ending == OFF:
        return None
    typical = (_TYPICAL_IN_KEY if is_key_known else _TYPICAL).get(model, _ALWAYS)
    return replace(_ALWAYS, on_beat=typical.on_beat) if ending == "tonic" else typical


def ending_parameter(*, is_sampled: bool = False) -> Parameter:
    """Return the parameter. It is not in manifests, because the search does not depend on the networks.

    `is_sampled`: the model has no strategies but sampling.
    """
    advice = (
        "Of several last two bars, the best are kept: typical ends on the tonic as often as real pieces of the "
        "style do, tonic whenever possible, off takes the first ones."
    )
    limits = " Not with greedy or beam search, which always give the same bars."
    return Parameter(
        name="ending",
        label="Ending",
        kind="choice",
        choices=ENDINGS,
        default=ENDINGS[0],
        advice=advice if is_sampled else advice + limits,
        only_with={} if is_sampled else {"strategy": RANDOM_STRATEGIES},
    )


def melody_ending(part: TokenPart, frame: Frame, shares: EndingShares) -> Ending:
    """Return the search for a melody's ending."""

    def rank(_: Sequence[Tokens], tokens: Tokens, draw: float) -> float:
        return rank_melody(part.decode(tokens), frame, shares, draw)

    def guide(_: Sequence[Tokens], tokens: Tokens, draw: float) -> Mask | None:
        return part.on_pitch_class(_melody_tonic(part.decode(tokens), frame)) if draw < shares.melody else None

    return Ending(frame.search_start, rank, guide, frame.guide_starts(_MELODY_GUIDES))


def accompaniment_ending(part: TokenPart, melody: MelodyOf, frame: Frame, shares: EndingShares) -> Ending:
    """Return the search for an accompaniment's ending; `melody` returns the melody from the parts before."""

    def rank(previous: Sequence[Tokens], tokens: Tokens, draw: float) -> float:
        return rank_accompaniment(part.decode(tokens), melody(previous), frame, shares, draw)

    def guide(previous: Sequence[Tokens], tokens: Tokens, draw: float) -> Mask | None:
        tonic = _tonic(part.decode(tokens), melody(previous), frame)
        is_preferred = draw < shares.bass and _ends_on(melody(previous), tonic)
        return part.on_pitch_class(tonic) if is_preferred else None

    return Ending(frame.search_start, rank, guide, frame.guide_starts(_ACCOMPANIMENT_GUIDES))


def rank_melody(melody: QuantizedTrack, frame: Frame, shares: EndingShares, draw: float) -> float:
    """Return how well a melody ends: in the way that `draw` selects, and sounding up to the bar line."""
    if not len(melody):
        return -1.0
    is_on_tonic = _ends_on(melody, _melody_tonic(melody, frame))
    is_on_beat = (frame.end - melody.onsets[-1]) % frame.beat == 0
    rank = 4.0 * (is_on_tonic == (draw < shares.melody)) + 2.0 * _sounds_until(melody, frame.end)
    return rank + (shares.on_beat and is_on_beat)


def rank_accompaniment(
    accompaniment: QuantizedTrack, melody: QuantizedTrack, frame: Frame, shares: EndingShares, draw: float
) -> float:
    """Return how well an accompaniment ends, see `rank_melody`; its bass in the last bar counts."""
    if not len(accompaniment):
        return -1.0
    tonic, bass = _tonic(accompaniment, melody, frame), _last_bass(accompaniment, frame.end - frame.bar)
    is_on_tonic = bass is not None and bass % 12 == tonic
    # Below a melody that ends elsewhere, the network knows best which chord fits.
    is_as_preferred = is_on_tonic == (draw < shares.bass) if _ends_on(melody, tonic) else False
    return 2.0 * is_as_preferred + _sounds_until(accompaniment, frame.end)


def _melody_tonic(melody: QuantizedTrack, frame: Frame) -> int:
    if frame.tonic is not None:
        return frame.tonic
    return _estimated_tonic([melody], bonus=_MELODY_ALONE_BONUS if frame.is_white else 0.0)


def _tonic(accompaniment: QuantizedTrack, melody: QuantizedTrack, frame: Frame) -> int:
    return _estimated_tonic([melody, accompaniment], bonus=0.0) if frame.tonic is None else frame.tonic


def _ends_on(melody: QuantizedTrack, tonic: int) -> bool:
    return len(melody) > 0 and melody.pitches[-1][-1] % 12 == tonic


def _sounds_until(track: QuantizedTrack, end: int) -> bool:
    return track.onsets[-1] + track.lengths[-1] >= end


def _estimated_tonic(tracks: list[QuantizedTrack], *, bonus: float) -> int:
    weights = sum((_sounding_time(track) for track in tracks), np.zeros(12))
    ratings = rate_keys(weights)
    ratings[0] += bonus
    return int(ratings.argmax()) % (len(KEYS) // 2)


def _sounding_time(track: QuantizedTrack) -> NDArray[Any]:
    """Return the quarters for which each pitch class sounds [12]."""
    counts = np.array([len(pitches) for pitches in track.pitches], np.int64)
    quarters = np.minimum(np.array(track.lengths) / track.steps_per_quarter, _LONGEST_QUARTERS)
    pitches = np.array([pitch for each in track.pitches for pitch in each], np.int64)
    return np.bincount(pitches % 12, np.repeat(quarters, counts), minlength=12)


def _last_bass(track: QuantizedTrack, last_bar: int) -> int | None:
    """Return the pitch on which the bass rests in the last bar; None if nothing sounds there."""
    spans = zip(track.onsets, track.lengths, track.pitches, strict=True)
    lowest = [pitches[0] for onset, length, pitches in spans if onset + length > last_bar]
    return [pitch for pitch in lowest if pitch <= min(lowest) + _BASS_RANGE][-1] if lowest else None
