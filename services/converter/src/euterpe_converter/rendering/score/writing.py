"""Scores of MIDI files in every format, inside the process that reads them."""

import hashlib
import json

from euterpe_music.midi import MidiLimits, read_midi

from euterpe_converter.domain.score import ScoreFormat, ScoreOptions
from euterpe_converter.rendering.score.abc import abc
from euterpe_converter.rendering.score.layout import Score, score_of
from euterpe_converter.rendering.score.musicxml import musicxml


class ScoreWriter:
    """Writes scores, and keeps the last engraved one for its further pages."""

    def __init__(self) -> None:
        # Imported here: the first score in the process loads verovio.
        from euterpe_converter.rendering.score.engraving import Engraver

        self._engraver = Engraver()

    def written(self, midi: bytes, limits: MidiLimits, options: ScoreOptions) -> tuple[bytes, int]:
        """Return the score of a file, and the number of its pages, 0 where it has none.

        Pages behind the last one are empty.

        Raises MidiError, NotNotatable.
        """
        engraved = (ScoreFormat.SVG, ScoreFormat.PDF)
        if options.format in engraved:
            return self._engraved(midi, limits, options)
        if options.format is ScoreFormat.ABC:
            piece = read_midi(midi, limits).playable()
            return abc(piece, title=options.title, composer=options.composer), 0
        return musicxml(_score(midi, limits, options)), 0

    def _engraved(self, midi: bytes, limits: MidiLimits, options: ScoreOptions) -> tuple[bytes, int]:
        engraver = self._engraver
        texts = [options.title, options.composer, options.language]
        key = json.dumps([hashlib.sha256(midi).hexdigest(), options.layout, *texts])
        pages = engraver.holds(key)
        if pages is None:
            content = musicxml(_score(midi, limits, options), with_credits=False)
            pages = engraver.load(key, content, options.layout, options.composer)
        if options.format is ScoreFormat.PDF:
            # Imported here: most scores are shown, not printed.
            from euterpe_converter.rendering.score.engraving import PAGE_SIZES
            from euterpe_converter.rendering.score.pdf import pdf

            drawn = (engraver.page(number) for number in range(1, pages + 1))
            return pdf(drawn, PAGE_SIZES[options.layout], title=options.title, author=options.composer), pages
        if options.page > pages:
            return b"", pages
        return engraver.page(options.page).encode(), pages


def _score(midi: bytes, limits: MidiLimits, options: ScoreOptions) -> Score:
    piece = read_midi(midi, limits).playable()
    return score_of(piece, title=options.title, composer=options.composer, language=options.language)
