"""What SAM does between `sam build` and the deployed stack, by SAM's own code."""

import os
import subprocess
from pathlib import Path
from typing import Any

from localcloud.sam import SAM_PYTHON
from tools.dist import load, translated

LOGICAL_ID = "AutoLexPermissionsFunction"

# The very function by which `sam deploy` zips the code.
ZIP = """
import sys
from samcli.lib.package.utils import make_zip_with_lambda_permissions
print(make_zip_with_lambda_permissions(sys.argv[2], sys.argv[1]))
"""


def process(template: Path, function: str = LOGICAL_ID) -> dict[str, Any]:
    """Return a template as CloudFormation would deploy it: SAM's resources made plain."""
    sent = load(template)
    # As `sam deploy` sends it: with a place in S3 for the folder of the code.
    sent["Resources"][function]["Properties"]["CodeUri"] = "s3://bucket/key"
    return translated(sent)


def zip_as_sam_does(folder: Path, name: Path) -> Path:
    """Zip a folder as `sam deploy` does; return the zip."""
    result = subprocess.run(
        [SAM_PYTHON, "-c", ZIP, folder, name],
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return Path(result.stdout.strip())
