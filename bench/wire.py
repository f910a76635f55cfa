#!/usr/bin/env python3
"""Round trips and published messages: our daemon beside a plain pyzmq REP server and the smallest REP server in C.

wire.py PROGRAM CLIENT [ROUNDS]: CLIENT is bench_wire, which asks and listens in C, the same way for all servers and in
turns of 100 questions, so that whatever else the machine does meets them alike (60 rounds).
"""
import os
import shutil
import subprocess
import sys
import tempfile

import msgpack
import zmq

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
from free_ports import free_ports  # noqa: E402

SERVER = """
import sys, msgpack, zmq
rep = zmq.Context().socket(zmq.REP)
rep.bind(sys.argv[1])
answers = {"ping": {"type": "pong"}, "status": {"type": "status_info", "version": "1.0.0", "queue_size": 0, "active_jobs": 0, "uptime_s": 1}}
while True:
    rep.send(msgpack.packb(answers[msgpack.unpackb(rep.recv())["type"]]))
"""
program, client = map(os.path.abspath, sys.argv[1:3])
rounds = sys.argv[3] if len(sys.argv) > 3 else "60"
work = tempfile.mkdtemp(prefix="spritery-bench.")
base = free_ports(5)
tcp = [f"tcp://127.0.0.1:{base + i}" for i in range(5)]
ipc = [f"ipc://{work}/run/daemon.sock", f"ipc://{work}/rep.sock"]
env = dict(os.environ, HOME=work, SPRITERY_RUNTIME_DIR=work + "/run", SPRITERY_LISTEN_REQUESTS=tcp[0], SPRITERY_LISTEN_UPDATES=tcp[1],
           SPRITERY_LISTEN_EVENTS=tcp[2], SPRITERY_LISTEN_HTTP="")
servers = [subprocess.Popen([program, "serve", "-q"], env=env), subprocess.Popen([client, "rep", tcp[3]]),
           subprocess.Popen([client, "rep", ipc[1]]), subprocess.Popen([sys.executable, "-c", SERVER, tcp[4]])]
places = [("spritery serve, tcp", tcp[0]), ("REP in C, tcp", tcp[3]), ("pyzmq REP, tcp", tcp[4]),
          ("spritery serve, ipc", ipc[0]), ("REP in C, ipc", ipc[1])]
try:
    for _, address in places:
        s = zmq.Context.instance().socket(zmq.REQ)
        s.setsockopt(zmq.RCVTIMEO, 20000)
        s.setsockopt(zmq.LINGER, 0)
        s.connect(address)
        s.send(msgpack.packb({"type": "ping"}))
        s.recv()
        s.close()
    out = subprocess.run([client, "ask", rounds] + [a for _, a in places], stdout=subprocess.PIPE, text=True, check=True).stdout
    for (name, _), line in zip(places, out.splitlines()):
        print(f"{name:20}", line, flush=True)
    print(subprocess.run([client, "publish"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
finally:
    for server in servers:
        server.terminate()
        server.wait(30)
    shutil.rmtree(work, ignore_errors=True)
