#!/usr/bin/env python3
"""Plays systemd for the daemon: hands it a listening socket in which a client waits already, and listens to what it notifies.

activation.py PROGRAM FOLDER: one line "ok WHAT" or "not ok WHAT" each. The environment has the rest of the settings.
"""
import os
import signal
import socket
import sys
import time

import msgpack
import zmq

program, folder = sys.argv[1:3]
run = os.path.join(folder, "run")
os.makedirs(run, mode=0o700)
os.chmod(run, 0o700)
path = os.path.join(run, "daemon.sock")
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(16)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(os.path.join(folder, "notify"))
notify.settimeout(20)
client = zmq.Context().socket(zmq.REQ)
client.setsockopt(zmq.RCVTIMEO, 20000)
client.setsockopt(zmq.LINGER, 0)
client.connect("ipc://" + path)
client.send(msgpack.packb({"type": "ping"}))
time.sleep(0.2)


def check(what, true):
    print("ok" if true else "not ok", what, flush=True)


pid = os.fork()
if pid == 0:
    if listener.fileno() != 3:
        os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.execve(program, [program, "serve", "-q"], dict(
        os.environ, HOME=folder, SPRITERY_RUNTIME_DIR=run, LISTEN_FDS="1", LISTEN_PID=str(os.getpid()),
        LISTEN_FDNAMES="requests-ipc", NOTIFY_SOCKET=os.path.join(folder, "notify"), WATCHDOG_USEC="400000",
        SPRITERY_LISTEN_REQUESTS="", SPRITERY_LISTEN_UPDATES="", SPRITERY_LISTEN_EVENTS="", SPRITERY_LISTEN_HTTP=""))
try:
    check("a client that waited in the socket is answered", msgpack.unpackb(client.recv()) == {"type": "pong"})
    check("readiness is told", notify.recv(200).startswith(b"READY=1"))
    check("the watchdog is fed", notify.recv(200) == b"WATCHDOG=1" == notify.recv(200))
    os.kill(pid, signal.SIGTERM)
    heard = b""
    while heard in (b"", b"WATCHDOG=1"):
        heard = notify.recv(200)
    check("stopping is told", heard == b"STOPPING=1")
    check("the stop is clean", os.waitpid(pid, 0)[1] == 0)
    check("systemd's socket stays", os.path.exists(path))
except Exception as e:
    check(f"no surprise: {e!r}", False)
    os.kill(pid, signal.SIGKILL)
