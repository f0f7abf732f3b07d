"""Scores as MusicXML 4.0, partwise."""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from euterpe_music.key_signature import KeySignature

from euterpe_converter.rendering.score.bars import QUARTER, Bar, beat_units
from euterpe_converter.rendering.score.beams import beams_of
from euterpe_converter.rendering.score.instruments import drum_place
from euterpe_converter.rendering.score.layout import Element, Part, Score, TempoMark
from euterpe_converter.rendering.score.spelling import signature, spelled

_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_ACCIDENTALS: Final = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_VOICES_PER_STAFF: Final = 4
#: Velocity of MusicXML's dynamics of 100 per cent.
_FORTE: Final = 90
#: Relative change of a tempo that is printed; smaller ones are only played.
_VISIBLE_CHANGE: Final = 0.04
_DRUM_CHANNEL: Final = 10

_TRIPLET: Final = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
#: Letter, octave: sharps in force.
_Accidentals = dict[tuple[str, int], int]


def musicxml(score: Score, *, with_credits: bool = True) -> bytes:
    """Write a score as an uncompressed MusicXML file; `with_credits`, texts at the head of its first page."""
    return "".join(_document(score, with_credits=with_credits)).encode()


def _document(score: Score, *, with_credits: bool) -> Iterator[str]:
    yield _HEAD + '<score-partwise version="4.0">\n'
    if score.title:
        yield f"<work><work-title>{_text(score.title)}</work-title></work>\n"
    yield "<identification>"
    if score.composer:
        yield f'<creator type="composer">{_text(score.composer)}</creator>'
    yield "<encoding><software>Euterpe</software></encoding></identification>\n"
    if with_credits:
        yield _credit("title", score.title, "center", 24) + _credit("composer", score.composer, "right", 12)
    yield "<part-list>\n"
    for number, part in enumerate(score.parts, 1):
        yield _part_entry(number, part)
    yield "</part-list>\n"
    shown = _shown_tempos(score)
    for number, part in enumerate(score.parts, 1):
        yield f'<part id="P{number}">\n'
        for at, bar in enumerate(score.bars):
            tempos = shown[at] if number == 1 else []
            before, is_last = score.bars[at - 1] if at else None, at + 1 == len(score.bars)
            yield from _measure(at, bar, before, part, f"P{number}", tempos, is_last=is_last)
        yield "</part>\n"
    yield "</score-partwise>\n"


def _credit(kind: str, text: str, justify: str, size: int) -> str:
    """Return a text at the head of the first page, which programs print."""
    if not text:
        return ""
    words = f'<credit-words justify="{justify}" valign="top" font-size="{size}">{_text(text)}</credit-words>'
    return f'<credit page="1"><credit-type>{kind}</credit-type>{words}</credit>\n'


def _part_entry(number: int, part: Part) -> str:
    name, track = _text(part.name), part.track
    # Channel 10 plays drums, and there are 16 channels.
    channel = _DRUM_CHANNEL if track.is_drum else [*range(1, 10), *range(11, 17)][(number - 1) % 15]
    text = f'<score-part id="P{number}"><part-name>{name}</part-name>'
    instruments = [(f"P{number}-I{drum + 1}", drum) for drum in part.drums] or [(f"P{number}-I1", -1)]
    text += "".join(
        f'<score-instrument id="{key}"><instrument-name>{name}</instrument-name></score-instrument>'
        for key, _ in instruments
    )
    for key, drum in instruments:
        unpitched = f"<midi-unpitched>{drum + 1}</midi-unpitched>" if drum >= 0 else ""
        text += (
            f'<midi-instrument id="{key}"><midi-channel>{channel}</midi-channel>'
            f"<midi-program>{track.program + 1}</midi-program>{unpitched}</midi-instrument>"
        )
    return text + "</score-part>\n"


def _shown_tempos(score: Score) -> list[list[tuple[TempoMark, bool]]]:
    """Return the tempos of each bar, and whether each is printed."""
    printed: float | None = None
    found = []
    for marks in score.tempos:
        row = []
        for mark in marks:
            is_visible = printed is None or abs(mark.bpm - printed) > _VISIBLE_CHANGE * printed
            printed = mark.bpm if is_visible else printed
            row.append((mark, is_visible))
        found.append(row)
    return found


def _measure(
    at: int,
    bar: Bar,
    before: Bar | None,
    part: Part,
    part_id: str,
    tempos: list[tuple[TempoMark, bool]],
    *,
    is_last: bool,
) -> Iterator[str]:
    implicit = ' implicit="yes"' if bar.is_partial else ""
    yield f'<measure number="{at + 1}"{implicit}>'
    yield _attributes(bar, before, part)
    for mark, is_visible in tempos:
        yield _tempo(mark, bar, is_visible=is_visible)
    position = 0
    for number, staff in enumerate(part.staves):
        voices = staff.bars[at] or [[]]
        accidentals = {} if part.track.is_drum else _accidentals(voices, bar)
        for order, elements in enumerate(voices):
            if order and not elements:
                continue
            if position:
                yield f"<backup><duration>{position}</duration></backup>"
            writer = _VoiceWriter(part, part_id, number, order, bar, accidentals)
            yield from writer.written(elements)
            position = bar.length
    if is_last:
        yield '<barline location="right"><bar-style>light-heavy</bar-style></barline>'
    yield "</measure>\n"


def _attributes(bar: Bar, before: Bar | None, part: Part) -> str:
    text = ""
    if before is None:
        text += f"<divisions>{QUARTER}</divisions>"
    if before is None or before.key != bar.key:
        mode = "minor" if bar.key.is_minor else "major"
        fifths = 0 if part.track.is_drum else bar.key.sharps
        text += f"<key><fifths>{fifths}</fifths><mode>{mode}</mode></key>"
    if before is None or before.meter != bar.meter:
        text += f"<time><beats>{bar.meter.beats}</beats><beat-type>{bar.meter.unit}</beat-type></time>"
    if before is None:
        if len(part.staves) > 1:
            text += f"<staves>{len(part.staves)}</staves>"
        for number, staff in enumerate(part.staves, 1):
            octaves = f"<clef-octave-change>{staff.clef.octaves}</clef-octave-change>" if staff.clef.octaves else ""
            text += (
                f'<clef number="{number}"><sign>{staff.clef.sign}</sign><line>{staff.clef.line}</line>{octaves}</clef>'
            )
    return f"<attributes>{text}</attributes>" if text else ""


def _tempo(mark: TempoMark, bar: Bar, *, is_visible: bool) -> str:
    sound = f'<sound tempo="{mark.bpm:.6g}"/>'
    offset = f"<offset>{mark.position}</offset>" if mark.position else ""
    if not is_visible:
        return sound if not offset else f'<sound tempo="{mark.bpm:.6g}">{offset}</sound>'
    is_compound = beat_units(bar.meter) == QUARTER * 3 // 2
    per_minute = mark.bpm / 1.5 if is_compound else mark.bpm
    dot = "<beat-unit-dot/>" if is_compound else ""
    metronome = f"<metronome><beat-unit>quarter</beat-unit>{dot}<per-minute>{per_minute:.0f}</per-minute></metronome>"
    return f'<direction placement="above"><direction-type>{metronome}</direction-type>{offset}{sound}</direction>'


def _accidentals(voices: list[list[Element]], bar: Bar) -> dict[tuple[int, int, int], int]:
    """Return which notes (voice, start, pitch) have an accidental: the first that differs from what is in force."""
    in_key = signature(bar.key)
    force: _Accidentals = {}
    found = {}
    heads = [
        (element.value.start, order, element)
        for order, elements in enumerate(voices)
        for element in elements
        if element.pitches and not element.tie_from_before
    ]
    for start, order, element in sorted(heads, key=lambda head: head[:2]):
        for pitch in element.pitches:
            name = spelled(pitch, bar.key)
            if name.alter != force.get((name.step, name.octave), in_key[name.step]):
                found[order, start, pitch] = name.alter
            force[name.step, name.octave] = name.alter
    return found


class _VoiceWriter:
    """Writes one voice of one staff in one bar."""

    def __init__(
        self,
        part: Part,
        part_id: str,
        staff: int,
        order: int,
        bar: Bar,
        accidentals: dict[tuple[int, int, int], int],
    ) -> None:
        self._part, self._part_id, self._order, self._bar = part, part_id, order, bar
        self._key: KeySignature = bar.key
        self._accidentals = accidentals
        self._staff = f"<staff>{staff + 1}</staff>" if len(part.staves) > 1 else ""
        self._voice = f"<voice>{staff * _VOICES_PER_STAFF + order + 1}</voice>"

    def written(self, elements: list[Element]) -> Iterator[str]:
        if not any(element.pitches for element in elements):
            length = self._bar.length
            yield f'<note><rest measure="yes"/><duration>{length}</duration>{self._voice}{self._staff}</note>'
            return
        beams = beams_of(elements, self._bar)
        tuplets = _tuplet_ends(elements)
        for number, element in enumerate(elements):
            duration = element.value.end - element.value.start
            if not element.pitches and self._order:
                # Rests of further voices are not printed.
                yield f"<forward><duration>{duration}</duration>{self._voice}{self._staff}</forward>"
            else:
                yield from self._notes(element, beams[number], tuplets.get(number, ""))

    def _notes(self, element: Element, beams: str, tuplet: str) -> Iterator[str]:
        value = element.value
        ratio = ""
        if value.in_triplet:
            ratio = (
                "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
            )
        duration = f"<duration>{value.end - value.start}</duration>"
        kind = f"<type>{value.name}</type>" + "<dot/>" * value.dots
        if not element.pitches:
            notations = f"<notations>{tuplet}</notations>" if tuplet else ""
            yield f"<note><rest/>{duration}{self._voice}{kind}{ratio}{self._staff}{notations}</note>"
            return
        dynamics = f' dynamics="{element.velocity * 100 / _FORTE:.1f}"'
        ties = ['type="stop"'] * element.tie_from_before + ['type="start"'] * element.tie_to_next
        tie, tied = "".join(f"<tie {each}/>" for each in ties), "".join(f"<tied {each}/>" for each in ties)
        for number, pitch in enumerate(element.pitches):
            first = number == 0
            head, instrument, notehead = self._head(pitch)
            accidental = self._accidentals.get((self._order, value.start, pitch))
            sign = ""
            if accidental is not None and not element.tie_from_before:
                sign = f"<accidental>{_ACCIDENTALS[accidental]}</accidental>"
            notations = tied + (tuplet if first else "")
            start = f"<note{dynamics}>{'' if first else '<chord/>'}{head}{duration}{tie}{instrument}{self._voice}"
            rest = f"{kind}{sign}{ratio}{notehead}{self._staff}{beams if first else ''}"
            yield start + rest + (f"<notations>{notations}</notations></note>" if notations else "</note>")

    def _head(self, pitch: int) -> tuple[str, str, str]:
        if self._part.track.is_drum:
            place = drum_place(pitch)
            where = f"<display-step>{place.step}</display-step><display-octave>{place.octave}</display-octave>"
            notehead = "" if place.notehead == "normal" else f"<notehead>{place.notehead}</notehead>"
            instrument = f'<instrument id="{self._part_id}-I{pitch + 1}"/>'
            return f"<unpitched>{where}</unpitched>", instrument, notehead
        name = spelled(pitch, self._key)
        alter = f"<alter>{name.alter}</alter>" if name.alter else ""
        return f"<pitch><step>{name.step}</step>{alter}<octave>{name.octave}</octave></pitch>", "", ""


def _tuplet_ends(elements: list[Element]) -> dict[int, str]:
    """Return the marks of the first and last element of each triplet."""
    found: dict[int, str] = {}
    groups: dict[int, list[int]] = {}
    for number, element in enumerate(elements):
        if element.value.in_triplet:
            groups.setdefault(element.value.start // QUARTER, []).append(number)
    for numbers in groups.values():
        if len(numbers) > 1:
            found[numbers[0]] = '<tuplet type="start" bracket="yes"/>'
            found[numbers[-1]] = '<tuplet type="stop"/>'
    return found


def _text(text: str) -> str:
    # Control characters are not XML.
    return escape("".join(character for character in text if character.isprintable()))
