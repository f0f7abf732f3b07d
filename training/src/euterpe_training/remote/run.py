"""A run on any machine: get corpus and checkpoint, train, upload, export, publish the candidate, compare it.

A pod can be stopped at any time. A run that is started again continues from the last uploaded checkpoint, and one that
is complete ends at once.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from euterpe_music.bundle import MANIFEST_FILE
from euterpe_music.catalogue import CANDIDATES

from euterpe_training.errors import TrainingError
from euterpe_training.releases.promotion import EVALUATION_FILE, main_version
from euterpe_training.remote.board import Board
from euterpe_training.remote.metrics import RunMetrics
from euterpe_training.remote.plan import RunPlan
from euterpe_training.remote.processes import PROGRAM, Child, node_rank, training_command
from euterpe_training.remote.sync import DirectorySync
from euterpe_training.storage import open_folder

#: Written to the run's folder when everything is done.
DONE_FILE: Final = "done.json"
#: Exit status of a process that SIGTERM ended.
STOPPED: Final = 143
_FINAL_ATTEMPTS: Final = 3

Log = Callable[[str], None]


class RemoteRun:
    """One run of a plan in a local directory; `program` is the command whose arguments the plan has."""

    def __init__(
        self,
        plan: RunPlan,
        data: Path,
        log: Log,
        *,
        environment: Mapping[str, str] = os.environ,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._plan, self._data, self._log, self._environment = plan, data, log, environment
        self._program = program
        self._store = open_folder(plan.store)
        self._sync = DirectorySync(self._store, plan.run, data / "run")
        self._is_leader = node_rank(environment) == 0
        self.metrics = RunMetrics(data / "run")

    def run(self) -> int:
        """Run the plan; return the exit status. Raises TrainingError, and OSError if the store does not answer."""
        child = Child()
        if self._is_done():
            self._log("this run is complete")
            return 0
        corpus = DirectorySync(self._store, self._plan.corpus, self._data / "corpus")
        self._log(f"{len(corpus.download())} files of the corpus, {len(self._sync.download())} of the run downloaded")
        if not any((self._data / "corpus").iterdir()):
            raise TrainingError(f"{self._store.url} has no files below {self._plan.corpus}/: upload the corpus")
        status = self._train(child)
        if child.is_stopped:
            self._log("stopped; start it again to continue")
            return STOPPED
        if status or not self._is_leader:
            return status
        for bundle in self._export(child):
            # Before the comparison, which must not lose the bundle if its options are wrong.
            self._publish(bundle)
            if reports := self._evaluate(child, bundle):
                content = json.dumps(reports, indent=1) + "\n"
                self._store.write(f"{self._candidate(bundle)}/{EVALUATION_FILE}", content.encode())
        if child.is_stopped:
            return STOPPED
        self._store.write(f"{self._plan.run.strip('/')}/{DONE_FILE}", b"{}\n")
        return 0

    def _is_done(self) -> bool:
        path = f"{self._plan.run.strip('/')}/{DONE_FILE}"
        return path in self._store.list(path)

    def _train(self, child: Child) -> int:
        run = self._data / "run"
        has_checkpoint = any(run.glob("*.pt"))
        command = training_command(
            self._plan.train, has_checkpoint=has_checkpoint, program=self._program, environment=self._environment
        )
        self.metrics.enter("train")
        board = Board(run)

        status = child.run(command, self._plan.upload_seconds, lambda: self._upload(board))
        for _ in range(_FINAL_ATTEMPTS):
            if self._upload(board):
                return status
        raise TrainingError(f"{self._store.url} does not take the checkpoint: check it, and start the run again")

    def _upload(self, board: Board) -> bool:
        """Upload what has changed, on the node that writes checkpoints; return whether that succeeded."""
        if not self._is_leader:
            return True
        board.write()
        try:
            self._sync.upload()
        except OSError as error:
            self.metrics.upload_failed()
            self._log(f"the upload failed and is repeated: {error}")
            return False
        self.metrics.uploaded()
        return True

    def _export(self, child: Child) -> list[Path]:
        if not self._plan.export:
            return []
        self.metrics.enter("export")
        shutil.rmtree(self._data / "bundles", ignore_errors=True)
        self._step(child, self._plan.export)
        found = sorted(path.parent for path in (self._data / "bundles").glob(f"*/*/{MANIFEST_FILE}"))
        if not found and not child.is_stopped:
            raise TrainingError(f"the export wrote no bundle to {self._data / 'bundles'}/NAME/VERSION")
        return found

    def _evaluate(self, child: Child, bundle: Path) -> dict[str, Any]:
        """Return the reports of a bundle and of the released version with most requests, by `name@version`."""
        if not self._plan.evaluate:
            return {}
        self.metrics.enter("evaluate")
        compared = [bundle]
        models = open_folder(f"{self._plan.store.rstrip('/')}/{self._plan.models}")
        name = bundle.parent.name
        if (released := main_version(models, name)) is not None:
            local = self._data / "released" / name / released
            DirectorySync(models, f"{name}/{released}", local).download()
            compared.append(local)
        reports = {}
        for each in compared:
            out = self._data / "evaluation" / f"{name}-{each.name}.json"
            self._step(child, ["evaluate", str(each), *self._plan.evaluate, "--out", str(out)])
            if child.is_stopped:
                break
            reports[f"{name}@{each.name}"] = json.loads(out.read_text(encoding="utf-8"))
        return reports

    def _candidate(self, bundle: Path) -> str:
        return f"{self._plan.models.strip('/')}/{CANDIDATES}/{bundle.parent.name}/{bundle.name}"

    def _publish(self, bundle: Path) -> None:
        self.metrics.enter("publish")
        for path in sorted(bundle.iterdir(), key=lambda path: path.name == MANIFEST_FILE):
            self._store.upload(path, f"{self._candidate(bundle)}/{path.name}")
        self._log(f"candidate {bundle.parent.name} {bundle.name}; release it with: euterpe-train promote")

    def _step(self, child: Child, arguments: Sequence[str]) -> None:
        status = child.run([*self._program, *arguments], self._plan.upload_seconds, lambda: None)
        if status and not child.is_stopped:
            raise TrainingError(f"euterpe-train {arguments[0]} failed with exit status {status}: see its message above")
