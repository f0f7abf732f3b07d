"""`python -m euterpe_stack`: run the product on this machine until Ctrl-C."""

import os
import signal
import sys
import time

from euterpe_stack.errors import StackError
from euterpe_stack.process import ProcessFailedError
from euterpe_stack.settings import DEFAULT_PORT, StackSettings
from euterpe_stack.stop_request import StopRequest, StopRequested
from euterpe_stack.supervisor import Supervisor


def main() -> int:
    """Start, supervise and stop the product; return 0 after a requested stop."""
    stop = StopRequest()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop.on_signal)
    started = time.monotonic()
    supervisor: Supervisor | None = None
    try:
        settings = StackSettings.from_environment(os.environ)
        supervisor = Supervisor(settings, _print, stop)
        _print(f"Starting Euterpe with its data in {settings.data} …")
        supervisor.start()
        _print(_welcome(settings, time.monotonic() - started))
        supervisor.watch()
    except StopRequested:
        _print("Stopping …")
    except (StackError, ProcessFailedError) as error:
        print(f"euterpe: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        if supervisor is not None:
            supervisor.stop()
    return 0


def _print(text: str) -> None:
    print(text, flush=True)


def _welcome(settings: StackSettings, seconds: float) -> str:
    server = "" if settings.port == DEFAULT_PORT else f" --server {settings.url}"
    euterpe = os.path.relpath(os.path.join(os.path.dirname(sys.executable), "euterpe"))  # noqa: PTH118, PTH120
    mail = settings.mail_folder
    mails = f"{mail} (no mail server is set)" if mail else settings.service_settings["EUTERPE_AUTH_SMTP_HOST"]
    return f"""
Euterpe is ready at {settings.url} after {seconds:.1f} s.

  Compose and listen   {euterpe} compose{server} --format mp3 --out piece.mp3
  Over HTTP            curl -H 'Content-Type: application/json' -H 'Prefer: wait=10' \\
                         -d '{{"parameters": {{"bars": 16}}}}' {settings.url}/api/v1/generations
  Logs                 {settings.data}/logs
  Mails                {mails}
  Stop                 Ctrl-C; your songs are kept
"""


if __name__ == "__main__":
    sys.exit(main())
