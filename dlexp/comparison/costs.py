"""What an alternative costs: the fields of a result that a comparison shows beside its metrics."""

from dlexp.reporting import quantities

COSTS = {  # field: heading, how it is shown
    "parameters": ("parameters", quantities.short),
    "flops": ("FLOPs", quantities.short),
    "seconds_per_epoch": ("time an epoch", quantities.seconds),
    "throughput": ("samples/s", quantities.short),
    "peak_memory": ("peak memory", quantities.memory),
}
