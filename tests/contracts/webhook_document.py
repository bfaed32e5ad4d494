"""docs/webhooks.md, for people who program: what is sent, to whom, and how it is checked. Drawn from the table of audiences."""

from __future__ import annotations

import json

from shared.audiences import CONCERNS, Concern, fields_of
from shared.events import Event
from shared.notifications.deliveries import WAITS
from shared.notifications.templates import TEMPLATES
from shared.notifications.webhooks import LOOKUP_SECONDS, UNANSWERED_SECONDS
from shared.pauses import IDLE_SECONDS
from tests.contracts.samples import sample

ABOUT = """# Webhooks

Drawn from `shared/audiences.py` by `python -m tests.contracts.documents`.

An enterprise's, a training centre's or an office's own system can hear of what stands in its inbox. Each service has its own
receivers: open one at every service that you want to hear from, with a token of the party or office it is for.

```sh
DOCKING=$(laowu status --json | python3 -c 'import json, sys; print({r["name"]: r["address"] for r in json.load(sys.stdin)}["docking"])')
TOKEN=$(laowu token officer)
curl -s -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: our-first-endpoint" -H "Content-Type: application/json" \\
     -d '{"kind": "webhook", "address": "https://example.org/laowu", "types": ["docking.EnterpriseSuspended.v1"]}' \\
     $DOCKING/endpoints > opened.json
ENDPOINT=$(python3 -c 'import json; print(json.load(open("opened.json"))["endpoint"])')
curl -s -H "Authorization: Bearer $TOKEN" $DOCKING/endpoints/$ENDPOINT/secret | cut -c 1-17
```

```text
{"secret":"whsec_
```

`types` left out: every type below that concerns you. The address has to be https and reachable from the internet; a stack on your own
machine (`ENDPOINTS_LOCAL`) takes http and loopback too. `{"kind": "mail", "address": "office@example.org", "language": "zh"}` sends letters
to the mailbox of an office: it gets a code first, which confirms it. Give the address of an office, never a person's own: it is
stored as it is.

## What is sent

A POST as [Standard Webhooks](https://www.standardwebhooks.com) 1.0 has it:

| header | |
|---|---|
| `webhook-id` | the event's id: the same at every attempt. Whoever has seen it drops the repeat |
| `webhook-timestamp` | when this attempt was made, in seconds since 1970: refuse what is older than five minutes |
| `webhook-signature` | `v1,` and the HMAC-SHA-256 over `id.timestamp.body`, in base64; two for a day after a rotation |

Every message arrives at least once; which order they come in is not promised. It is checked by any library of the standard, in Python:

    from standardwebhooks.webhooks import Webhook

    def receive(headers: dict[str, str], body: bytes) -> dict:
        return Webhook("whsec_...").verify(body, headers)    # raises WebhookVerificationError

or by hand:

    import base64, hashlib, hmac

    def is_genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return any(hmac.compare_digest(expected, one) for one in headers["webhook-signature"].split())
"""

AFTER = """
Answer with 2xx within 15 seconds, and do the work afterwards. Nothing of the answer but its status is read, and no redirect is followed.
Anything else is tried again, {attempts} times in all, after {waits}; then it is `dead`, which your inbox reports.
A service with nothing else to do looks every {idle:.0f} s for what is due. `Retry-After` is kept to. 410 switches the endpoint off. A name
of a host that is not found within {lookup:.0f} seconds is a `timeout`, and is not looked up again for {unanswered:.0f} seconds.

    GET  /endpoints/{{endpoint}}/deliveries                       # state, attempts and last status of each
    POST /endpoints/{{endpoint}}/deliveries/{{delivery}}/redelivery # one again, under the same id
    POST /endpoints/{{endpoint}}/redelivery                       # everything that is dead; repeat until `left` is 0
    POST /endpoints/{{endpoint}}/rotation                         # another secret; the one before signs too for a day

`count` above 1: several events of one kind came at once, such as a payroll that is short for many; `subjects` names up to 100 of
them, and the fields are those that all share. No message holds a name, a document number or an account; details are asked for over HTTP.
"""


def waits() -> str:
    units = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    shown = [next(f"{seconds // size} {unit}" for size, unit in units if seconds >= size and seconds % size == 0) for seconds in WAITS]
    return ", ".join(shown)


def hearers(concern: Concern) -> str:
    found = ["the enterprise"] if concern.enterprise else []
    found += ["the centre"] if concern.centre else []
    places = "of its counties" if concern.counties else "of the enterprise's seat or the nation"
    found += [f"{' and '.join(f'{role.value}s' for role in concern.offices)} {places}"] if concern.offices else []
    found += [f"every {role.value}" for role in concern.everybody]
    found += ["whoever asked for it (inbox only)"] if concern.account else []
    return ", ".join(found)


def payload(event: type[Event], concern: Concern) -> str:
    one = sample(event)
    data = {"event_id": str(one.id), "subject": one.subject, "count": 1, **fields_of(one.data, concern)}
    return json.dumps(
        {"type": event.type_name(), "timestamp": one.time.isoformat().replace("+00:00", "Z"), "data": data}, ensure_ascii=False
    )


def document() -> str:
    """The whole of docs/webhooks.md."""
    parts = [
        ABOUT,
        AFTER.format(
            attempts=len(WAITS) + 1, waits=waits(), idle=IDLE_SECONDS, lookup=LOOKUP_SECONDS, unanswered=UNANSWERED_SECONDS
        ).strip(),
        "",
        "## Types",
        "",
    ]
    for event, concern in CONCERNS.items():
        title = TEMPLATES[event.__name__].title
        parts += [f"### {event.type_name()}", "", f"{title}. Heard by: {hearers(concern)}.", "", f"    {payload(event, concern)}", ""]
    return "\n".join(parts)
