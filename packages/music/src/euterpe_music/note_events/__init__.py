"""Music for many instruments as events: one event a note, ordered bar by bar, and one event a bar line.

`spec` holds the vocabularies, `instruments` the parts, `piece` the quantised piece, `encode` and `decode` convert MIDI,
`arrange` orders given and composed notes as the network reads them, `features` computes the network's inputs.
"""
