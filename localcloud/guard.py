"""Starts LocalStack, and ends its whole process group when whoever started it is gone.

The starter keeps the other end of this process's standard input open and never writes to it. The
operating system closes that end whenever the starter ends, however it ends (also by SIGKILL), so
that end of file here means: nobody is left to stop us. The folder given as the only argument is
removed then, too.
"""

import os
import runpy
import shutil
import signal
import sys
import threading


def main() -> None:
    """Run LocalStack in this process until a signal stops it or its starter is gone."""
    folder = sys.argv[1]
    threading.Thread(target=_end_with_starter, args=(folder,), daemon=True).start()
    sys.argv = ["localstack"]
    runpy.run_module("localstack.runtime.main", run_name="__main__")


def _end_with_starter(folder: str) -> None:
    """Wait for the end of the starter, then leave neither processes nor files."""
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
