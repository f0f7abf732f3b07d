"""The converter: renders MIDI as audio."""
