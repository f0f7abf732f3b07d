"""MIDI ports: FluidSynth's player ignores them, so a file with several is played as one file per port."""

#: FluidSynth has at most 256 channels.
MAX_PORTS = 16
CHANNELS = 16
_CHUNK_HEADER = 8
_FILE_HEADER = 14
#: How `write_midi` begins a track that is not on the first port.
_PORT_EVENT = b"\x00\xff\x21\x01"


def split_ports(midi: bytes) -> list[bytes]:
    """Return one file for each port of a file that `write_midi` wrote: the conductor track and the port's tracks.

    Ports beyond `MAX_PORTS` share those from the first one on. A file with one port is returned as it is.
    """
    chunks = _track_chunks(midi)
    ports = [_port(chunk) for chunk in chunks]
    if not any(ports):
        return [midi]
    conductor, found = chunks[0], []
    for port in range(max(ports) + 1):
        own = [chunk for chunk, number in zip(chunks[1:], ports[1:], strict=True) if number == port]
        header = midi[: _FILE_HEADER - 4] + (1 + len(own)).to_bytes(2) + midi[_FILE_HEADER - 2 : _FILE_HEADER]
        found.append(header + conductor + b"".join(own))
    return found


def _track_chunks(midi: bytes) -> list[bytes]:
    chunks, position = [], _FILE_HEADER
    while position < len(midi):
        end = position + _CHUNK_HEADER + int.from_bytes(midi[position + 4 : position + _CHUNK_HEADER])
        chunks.append(midi[position:end])
        position = end
    return chunks


def _port(chunk: bytes) -> int:
    content = chunk[_CHUNK_HEADER : _CHUNK_HEADER + len(_PORT_EVENT) + 1]
    return content[-1] % MAX_PORTS if content.startswith(_PORT_EVENT) else 0
