"""A Slurm of the test's own: munged, slurmctld and slurmd in one folder, with ports of their own.  Needs root."""
from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "sinfo")

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # where distributions keep daemons

CONFIGURATION = """ClusterName=heat2d
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller}
SlurmdPort={daemon}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=10
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """Return why there can be no Slurm here, or None."""
    missing = [program for program in PROGRAMS if not shutil.which(program, path=PATH)]
    if missing:
        return f"Slurm is not installed here (no {', '.join(missing)})"
    return "Slurm's programs are started as root only" if os.geteuid() != 0 else None


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [place.getsockname()[1] for place in sockets]
    for place in sockets:
        place.close()
    return ports


class Slurm:
    """A context manager.  Raises RuntimeError if the cluster does not come up."""

    def __init__(self, folder: Path):
        self.folder, self.daemons = folder, []
        self.environment = dict(os.environ, PATH=PATH, SLURM_CONF=str(folder / "slurm.conf"))

    def __enter__(self):
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        controller, daemon = free_ports(2)
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], folder=self.folder, controller=controller, daemon=daemon,
            cpus=os.cpu_count()))
        try:
            self.call("mungekey", "--create", f"--keyfile={self.folder}/munge.key")
            files = [f"--{name}-file={self.folder}/munge.{name}" for name in ("key", "log", "pid", "seed")]
            self.begin("munged", "--foreground", "--force", f"--socket={self.folder}/munge.socket", *files)
            self.wait(lambda: (self.folder / "munge.socket").exists())
            self.begin("slurmctld", "-D")
            self.begin("slurmd", "-D")
            self.wait(lambda: self.call("sinfo", "-h", "-o", "%T", check=False).strip() == "idle")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if len(self.daemons) == 3:
            self.call("scancel", "--user=root", check=False)
            time.sleep(1.0)
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def begin(self, *words: str) -> None:
        with open(self.folder / f"{words[0]}.out", "w") as log:
            self.daemons.append(subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                                 stderr=log, start_new_session=True))

    def wait(self, condition, seconds: float = 40) -> None:
        limit = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > limit or any(daemon.poll() is not None for daemon in self.daemons):
                logs = "".join(f"{path.name}:\n{path.read_text()[-1500:]}\n" for path in self.folder.glob("*.out"))
                raise RuntimeError(f"Slurm does not come up:\n{logs}")
            time.sleep(0.2)

    def call(self, *words: str, check: bool = True, cwd: Path | None = None) -> str:
        done = subprocess.run(["timeout", "-k", "5", "30", *words], env=self.environment, cwd=cwd, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def job(self, number: str) -> dict[str, str]:
        """Return what Slurm says of a job: JobState, Restarts, ExitCode, ..."""
        return dict(word.split("=", 1) for word in self.call("scontrol", "-o", "show", "job", number).split() if "=" in word)
