"""One way from settings to a report: simulate each regime, put exact curves beside it, write figures and numbers."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import Any

import jax
from tqdm import tqdm

from jaxcollapse import runs
from jaxcollapse.engine import memory
from jaxcollapse.reporting import files, plotting
from jaxcollapse.reporting.settings import Plan
from jaxcollapse.reporting.subject import Subject, key_for


def make_report(subject: Subject, plan: Plan, *, out: str | os.PathLike[str], progress: bool) -> Any:
    """Simulate the regimes of a plan, write the report on a subject into the folder ``out``, and return it.

    Raises:
      ValueError, TypeError: when a regime does not suit the subject.
      OSError: when the folder cannot be written; this is tried before anything is simulated.
      MemoryError: when a run would not fit.
    """
    began = time.perf_counter()
    chains, generations = plan.run["chains"], plan.run["generations"]
    processes = {name: subject.process(regime) for name, regime in plan.regimes.items()}
    folder = files.writable(out)
    for process in processes.values():
        memory.refuse_what_does_not_fit(process, chains, generations, subject.record)
    key = jax.random.key(plan.run["seed"])
    results = {}
    total = generations * len(processes) + subject.extra_generations
    with tqdm(total=total, unit="generation", disable=not progress, leave=False, dynamic_ncols=True) as bar:
        for name, process in processes.items():
            bar.set_description(name)
            own = key_for(key, name)
            how = {"chains": chains, "generations": generations, "record": subject.record, "progress": bar.update}
            trace = runs.run(own, process, **how)
            results[name] = subject.result(name, plan.regimes[name], process, trace, own)
        extras = subject.extras(key, bar)
    language = subject.language
    named = {"name": language.name, "tokens": len(language), "source": dict(language.source)}
    configuration = {"language": named, **subject.configuration(plan)}
    held = {"folder": folder, "language": language, "regimes": results, "configuration": configuration}
    found = subject.made(**held, **extras, summary="")
    found = dataclasses.replace(found, summary=subject.summary(found))
    plotting.save_figures(found, subject.figures)
    texts = subject.texts(found) | {"summary.txt": found.summary + "\n"}
    document = {"configuration": found.configuration, **subject.document(found)}
    files.write_all(folder, texts, document, time.perf_counter() - began)
    return found
