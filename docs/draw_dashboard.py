"""Writes docs/monitoring/dashboard.json, a dashboard for Grafana: `python -m docs.draw_dashboard`."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "monitoring/dashboard.json"
SOURCE = {"type": "prometheus", "uid": "${source}"}
COLUMNS = 24
ME = 'instance=~"$instance"'

# Rows of panels: title, unit, kind of panel, and its lines: an expression, and how it is called.
Line = tuple[str, str]
Panel = tuple[str, str, str, tuple[Line, ...]]
STAT, GRAPH = "stat", "timeseries"

ROWS: tuple[tuple[Panel, ...], ...] = (
    (
        ("Nodes that answer", "short", STAT, (('sum(up{job="tldops-bot"})', "nodes"),)),
        ("Store", "short", STAT, (("min(tldops_store_up)", "1: answers"),)),
        ("Newest alert: to its last copy", "s", STAT, (("max(tldops_alert_last_copy_seconds)", "seconds"),)),
        ("Copies of it still to go", "short", STAT, (("max(tldops_alert_copies_waiting)", "copies"),)),
        (
            "List's key ends in",
            "s",
            STAT,
            (("min(tldops_list_key_expiry_timestamp_seconds) - time()", "until it ends"),),
        ),
        (
            "Since IANA answered",
            "s",
            STAT,
            (("time() - max(tldops_iana_last_sync_timestamp_seconds)", "since"),),
        ),
    ),
    (
        (
            "Mail in, by verdict",
            "short",
            GRAPH,
            (("sum by (verdict) (increase(tldops_mails_total[$__rate_interval]))", "{{verdict}}"),),
        ),
        (
            "Mail in, by what came of it",
            "short",
            GRAPH,
            (
                ("sum by (decision) (increase(tldops_mails_total[$__rate_interval]))", "{{decision}}"),
                ("sum(increase(tldops_mails_broken_total[$__rate_interval]))", "broke"),
                ("sum(increase(tldops_not_stored_mails_total[$__rate_interval]))", "not stored: 451"),
            ),
        ),
        (
            "Deliveries, by how they ended",
            "short",
            GRAPH,
            (("sum by (result) (increase(tldops_deliveries_total[$__rate_interval]))", "{{result}}"),),
        ),
    ),
    (
        (
            "Inbox",
            "short",
            GRAPH,
            (("max by (state) (tldops_inbox_mails)", "{{state}}"),),
        ),
        (
            "Outbox",
            "short",
            GRAPH,
            (("max by (kind, state) (tldops_outbox_copies) > 0", "{{kind}} {{state}}"),),
        ),
        (
            "How long the oldest waits",
            "s",
            GRAPH,
            (
                ("max(tldops_inbox_oldest_seconds)", "in"),
                ("max by (kind) (tldops_outbox_oldest_seconds)", "out: {{kind}}"),
            ),
        ),
    ),
    (
        (
            "gpg, 95 in 100 within",
            "s",
            GRAPH,
            (
                (
                    "histogram_quantile(0.95, sum by (operation, le)"
                    " (rate(tldops_gpg_seconds_bucket[$__rate_interval])))",
                    "{{operation}}",
                ),
            ),
        ),
        (
            "Carrying a mail out, 95 in 100 within",
            "s",
            GRAPH,
            (
                (
                    "histogram_quantile(0.95, sum by (le) (rate(tldops_intake_seconds_bucket[$__rate_interval])))",
                    "all",
                ),
            ),
        ),
        (
            "Failures",
            "short",
            GRAPH,
            (
                ("sum(increase(tldops_gpg_failures_total[$__rate_interval]))", "gpg"),
                ("sum by (job) (increase(tldops_job_failures_total[$__rate_interval])) > 0", "job {{job}}"),
            ),
        ),
    ),
    (
        (
            "Jobs that are late",
            "s",
            GRAPH,
            (("max by (job) (tldops_job_late_seconds) > 0", "{{job}}"),),
        ),
        (
            "Keys of members that end",
            "short",
            GRAPH,
            (("max by (days) (tldops_member_keys_ending)", "within {{days}} days"),),
        ),
        (
            "Room on disks",
            "bytes",
            GRAPH,
            ((f"tldops_disk_free_bytes{{{ME}}}", "{{instance}} {{keeps}}"),),
        ),
    ),
    (
        (
            "Memory",
            "bytes",
            GRAPH,
            ((f'process_resident_memory_bytes{{job="tldops-bot",{ME}}}', "{{instance}}"),),
        ),
        (
            "Connections, open files",
            "short",
            GRAPH,
            (
                (f"tldops_smtp_connections{{{ME}}}", "{{instance}} SMTP"),
                (f'process_open_fds{{job="tldops-bot",{ME}}}', "{{instance}} files"),
            ),
        ),
        (
            "Accepted mail a second",
            "short",
            GRAPH,
            ((f"rate(tldops_accepted_mails_total{{{ME}}}[$__rate_interval])", "{{instance}}"),),
        ),
    ),
)


def panel(number: int, place: dict[str, int], one: Panel) -> dict[str, Any]:
    title, unit, kind, lines = one
    targets = [
        {"datasource": SOURCE, "expr": expression, "legendFormat": name, "refId": chr(ord("A") + at)}
        for at, (expression, name) in enumerate(lines)
    ]
    return {
        "id": number,
        "type": kind,
        "title": title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": targets,
    }


def panels() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    top = 0
    for row in ROWS:
        height = 4 if row[0][2] == STAT else 8
        width = COLUMNS // len(row)
        for at, one in enumerate(row):
            place = {"x": at * width, "y": top, "w": width, "h": height}
            made.append(panel(len(made) + 1, place, one))
        top += height
    return made


def dashboard() -> dict[str, Any]:
    source = {"name": "source", "label": "Source", "type": "datasource", "query": "prometheus"}
    instance = {
        "name": "instance",
        "label": "Node",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(tldops_store_up, instance)",
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }
    return {
        "uid": "tldops-bot",
        "title": "tldops-bot",
        "tags": ["mail"],
        "timezone": "utc",
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [source, instance]},
        "panels": panels(),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(dashboard(), indent=2) + "\n", "utf-8")
