"""Melody and accompaniment as tokens (references.md §2): quantised tracks, both encodings, vocabularies, conditions."""

from euterpe_music.meter import Meter
from euterpe_music.tokens.conditioning import (
    ConditioningFeature,
    Form,
    bar_lag_features,
    conditioning_table,
    fill_bar_lag_tokens,
)
from euterpe_music.tokens.meter import METERS, read_meters
from euterpe_music.tokens.parts import Parts, PartsError, split_parts, to_piece
from euterpe_music.tokens.quantized_track import QuantizationLoss, QuantizedTrack, quantize
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
    "ConditioningFeature",
    "Form",
    "Meter",
    "Parts",
    "PartsError",
    "QuantizationLoss",
    "QuantizedTrack",
    "Vocabulary",
    "VocabularyError",
    "bar_lag_features",
    "conditioning_table",
    "decode_steps",
    "decode_streams",
    "encode_steps",
    "encode_streams",
    "fill_bar_lag_tokens",
    "quantize",
    "read_meters",
    "split_parts",
    "to_piece",
]
