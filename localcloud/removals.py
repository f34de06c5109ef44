# LocalStack is in an environment of its own, where mypy does not run.
# mypy: disallow-subclassing-any=False
"""Makes LocalStack delete a resource whose condition has become false.

CloudFormation looks at the conditions anew with every update, and "resources that are now
associated with a false condition are deleted"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html).
LocalStack 4.14 lists such a resource in the change set, too, but passes over it in the execution
(``visit_node_resources`` in ``engine/v2/change_set_model_preproc.py`` leaves out all whose
condition is false), so that it would stay for ever. It does delete what is gone from the template,
so this plug-in lets it see such a resource in that way.
"""

import copy
from typing import Any

from localstack.runtime import hooks
from localstack.services.cloudformation.engine.v2.change_set_model import (
    ChangeSetEntity,
    ChangeType,
    NodeResource,
    NodeResources,
    TerminalValue,
    TerminalValueRemoved,
    is_nothing,
)
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def remove_what_exists_no_longer() -> None:
    """Change how LocalStack executes change sets; it calls this when it starts."""
    ChangeSetModelExecutor.visit_node_resources = _Execution.visit_node_resources


class _Execution(ChangeSetModelExecutor):
    """The execution of a change set: visiting a resource creates, changes or deletes it."""

    def visit_node_resources(self, node_resources: NodeResources) -> None:
        """Visit all resources that exist before or after, in their order."""
        # No resource was visited yet, so none has seen what is replaced here.
        existence = [_exists(self, resource) for resource in node_resources.resources]
        node_resources.resources[:] = [
            _removed(resource) if exists == (True, False) else resource
            for resource, exists in zip(node_resources.resources, existence, strict=True)
        ]
        for resource, (before, after) in zip(node_resources.resources, existence, strict=True):
            if before or after:
                self.visit(resource)


def _exists(execution: ChangeSetModelExecutor, resource: NodeResource) -> tuple[bool, bool]:
    """Return whether a resource exists before the change, and whether it does after."""
    if is_nothing(resource.condition_reference):
        return True, True
    reference = resource.condition_reference
    held = execution._resolve_resource_condition_reference(reference)  # noqa: SLF001 - no other way.
    return held.before is True, held.after is not False


def _removed(part: Any) -> Any:  # noqa: ANN401 - a node, a list or an object of nodes, or a value.
    """Return a copy of a resource, or of a part of it, as of one that the template had before."""
    match part:
        case TerminalValue():
            return TerminalValueRemoved(part.scope, part.value)
        case ChangeSetEntity():
            gone = copy.copy(part)
            vars(gone).update({name: _removed(value) for name, value in vars(part).items()})
            gone.change_type = ChangeType.REMOVED
            return gone
        case list():
            return [_removed(item) for item in part]
        case dict():
            return {key: _removed(value) for key, value in part.items()}
    return part
