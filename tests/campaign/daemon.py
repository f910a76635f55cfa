#!/usr/bin/env python3
"""Ordeals for the daemon, with plain pyzmq + msgpack clients. tests/e2e/ordeal.sh runs each in a small dose.

daemon.py PROGRAM kill [ROUNDS]      kill -9 at random moments under load; every accepted job ends exactly once (100)
daemon.py PROGRAM hostile [SECONDS]  200 connections that stall, vanish, flood and send nonsense (30)
daemon.py PROGRAM soak [JOBS]        small jobs with 20 subscribers; memory and descriptors (10000)
daemon.py PROGRAM fair [CLIENTS]     a ping beside clients that ask for long lists without end (60)
daemon.py PROGRAM unread [CLIENTS]   clients that ask for long lists and never read an answer; memory, and who does read (60)
daemon.py PROGRAM threads [SECONDS]  workers, subscribers, cancels, scrapes, SIGHUP and new model files at once (10): for builds
                                     with ThreadSanitizer
daemon.py PROGRAM memory [WORKERS]   what 1, 2, ... WORKERS native workers take, each with one thread (4)
daemon.py PROGRAM disk [MIB]         a full disk and a busy database, and what is left when they pass (3); needs mount

Everything happens in a new folder of its own. Exit status 0 if all held; the figures are on standard output.
"""
import os
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib

import msgpack
import zmq

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from free_ports import free_ports  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
BASE = free_ports(4)
REQUESTS, UPDATES = f"tcp://127.0.0.1:{BASE}", f"tcp://127.0.0.1:{BASE + 1}"
work = tempfile.mkdtemp(prefix="spritery-ordeal.")
context = zmq.Context()
log_path = os.path.join(work, "serve.log")
failures = []
living = []


def must(what, true, seen=""):
    print(("held:   " if true else "BROKEN: ") + what + (f" ({seen})" if seen != "" else ""), flush=True)
    if not true:
        failures.append(what)


class Daemon:
    def __init__(self, data, *settings):
        env = dict(os.environ, HOME=work, SPRITERY_RUNTIME_DIR=os.path.join(work, "run"), SPRITERY_DATA_FOLDER=data,
                   SPRITERY_LISTEN_REQUESTS=REQUESTS, SPRITERY_LISTEN_UPDATES=UPDATES,
                   SPRITERY_LISTEN_EVENTS=f"tcp://127.0.0.1:{BASE + 2}", SPRITERY_LISTEN_HTTP=f"127.0.0.1:{BASE + 3}")
        args = [PROGRAM, "serve"]
        for s in settings:
            args += ["--set", s]
        self.log = open(log_path, "ab")
        begin = self.log.tell()
        self.process = subprocess.Popen(args, env=env, stderr=self.log)
        living.append(self.process)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with open(log_path, "rb") as f:
                f.seek(begin)
                if b" ready: " in f.read():
                    return
            time.sleep(0.01)
        with open(log_path, "rb") as f:
            f.seek(begin)
            raise SystemExit("the daemon does not start: " + f.read().decode())

    def figures(self):
        """Resident KiB, threads, descriptors."""
        with open(f"/proc/{self.process.pid}/status") as f:
            lines = dict(line.split(":", 1) for line in f)
        return int(lines["VmRSS"].split()[0]), int(lines["Threads"]), len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def rollup(self):
        """KiB by name: Rss, Pss, Anonymous ..."""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as f:
            return {line.split(":")[0]: int(line.split()[1]) for line in f if line.rstrip().endswith("kB")}

    def end(self, number):
        self.process.send_signal(number)
        status = self.process.wait(timeout=60)
        living.remove(self.process)
        self.log.close()
        return status


class Client:
    def __init__(self, timeout=5000):
        self.timeout = timeout
        self.socket = None

    def ask(self, **message):
        """The answer, or None where nobody answers."""
        if self.socket is None:
            self.socket = context.socket(zmq.REQ)
            self.socket.setsockopt(zmq.LINGER, 0)
            self.socket.setsockopt(zmq.RCVTIMEO, self.timeout)
            self.socket.connect(REQUESTS)
        try:
            self.socket.send(msgpack.packb(message))
            return msgpack.unpackb(self.socket.recv())
        except zmq.ZMQError:
            self.socket.close()
            self.socket = None
            return None


def job(ident, **change):
    return {"type": "generate", "id": ident, "prompt": "red gem", "model": "", "size": [16, 16], "steps": 1,
            "cfg_scale": 1.0, **change}


def is_whole_png(path):
    with open(path, "rb") as f:
        data = f.read()
    at, names = 8, []
    while data[:8] == b"\x89PNG\r\n\x1a\n" and at + 12 <= len(data):
        length, = struct.unpack(">I", data[at:at + 4])
        body = data[at + 4:at + 8 + length]
        if len(body) != length + 4 or struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] != zlib.crc32(body):
            return False
        names.append(body[:4])
        at += 12 + length
    return bool(names) and names[-1] == b"IEND" and at == len(data)


def wait_for_all(client, ids, seconds=600):
    """States by id, once every job has ended."""
    end, states = time.monotonic() + seconds, {}
    for ident in ids:
        while time.monotonic() < end:
            answer = client.ask(type="job", job_id=ident)
            if answer and answer["type"] != "job_info":
                states[ident] = answer["type"]
                break
            if answer and answer["state"] not in ("queued", "running"):
                states[ident] = answer
                break
            time.sleep(0.02)
    return states


def kill(rounds):
    """A client that submits without end, a daemon that is killed without warning; then the count."""
    data = os.path.join(work, "data")
    rng = random.Random(1)
    accepted, finished, stop = {}, {}, threading.Event()

    def submit():
        client, n = Client(timeout=300), 0
        while not stop.is_set():
            count = 3 if n % 5 == 0 else 1
            ident = f"k{n}"
            # the same id until it is answered: it may have been accepted by the daemon that died
            answer = client.ask(**job(ident, batch_size=count, steps=8 if n % 3 == 0 else 1))
            if answer and answer["type"] == "job_accepted":
                accepted[ident] = count
                n += 1
                time.sleep(0.02)

    thread = threading.Thread(target=submit)
    for i in range(rounds):
        daemon = Daemon(data, "queue.tries=100", "stop_after=0s")
        if i == 0:
            thread.start()
        time.sleep(rng.uniform(0.0, 0.8))
        client = Client(timeout=300)
        for ident in rng.sample(sorted(accepted), min(3, len(accepted))):  # what is done stays as it is
            answer = client.ask(type="job", job_id=ident)
            if answer and answer.get("state") == "done":
                once = (answer["finished"], answer["tries"], [p["image_path"] for p in answer["pictures"]])
                if finished.setdefault(ident, once) != once:
                    must(f"{ident} is done once", False, f"{finished[ident]} then {once}")
        daemon.end(signal.SIGKILL)
    stop.set()
    thread.join()
    daemon = Daemon(data, "queue.tries=100")
    client = Client()
    states = wait_for_all(client, accepted)
    names = [s["state"] if isinstance(s, dict) else s for s in states.values()]
    must("every accepted job has ended as done", len(states) == len(accepted) and set(names) == {"done"},
         f"{len(accepted)} accepted in {rounds} lives: " + ", ".join(f"{names.count(n)} {n}" for n in sorted(set(names))))
    for ident, state in states.items():
        if not isinstance(state, dict) or state["state"] != "done":
            print(f"        {ident}: {state if not isinstance(state, dict) else (state['state'], state.get('error'), state['tries'])}")
    again = sum(s["tries"] > 1 for s in states.values() if isinstance(s, dict))
    print(f"        {again} of them were begun more than once")
    must("what was seen done stayed as it was", all(
        (s["finished"], s["tries"], [p["image_path"] for p in s["pictures"]]) == finished[i]
        for i, s in states.items() if i in finished and isinstance(s, dict)), f"{len(finished)} looked at")
    pictures = [p["image_path"] for s in states.values() if isinstance(s, dict) for p in s.get("pictures", [])]
    must("every job has its pictures", all(len(s.get("pictures", [])) == accepted[i] for i, s in states.items() if isinstance(s, dict)))
    must("every picture is whole", all(is_whole_png(p) for p in pictures), f"{len(pictures)} pictures")
    kept = {os.path.join(d, f) for d, _, files in os.walk(os.path.join(data, "gallery")) for f in files}
    must("no half file is left", not any(f.endswith(".part") for f in kept))
    must("a stop is clean", daemon.end(signal.SIGTERM) == 0)
    db = sqlite3.connect(os.path.join(data, "queue.db"))
    must("the database is sound", db.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    must("each job is there once", db.execute("SELECT count(*), count(DISTINCT id) FROM job").fetchone() == (len(accepted),) * 2)


def hostile(seconds):
    data = os.path.join(work, "data")
    daemon = Daemon(data)
    stop = threading.Event()
    sent = [0, 0, 0]

    def pings(span):  # by a process of its own: the attackers keep this one busy
        out = subprocess.run([sys.executable, __file__, REQUESTS, "ping", str(span)], capture_output=True, check=True)
        return sorted(float(x) for x in out.stdout.split())

    def stall():  # raw connections that say nothing, or begin a greeting and stop
        sockets = []
        for i in range(60):
            s = socket.create_connection(("127.0.0.1", BASE))
            if i % 2:
                s.sendall(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03"[:i % 12])
            sockets.append(s)
        stop.wait()
        for s in sockets:
            s.close()

    def vanish():  # connect, ask, and be gone before the answer; nonsense instead of ZeroMQ
        rng = random.Random(2)
        while not stop.is_set():
            for _ in range(20):
                s = context.socket(zmq.DEALER)
                s.setsockopt(zmq.LINGER, 0)
                s.connect(REQUESTS)
                s.send_multipart([b"", msgpack.packb({"type": "server"})])
                s.close()
                with socket.create_connection(("127.0.0.1", BASE)) as raw:
                    raw.sendall(rng.randbytes(200))
                sent[0] += 2
            stop.wait(0.1)

    def flood(count):  # ask and never read
        sockets = []
        for _ in range(count):
            s = context.socket(zmq.DEALER)
            s.setsockopt(zmq.LINGER, 0)
            s.setsockopt(zmq.SNDHWM, 100)
            s.connect(REQUESTS)
            sockets.append(s)
        message = msgpack.packb({"type": "jobs", "limit": 1000})
        while not stop.is_set():
            for s in sockets:
                try:
                    s.send_multipart([b"", message], zmq.DONTWAIT)
                    sent[1] += 1
                except zmq.Again:
                    pass
            stop.wait(0.01)
        for s in sockets:
            s.close()

    def nonsense(count):  # broken messages, by the thousand
        rng, sockets = random.Random(3), []
        good = msgpack.packb(job("x", tags=["a", "b"], negative_prompt="b" * 50))
        for _ in range(count):
            s = context.socket(zmq.DEALER)
            s.setsockopt(zmq.LINGER, 0)
            s.connect(REQUESTS)
            sockets.append(s)
        while not stop.is_set():
            for s in sockets:
                data = bytearray(good)
                for _ in range(rng.randint(1, 6)):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                if rng.random() < 0.02:
                    data = bytearray(b"\xdb\x00\x10\x00\x00" + b"a" * (1 << 20))
                try:
                    s.send_multipart([b""] * rng.choice([1, 1, 1, 0, 3]) + [bytes(data[:rng.randint(0, len(data))])], zmq.DONTWAIT)
                    sent[2] += 1
                    while s.poll(0):
                        s.recv_multipart()
                except zmq.Again:
                    pass
            stop.wait(0.005)
        for s in sockets:
            s.close()

    quiet = pings(max(1.0, seconds / 10))
    before = daemon.figures()
    threads = [threading.Thread(target=f, args=a) for f, a in
               [(stall, ()), (vanish, ()), (flood, (60,)), (nonsense, (40,))]]
    for t in threads:
        t.start()
    first = pings(seconds / 2)
    middle = daemon.figures()
    second = pings(seconds / 2)
    late = daemon.figures()
    stop.set()
    for t in threads:
        t.join()
    time.sleep(0.5)
    after = daemon.figures()
    calm = pings(1.0)
    under = sorted(first + second)
    print(f"        sent: {sent[0]} vanished, {sent[1]} unread, {sent[2]} broken")
    for name, times in [("quiet", quiet), ("under attack", under), ("afterwards", calm)]:
        print(f"        ping, {name}: p50 {times[len(times) // 2] * 1e3:.2f} ms, p99 {times[len(times) * 99 // 100] * 1e3:.2f} ms,"
              f" worst {times[-1] * 1e3:.1f} ms, {len(times)} pings")
    print(f"        resident MiB: before {before[0] / 1024:.1f}, middle {middle[0] / 1024:.1f}, late {late[0] / 1024:.1f}, after {after[0] / 1024:.1f};"
          f" descriptors {before[2]}, {middle[2]}, {late[2]}, {after[2]}")
    must("every ping was answered in time", under[-1] < 2.0)
    halves = first[len(first) // 2], second[len(second) // 2]
    must("the latency does not grow", halves[1] < max(0.5, 3 * halves[0]), "p50 of the halves: %.2f, %.2f ms" % (halves[0] * 1e3, halves[1] * 1e3))
    # ZeroMQ's queues fill once, up to their limits; from then on nothing may be added
    must("memory stays within the queues' limits", late[0] - before[0] < 192 * 1024)
    if seconds >= 15:
        must("memory does not grow", late[0] - middle[0] < 16 * 1024)
    must("descriptors come back", after[2] <= before[2] + 8)
    answer = Client().ask(**job("after"))
    must("it works on", answer is not None and answer["type"] == "job_accepted")
    states = wait_for_all(Client(), ["after"])
    must("and draws", isinstance(states.get("after"), dict) and states["after"]["state"] == "done")
    must("a stop is clean", daemon.end(signal.SIGTERM) == 0)


def soak(jobs):
    data = os.path.join(work, "data")
    daemon = Daemon(data, "queue.most=1000000")
    complete = [0] * 20
    stop = threading.Event()

    def listen(n):
        s = context.socket(zmq.SUB)
        s.setsockopt(zmq.RCVTIMEO, 200)
        s.setsockopt(zmq.RCVHWM, 0)
        s.setsockopt(zmq.SUBSCRIBE, b"")
        s.connect(UPDATES)
        while not stop.is_set():
            try:
                complete[n] += b"job_complete" in s.recv()
            except zmq.Again:
                pass
        s.close()

    threads = [threading.Thread(target=listen, args=(n,)) for n in range(20)]
    for t in threads:
        t.start()
    time.sleep(0.5)
    client, marks, begun = Client(), [], time.monotonic()
    done = accepted = 0
    while done < jobs:
        status = client.ask(type="status")
        waiting = status["queue_size"] + status["active_jobs"]
        while accepted < jobs and waiting < 200:
            answer = client.ask(**job(f"s{accepted}"))
            assert answer["type"] == "job_accepted", answer
            accepted += 1
            waiting += 1
        now = accepted - waiting
        if now // max(1, jobs // 10) > done // max(1, jobs // 10):
            marks.append((now, *daemon.figures()))
            print(f"        {marks[-1][0]} jobs: {marks[-1][1] / 1024:.1f} MiB, {marks[-1][3]} descriptors", flush=True)
        done = now
        if done < jobs and accepted == jobs:
            status = client.ask(type="status")
            done = jobs - status["queue_size"] - status["active_jobs"]
        time.sleep(0.05)
    seconds = time.monotonic() - begun
    time.sleep(1)
    stop.set()
    for t in threads:
        t.join()
    print(f"        {jobs} jobs in {seconds:.0f} s: {jobs / seconds:.1f} a second")
    answer = client.ask(type="jobs", state="done", limit=1)
    must("nothing is lost", answer["total"] == jobs, f"{answer['total']} done")
    must("every subscriber heard of every job", set(complete) == {jobs}, f"{min(complete)} to {max(complete)}")
    if len(marks) > 4:
        early, late = marks[len(marks) // 3], marks[-1]
        must("memory stays flat", late[1] - early[1] < 8 * 1024, f"{early[1] / 1024:.1f} to {late[1] / 1024:.1f} MiB")
        must("descriptors stay flat", late[3] <= early[3] + 2, f"{early[3]} to {late[3]}")
    must("a stop is clean", daemon.end(signal.SIGTERM) == 0)


def fair(clients):
    """What a short question costs while many clients ask long ones: in the time of one long one."""
    daemon = Daemon(os.path.join(work, "data"))
    client = Client(timeout=30000)
    assert client.ask(type="pause")["type"] == "done"
    for i in range(1200):
        assert client.ask(**job(f"f{i}"))["type"] == "job_accepted"
    long_ones = []
    for _ in range(9):
        begun = time.perf_counter()
        assert len(client.ask(type="jobs", limit=1000)["jobs"]) == 1000
        long_ones.append(time.perf_counter() - begun)
    one = sorted(long_ones)[4]
    sockets, message = [], msgpack.packb({"type": "jobs", "limit": 1000})
    poller = zmq.Poller()
    for _ in range(clients):
        s = context.socket(zmq.DEALER)
        s.setsockopt(zmq.LINGER, 0)
        s.connect(REQUESTS)
        for _ in range(4):
            s.send_multipart([b"", message])
        poller.register(s, zmq.POLLIN)
        sockets.append(s)
    stop, answered = threading.Event(), [0]

    def ask_on():  # each keeps four questions open
        while not stop.is_set():
            for s, _ in poller.poll(100):
                s.recv_multipart()
                answered[0] += 1
                s.send_multipart([b"", message])

    thread = threading.Thread(target=ask_on)
    thread.start()
    out = subprocess.run([sys.executable, __file__, REQUESTS, "ping", "4"], capture_output=True, check=True)
    times = sorted(float(x) for x in out.stdout.split())
    stop.set()
    thread.join()
    for s in sockets:
        s.close()
    print(f"        a list of 1000 takes {one * 1e3:.2f} ms; {answered[0]} of them were answered beside {len(times)} pings:"
          f" p50 {times[len(times) // 2] / one:.2f} lists, p90 {times[len(times) * 9 // 10] / one:.2f}, worst {times[-1] / one:.1f}")
    must("long questions are answered, too", answered[0] >= 5, answered[0])
    must("a short question waits for about one long one", times[len(times) // 2] < 4 * one)
    must("a stop is clean", daemon.end(signal.SIGTERM) == 0)


def unread(clients):
    """What is not read is dropped: the daemon keeps little of it, and answers those who read."""
    daemon = Daemon(os.path.join(work, "data"), "engine.workers=1")
    client, reader = Client(timeout=30000), Client(timeout=5000)
    assert client.ask(type="pause")["type"] == "done"
    for i in range(1000):
        assert client.ask(**job(f"u{i}", prompt=f"red gem {i} " + "x" * 300))["type"] == "job_accepted"
    size = len(msgpack.packb(client.ask(type="jobs", limit=1000)))
    before = daemon.figures()
    sockets, message = [], msgpack.packb({"type": "jobs", "limit": 1000})
    for _ in range(clients):
        s = context.socket(zmq.DEALER)
        for option, value in [(zmq.LINGER, 0), (zmq.RCVHWM, 1), (zmq.RCVBUF, 4096), (zmq.SNDHWM, 2)]:
            s.setsockopt(option, value)
        s.connect(REQUESTS)
        sockets.append(s)
    asked, lists, pings, most, end = 0, [], [], 0, time.monotonic() + 40
    while asked < 40 * clients and time.monotonic() < end:  # more than a peer's queue holds
        for s in sockets:
            try:
                s.send_multipart([b"", message], zmq.DONTWAIT)
                asked += 1
            except zmq.Again:
                pass
        for kind, seen in ("ping", pings), ("jobs", lists):
            answer = reader.ask(type=kind)
            seen.append(answer is not None and answer["type"] in ("pong", "job_list"))
        most = max(most, daemon.figures()[0])
    for s in sockets:
        s.close()
    print(f"        {asked} lists of {size >> 10} KiB asked for and not read; resident MiB: before {before[0] / 1024:.1f}, at most {most / 1024:.1f}")
    must("memory stays small", most - before[0] < 64 * 1024)
    must("who reads is answered", all(pings) and all(lists), f"{len(pings)} pings, {len(lists)} lists")
    must("a stop is clean", daemon.end(signal.SIGTERM) == 0)


def threads(seconds):
    """Everything that runs beside the loop, at once; what it finds wrong is for the sanitizer to say."""
    models = os.path.join(work, "models")
    os.mkdir(models)
    source = next(os.path.join(f, "sprite32.safetensors") for f in os.environ["SPRITERY_MODELS"].split(":"))

    def publish(number):  # a model file is replaced, as a training does
        part = os.path.join(models, "part")
        shutil.copyfile(source, part)
        os.rename(part, os.path.join(models, f"m{number % 2}.safetensors"))

    publish(0)
    publish(1)
    os.environ["SPRITERY_MODELS"] = models + ":" + os.environ["SPRITERY_MODELS"]
    daemon = Daemon(os.path.join(work, "data"), "engine.workers=3", "engine.threads=6")
    stop, heard, scraped, ended = threading.Event(), [0] * 4, [0], [0, 0, 0]

    def listen(n):
        s = context.socket(zmq.SUB)
        s.setsockopt(zmq.RCVTIMEO, 200)
        s.setsockopt(zmq.SUBSCRIBE, b"")
        s.connect(UPDATES)
        while not stop.is_set():
            try:
                heard[n] += len(s.recv()) > 0
            except zmq.Again:
                pass
        s.close()

    def scrape():
        while not stop.is_set():
            for path in "metrics", "healthz", "readyz":
                with urllib.request.urlopen(f"http://127.0.0.1:{BASE + 3}/{path}", timeout=20) as answer:
                    scraped[0] += answer.status == 200
            stop.wait(0.2)

    beside = [threading.Thread(target=listen, args=(n,)) for n in range(4)] + [threading.Thread(target=scrape)]
    for t in beside:
        t.start()
    client, rng, n, ids, end = Client(timeout=30000), random.Random(4), 0, [], time.monotonic() + seconds
    while time.monotonic() < end or n < 12:
        change = rng.choice([{}, {"steps": 3, "batch_size": 2}, {"animation_frames": 2, "steps": 2}, {"size": [32, 32], "steps": 30}])
        answer = client.ask(**job(f"t{n}", model=rng.choice(["m0", "m1", ""]), **change))
        assert answer and answer["type"] == "job_accepted", answer
        ids.append(f"t{n}")
        if n % 4 == 1:
            client.ask(type="cancel", job_id=rng.choice(ids))
        if n % 6 == 2:
            publish(n)
            daemon.process.send_signal(signal.SIGHUP)
        client.ask(type=rng.choice(["status", "server", "jobs", "list_models", "votes"]))
        n += 1
        time.sleep(0.15)
    states = wait_for_all(client, ids)
    names = [s["state"] if isinstance(s, dict) else s for s in states.values()]
    for i, name in enumerate(("done", "cancelled", "failed")):
        ended[i] = names.count(name)
    must("every job is done or cancelled", ended[0] + ended[1] == len(ids) and ended[0] > 0,
         f"{len(ids)} jobs: {ended[0]} done, {ended[1]} cancelled, {ended[2]} failed")
    stop.set()
    for t in beside:
        t.join()
    must("subscribers heard", min(heard) > len(ids), heard)
    must("scrapes were answered", scraped[0] >= 3, scraped[0])
    must("a stop is clean", daemon.end(signal.SIGTERM) == 0)
    with open(log_path, errors="replace") as f:
        log = f.read()
    must("the sanitizer found nothing", "Sanitizer" not in log, log[log.find("WARNING: "):][:4000] if "Sanitizer" in log else "")


def memory(most):
    """Anonymous memory after every worker has drawn, by the number of workers."""
    seen, workers = [], 1
    while workers <= most:
        daemon = Daemon(os.path.join(work, f"data{workers}"), f"engine.workers={workers}", f"engine.threads={workers}")
        client = Client()
        idle = daemon.rollup()
        ids = [f"m{i}" for i in range(workers * 3)]
        for ident in ids:  # long enough that no worker can take them all
            assert client.ask(**job(ident, size=[32, 32], steps=12, cfg_scale=3.0))["type"] == "job_accepted"
        states = wait_for_all(client, ids)
        drew = sum(e["done"] > 0 for e in client.ask(type="server")["engines"])
        must("every job is done", all(isinstance(s, dict) and s["state"] == "done" for s in states.values()))
        must("by every worker", drew == workers, f"{drew} of {workers}")
        seen.append(daemon.rollup()["Anonymous"] / 1024)
        print(f"        {workers} workers: {seen[-1]:.1f} MiB of its own (idle {idle['Anonymous'] / 1024:.1f}),"
              f" resident {daemon.rollup()['Rss'] / 1024:.1f}", flush=True)
        must("a stop is clean", daemon.end(signal.SIGTERM) == 0)
        workers *= 2
    if len(seen) > 1:
        each = (seen[-1] - seen[0]) / (workers // 2 - 1)
        must("a worker more takes no model more", each < 20, f"{each:.1f} MiB each")


def fill(path):
    """Takes the last byte of the file system."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while True:
            os.write(fd, b"x" * 4096)
    except OSError:
        pass
    try:
        while True:
            os.write(fd, b"x")
    except OSError:
        os.close(fd)


def all_done(what, states, ids, seen=""):
    names = [s["state"] if isinstance(s, dict) else s for s in states.values()]
    must(what, len(states) == len(ids) and set(names) == {"done"},
         f"{len(ids)} accepted: " + ", ".join(f"{names.count(n)} {n}" for n in sorted(set(names))) + seen)
    must("every picture is whole", all(is_whole_png(p["image_path"]) for s in states.values() if isinstance(s, dict) for p in s.get("pictures", [])))


def sound(data, ids):
    db = sqlite3.connect(os.path.join(data, "queue.db"))
    must("the database is sound", db.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    must("each job is there once", db.execute("SELECT count(*), count(DISTINCT id) FROM job").fetchone() == (len(ids),) * 2)
    db.close()


def fails_to_start(data, *settings):
    """What a daemon says that cannot start; None if it can."""
    try:
        daemon = Daemon(data, *settings)
    except SystemExit as e:
        living.pop()
        return str(e)
    daemon.end(signal.SIGTERM)
    return None


def full(data):
    settings = ("queue.retry=1s", "queue.tries=100", "stop_after=0s")
    filler = os.path.join(data, "filler")
    daemon = Daemon(data, *settings)
    client = Client(timeout=20000)
    accepted, refused, reason = [], 0, None
    for i in range(24):  # queued and running while the disk fills
        answer = client.ask(**job(f"d{i}", size=[32, 32], steps=30 if i % 3 else 1, batch_size=2))
        assert answer["type"] == "job_accepted", answer
        accepted.append(f"d{i}")
    fill(filler)
    for i in range(24, 80):
        answer = client.ask(**job(f"d{i}", prompt="red gem " + "a" * 2000))
        if answer and answer["type"] == "job_accepted":
            accepted.append(f"d{i}")
        else:
            refused += 1
            reason = answer
    must("a full disk refuses, in words", refused > 0 and reason is not None and "full" in reason.get("error", ""), reason)
    time.sleep(2)  # workers meet it, too
    must("and answers go on", client.ask(type="ping") == {"type": "pong"} and client.ask(type="status") is not None)
    status = client.ask(type="status")
    must("jobs wait for room", status["queue_size"] + status["active_jobs"] > 0, status)
    daemon.end(signal.SIGKILL)
    said = fails_to_start(data, *settings)
    must("started on a full disk it works or says why", said is None or "full" in said or "No space" in said, said)
    os.unlink(filler)
    daemon = Daemon(data, *settings)
    states = wait_for_all(client, accepted, 120)
    all_done("what was accepted is done once there is room", states, accepted, f", {refused} refused")
    kept = [f for d, _, files in os.walk(data) for f in files]
    must("no half file is left", not any(f.endswith(".part") for f in kept))
    must("a stop is clean", daemon.end(signal.SIGTERM) == 0)
    sound(data, accepted)


def busy(data):
    settings = ("queue.retry=1s", "queue.tries=100", "stop_after=0s")
    daemon = Daemon(data, *settings)
    client = Client(timeout=20000)
    accepted = []
    for i in range(12):
        assert client.ask(**job(f"b{i}", size=[32, 32], steps=20 if i % 3 else 1))["type"] == "job_accepted"
        accepted.append(f"b{i}")
    db = sqlite3.connect(os.path.join(data, "queue.db"), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")  # somebody holds the database for longer than the daemon waits for it
    answer = client.ask(**job("busy"))
    must("a busy database refuses, in words", answer is not None and answer["type"] == "job_error" and "locked" in answer["error"], answer)
    time.sleep(3)  # workers end jobs whose end cannot be written
    begun = time.monotonic()
    must("answers go on", client.ask(type="ping") == {"type": "pong"}, f"{time.monotonic() - begun:.2f} s")
    daemon.end(signal.SIGKILL)
    said = fails_to_start(data, *settings)
    must("started on a busy database it works or says why", said is None or "locked" in said, said)
    db.execute("ROLLBACK")
    db.close()
    daemon = Daemon(data, *settings)
    must("and then accepts", client.ask(**job("busy"))["type"] == "job_accepted")
    accepted.append("busy")
    db = sqlite3.connect(os.path.join(data, "queue.db"), isolation_level=None, timeout=30, check_same_thread=False)
    stop = threading.Event()

    def hold():  # again and again for a moment, while jobs end
        while not stop.is_set():
            db.execute("BEGIN IMMEDIATE")
            stop.wait(0.6)
            db.execute("ROLLBACK")
            stop.wait(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    states = wait_for_all(client, accepted, 120)
    stop.set()
    holder.join()
    db.close()
    all_done("what was accepted is done through it all", states, accepted)
    must("a stop is clean", daemon.end(signal.SIGTERM) == 0)
    sound(data, accepted)


def disk(mib):
    data = os.path.join(work, "small")
    os.mkdir(data)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", data], stderr=subprocess.DEVNULL).returncode:
        print("skipped: mounting a tmpfs is not allowed here")
    else:
        try:
            full(data)
        finally:
            subprocess.run(["umount", "-l", data])
    busy(os.path.join(work, "busy"))


def ping(address, span):
    global REQUESTS
    REQUESTS = address
    client, end = Client(), time.monotonic() + span
    while time.monotonic() < end:
        begun = time.perf_counter()
        answer = client.ask(type="ping")
        print(time.perf_counter() - begun if answer == {"type": "pong"} else 5.0)
        time.sleep(0.005)


if sys.argv[2] == "ping":  # hostile's own
    ping(sys.argv[1], float(sys.argv[3]))
    shutil.rmtree(work)
    sys.exit()

ORDEALS = {"kill": (kill, 100), "hostile": (hostile, 30), "soak": (soak, 10000), "memory": (memory, 4), "threads": (threads, 10), "fair": (fair, 60), "unread": (unread, 60), "disk": (disk, 3)}
try:
    ordeal, dose = ORDEALS[sys.argv[2]]
    ordeal(int(sys.argv[3]) if len(sys.argv) > 3 else dose)
    status = bool(failures)
except BaseException as e:
    status = 1
    print(f"BROKEN: {e!r}")
    with open(log_path, "rb") as f:
        print(f.read()[-2000:].decode(errors="replace"))
for daemon in living:
    daemon.kill()
shutil.rmtree(work, ignore_errors=True)
os._exit(int(status))
