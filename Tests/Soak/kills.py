#!/usr/bin/env python3
"""Kills runs of rotactl with SIGKILL, resumes them, and holds what they say against the simulator.

    Tests/Soak/kills.py KILLS [--binary PATH] [--seed N] [--secrets N]

Each round is one run over fresh secrets. Its processes are killed at random: before a request is
handed to the simulator, after the simulator has acted and before its answer arrives, or after a
random time; then `resume` goes on, and is killed again perhaps. In the end every target must have
settled exactly once, no change may have left for a target that was proven before, none may be
missing, the results must equal the simulator's truth, and the bundle must verify.

Prints a summary; ends with 1 at the first thing that is wrong, leaving the round's folder.
"""

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT + "/Tests/EndToEndTests/Servers")
from passage import Passage  # noqa: E402


class Wrong(Exception):
    pass


def scenario(secrets, seed, faulty):
    lossy = ["500", "reset", "garbage200", "cutBody"]
    faults = [(kind, moment) for kind in lossy for moment in ("before", "after")]
    faults.append(("throttle", "before"))
    return {
        "schema": "rotactl.scenario/1",
        "seed": seed,
        "accounts": [{"id": "111122223333", "profiles": ["default"]}],
        "quotas": {"rotation": 5000},
        "staleReadsMilliseconds": 20 if faulty else 0,
        "secrets": [
            {"name": "db-{n}", "count": secrets, "regions": ["us-east-1", "eu-west-1"]}
        ],
        "faults": [
            {"kind": kind, "probability": 0.02, "moment": moment}
            for kind, moment in (faults if faulty else [])
        ],
    }


class Round:
    """One run from its beginning to its proof, with a number of kills on the way."""

    def __init__(self, binary, folder, seed, secrets):
        self.random = random.Random(seed)
        self.folder = folder
        self.binary = binary
        self.secrets = secrets
        with open(folder + "/scenario.json", "w") as file:
            json.dump(scenario(secrets, seed % 2**31, faulty=seed % 2 == 1), file)
        width = len(str(secrets))
        with open(folder + "/m.csv", "w") as file:
            file.write("secret_id,region\n")
            for number in range(1, secrets + 1):
                file.write(f"db-{number:0{width}},us-east-1;eu-west-1\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "AWS_CONFIG_FILE": folder + "/config",
            "AWS_SHARED_CREDENTIALS_FILE": folder + "/credentials",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "*",
        }
        # Of a binary under a sanitizer: see .ci/sanitize.
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.simulator = subprocess.Popen(
            [binary, "simulate", "--scenario", folder + "/scenario.json"]
            + ["--aws-files", folder, "--json"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.endpoint = json.loads(self.simulator.stdout.readline())["endpointUrl"]
        self.passage = Passage(
            int(self.endpoint.rpartition(":")[2]), self.before, self.after
        )
        self.child = None
        self.kills = Counter()
        self.lock = threading.Lock()
        self.plan_kill(None)

    # The child's end

    def plan_kill(self, point):
        self.point = point
        self.events = 0
        self.at = self.random.randint(1, self.secrets * 7) if point else 0
        self.is_killed = False

    def event(self, point):
        with self.lock:
            if self.point != point:
                return
            self.events += 1
            if self.events == self.at:
                self.kill(point)

    def kill(self, point):
        if self.child.poll() is None and not self.is_killed:
            self.is_killed = True
            self.child.kill()
            self.child.wait()
            self.kills[point] += 1

    def before(self, _):
        self.event("before a request")

    def after(self, _, answer):
        self.event("before an answer")
        return answer

    # Processes

    def live(self, arguments, point):
        """Runs a process to its end or its kill; returns its status, None for a kill."""
        with self.lock:
            self.plan_kill(point)
            self.child = subprocess.Popen(
                [self.binary, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=open(self.folder + "/output", "ab"),
                stderr=subprocess.STDOUT,
            )
        if point == "at a time":
            try:
                self.child.wait(self.random.uniform(0, 0.6))
            except subprocess.TimeoutExpired:
                with self.lock:
                    self.kill(point)
        self.child.wait(300)
        return None if self.is_killed else self.child.returncode

    def page(self, name):
        with urllib.request.urlopen(self.endpoint + "/_simulator/" + name) as answer:
            return answer.read().decode()

    def changes(self):
        calls = [json.loads(line) for line in self.page("calls").splitlines()]
        return [call for call in calls if call["operation"] == "CancelRotateSecret"]

    # What is on the disk

    def records(self):
        path = self.folder + "/reports/r/journal.ndjson"
        if not os.path.exists(path):
            return []
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
        return [json.loads(line) for line in lines[:-1]]

    def proven(self):
        return {
            record["after"]["ARN"]
            for record in self.records()
            if record["type"] == "settled" and record["outcome"] != "unknown"
        }

    # The round

    def go(self, kills):
        begin = ["run", "m.csv", "--yes", "--run-id", "r", "--rate", "300", "--progress", "none"]
        begin += ["--endpoint-url", f"http://127.0.0.1:{self.passage.port}"]
        resume = ["resume", "r", "--rate", "300", "--progress", "none"]
        arguments = begin
        points = ["before a request", "before an answer", "at a time"]
        while True:
            proven, sent = self.proven(), len(self.changes())
            point = self.random.choice(points) if sum(self.kills.values()) < kills else None
            status = self.live(arguments, point)
            again = [c for c in self.changes()[sent:] if c.get("secretId") in proven]
            if again:
                raise Wrong(f"{len(again)} changes left for proven targets: {again[0]}")
            if status in (2, 5) and not self.changes():
                # Killed before anything was confirmed: there is nothing to resume.
                shutil.rmtree(self.folder + "/reports", ignore_errors=True)
                arguments = begin
            elif status is None:
                begun = os.path.exists(self.folder + "/reports/r/run.json")
                if not begun:
                    shutil.rmtree(self.folder + "/reports", ignore_errors=True)
                arguments = resume if begun else begin
            elif status == 0:
                break
            else:
                raise Wrong(f"{arguments[0]} ended with {status}")
        self.prove()

    def prove(self):
        count = self.secrets * 2
        outcomes = Counter()
        for record in self.records():
            if record["type"] == "settled" and record["outcome"] != "unknown":
                outcomes[record["ordinal"]] += 1
        if sorted(outcomes) != list(range(count)) or set(outcomes.values()) != {1}:
            raise Wrong("targets did not settle exactly once")
        effective = {c["secretId"] for c in self.changes() if c["tookEffect"]}
        truth = {s["ARN"]: s["RotationEnabled"] for s in json.loads(self.page("secrets"))}
        if any(truth.values()) or len(truth) != count or effective != set(truth):
            raise Wrong("the simulator's truth is not that all was turned off")
        with open(self.folder + "/reports/r/results.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        if {row["arn"] for row in rows} != set(truth) or len(rows) != count:
            raise Wrong("results.csv does not list every secret once")
        if any(row["outcome"] != "cancelled" for row in rows):
            raise Wrong(f"not all cancelled: {Counter(row['outcome'] for row in rows)}")
        for name in ("reports/r.tar.gz", "reports/r"):
            if self.live(["verify", name], None) != 0:
                raise Wrong(f"{name} does not verify")

    def close(self):
        if self.child and self.child.poll() is None:
            self.child.kill()
        self.passage.hang_up()
        self.simulator.terminate()
        self.simulator.wait()


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("kills", type=int)
    words.add_argument("--binary", default=os.environ.get("ROTACTL_BINARY"))
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--secrets", type=int, default=15, help="in each of two regions")
    asked = words.parse_args()
    binary = asked.binary or ROOT + "/.build/release/rotactl"
    total, rounds, began = Counter(), 0, time.monotonic()
    while sum(total.values()) < asked.kills:
        seed = asked.seed + rounds
        folder = tempfile.mkdtemp(prefix="rotactl-soak-")
        chance = random.Random(seed)
        kills = min(asked.kills - sum(total.values()), chance.randint(1, 8))
        one = Round(binary, folder, seed, asked.secrets)
        try:
            one.go(kills)
        except Wrong as wrong:
            print(f"seed {seed}: {wrong}; see {folder}", file=sys.stderr)
            return 1
        finally:
            one.close()
        shutil.rmtree(folder)
        total += one.kills
        rounds += 1
        if sys.stderr.isatty():
            print(f"\r{sum(total.values())} kills", end="", file=sys.stderr)
    places = ", ".join(f"{count} {place}" for place, count in sorted(total.items()))
    print(f"{sum(total.values())} kills in {rounds} runs of {asked.secrets * 2} targets: {places}")
    print(f"all settled once, nothing proven was repeated, all bundles verify; {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
