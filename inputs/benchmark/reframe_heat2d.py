"""The reference workload as a test of ReFrame 4, for acceptance and regression.

    reframe -C SITE.py -c inputs/benchmark/reframe_heat2d.py -r

ReFrame takes the result from results.json alone; add `reference` for your systems, and set
`valid_systems` and `valid_prog_environs` to names of your site.
"""
import json
import os

import reframe as rfm
import reframe.utility.sanity as sn
from reframe.core.builtins import (parameter, performance_function, run_after, run_before,
                                   sanity_function, variable)


@rfm.simple_test
class Heat2dBench(rfm.RunOnlyRegressionTest):
    """One valid run of the reference workload; its figure of merit is the performance."""

    descr = "heat2d reference workload"
    valid_systems = ["*"]
    valid_prog_environs = ["*"]
    executable = "heat2d"
    problem = parameter(["tiny", "small"])
    workload = parameter(["implicit", "explicit"])
    ranks = variable(int, value=2)
    nonce = variable(int, value=24301)
    duration = variable(int, value=60)  # seconds; reportable results take 600
    time_limit = "30m"
    # Exit code 5 means "not valid"; the reasons are in results.json, which is read below.
    reference = {"*": {"fom": (None, None, None, "cell-steps/s")}}

    @run_after("init")
    def set_ranks(self):
        self.num_tasks = self.ranks

    @run_before("run")
    def set_options(self):
        self.executable_opts = ["bench", "--class", self.problem, "--workload", self.workload,
                                "--nonce", str(self.nonce), "--duration", str(self.duration),
                                "--output", "results"]

    @sn.deferrable
    def record(self):
        """Return the member `bench` of the record."""
        with open(os.path.join(self.stagedir, "results", "results.json"),
                  encoding="utf-8") as file:
            return json.load(file)["bench"]

    @sanity_function
    def is_valid(self):
        return sn.assert_true(self.record()["valid"],
                              msg="the result is not valid; see `reasons` in results.json")

    @performance_function("cell-steps/s", perf_key="fom")
    def figure_of_merit(self):
        return self.record()["fom"]
