"""Text of meta events, whose encoding files do not state."""

import codecs
import unicodedata
from typing import Final

MAX_TEXT: Final = 200
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def clean_text(payload: bytes) -> str:
    """Return the text of a meta event on one line, without control characters, of at most `MAX_TEXT` characters.

    UTF-8 and UTF-16 are recognised; otherwise Shift-JIS where it gives Japanese, else Windows-1252.
    """
    text = _decoded(payload)
    # Bidirectional overrides and controls could make one name look like another.
    kept = (" " if character.isspace() else character for character in text)
    plain = "".join(character for character in kept if unicodedata.category(character)[0] != "C")
    return " ".join(plain.split())[:MAX_TEXT].strip()


def _decoded(payload: bytes) -> str:
    for mark, encoding in _BOMS:
        if payload.startswith(mark):
            return payload[len(mark) :].decode(encoding, "replace")
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = payload.decode("cp932")
        if _is_japanese(text):
            return text
    except UnicodeDecodeError:
        pass
    return payload.decode("cp1252", "ignore")


def _is_japanese(text: str) -> bool:
    """Whether a decoding as Shift-JIS gave Japanese: a Western name with one accent gives a single odd character."""
    kana = sum("\u3040" <= character <= "\u30ff" for character in text)
    kanji = sum("\u4e00" <= character <= "\u9fff" for character in text)
    return kana > 0 or (kanji > 1 and not any(character.isascii() and character.isalpha() for character in text))
