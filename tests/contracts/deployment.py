"""Manifests drawn from the code: `python -m tests.contracts.deployment` writes deploy/base, migrations, autoscaling and the Kafka example.

What a service is called, listens on, reads, writes and needs is in the code and in docker-compose.yml; here it is put into Kubernetes'
words. What an installation decides by itself is written by hand beside it: deploy/base/settings.env and deploy/examples.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic.fields import FieldInfo

from console.services import SERVICES
from console.web.settings import ConsoleSettings
from shared.delivery import kafka, kafka_acls
from shared.events import TOPICS
from shared.kafka_settings import KafkaSettings
from shared.secret_files import FOLDER as SECRETS
from tests.contracts.code import ROOT
from tests.support.http import service_of

FOLDER = ROOT / "deploy"
HEAD = "# Written by `python -m tests.contracts.deployment` from the code.\n"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
PROCESSES = (*SERVICES, "console")
PORT = 8000
REPLICAS = 2  # one may be away
MOST_REPLICAS = 3  # each has connections of its own: deploy/examples/cloudnative-pg has room for so many
LAG_PER_PROCESS = 2_000
KAFKA = "kafka"  # the cluster of deploy/examples/strimzi
# What of the installation's settings the console reads, too; of Kafka and of the programme it knows nothing.
OF_THE_CONSOLE = ("AUTH_", "CONSOLE_URL", "CONSOLE_SCOPE", "SESSION_HOURS", "LOG_")
CERTIFICATES = {"kafka/ca.crt": ("kafka-cluster-ca-cert", "ca.crt"), "postgres/ca.crt": ("laowu-db-ca", "ca.crt")}  # path: secret, key

Manifest = dict[str, Any]


# --- pods -----------------------------------------------------------------------------------------------------------------
def labels(process: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": process, "app.kubernetes.io/part-of": "laowu"}


def metadata(name: str, process: str, **more: Any) -> Manifest:
    return {"name": name, "labels": labels(process), **more}


def named_file(field: FieldInfo) -> bool:
    """Whether a setting is the path of a file, not its content."""
    return Path in {field.annotation, *get_args(field.annotation)}


def own_environment(process: str) -> list[Manifest]:
    """What no installation alters: it follows from the image and from the names of the others."""
    if process == "console":
        urls = json.dumps({service: f"http://{service}:{PORT}" for service in SERVICES})
        fixed = {
            "CONSOLE_HOST": "0.0.0.0",
            "CONSOLE_PORT": str(PORT),
            "SERVICE_URLS": urls,
            "HTTPS": "true",
            "CONSOLE_CLIENT_ID": "laowu-console",
        }
        decided = [one for one in map(str.upper, ConsoleSettings.model_fields) if one.startswith(OF_THE_CONSOLE)]
        return [
            *variables(fixed),
            *({"name": one, "valueFrom": {"configMapKeyRef": configured(one)}} for one in decided if one not in fixed),
        ]
    files = {
        name.upper(): str(SECRETS / name)
        for name, field in service_of(process).settings.model_fields.items()
        if field.is_required() and named_file(field)
    }
    return variables({"HTTP_PORT": str(PORT)} | files)


def configured(name: str) -> Manifest:
    """A setting that an installation may decide."""
    return {"name": "laowu", "key": name, "optional": True}


def variables(given: Mapping[str, str]) -> list[Manifest]:
    return [{"name": name, "value": value} for name, value in given.items()]


def secret_files(process: str) -> Manifest:
    """Everything secret, as files: those of all, the process's own, its certificate for Kafka and whom it trusts."""
    whole = ("laowu", f"{process}-secrets") if process != "console" else ("console-secrets",)
    sources: list[Manifest] = [{"secret": {"name": name}} for name in whole]
    if process != "console":
        files = [{"key": f"user.{end}", "path": f"kafka/user.{end}"} for end in ("crt", "key")]
        sources += [{"secret": {"name": process, "optional": True, "items": files}}]  # as Strimzi makes it for a KafkaUser
        sources += [authority(path) for path in CERTIFICATES]
    return {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": sources}}


def authority(path: str) -> Manifest:
    name, key = CERTIFICATES[path]
    return {"secret": {"name": name, "optional": True, "items": [{"key": key, "path": path}]}}


def container(process: str, command: list[str], **more: Any) -> Manifest:
    return {
        "name": process,
        "image": COMPOSE[process]["image"],
        "imagePullPolicy": "IfNotPresent",
        "args": command,
        **more,
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi"},
            "limits": {"memory": COMPOSE[process]["mem_limit"].replace("m", "Mi")},
        },
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "secrets", "mountPath": str(SECRETS), "readOnly": True}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }


def pod(secrets: Manifest, containers: list[Manifest], **more: Any) -> Manifest:
    account = 10001  # the image's
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": account,
            "runAsGroup": account,
            "fsGroup": account,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **more,
        "containers": containers,
        "volumes": [secrets, {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
    }


def probe(path: str, seconds: int, failures: int) -> Manifest:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": seconds, "timeoutSeconds": 3, "failureThreshold": failures}


# --- a process ------------------------------------------------------------------------------------------------------------
def deployment(process: str) -> Manifest:
    running = container(
        process,
        list(COMPOSE[process]["command"]),
        ports=[{"name": "http", "containerPort": PORT}],
        **({} if process == "console" else {"envFrom": [{"configMapRef": {"name": "laowu"}}]}),
        env=own_environment(process),
        # A condition is raised in all processes of a service at once, and commands are accepted meanwhile: taking them out of the
        # Service would refuse what the outbox keeps. So /readyz decides whether a new process may take over, and nothing later.
        startupProbe=probe("/readyz", 2, 60),
        readinessProbe=probe("/livez", 5, 2),
        livenessProbe=probe("/livez", 10, 6),
        lifecycle={"preStop": {"sleep": {"seconds": 5}}},  # until no proxy leads here any more
    )
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels(process)},
    }
    scraped = {f"prometheus.io/{name}": value for name, value in (("scrape", "true"), ("port", str(PORT)), ("path", "/metrics"))}
    template = {
        "metadata": {"labels": labels(process)} | ({} if process == "console" else {"annotations": scraped}),
        "spec": pod(secret_files(process), [running], terminationGracePeriodSeconds=30, topologySpreadConstraints=[spread]),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(process, process),
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels(process)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": template,
        },
    }


def service(process: str) -> Manifest:
    ports = [{"name": "http", "port": PORT, "targetPort": "http"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(process, process),
        "spec": {"selector": labels(process), "ports": ports},
    }


def budget(process: str) -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(process, process),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels(process)}},
    }


# --- who talks to whom ----------------------------------------------------------------------------------------------------
# What is not public (shared/notifications/webhooks.py refuses it too), as far as blocks of addresses say it.
NOT_PUBLIC = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")
NOT_PUBLIC_6 = ("::1/128", "64:ff9b::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8")


def ports(*numbers: int, protocol: str = "TCP") -> list[Manifest]:
    return [{"protocol": protocol, "port": number} for number in numbers]


def pods(label: str, value: str) -> list[Manifest]:
    return [{"podSelector": {"matchLabels": {label: value}}}]


def namespace(name: str) -> list[Manifest]:
    return [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}]


DNS = {"to": namespace("kube-system"), "ports": [*ports(53), *ports(53, protocol="UDP")]}
INTERNET = [
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(NOT_PUBLIC)}},
    {"ipBlock": {"cidr": "::/0", "except": list(NOT_PUBLIC_6)}},
]


def to_services() -> list[Manifest]:
    among = {"key": "app.kubernetes.io/name", "operator": "In", "values": list(SERVICES)}
    return [{"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "laowu"}, "matchExpressions": [among]}}]


DATABASE = {"to": pods("cnpg.io/cluster", "laowu-db"), "ports": ports(5432)}


def policy(process: str) -> Manifest:
    """Services hear of each other by events only: none of them may call another."""
    if process == "console":
        entering = [{"from": namespace("ingress"), "ports": ports(PORT)}]
        leaving: list[Manifest] = [{"to": to_services(), "ports": ports(PORT)}, {"to": INTERNET, "ports": ports(443)}]  # the issuer
    else:
        entering = [
            {"from": pods("app.kubernetes.io/name", "console"), "ports": ports(PORT)},
            {"from": namespace("monitoring"), "ports": ports(PORT)},
        ]
        leaving = [{"to": pods("strimzi.io/cluster", KAFKA), "ports": ports(9093)}, DATABASE]
        leaving += [{"to": INTERNET, "ports": ports(443, 465, 587)}]  # webhooks, the issuer, mail
        leaving += [{"to": namespace("monitoring"), "ports": ports(4318)}]  # a collector of spans
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(process, process),
        "spec": {
            "podSelector": {"matchLabels": labels(process)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": entering,
            "egress": [DNS, *leaving],
        },
    }


def base(process: str) -> list[Manifest]:
    return [deployment(process), service(process), budget(process), policy(process)]


# --- migrations -----------------------------------------------------------------------------------------------------------
def migration(process: str) -> list[Manifest]:
    """Runs as the role that owns the tables; the services' own role may not."""
    name = f"{process}-migration"
    secrets = {"projected": {"defaultMode": 0o440, "sources": [{"secret": {"name": f"{process}-owner"}}, authority("postgres/ca.crt")]}}
    running = container(process, [f"services.{process}", "migrate"])
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(name, name),
        "spec": {
            "backoffLimit": 3,
            "activeDeadlineSeconds": 3600,
            "template": {
                "metadata": {"labels": labels(name)},
                "spec": pod({"name": "secrets", **secrets}, [running], restartPolicy="Never"),
            },
        },
    }
    spec = {"podSelector": {"matchLabels": labels(name)}, "policyTypes": ["Ingress", "Egress"], "egress": [DNS, DATABASE]}
    return [job, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata(name, name), "spec": spec}]


# --- autoscaling ----------------------------------------------------------------------------------------------------------
def scaling(process: str) -> list[Manifest]:
    """By the offsets that the group commits: they are the positions in the database."""
    keys = {"ca": CERTIFICATES["kafka/ca.crt"], "cert": (process, "user.crt"), "key": (process, "user.key")}
    references = [{"parameter": one, "name": name, "key": key} for one, (name, key) in keys.items()]
    trigger = {
        "bootstrapServers": f"{KAFKA}-kafka-bootstrap:9093",
        "consumerGroup": process,
        "lagThreshold": str(LAG_PER_PROCESS),
        "offsetResetPolicy": "earliest",
        "tls": "enable",
    }
    spec = {
        "scaleTargetRef": {"name": process},
        "minReplicaCount": REPLICAS,
        "maxReplicaCount": MOST_REPLICAS,
        "fallback": {"failureThreshold": 3, "replicas": REPLICAS},
        # Every change of their number has all processes of the group seek anew.
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 900}}}},
        "triggers": [{"type": "kafka", "metadata": trigger, "authenticationRef": {"name": process}}],
    }
    return [
        {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata(process, process), "spec": spec},
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "TriggerAuthentication",
            "metadata": metadata(process, process),
            "spec": {"secretTargetRef": references},
        },
    ]


# --- Kafka ----------------------------------------------------------------------------------------------------------------
SETTINGS = KafkaSettings(kafka_bootstrap_servers="", topic_replication=3)
OF_CLUSTER = {"strimzi.io/cluster": KAFKA}


def topic(name: str) -> Manifest:
    replicas = SETTINGS.topic_replication or 1
    spec = {"partitions": SETTINGS.topic_partitions, "replicas": replicas, "config": kafka.needed(name, replicas)}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic", "metadata": {"name": name, "labels": OF_CLUSTER}, "spec": spec}


def user(name: str) -> Manifest:
    """With the rights that `laowu kafka acls` prints."""
    needed = kafka_acls.reader_acls(SETTINGS) if name == "auditor" else kafka_acls.service_acls(SETTINGS, name, service_of(name).topics)
    acls = [
        {"resource": {"type": one.resource, "name": one.name, "patternType": "literal"}, "operations": list(one.operations)}
        for one in needed
    ]
    spec = {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": acls}}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaUser", "metadata": {"name": name, "labels": OF_CLUSTER}, "spec": spec}


# --- files ----------------------------------------------------------------------------------------------------------------
FILES: Mapping[str, Callable[[], list[Manifest]]] = {
    **{f"base/{process}.yaml": partial(base, process) for process in PROCESSES},
    "migrations/jobs.yaml": lambda: [one for process in SERVICES for one in migration(process)],
    "autoscaling/consumers.yaml": lambda: [one for process in SERVICES if service_of(process).topics for one in scaling(process)],
    "examples/strimzi/topics.yaml": lambda: [topic(name) for name in TOPICS],
    "examples/strimzi/users.yaml": lambda: [user(name) for name in (*SERVICES, "auditor")],
}


class _Written(yaml.SafeDumper):
    """Writes what is used twice out in full, and file modes as people read them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def text(name: str) -> str:
    return HEAD + yaml.dump_all(FILES[name](), Dumper=_Written, sort_keys=False, width=150)


if __name__ == "__main__":
    for file in FILES:
        (FOLDER / file).write_text(text(file))
