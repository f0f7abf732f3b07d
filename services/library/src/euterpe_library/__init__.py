"""The library: songs, their metadata, search and sharing."""
