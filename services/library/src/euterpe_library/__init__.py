"""The library service: songs, their metadata, search, and the way to their MIDI."""
