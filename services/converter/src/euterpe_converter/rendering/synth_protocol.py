"""Constants shared by both sides of the socket. Imports nothing heavy, because the service imports it."""

#: The largest packet; a job without its MIDI file is far smaller.
PACKET_BYTES = 65_536
#: Exit statuses of failed renders.
SYNTHESIS_FAILED, ENCODING_FAILED, READER_GONE = 3, 4, 5
