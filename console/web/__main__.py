"""Run the console: `python -m console.web`. Leaves cleanly on SIGTERM."""

from __future__ import annotations

import signal
import sys

import uvicorn

from console.web.app import create_app
from console.web.settings import ConsoleSettings
from shared.core_files import forbid_core_files
from shared.logs import configure_logging
from shared.settings import WRONG, wrong


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
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))  # uvicorn raises the signal again once it has stopped serving
    try:
        app = create_app(settings)
    except (OSError, ValueError) as error:
        print(f"console: cannot start: AUTH_JWKS or CONSOLE_CLIENT_SECRET_FILE: {error}", file=sys.stderr)
        return 1
    uvicorn.run(
        app,
        host=settings.console_host,
        port=settings.console_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        loop="uvloop",
        http="httptools",
        ws="none",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
