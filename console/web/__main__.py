"""Run the console: `python -m console.web`. Leaves cleanly on SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys

import uvicorn
import uvloop

from console.web.app import create_app
from console.web.settings import ConsoleSettings
from shared.core_files import forbid_core_files
from shared.logs import configure_logging
from shared.settings import WRONG, wrong
from shared.web.server import Server


def main() -> int:
    """Exit status: 0 after SIGTERM, 2 for a wrong setting, 1 for a file that cannot be used."""
    forbid_core_files()
    try:
        settings = ConsoleSettings()
    except WRONG as error:
        for line in wrong(error):
            print(f"console: setting {line}", file=sys.stderr)
        return 2
    configure_logging("console", settings.log_level, settings.log_format)
    try:
        app = create_app(settings)
    except (OSError, ValueError) as error:
        print(f"console: cannot start: AUTH_JWKS or CONSOLE_CLIENT_SECRET_FILE: {error}", file=sys.stderr)
        return 1
    config = uvicorn.Config(
        app,
        host=settings.console_host,
        port=settings.console_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        http="httptools",
        ws="none",
    )
    uvloop.run(_serve(config))
    return 0


async def _serve(config: uvicorn.Config) -> None:
    """Until SIGTERM or SIGINT."""
    server = Server(config)
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, server.leave)
    await server.serve()


if __name__ == "__main__":
    sys.exit(main())
