"""The settings of a run that several processes share."""

from __future__ import annotations

import dataclasses

import jax

from jaxcollapse import check
from jaxcollapse.cli.parsing import UsageError


@dataclasses.dataclass(frozen=True)
class ProcessSettings:
    """Several processes, each started with the same command."""

    distributed: bool = False  # join the others; the cluster says which they are, or these flags
    coordinator: str | None = None  # HOST:PORT where process 0 listens
    processes: int | None = None  # how many
    process: int | None = None  # which one this is, from 0

    def join(self) -> None:
        """Join the other processes, before anything touches a device.

        Raises:
          UsageError: where flags are missing.
          ValueError: when the processes cannot be joined.
        """
        which = {name: getattr(self, name) for name in ("coordinator", "processes", "process")}
        missing = [f"--{name}" for name, value in which.items() if value is None]
        if not self.distributed:
            if len(missing) < 3:
                raise UsageError("--coordinator, --processes and --process need --distributed")
            return
        if 0 < len(missing) < 3:
            raise UsageError(f"--distributed wants {' and '.join(missing)} too, or lets the cluster say all")
        try:
            if self.processes is None or self.process is None:
                jax.distributed.initialize()
            else:
                check.whole_number("processes", self.processes)
                check.whole_number("process", self.process, least=0, most=self.processes - 1)
                jax.distributed.initialize(self.coordinator, self.processes, self.process)
        except (RuntimeError, ValueError) as error:
            reason = (str(error).splitlines() or ["it gives no reason"])[0]
            raise ValueError(f"the processes could not be joined: {reason}") from None
