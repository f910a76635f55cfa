#!/usr/bin/env python3
"""Round trips and published messages: our daemon beside a plain pyzmq REP and PUB server, in turns in one run.

wire.py PROGRAM CLIENT: CLIENT is bench_wire, which asks and listens in C, the same way for both servers.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import msgpack
import zmq

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
from free_ports import free_ports  # noqa: E402

SERVER = """
import sys, threading, time, msgpack, zmq
c = zmq.Context()
rep = c.socket(zmq.REP)
rep.bind(sys.argv[1])
answers = {"ping": {"type": "pong"}, "status": {"type": "status_info", "version": "1.0.0", "queue_size": 0, "active_jobs": 0, "uptime_s": 1}}
while True:
    rep.send(msgpack.packb(answers[msgpack.unpackb(rep.recv())["type"]]))
"""
program, client = map(os.path.abspath, sys.argv[1:3])
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
work = tempfile.mkdtemp(prefix="spritery-bench.")
base = free_ports(10)
ours, theirs = f"tcp://127.0.0.1:{base}", f"tcp://127.0.0.1:{base + 9}"
env = dict(os.environ, HOME=work, SPRITERY_RUNTIME_DIR=work + "/run", SPRITERY_LISTEN_REQUESTS=ours,
           SPRITERY_LISTEN_UPDATES=f"tcp://127.0.0.1:{base + 1}", SPRITERY_LISTEN_EVENTS=f"tcp://127.0.0.1:{base + 2}",
           SPRITERY_LISTEN_HTTP="")
daemon = subprocess.Popen([program, "serve", "-q"], env=env)
plain = subprocess.Popen([sys.executable, "-c", SERVER, theirs])
try:
    for address in ours, theirs:
        s = zmq.Context.instance().socket(zmq.REQ)
        s.setsockopt(zmq.RCVTIMEO, 20000)
        s.setsockopt(zmq.LINGER, 0)
        s.connect(address)
        s.send(msgpack.packb({"type": "ping"}))
        s.recv()
        s.close()
    for _ in range(rounds):
        for name, address in [("spritery serve, tcp", ours), ("spritery serve, ipc", f"ipc://{work}/run/daemon.sock"), ("pyzmq REP, tcp", theirs)]:
            print(f"{name:20}", subprocess.run([client, address], capture_output=True, text=True, check=True).stdout.strip(), flush=True)
    print(subprocess.run([client, "publish"], capture_output=True, text=True, check=True).stdout.strip())
finally:
    daemon.terminate()
    plain.kill()
    daemon.wait(30)
    shutil.rmtree(work, ignore_errors=True)
