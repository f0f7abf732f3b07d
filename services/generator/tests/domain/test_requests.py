"""Digests of requests: those of versions without uses of prompts, languages and sources must not change."""

import uuid
from dataclasses import replace

import pytest
from euterpe_generator.domain.requests import GenerationRequest, PromptSource

PLAIN = GenerationRequest("melody", 7, None, "Reel", 2, True, {"temperature": 0.9, "key": "D major"})
FILE = PromptSource(midi=b"MThd", bars=4, replace_accompaniment=True)
CONTINUED = GenerationRequest("melody", 7, None, None, prompt=FILE)
OF_SONG = GenerationRequest(None, None, 100, None, prompt=PromptSource(song_id="0190"))
VARIANTS = {"variants": [["a", []], ["b", [("temperature", 1.1)]]]}


@pytest.mark.parametrize(
    ("request_", "digest", "compared"),
    [
        (PLAIN, "7ae81d33748b3defdda261d88fd3ac09de5d04b22dc1fe615c45e4b63b8cafdf",
         "6c815269d04c0f0162443ee76562c93757c549bb6aab480090ca8a6732084acd"),
        (CONTINUED, "99a701f998b6d5e99d3485193df717912b0c15576b6a50181c998c7e71056c3a",
         "99f5f8ce2b86ae13301f2d114b957dc43899b8970afe374a4740a17ff1592c95"),
        (OF_SONG, "14cbf79520160445719240a2f382878cdc8c9ec6124a8ae751e45bcb5886b975",
         "76170b63d8a606f9b1c4728c48c66cf63aa435cf39962d276d3efde3ba4db3c2"),
    ],
)  # fmt: skip
def test_requests_of_earlier_versions_keep_their_digests(
    request_: GenerationRequest, digest: str, compared: str
) -> None:
    assert request_.digest == digest
    assert request_.digest_with(VARIANTS) == compared


def test_different_requests_have_different_digests() -> None:
    prompts = [
        FILE, replace(FILE, use="accompany"), replace(FILE, first_bar=1), replace(FILE, last_bar=1),
        replace(FILE, tracks=(1,)),
    ]  # fmt: skip
    requests = [replace(CONTINUED, prompt=prompt) for prompt in prompts] + [replace(CONTINUED, language="es")]
    requests.append(replace(CONTINUED, remix_of=uuid.UUID(int=7)))
    digests = {one.digest for one in requests} | {one.digest_with(VARIANTS) for one in requests}
    assert len(digests) == 2 * len(requests)
