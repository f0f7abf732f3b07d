"""Positions of notes in piano roll pictures."""

import numpy as np
from euterpe_converter.domain.picture import Picture, PictureFormat, Theme
from euterpe_converter.rendering.picture.layout import Layout
from euterpe_music.controls import SUSTAIN, make_controls
from euterpe_music.midi import Piece, Track
from euterpe_music.piece import make_notes

PICTURE = Picture(PictureFormat.SVG, Theme.LIGHT, 1200, 400, False)


def test_notes_are_drawn_until_the_pedal_lifts_and_drums_apart():
    notes = make_notes([0, 1920], [240, 240], [60, 38], 90, [0, 1])
    controls = make_controls([(0, 0, SUSTAIN, 127), (960, 0, SUSTAIN, 0)])
    layout = Layout(Piece(480, notes, (Track(0), Track(0, is_drum=True)), controls=controls), PICTURE)
    groups = {group.track: group.boxes for group in layout.groups()}
    assert set(groups) == {0, None}
    [piano], [drum] = groups[0], groups[None]
    assert np.allclose([piano[0], piano[2]], [layout.x(0.0), layout.x(1.0)], atol=1.0)
    assert np.allclose([drum[0], drum[2]], [layout.x(2.0), layout.x(2.25)], atol=1.0)
