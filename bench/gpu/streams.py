"""Events per second of the engine with every bundle, by the number of pieces that are composed at once."""

import argparse
from typing import Any

from common import bundles, require_provider, run

_STREAMS = (1, 8, 64, 256, 512)
_STEPS, _BARS = 200, 8


def check(given: argparse.Namespace) -> dict[str, Any]:
    """Measure all bundles in the variant that the generator would choose."""
    require_provider(given.device)
    from composing import compose
    from euterpe_generator.models.loader import load_model

    streams, steps, bars = ((1, 4), 20, 2) if given.tiny else (_STREAMS, _STEPS, _BARS)
    rows = []
    for bundle in bundles(given.models):
        model = load_model(bundle, max(streams))
        row: dict[str, Any] = {"bundle": model.key, "provider": model.provider.removesuffix("ExecutionProvider")}
        for count in streams:
            compose(model, min(count, 4), steps, bars)
            row[f"events/s at {count}"] = round(compose(model, count, steps, bars).events_per_second)
        rows.append(row)
    return {"rows": rows}


if __name__ == "__main__":
    run(check)
