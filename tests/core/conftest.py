"""Properties are tried without a clock: two cores may be shared with everything else."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
