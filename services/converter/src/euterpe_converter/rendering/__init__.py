"""Rendering of MIDI to encoded audio. Independent of HTTP; only the cache and the SoundFont store use S3."""
