"""`laowu postgres roles`: what an administrator of a server does once, so that no service may change its own tables' form."""

from __future__ import annotations

from typing import Annotated

import typer

from console.services import SERVICES

app = typer.Typer(no_args_is_help=True, help="What an administrator of a PostgreSQL server does before the services start.")

# Migrations run as the owner; the service reads and writes what the owner made, and may neither create, alter, drop nor truncate.
# The administrator becomes a member of the owner: without that one who is no superuser may give nothing in its name.
ROLES = """\
CREATE ROLE "{owner}" LOGIN;
CREATE ROLE "{role}" LOGIN;
GRANT "{owner}" TO CURRENT_USER;
CREATE DATABASE "{database}" OWNER "{owner}";
REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
GRANT CONNECT ON DATABASE "{database}" TO "{role}";
\\connect "{database}"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO "{role}";
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{role}";
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" IN SCHEMA public GRANT USAGE ON SEQUENCES TO "{role}";
"""


@app.command()
def roles(
    prefix: Annotated[str, typer.Option(help="before the name of every database and role, for several programmes on one server")] = "",
) -> None:
    """Print what creates five databases, each with a role that owns its tables and one that only uses them, as a script for psql."""
    print("\\set ON_ERROR_STOP on")
    for service in SERVICES:
        print(f"\n-- {service}: give both roles a password, with \\password or your own way")
        print(sql(service, prefix), end="")


def sql(service: str, prefix: str = "") -> str:
    """The script for one service."""
    name = f"{prefix}{service}".replace('"', "")
    return ROLES.format(database=name, owner=f"{name}_owner", role=name)
