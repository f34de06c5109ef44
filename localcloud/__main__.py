"""``python -m localcloud [command …]``: a local cloud while a command runs, or until Ctrl-C."""

import sys

from localcloud.server import StartError, main

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StartError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
