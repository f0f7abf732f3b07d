"""Turns MIDI into audio."""
