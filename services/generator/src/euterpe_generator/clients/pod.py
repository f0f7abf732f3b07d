"""The pod's own deletion cost in Kubernetes: pods with a lower cost are removed first when a ReplicaSet shrinks.

https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#pod-deletion-cost
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

#: Where Kubernetes mounts the token, the certificate authority and the namespace of a pod's service account.
SERVICE_ACCOUNT_DIRECTORY: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_ANNOTATION: Final = "controller.kubernetes.io/pod-deletion-cost"
_TIMEOUT_SECONDS: Final = 5.0


class PodDeletionCost:
    """Sets the annotation of one pod through the Kubernetes API, with the service account's token."""

    def __init__(
        self,
        pod_name: str,
        *,
        directory: Path = SERVICE_ACCOUNT_DIRECTORY,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._pod_name = pod_name
        self._directory = directory
        self._environment = environment

    async def set(self, cost: int) -> None:
        """Write the cost. Raises OSError without a token, ValueError for a wrong authority, httpx.HTTPError else."""
        # Read each time, because Kubernetes renews the token and may renew the authority.
        token, namespace = (self._read(name) for name in ("token", "namespace"))
        authority = ssl.create_default_context(cadata=self._read("ca.crt"))
        # Certificates of many clusters lack extensions that Python 3.13 requires by default.
        authority.verify_flags &= ~ssl.VERIFY_X509_STRICT
        patch = {"metadata": {"annotations": {_ANNOTATION: str(cost)}}}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"}
        url = f"{self._server}/api/v1/namespaces/{namespace}/pods/{self._pod_name}"
        async with httpx.AsyncClient(verify=authority, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            (await client.patch(url, json=patch, headers=headers)).raise_for_status()

    @property
    def _server(self) -> str:
        # The variables that every container has; brackets for IPv6.
        host = self._environment.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
        port = self._environment.get("KUBERNETES_SERVICE_PORT", "443")
        return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    def _read(self, name: str) -> str:
        return (self._directory / name).read_text().strip()
