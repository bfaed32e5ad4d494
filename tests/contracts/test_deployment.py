"""The manifests of deploy/ are held to Kubernetes' and the operators' schemas, to the code and to docker-compose.yml, without a cluster."""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from pydantic_settings import BaseSettings

from console.services import SERVICES
from console.web.app import create_app
from console.web.settings import ConsoleSettings
from shared.delivery import kafka, kafka_acls
from shared.events import TOPICS
from shared.kafka_settings import KafkaSettings
from shared.notifications.webhooks import is_public
from shared.settings import Settings
from shared.token_settings import TokenSettings
from shared.web import operations
from tests.contracts import crds, deployment
from tests.contracts.code import ROOT
from tests.contracts.deployment import COMPOSE, FOLDER, PROCESSES
from tests.support.http import service_of

VERSIONS = ("1.30", "1.37")  # the oldest with what is used here, and the newest whose schema there is
RENDERER = ["kubectl", "kustomize"] if shutil.which("kubectl") else [shutil.which("kustomize") or "kustomize", "build"]
KUSTOMIZATIONS = sorted(FOLDER.rglob("kustomization.yaml"))
RENDERED = ("examples/cloudnative-pg", "examples/site", "examples/site/migrations", "examples/strimzi")  # base and all else is in them

every_process = pytest.mark.parametrize("process", PROCESSES)
every_service = pytest.mark.parametrize("service", SERVICES)
Manifest = dict[str, Any]


@cache
def manifests(file: str) -> list[Manifest]:
    return [one for one in yaml.safe_load_all((FOLDER / file).read_text()) if one]


def files() -> list[str]:
    """Of manifests: what is no kustomization."""
    return sorted(str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*.yaml") if file.name != "kustomization.yaml")


def one(file: str, kind: str, name: str | None = None) -> Manifest:
    """The manifest of this kind, and of this name."""
    (found,) = (it for it in manifests(file) if it["kind"] == kind and name in (None, it["metadata"]["name"]))
    return found


def pod_of(process: str) -> Manifest:
    spec: Manifest = one(f"base/{process}.yaml", "Deployment")["spec"]["template"]["spec"]
    return spec


def container_of(process: str) -> Manifest:
    (running,) = pod_of(process)["containers"]
    return dict(running)


def site() -> dict[str, str]:
    """What an installation decides."""
    lines = (FOLDER / "base/settings.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def environment(process: str) -> dict[str, str]:
    """As the container gets it."""
    running = container_of(process)
    found = dict(site()) if running.get("envFrom") == [{"configMapRef": {"name": "laowu"}}] else {}
    for variable in running["env"]:
        if "value" in variable:
            found[variable["name"]] = variable["value"]
        elif (key := variable["valueFrom"]["configMapKeyRef"]["key"]) in site():
            found[variable["name"]] = site()[key]
    return found


# --- form -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("file", deployment.FILES)
def test_what_is_drawn_from_the_code_is_up_to_date(file: str) -> None:
    assert (FOLDER / file).read_text() == deployment.text(file), "stale: python -m tests.contracts.deployment"


def validate(manifest: Manifest, versions: Sequence[str] = VERSIONS) -> None:
    """Against the schema of its kind; a field that it does not know is refused."""
    schema = crds.FOLDER / f"{manifest['kind']}.json"
    if "." in manifest["apiVersion"].partition("/")[0] and not manifest["apiVersion"].split("/")[0].endswith(".k8s.io"):
        jsonschema.validate(manifest, json.loads(schema.read_text()))
    else:
        for version in versions:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("file", files())
def test_every_manifest_has_the_form_that_its_kind_asks_for(file: str) -> None:
    assert manifests(file)
    for manifest in manifests(file):
        validate(manifest)


@pytest.mark.parametrize("wrong", [{"spec": {"replica": 1}}, {"spec": {"instances": "three"}}, {"apiVersion": "postgresql.cnpg.io/v2"}])
def test_a_wrong_field_is_found(wrong: Manifest) -> None:
    cluster = one("examples/cloudnative-pg/cluster.yaml", "Cluster")
    with pytest.raises(jsonschema.ValidationError):
        validate({**cluster, **wrong, "spec": {**cluster["spec"], **wrong.get("spec", {})}})
    deployed = one("base/stats.yaml", "Deployment")
    with pytest.raises(kubernetes_validate.ValidationError):
        validate({**deployed, "spec": {**deployed["spec"], "replica": 1}})


def test_every_file_belongs_to_a_kustomization_and_nothing_is_named_that_is_not_there() -> None:
    named = set()
    for kustomization in KUSTOMIZATIONS:
        definition = yaml.safe_load(kustomization.read_text())
        for resource in definition["resources"] + definition.get("components", []):
            path = (kustomization.parent / resource).resolve()
            assert path.exists(), f"{kustomization}: {resource}"
            named.add(path)
    assert {FOLDER / file for file in files()} <= named


@pytest.mark.skipif(not shutil.which(RENDERER[0]), reason="neither kubectl nor kustomize is installed")
@pytest.mark.parametrize("folder", RENDERED)
def test_a_kustomization_renders_to_valid_manifests(folder: str) -> None:
    made = subprocess.run([*RENDERER, str(FOLDER / folder)], capture_output=True, text=True, check=True)
    assert not made.stderr, "warnings: something of it is deprecated"
    rendered = list(yaml.safe_load_all(made.stdout))
    assert rendered
    for manifest in rendered:
        validate(manifest, VERSIONS[-1:])
    if folder.startswith("examples/site"):
        assert set(re.findall(r"image: (\S+)", made.stdout)) == {"images.example/laowu:0.1.0"}
        assert {manifest["metadata"]["namespace"] for manifest in rendered} == {"laowu"}
    if folder == "examples/site":
        scaled = {manifest["metadata"]["name"] for manifest in rendered if manifest["kind"] == "ScaledObject"}
        counted = {manifest["metadata"]["name"] for manifest in rendered if "replicas" in manifest.get("spec", {})}
        assert scaled == set(SERVICES)
        assert counted == {"console"}, "what KEDA scales has no number that an apply would set back"


# --- what runs ------------------------------------------------------------------------------------------------------------
def test_everything_of_the_compose_file_is_here() -> None:
    # Letters go to a mail server that is there; Kafka and PostgreSQL to the operators' resources; migrations are jobs.
    assert set(COMPOSE) - {"mail", "migrations"} == {*PROCESSES, "kafka", "postgres"}
    assert one("examples/strimzi/kafka.yaml", "Kafka")
    major = one("examples/cloudnative-pg/cluster.yaml", "Cluster")["spec"]["imageCatalogRef"]["major"]
    assert COMPOSE["postgres"]["image"] == f"postgres:{major}"


@every_process
def test_a_process_is_started_as_in_the_compose_file(process: str) -> None:
    running = container_of(process)
    assert running["image"] == COMPOSE[process]["image"]
    assert running["args"] == COMPOSE[process]["command"]
    assert running["resources"]["limits"]["memory"] == COMPOSE[process]["mem_limit"].replace("m", "Mi")
    assert "command" not in running, "the image's entry point"


@every_process
def test_a_process_can_write_to_nothing_of_its_image_and_has_no_right_of_root(process: str) -> None:
    running, spec = container_of(process), pod_of(process)
    assert running["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert f"USER {spec['securityContext']['runAsUser']}\n" in (ROOT / "Dockerfile").read_text()
    assert [volume["name"] for volume in spec["volumes"]] == ["secrets", "tmp"]


@every_process
def test_one_of_a_process_may_always_be_moved_and_one_always_stays(process: str) -> None:
    deployed = one(f"base/{process}.yaml", "Deployment")["spec"]
    budget = one(f"base/{process}.yaml", "PodDisruptionBudget")["spec"]
    assert deployed["replicas"] - budget["maxUnavailable"] >= 1
    assert budget["selector"] == deployed["selector"] == {"matchLabels": deployed["template"]["metadata"]["labels"]}


# --- settings -------------------------------------------------------------------------------------------------------------
def kind_of(process: str) -> type[BaseSettings]:
    return ConsoleSettings if process == "console" else service_of(process).settings


SAMPLES = {
    "database_url": "postgresql://of@laowu-db-rw/of?sslmode=verify-full&sslrootcert=/run/secrets/postgres/ca.crt",
    "session_key": base64.urlsafe_b64encode(bytes(32)).decode(),
}


@pytest.fixture
def settings(process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseSettings:
    """As the process reads them: its environment, and what its volumes hold by deploy/README.md."""
    secrets = tmp_path / "secrets"
    for source in one(f"base/{process}.yaml", "Deployment")["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"]:
        secret = source["secret"]
        for path in [item["path"] for item in secret["items"]] if "items" in secret else described_secrets()[secret["name"]]:
            (secrets / path).parent.mkdir(parents=True, exist_ok=True)
            sample = SAMPLES.get(path, base64.b64encode(bytes(32)).decode() if path.endswith("_key") else "")
            (secrets / path).write_text(sample.replace("/run/secrets", str(secrets)))
    for name in set(os.environ) & {field.upper() for field in kind_of(process).model_fields}:
        monkeypatch.delenv(name)
    for name, value in environment(process).items():
        monkeypatch.setenv(name, value.replace("/run/secrets", str(secrets)))
    monkeypatch.chdir(tmp_path)
    return kind_of(process)(_secrets_dir=secrets)


@cache
def described_secrets() -> dict[str, list[str]]:
    """Secret -> its keys, by the table of deploy/README.md."""
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    return {name: re.findall(r"`(\w+)`", keys) for name, keys in rows}


@every_process
def test_a_process_gets_every_setting_it_needs_and_none_it_does_not_know(process: str, settings: BaseSettings) -> None:
    known = {field.upper() for field in type(settings).model_fields}
    assert set(environment(process)) <= known


def test_the_console_believes_whom_the_services_believe() -> None:
    """A setting that only they got would let people in at a service whom the console refuses."""
    named = {variable["name"] for variable in container_of("console")["env"]}
    assert {name.upper() for name in TokenSettings.model_fields} <= named


@every_process
def test_no_secret_is_in_an_environment_or_a_manifest(process: str) -> None:
    secret = {name.upper() for name, field in kind_of(process).model_fields.items() if "SecretStr" in str(field.annotation)}
    assert len(secret) >= 1
    assert not set(environment(process)) & secret
    assert not [name for name, value in environment(process).items() if re.search(r"PASSWORD|SECRET|TOKEN", name)]
    assert not [manifest for file in files() for manifest in manifests(file) if manifest["kind"] == "Secret"]


@every_process
def test_a_process_listens_where_it_is_called_and_asked(process: str, settings: BaseSettings) -> None:
    running = container_of(process)
    listening = (
        settings.console_port if isinstance(settings, ConsoleSettings) else settings.http_port if isinstance(settings, Settings) else 0
    )
    assert running["ports"] == [{"name": "http", "containerPort": listening}]
    routes = create_app(settings).routes if isinstance(settings, ConsoleSettings) else operations.router.routes
    paths = {getattr(route, "path", None) for route in routes}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert running[probe]["httpGet"]["port"] == "http"
        assert running[probe]["httpGet"]["path"] in paths
    called = one(f"base/{process}.yaml", "Service")
    assert called["metadata"]["name"] == process
    assert called["spec"]["ports"] == [{"name": "http", "port": listening, "targetPort": "http"}]


def test_a_browser_stays_at_one_of_the_consoles() -> None:
    """Each knows by itself which refresh tokens it has used: an issuer takes a second use for a theft."""
    assert one("base/console.yaml", "Deployment")["spec"]["replicas"] > 1
    asked = one("examples/site/ingress.yaml", "Ingress")["metadata"].get("annotations", {})
    assert asked.get("nginx.ingress.kubernetes.io/affinity") == "cookie"


@pytest.mark.parametrize("process", ["console"])
def test_the_console_calls_every_service_by_its_name(settings: ConsoleSettings) -> None:
    assert settings.service_urls == {service: f"http://{service}:8000" for service in SERVICES}
    assert settings.https
    assert settings.local_accounts_key is None


@pytest.mark.parametrize("process", SERVICES)
def test_a_stop_is_waited_for_longer_than_a_service_takes(process: str, settings: Settings) -> None:
    assert pod_of(process)["terminationGracePeriodSeconds"] > container_of(process)["lifecycle"]["preStop"]["sleep"]["seconds"] + (
        settings.drain_seconds + 5
    )


@every_service
def test_a_migration_is_run_by_the_owner_alone(service: str) -> None:
    job = one("migrations/jobs.yaml", "Job", f"{service}-migration")["spec"]["template"]["spec"]
    (running,) = job["containers"]
    assert running["args"] == [f"services.{service}", "migrate"]
    owner = {"secret": {"name": f"{service}-owner"}}
    assert job["volumes"][0]["projected"]["sources"][0] == owner
    assert owner not in pod_of(service)["volumes"][0]["projected"]["sources"]


# --- who talks to whom ----------------------------------------------------------------------------------------------------
def reached(process: str, direction: str) -> Iterator[tuple[Manifest, int]]:
    """(peer, port): `from` or `to` each of them a process may be connected."""
    spec = one(f"base/{process}.yaml", "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"], "what is not named is refused"
    for rule in spec["ingress" if direction == "from" else "egress"]:
        assert rule[direction], "an empty list would be everybody"
        for port in rule["ports"]:
            yield from ((peer, port["port"]) for peer in rule[direction])


def selects(peer: Manifest, process: str) -> bool:
    selector = peer.get("podSelector", {"matchLabels": {"none": "none"}})
    labels = deployment.labels(process)
    listed = all(labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", []))
    return listed and selector.get("matchLabels", {}).items() <= labels.items()


@every_service
def test_a_service_calls_no_other_process_and_only_the_console_calls_it(service: str) -> None:
    assert not [process for peer, _ in reached(service, "to") for process in PROCESSES if selects(peer, process)]
    assert {process for peer, _ in reached(service, "from") for process in PROCESSES if selects(peer, process)} == {"console"}
    assert {process for peer, port in reached("console", "to") for process in PROCESSES if selects(peer, process) and port == 8000} >= {
        service
    }


@every_service
def test_a_service_reaches_kafka_and_postgres_where_its_settings_say(service: str) -> None:
    of_pods = {
        next(iter(peer["podSelector"]["matchLabels"].values())): port for peer, port in reached(service, "to") if "podSelector" in peer
    }
    host, _, port = environment(service)["KAFKA_BOOTSTRAP_SERVERS"].partition(":")
    name = one("examples/strimzi/kafka.yaml", "Kafka")["metadata"]["name"]
    assert host == f"{name}-kafka-bootstrap"
    assert of_pods == {name: int(port), one("examples/cloudnative-pg/cluster.yaml", "Cluster")["metadata"]["name"]: 5432}


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "100.64.1.1", "224.0.0.1", "fd00::1", "fec0::1"]
)
def test_no_policy_lets_a_webhook_into_the_cluster(address: str) -> None:
    assert not is_public(address)
    for process in PROCESSES:
        for peer, _ in reached(process, "to"):
            if "ipBlock" in peer and (":" in peer["ipBlock"]["cidr"]) == (":" in address):
                allowed = ipaddress.ip_address(address) in ipaddress.ip_network(peer["ipBlock"]["cidr"])
                refused = any(ipaddress.ip_address(address) in ipaddress.ip_network(block) for block in peer["ipBlock"]["except"])
                assert refused or not allowed


# --- Kafka and PostgreSQL -------------------------------------------------------------------------------------------------
def test_the_topics_are_those_of_the_programme_and_keep_what_they_hold() -> None:
    topics = {topic["metadata"]["name"]: topic["spec"] for topic in manifests("examples/strimzi/topics.yaml")}
    assert set(topics) == set(TOPICS)
    for name, spec in topics.items():
        assert kafka.losing(name, spec["replicas"], spec["config"]) == {}
        assert str(spec["replicas"]) == site()["TOPIC_REPLICATION"]
    assert one("examples/strimzi/kafka.yaml", "KafkaNodePool")["spec"]["replicas"] >= kafka.SAFE_REPLICAS
    assert one("examples/strimzi/kafka.yaml", "Kafka")["spec"]["kafka"]["config"]["auto.create.topics.enable"] is False


@every_service
def test_a_service_may_do_in_kafka_what_the_command_prints(service: str) -> None:
    rights = one("examples/strimzi/users.yaml", "KafkaUser", service)["spec"]["authorization"]["acls"]
    given = {(acl["resource"]["type"], acl["resource"]["name"], operation) for acl in rights for operation in acl["operations"]}
    settings = KafkaSettings(kafka_bootstrap_servers="kafka:9093")
    needed = kafka_acls.service_acls(settings, service, service_of(service).topics)
    wanted = set()
    for line in kafka_acls.commands(settings, f"User:CN={service}", needed):
        kind, name = re.search(r"--(topic|group) (\S+)", line).groups()  # type: ignore[union-attr]
        wanted |= {(kind, name, operation) for operation in re.findall(r"--operation (\w+)", line)}
    assert given == wanted


@every_service
def test_a_service_is_scaled_by_the_lag_of_its_own_group_within_partitions_and_connections(service: str) -> None:
    scaled = one("autoscaling/consumers.yaml", "ScaledObject", service)["spec"]
    assert scaled["scaleTargetRef"]["name"] == service
    assert scaled["triggers"][0]["metadata"]["consumerGroup"] == service
    assert scaled["triggers"][0]["metadata"]["bootstrapServers"] == site()["KAFKA_BOOTSTRAP_SERVERS"]
    assert scaled["minReplicaCount"] == one(f"base/{service}.yaml", "Deployment")["spec"]["replicas"]
    assert scaled["maxReplicaCount"] <= KafkaSettings(kafka_bootstrap_servers="").topic_partitions


def test_postgres_has_room_for_the_connections_of_as_many_processes_as_there_may_be() -> None:
    spec = one("examples/cloudnative-pg/cluster.yaml", "Cluster")["spec"]["postgresql"]
    processes = sum(
        one("autoscaling/consumers.yaml", "ScaledObject", service)["spec"]["maxReplicaCount"] + 1 for service in SERVICES
    )  # and one that replaces another
    assert processes * (Settings.model_fields["pool_size"].default + 2) < int(spec["parameters"]["max_connections"]) - 10
    assert spec["synchronous"]["dataDurability"] == "required", "a failover forgets nothing"
