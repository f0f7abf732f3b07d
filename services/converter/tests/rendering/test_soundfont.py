"""Finding SoundFonts, also while the service runs."""

import pytest
from euterpe_converter.errors import SoundFontMissing
from euterpe_converter.rendering.soundfont import SoundFontSource

SMALL = b"RIFF\x04\x00\x00\x00sfbk"


async def test_a_missing_soundfont_names_the_package(tmp_path):
    with pytest.raises(SoundFontMissing, match="fluid-soundfont-gm"):
        await SoundFontSource(tmp_path / "none.sf2").named()


async def test_a_file_that_is_not_a_soundfont_is_refused(tmp_path):
    (tmp_path / "bad.sf2").write_bytes(b"RIFF\x04\x00\x00\x00WAVE")
    with pytest.raises(SoundFontMissing, match="is not a SoundFont"):
        await SoundFontSource(tmp_path / "bad.sf2").named()


async def test_a_soundfont_installed_or_changed_later_is_detected(tmp_path):
    path = tmp_path / "late.sf2"
    source = SoundFontSource(path)
    with pytest.raises(SoundFontMissing):
        await source.check()
    path.write_bytes(SMALL)
    first = await source.named()
    path.write_bytes(SMALL + b"more")
    assert (await source.named()).sha256 != first.sha256
    path.unlink()
    with pytest.raises(SoundFontMissing):
        await source.named()
