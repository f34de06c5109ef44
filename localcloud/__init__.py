"""Local CloudFormation for tests and the demo: LocalStack without Docker, plus what it lacks.

LocalStack runs macros, change sets and resource-based policies, but needs Docker for Lambda and
knows neither Lex nor Connect. This package closes these gaps through LocalStack's public plug-in
points, and starts and stops the whole on a free loopback port:

- ``server``: starts LocalStack, waits until it answers, stops it (``python -m localcloud``)
- ``guard``: runs inside LocalStack's process group and ends it when its starter is gone
- ``runtime_api``: Lambda's Runtime API on loopback around the runtime client of real Lambda
- ``executor``: LocalStack's Lambda executor over ``runtime_api``
- ``providers``: the resource types of Lex V2 and Connect that this project's stacks use
- ``catalog``: which resource types have a provider, for LocalStack
- ``removals``: makes LocalStack delete a resource whose condition has become false
- ``buckets``: makes LocalStack keep S3 buckets in the folder of its own run
- ``entry_points``: by which LocalStack finds ``executor``, ``providers``, ``catalog``,
  ``removals`` and ``buckets``
- ``records``: what was deployed and invoked, as files that tests read
- ``sam``, ``account``, ``progress``: the real SAM CLI, one account of a running cloud, and
  progress under pytest, for the tests and the demo

Nothing here is deployed to AWS.
"""
