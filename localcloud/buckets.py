# LocalStack is in an environment of its own, where mypy does not run.
"""Makes LocalStack keep the contents of S3 buckets in the folder of its own run.

LocalStack 4.14 keeps them in one fixed folder of the machine and leaves it behind
(`DEFAULT_S3_TMP_DIR` in `services/s3/provider.py`), whatever TMPDIR says.
"""

import tempfile
from pathlib import Path

from localstack.runtime import hooks
from localstack.services.s3 import provider


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def keep_buckets_in_own_folder() -> None:
    """Name another folder, before the provider of S3 is made; LocalStack calls this at start."""
    provider.DEFAULT_S3_TMP_DIR = str(Path(tempfile.gettempdir()) / "buckets")
