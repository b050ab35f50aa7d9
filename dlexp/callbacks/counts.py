"""How many of something a callback is to show or to look at."""

from dlexp.arguments import check_count


def check_counts(callback: str, **counts: int) -> None:
    """InputError for a count below 1, found before anything is trained; `callback` is its key in the config."""
    for name, count in counts.items():
        check_count(f"callbacks.{callback}.{name}", count)
