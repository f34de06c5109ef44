"""What SAM does between `sam build` and the deployed stack, by SAM's own code."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from localcloud.sam import ROOT

SAM_PYTHON = ROOT / ".environments" / "sam" / "bin" / "python"
LOGICAL_ID = "AutoLexPermissionsFunction"

# The transform that CloudFormation runs for `Transform: AWS::Serverless-2016-10-31`, on a template
# as `sam deploy` sends it: with a place in S3 for the folder of the code.
TRANSLATE = """
import json, sys
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform
template = yaml_parse(open(sys.argv[1]).read())
template["Resources"][sys.argv[2]]["Properties"]["CodeUri"] = "s3://bucket/key"
print(json.dumps(transform(template, {}, None)))
"""

# The very function by which `sam deploy` zips the code.
ZIP = """
import sys
from samcli.lib.package.utils import make_zip_with_lambda_permissions
print(make_zip_with_lambda_permissions(sys.argv[2], sys.argv[1]))
"""


def process(template: Path, function: str = LOGICAL_ID) -> dict[str, Any]:
    """Return a template as CloudFormation would deploy it: SAM's resources made plain."""
    processed: dict[str, Any] = json.loads(_with_sam(TRANSLATE, str(template), function))
    return processed


def zip_as_sam_does(folder: Path, name: Path) -> Path:
    """Zip a folder as `sam deploy` does; return the zip."""
    return Path(_with_sam(ZIP, str(folder), str(name)))


def _with_sam(program: str, *arguments: str) -> str:
    """Run a program with SAM CLI's own packages and return what it printed."""
    result = subprocess.run(
        [SAM_PYTHON, "-c", program, *arguments],
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return result.stdout.strip()
