"""What both sides of a stage's socket know. Imports nothing heavy, because the service imports it."""

#: The largest packet: a job without its MIDI file is far smaller.
PACKET_BYTES = 65_536
#: Exit statuses of renders that failed.
SYNTHESIS_FAILED, ENCODING_FAILED, LISTENER_GONE = 3, 4, 5
