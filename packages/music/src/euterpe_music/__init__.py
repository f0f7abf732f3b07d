"""MIDI in and out, event representations, preprocessing, measures and the model bundle; numpy only, no torch."""
