"""Runs the pods of a rendered chart with podman, one container each, on a network with DNS."""

import secrets
import subprocess
import time
from pathlib import Path

from tests.deploy.rendering import Object, pods, select


def podman(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs podman."""
    return subprocess.run(["podman", *arguments], capture_output=True, text=True, check=check)


class Cluster:
    """Containers of one release; `close` removes them."""

    def __init__(self, found: list[Object], directory: Path) -> None:
        self._found = found
        self._directory = directory
        self._network = f"euterpe-{secrets.token_hex(4)}"
        #: Names of the containers that were started.
        self.containers: list[str] = []
        self._data = {
            (item["kind"], item["metadata"]["name"]): item.get("stringData") or item.get("data") or {}
            for item in select(found, "Secret") + select(found, "ConfigMap")
        }
        podman("network", "create", self._network)

    def close(self) -> None:
        """Removes everything."""
        for name in self.containers:
            podman("rm", "--force", "--time=5", name, check=False)
        podman("network", "rm", "--force", self._network, check=False)

    def start(self, key: str) -> str:
        """Starts the pod `Kind/name` in the background; returns the container's name."""
        container = f"{self._network}-{key.split('/')[1]}-{len(self.containers)}"
        self.containers.append(container)
        podman("run", "--detach", f"--name={container}", *self._arguments(key))
        return container

    def run(self, key: str, *, attempts: int = 1) -> subprocess.CompletedProcess[str]:
        """Runs a pod that ends, again while it fails, as a Job does."""
        while True:
            done = podman("run", "--rm", *self._arguments(key), check=False)
            attempts -= 1
            if done.returncode == 0 or attempts <= 0:
                return done
            time.sleep(2)

    def address(self, container: str) -> str:
        """The container's address, which this machine reaches."""
        path = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return podman("inspect", f"--format={path}", container).stdout.strip()

    def _arguments(self, key: str) -> list[str]:
        pod = pods(self._found)[key]
        (container,) = pod["spec"]["containers"]
        security = pod["spec"]["securityContext"]
        options = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
        options += [f"--user={security['runAsUser']}:{security['runAsGroup']}", f"--network={self._network}"]
        for service in select(self._found, "Service"):
            if service["spec"]["selector"].items() <= pod["metadata"].get("labels", {}).items():
                options.append(f"--network-alias={service['metadata']['name']}")
        options += [f"--env={entry['name']}={self._value(entry)}" for entry in container.get("env", [])]
        options += self._mounts(pod, container)
        command = [*container.get("command", []), *container.get("args", [])]
        if "command" in container:
            options.append(f"--entrypoint={command.pop(0)}")
        return [*options, container["image"], *command]

    def _value(self, entry: Object) -> str:
        source = entry.get("valueFrom", {})
        if "secretKeyRef" in source:
            reference = source["secretKeyRef"]
            return str(self._data["Secret", reference["name"]][reference["key"]])
        return str(entry["value"]) if "value" in entry else secrets.token_hex(8)

    def _mounts(self, pod: Object, container: Object) -> list[str]:
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        options = []
        for mount in container["volumeMounts"]:
            volume = volumes.get(mount["name"], {"emptyDir": {}})
            if "emptyDir" in volume:
                options.append(f"--tmpfs={mount['mountPath']}:rw,mode=1777")
            elif "secret" in volume:
                files = self._files("Secret", volume["secret"]["secretName"])
                options.append(f"--volume={files}:{mount['mountPath']}:ro")
            else:
                files = self._files("ConfigMap", volume["configMap"]["name"])
                options.append(f"--volume={files}:{mount['mountPath']}:ro")
        return options

    def _files(self, kind: str, name: str) -> Path:
        directory = self._directory / kind / name
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
        for key, text in self._data[kind, name].items():
            (directory / key).write_text(text)
        return directory
