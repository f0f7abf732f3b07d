"""Invalid values fail at rendering, with the key and the remedy."""

import helm_python as helm
import pytest

from tests.deploy.rendering import SERVICES, Object, Render

REFUSED: list[tuple[Object, str]] = [
    ({"auth": {"replicas": -1}}, r"/auth/replicas.*minimum.*0"),
    ({"auth": {"replica": 2}}, r"/auth.*additional propert.*'replica'"),
    ({"databases": {}}, r"additional propert.*'databases'"),
    ({"generator": {"config": {"slotz": 3}}}, r"/generator/config.*additional propert.*'slotz'"),
    ({"generator": {"config": {"slots": 0}}}, r"/generator/config/slots.*minimum.*1"),
    ({"auth": {"config": {"logLevel": "LOUD"}}}, r"/auth/config/logLevel.*DEBUG.*INFO"),
    ({"generators": []}, r"/generators.*minItems"),
    ({"generators": [{"name": "A_B"}]}, r"/generators/0/name.*pattern"),
    ({"generators": [{"name": "a"}, {"name": "a"}]}, r"generators\[1\]\.name .*another pool.*unique name"),
    (
        {"generators": [{"name": "a", "gpu": {"enabled": True}}]},
        r"generators\[0\]\.gpu\.resourceName is empty: write .*nvidia\.com/gpu",
    ),
    (
        {"generators": [{"name": "a", "gpu": {"enabled": True, "resourceName": "gpu"}}]},
        r"/generators/0/gpu/resourceName.*pattern",
    ),
    (
        {"generators": [{"name": "a", "replicas": 3, "autoscaling": {"kind": "keda"}}]},
        r"generators\[0\]\.replicas is set, but with autoscaling\.kind keda .*remove replicas, or write",
    ),
    (
        {"generators": [{"name": "a", "autoscaling": {"kind": "hpa", "minReplicas": 0}}]},
        r"generators\[0\]\.autoscaling\.minReplicas is 0: only kind keda",
    ),
    (
        {"generators": [{"name": "a", "autoscaling": {"kind": "keda", "minReplicas": 5, "maxReplicas": 2}}]},
        r"generators\[0\]\.autoscaling\.minReplicas is 5 and maxReplicas is 2: write",
    ),
    (
        {"generators": [{"name": "a", "autoscaling": {"kind": "keda", "trigger": "prometheus"}}]},
        r"prometheusAddress is empty: write the URL",
    ),
    (
        {
            "generators": [
                {
                    "name": "a",
                    "autoscaling": {
                        "kind": "keda",
                        "trigger": "prometheus",
                        "prometheusAddress": "http://p:9090",
                        "minReplicas": 0,
                    },
                }
            ]
        },
        r"minReplicas is 0, but the trigger prometheus.*write 1",
    ),
    ({"objectStore": {"bucket": ""}}, r"objectStore\.bucket is empty: write"),
    ({"objectStore": {"secretAccessKey": "x"}}, r"/objectStore.*additional propert"),
    ({"ingress": {"enabled": True}}, r"ingress\.host is empty: write the name"),
    ({"ingress": {"enabled": True, "host": "a.example.org"}}, r"networkPolicy\.ingressFrom is empty: write the peers"),
    ({"gatewayApi": {"enabled": True}}, r"gatewayApi\.parentRefs and gatewayApi\.hostnames must not be empty"),
    ({"models": {"source": "imageVolume"}}, r"models\.image\.reference is empty: write the image"),
    ({"soundfont": {"source": "claim"}}, r"soundfont\.claim\.name is empty: write"),
    ({"trial": {"enabled": True}, "externalSecrets": {"enabled": True}}, r"exclude each other: set one"),
    ({"externalSecrets": {"enabled": True}}, r"externalSecrets\.storeRef\.name is empty: write"),
    (
        {"converter": {"autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 3}}},
        r"converter\.autoscaling\.minReplicas is 9",
    ),
    ({"tracing": {"endpoint": "collector:4317"}}, r"/tracing/endpoint.*pattern"),
    ({"trustedProxies": ["gateway.example.org"]}, r"/trustedProxies/0.*pattern"),
    ({"auth": {"image": {"digest": "abc"}}}, r"/auth/image/digest.*pattern"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_invalid_values_are_refused_with_the_remedy(values: Object, message: str, render: Render) -> None:
    with pytest.raises(helm.HelmError, match=f"(?s){message}"):
        render(values)


@pytest.mark.parametrize("service", SERVICES)
def test_a_missing_secret_names_its_keys(service: str, render: Render) -> None:
    with pytest.raises(
        helm.HelmError, match=rf"{service}\.existingSecret is empty: write the name of a Secret with the keys"
    ):
        render({service: {"existingSecret": ""}})
