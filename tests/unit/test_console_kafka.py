"""What the local Kafka is started with."""

from __future__ import annotations

import base64

from console.local.kafka import new_cluster_id


def test_a_cluster_id_is_16_bytes_and_never_looks_like_an_option() -> None:
    ids = [new_cluster_id() for _ in range(2000)]  # with any bytes at all, 1 in 64 would begin with "-"
    assert not [one for one in ids if one.startswith("-")]
    assert {len(base64.urlsafe_b64decode(f"{one}==")) for one in ids} == {16}
