"""The same examples in every run: no test passes or fails by chance.

Others are drawn by `make laws` and `make fuzz`, and by `pytest --hypothesis-profile=default`.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "the same each time",
    derandomize=True,
    # What one run has found would be tried first by the next one.
    database=None,
    # Both measure time, which says more of the machine than of the code.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("the same each time")
