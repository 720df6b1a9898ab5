"""Weak scaling: as many chains more as there are devices or processes more, on one machine.

    .venv/bin/python benchmarks/weak_scaling.py [--chains 50000] [--generations 200] [--out FILE]

Devices are forced host devices (``--xla_force_host_platform_device_count``), processes are those of
``jax.distributed`` on loopback. They share the machine's cores: what can be shown is that laying chains out and
putting them together costs nothing, so that the time of a chain stays what it is while all cores are busy. The
summaries must have the same bits as those of one device. Times are of a second call, after compilation.
"""

import argparse
import hashlib
import json
import os
import socket
import subprocess
import sys
import time

LAYOUTS = [("devices", 1), ("devices", 2), ("devices", 4), ("devices", 8), ("processes", 2), ("processes", 4)]


def work(kind, many, chains, generations, process, port):
    """One process of a layout: prints its seconds and a fingerprint of the summary."""
    import jax

    if kind == "processes":
        jax.distributed.initialize(f"localhost:{port}", many, process)
    import jaxcollapse as jc

    study = jc.recursive_training(jc.languages.uniform(100), jc.FullySynthetic(n=100))
    options = {"generations": generations, "record": ("heterozygosity", "support"), "levels": (), "progress": False}
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        found = jc.summarize(jax.random.key(0), study, chains=chains, **options)
        seconds.append(time.perf_counter() - began)
    bits = b"".join(found[name].mean.tobytes() + found[name].standard_error.tobytes() for name in sorted(found))
    print(json.dumps({"seconds": seconds[-1], "bits": hashlib.sha256(bits).hexdigest()[:16]}), flush=True)


def launch(kind, many, chains, generations):
    """Seconds of the slowest process, and the fingerprint that all agree in."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    devices = many if kind == "devices" else 1
    environment = dict(os.environ, XLA_FLAGS=f"--xla_force_host_platform_device_count={devices}", JAX_PLATFORMS="cpu")
    count = many if kind == "processes" else 1
    base = [sys.executable, __file__, "--work", kind, str(many), str(chains), str(generations)]
    running = [
        subprocess.Popen([*base, str(i), str(port)], env=environment, stdout=subprocess.PIPE, text=True)
        for i in range(count)
    ]
    told = [json.loads(of.communicate()[0].splitlines()[-1]) for of in running]
    assert len({of["bits"] for of in told}) == 1, "the processes do not agree"
    return max(of["seconds"] for of in told), told[0]["bits"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chains", type=int, default=50_000, help="for each device or process")
    parser.add_argument("--generations", type=int, default=200)
    parser.add_argument("--out", help="write the numbers to this file")
    parser.add_argument("--work", nargs=6, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        kind, *numbers = options.work
        many, chains, generations, process, port = map(int, numbers)
        work(kind, many, chains, generations, process, port)
        return
    rows, bits_of = [], {}
    print("| layout | chains | seconds | ns a chain and generation | against one device |\n|---|---:|---:|---:|---:|")
    for kind, many in LAYOUTS:
        chains = options.chains * many
        seconds, bits = launch(kind, many, chains, options.generations)
        assert bits_of.setdefault(chains, bits) == bits, f"{many} {kind} gave other bits"
        each = 1e9 * seconds / chains / options.generations
        rows.append({"kind": kind, "many": many, "chains": chains, "seconds": round(seconds, 2), "ns": round(each, 1)})
        name = f"{many} {kind if many > 1 else kind[:-1]}"
        print(f"| {name} | {chains:,} | {seconds:.1f} | {each:.0f} | {each / rows[0]['ns']:.2f} |", flush=True)
    if options.out:
        from jaxcollapse.runs.provenance import provenance

        with open(options.out, "w", encoding="utf-8") as file:
            json.dump({"machine": {"cores": os.cpu_count(), **provenance()}, "rows": rows}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
