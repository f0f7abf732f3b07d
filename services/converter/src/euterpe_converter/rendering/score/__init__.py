"""Pieces as notation: MusicXML and ABC, and pages engraved by verovio."""
