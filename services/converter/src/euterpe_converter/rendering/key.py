"""The content address of audio: everything that decides its bytes, and nothing else."""

import hashlib
import json

from euterpe_converter.rendering.encoder import encoding_arguments
from euterpe_converter.rendering.request import RenderRequest
from euterpe_converter.rendering.soundfont import SoundFont
from euterpe_converter.rendering.synthesizer import synthesis_arguments

#: Raised when the code between the two programs comes to decide other bytes.
RENDERER = "euterpe-renderer 1"


def rendition_key(request: RenderRequest, soundfont: SoundFont, versions: str) -> str:
    """`audio/<sha256>.<extension>`; `versions` are those of the programs.

    The programs' arguments are part of the address, so a changed flag can never meet an old object.
    """
    options = request.synthesis
    deciding = {
        "midi": request.midi_sha256,
        "soundfont": soundfont.sha256,
        "synthesis": synthesis_arguments(options),
        "tail": [options.tail_seconds, options.fade_seconds],
        "encoding": encoding_arguments(request.format),
        "renderer": [RENDERER, versions],
    }
    canonical = json.dumps(deciding, sort_keys=True, separators=(",", ":"))
    return f"audio/{hashlib.sha256(canonical.encode()).hexdigest()}.{request.format.value}"
