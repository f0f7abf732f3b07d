"""Melody and accompaniment as tokens (FACTS §2): quantised tracks, both encodings, vocabularies, conditions."""

from euterpe_music.tokens.conditions import Condition, Form, condition_table, echo_columns, recall
from euterpe_music.tokens.meter import METERS, Meter, read_meters
from euterpe_music.tokens.parts import Parts, PartsError, split_parts, to_piece
from euterpe_music.tokens.slices import QuantisationLoss, Slices, quantise
from euterpe_music.tokens.steps import HOLD, decode_steps, encode_steps
from euterpe_music.tokens.streams import decode_streams, encode_streams
from euterpe_music.tokens.symbols import REST
from euterpe_music.tokens.vocabulary import BEGIN, UNKNOWN, Vocabulary, VocabularyError

__all__ = [
    "BEGIN",
    "HOLD",
    "METERS",
    "REST",
    "UNKNOWN",
    "Condition",
    "Form",
    "Meter",
    "Parts",
    "PartsError",
    "QuantisationLoss",
    "Slices",
    "Vocabulary",
    "VocabularyError",
    "condition_table",
    "decode_steps",
    "decode_streams",
    "echo_columns",
    "encode_steps",
    "encode_streams",
    "quantise",
    "read_meters",
    "recall",
    "split_parts",
    "to_piece",
]
