"""Read single-voice tunes in ABC notation (version 2.1, the subset that folk collections use) into MIDI scores.

Repeats and endings are played out. The first bar may be a pickup; it becomes a time signature of its own length,
which `euterpe_music.note_events.encode` reads as a pickup.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from symusic.core import KeySignatureTick, NoteTick, ScoreTick, TempoTick, TimeSignatureTick, TrackTick

TICKS_PER_QUARTER = 480
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FIFTHS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}
_MODES = {"maj": 0, "ion": 0, "mix": -1, "dor": -2, "min": -3, "m": -3, "aeo": -3, "phr": -4, "lyd": 1, "loc": -5}
_SHARPS = "FCGDAEB"
_TUPLETS = {2: 3, 3: 2, 4: 3, 5: 2, 6: 2, 7: 2, 8: 3, 9: 2}
_TOKEN = re.compile(
    r"""(?P<tuplet>\((?P<count>\d)(?::(?P<time>\d?))?(?::(?P<notes>\d?))?)
      |(?P<skip>"[^"]*"|![^!]*!|\+[a-z]+\+|\{[^}]*\}|%.*|\\|`|[()~.*$HJLMOPRSTuvyYs]|\s+)
      |(?P<inline>\[(?P<field>[KMLV]):(?P<value>[^\]]*)\])
      |(?P<bar>(?:\[\||:*\|+[\]:|]*|::+)\s*(?:\[?\d(?:[,\-]\d)*)?|\[\d(?:[,\-]\d)*)
      |(?P<chord>\[(?:[\^_=]*[A-Ga-g][,']*[\d/]*-?\s*)+\])(?P<chordlength>\d*/*\d*)
      |(?P<note>[\^_=]*[A-Ga-gzx][,']*)(?P<length>\d*/*\d*)
      |(?P<broken>[<>]+)
      |(?P<tie>-)
      |(?P<wholerest>Z)(?P<bars>\d*)""",
    re.X,
)
_PITCH = re.compile(r"([\^_=]*)([A-Ga-g])([,']*)")


@dataclass
class Bar:
    """What one bar of a tune holds: notes as (onset, length, MIDI pitches), in quarters from the bar's start."""

    notes: list[tuple[Fraction, Fraction, tuple[int, ...]]] = field(default_factory=list)
    length: Fraction = Fraction(0)
    tied: bool = False
    opens_repeat: bool = False
    closes_repeat: bool = False
    endings: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Tune:
    """A tune: its header, bars as written, meter in effect and key."""

    title: str
    rhythm: str
    meter: tuple[int, int] | None
    fifths: int
    is_minor: bool
    bars: tuple[Bar, ...]


def read_tunes(text: str) -> Iterator[Tune]:
    """Yield the tunes of an ABC file. Raises ValueError where a tune cannot be read."""
    for block in re.split(r"(?m)^(?=X:)", text)[1:]:
        yield read_tune(block)


def read_tune(block: str) -> Tune:
    """Read one tune, from its `X:` line on."""
    reader = _Reader()
    for line in block.splitlines():
        reader.read_line(line)
    return reader.tune()


def key_signature(text: str) -> tuple[int, bool]:
    """Read the value of `K:`: number of sharps (negative: flats) and whether the mode is minor-like."""
    match = re.match(r"\s*([A-G])([#b]?)\s*([A-Za-z]*)", text)
    if not match or text.strip().lower().startswith(("hp", "none")):
        return (2, False) if text.strip().startswith(("HP", "Hp")) else (0, False)
    mode = match[3].lower()
    shift = _MODES.get(mode[:3], _MODES["m"] if mode == "m" else 0)
    accidental = {"#": 7, "b": -7, "": 0}[match[2]]
    return _FIFTHS[match[1]] + accidental + shift, shift in (-2, -3, -4)


class _Reader:
    def __init__(self) -> None:
        self.title, self.rhythm = "", ""
        self.meter: tuple[int, int] | None = None
        self.unit: Fraction | None = None
        self.fifths, self.is_minor, self.in_body = 0, False, False
        self.bars = [Bar()]
        self.accidentals: dict[tuple[str, int], int] = {}
        self.tuplet = (Fraction(1), 0)
        self.broken = Fraction(1)

    def read_line(self, line: str) -> None:
        if re.match(r"^[A-Za-z+]:(?![|:])", line):
            self.read_field(line[0], line[2:].split("%")[0].strip())
        elif self.in_body and not line.startswith("%"):
            self.read_music(line)

    def read_field(self, name: str, value: str) -> None:
        if name == "T" and not self.title:
            self.title = value
        elif name == "R":
            self.rhythm = value.lower()
        elif name == "M":
            self.meter = _meter(value)
        elif name == "L":
            self.unit = Fraction(value.replace(" ", "")) * 4
        elif name == "K":
            fifths, is_minor = key_signature(value)
            if not self.in_body:
                self.is_minor = is_minor
            self.fifths, self.in_body = fifths, True

    def read_music(self, line: str) -> None:
        position = 0
        while position < len(line):
            match = _TOKEN.match(line, position)
            if match is None:
                position += 1
                continue
            position = match.end()
            self.read_token(match)

    def read_token(self, match: re.Match[str]) -> None:
        if match["tuplet"]:
            count = int(match["count"])
            time = int(match["time"]) if match["time"] else _TUPLETS.get(count, 2)
            self.tuplet = (Fraction(time, count), int(match["notes"]) if match["notes"] else count)
        elif match["inline"]:
            self.read_field(match["field"], match["value"])
        elif match["bar"]:
            self.read_bar(match["bar"])
        elif match["chord"]:
            pitches = tuple(self.pitch(*found) for found in _PITCH.findall(match["chord"]))
            inner = re.search(r"[A-Ga-g][,']*(\d*/*\d*)", match["chord"])
            length = _length(match["chordlength"]) * _length(inner[1] if inner else "")
            self.add(pitches, length)
            if "-]" in match["chord"]:
                self.bars[-1].tied = True
        elif match["note"]:
            name = match["note"]
            found = _PITCH.match(name)
            self.add((self.pitch(*found.groups()),) if found else (), _length(match["length"]))
        elif match["broken"]:
            self.break_rhythm(match["broken"])
        elif match["tie"]:
            self.bars[-1].tied = True
        elif match["wholerest"]:
            bar = self.bars[-1]
            bar.length += _bar_length(self.meter) * int(match["bars"] or 1)

    def pitch(self, accidental: str, letter: str, octave: str) -> int:
        step, base = letter.upper(), 60 if letter.isupper() else 72
        height = base + 12 * (octave.count("'") - octave.count(","))
        if accidental:
            self.accidentals[step, height] = accidental.count("^") - accidental.count("_")
        sharps = _SHARPS[: max(self.fifths, 0)]
        flats = _SHARPS[::-1][: max(-self.fifths, 0)]
        signature = (step in sharps) - (step in flats)
        return height + _STEPS[step] + self.accidentals.get((step, height), signature)

    def add(self, pitches: tuple[int, ...], units: Fraction) -> None:
        unit = self.unit if self.unit is not None else _default_unit(self.meter)
        factor, left = self.tuplet
        length = units * unit * self.broken * (factor if left else 1)
        self.tuplet = (factor, max(left - 1, 0))
        self.broken = Fraction(1)
        bar = self.bars[-1]
        if bar.tied and bar.notes and bar.notes[-1][2] == pitches and _end(bar.notes[-1]) == bar.length:
            onset, before, _ = bar.notes[-1]
            bar.notes[-1] = (onset, before + length, pitches)
        else:
            bar.notes.append((bar.length, length, pitches))
        bar.tied = False
        bar.length += length

    def break_rhythm(self, sign: str) -> None:
        short = Fraction(1, 2 ** len(sign))
        first, self.broken = (2 - short, short) if sign[0] == ">" else (short, 2 - short)
        bar = self.bars[-1]
        if bar.notes:
            onset, length, pitches = bar.notes[-1]
            bar.notes[-1] = (onset, length * first, pitches)
            bar.length += length * (first - 1)

    def read_bar(self, sign: str) -> None:
        self.accidentals = {}
        bar = self.bars[-1]
        lines = re.sub(r"[^|:\[\]]", "", sign)
        number = re.findall(r"\d", sign)
        if bar.length == 0 and not bar.notes:
            bar.opens_repeat |= lines.endswith(":")
            if lines.startswith(":") and len(self.bars) > 1:
                self.bars[-2].closes_repeat = True
        else:
            bar.closes_repeat |= lines.startswith(":")
            bar = Bar(opens_repeat=lines.endswith(":") and lines != ":|", tied=False)
            if self.bars[-1].tied:
                bar.tied = False
            self.bars.append(bar)
        if number:
            bar.endings = frozenset(map(int, number))

    def tune(self) -> Tune:
        bars = tuple(bar for bar in self.bars if bar.length > 0)
        if not any(pitches for bar in bars for _, _, pitches in bar.notes):
            raise ValueError(f"the tune {self.title!r} holds no notes")
        return Tune(self.title, self.rhythm, self.meter, self.fifths, self.is_minor, bars)


def play_order(bars: tuple[Bar, ...]) -> list[int]:
    """Return the indices of the bars in the order of performance: each repeated section twice, with its endings."""
    order: list[int] = []
    start = index = 0
    round_, ending = 1, frozenset[int]()
    while index < len(bars):
        bar = bars[index]
        if bar.opens_repeat and index != start and round_ == 1:
            start, ending = index, frozenset()
        if bar.endings:
            ending = bar.endings
        if ending and round_ not in ending:
            index += 1
            continue
        order.append(index)
        if bar.closes_repeat and round_ == 1:
            index, round_, ending = start, 2, frozenset()
            continue
        if bar.closes_repeat or (round_ == 2 and ending and _ending_is_over(bars, index)):
            start, round_, ending = index + 1, 1, frozenset()
        index += 1
    return order


def _ending_is_over(bars: tuple[Bar, ...], index: int) -> bool:
    return index + 1 >= len(bars) or bars[index + 1].opens_repeat


def tune_score(tune: Tune, program: int, tempo: float) -> ScoreTick:
    """Play a tune out as a score of one track, with a time signature wherever a bar's length changes."""
    score = ScoreTick(TICKS_PER_QUARTER)
    track = TrackTick(tune.title, program)
    score.tempos.append(TempoTick(0, tempo))
    fifths = max(-7, min(7, tune.fifths))
    score.key_signatures.append(KeySignatureTick(0, fifths, int(tune.is_minor)))
    now, lengths = Fraction(0), []
    held: tuple[int, ...] | None = None
    for index in play_order(tune.bars):
        bar = tune.bars[index]
        for number, (onset, length, pitches) in enumerate(bar.notes):
            ticks, duration = _ticks(now + onset), _ticks(length)
            if number == 0 and held == pitches and pitches:
                for note in track.notes[-len(pitches) :]:
                    note.duration += duration
                continue
            for pitch in pitches:
                if not 0 <= pitch < 128:
                    raise ValueError(f"the tune {tune.title!r} has the pitch {pitch}")
                track.notes.append(NoteTick(ticks, duration, pitch, 80))
        held = bar.notes[-1][2] if bar.tied and bar.notes else None
        now += bar.length
        lengths.append(bar.length)
    for tick, numerator, denominator in bar_signatures(lengths, [tune.meter] * len(lengths)):
        score.time_signatures.append(TimeSignatureTick(tick, numerator, denominator))
    score.tracks.append(track)
    return score


def bar_signatures(lengths: list[Fraction], meters: list[tuple[int, int] | None]) -> Iterator[tuple[int, int, int]]:
    """Yield time signatures (tick, numerator, denominator) for bars of the given lengths in quarters and meters.

    Two successive incomplete bars that fill one bar of the meter, as at repeats, count as one.
    """
    merged: list[tuple[Fraction, tuple[int, int] | None]] = []
    for number, (length, meter) in enumerate(zip(lengths, meters, strict=True)):
        full = _bar_length(meter)
        if len(merged) > 1 and number > 1 and length < full and merged[-1] == (full - length, meter):
            merged[-1] = (full, meter)
        else:
            merged.append((length, meter))
    now, previous = Fraction(0), None
    for length, meter in merged:
        signature = meter if meter and length == _bar_length(meter) else _signature(length)
        if signature != previous:
            yield _ticks(now), *signature
        previous = signature
        now += length


def _signature(length: Fraction) -> tuple[int, int]:
    for denominator in (4, 8, 16, 32, 64):
        count = length * denominator / 4
        if count.denominator == 1 and count <= 255:
            return int(count), denominator
    return max(1, min(255, round(length * 16))), 64


def _end(note: tuple[Fraction, Fraction, tuple[int, ...]]) -> Fraction:
    return note[0] + note[1]


def _ticks(quarters: Fraction) -> int:
    return round(quarters * TICKS_PER_QUARTER)


def _length(text: str) -> Fraction:
    if not text:
        return Fraction(1)
    number, slashes, divisor = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    length = Fraction(int(number or 1))
    if slashes:
        length /= int(divisor) if divisor and int(divisor) else 2 ** len(slashes)
    return length


def _meter(value: str) -> tuple[int, int] | None:
    if value.startswith("C|"):
        return 2, 2
    if value.startswith("C"):
        return 4, 4
    match = re.match(r"(\d+)\s*/\s*(\d+)", value)
    return (int(match[1]), int(match[2])) if match else None


def _bar_length(meter: tuple[int, int] | None) -> Fraction:
    return Fraction(4 * meter[0], meter[1]) if meter else Fraction(4)


def _default_unit(meter: tuple[int, int] | None) -> Fraction:
    return Fraction(1, 4) if meter and Fraction(*meter) < Fraction(3, 4) else Fraction(1, 2)
