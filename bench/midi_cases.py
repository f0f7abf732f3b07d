"""`make bench-midi-cases`: walks all odd MIDI files through the product, and counts by kind what it makes of them.

With ARGS="--repository DIR --python PYTHON" it walks them through the product of another checkout and its environment.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import httpx
from euterpe_test_kit.case_walk import COMPRESSED, Outcome, Walk
from euterpe_test_kit.cases import midi_cases
from product import REPOSITORY, Product
from report import report


def main() -> None:
    """Print one line per kind: files, accepted, refused, with a problem; then the problems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formats", action="store_true", help="render every audio format")
    parser.add_argument("--repository", type=Path, default=REPOSITORY, help="checkout of the product")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="interpreter of its environment")
    arguments = parser.parse_args()
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    is_other = arguments.repository != REPOSITORY
    with (
        tempfile.TemporaryDirectory() as directory,
        Product(Path(directory), arguments.repository, arguments.python) as product,
    ):
        headers = {"Authorization": f"Bearer {product.register('cases')}"}
        with httpx.Client(base_url=f"{product.url}/api/v1", timeout=60, headers=headers) as client:
            models = [model["name"] for model in client.get("/models").json()["items"]]
            model = next((name for name in models if name.startswith("melody")), models[0])
            walk = Walk(client, model, keeps_originals=not is_other)
            for case in midi_cases():
                outcome = walk.through(case, COMPRESSED if arguments.formats else ())
                kinds[outcome.kind].append(outcome)
    print("| kind | files | accepted | refused | with a problem |\n|---|---|---|---|---|")
    for kind, outcomes in kinds.items():
        accepted, wrong = sum(one.accepted for one in outcomes), sum(bool(one.problems) for one in outcomes)
        print(f"| {kind} | {len(outcomes)} | {accepted} | {len(outcomes) - accepted} | {wrong} |")
    for outcomes in kinds.values():
        for outcome in outcomes:
            for problem in outcome.problems:
                print(f"{outcome.case.name}: {problem}")
    walked = [outcome for outcomes in kinds.values() for outcome in outcomes]
    figures = {"files": len(walked), "imported": sum(one.accepted for one in walked)}
    report("midi-cases", figures | {"with_problems": sum(bool(one.problems) for one in walked)})


if __name__ == "__main__":
    main()
