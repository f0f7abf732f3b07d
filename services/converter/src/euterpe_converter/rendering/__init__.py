"""From MIDI to encoded audio, one noun per module; knows nothing of HTTP or S3, save the cache."""
