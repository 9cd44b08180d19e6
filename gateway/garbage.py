"""How a process that serves looks for garbage."""

import gc


def settle_garbage() -> None:
    """Leave alone what was made for the start, and look for garbage rarely.

    What was made for the start stays for good, and requests leave next to no cycles behind: looking for garbage after
    every few hundred allocations, as is the default, would cost a tenth of the processor.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
