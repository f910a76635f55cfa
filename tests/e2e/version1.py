#!/usr/bin/env python3
"""A client of protocol version 1.0 in plain pyzmq and msgpack: it sends and expects exactly what 1.0 has, and nothing more.

version1.py REQUESTS UPDATES                       checks everything; one line "ok WHAT" or "not ok WHAT" each
version1.py REQUESTS UPDATES --submit N STEPS      submits N jobs called s0...; prints their ids
version1.py REQUESTS UPDATES --wait N              waits until those have ended, prints how many are done
"""
import struct
import sys
import time

import msgpack
import zmq

STAGES = ["initializing", "loading_models", "encoding", "sampling", "decoding", "post_processing"]
UPDATES = {
    "job_started": {"job_id": str, "timestamp": int},
    "progress": {"job_id": str, "stage": str, "step": int, "total_steps": int, "percent": float, "eta_s": float},
    "preview": {"job_id": str, "image_path": str, "step": int},
    "job_finished": {"job_id": str, "success": bool, "duration_s": float},
    "job_complete": {"job_id": str, "image_path": str, "duration_s": float},
    "job_error": {"job_id": str, "error": str},
}
ANSWERS = {
    "job_accepted": {"job_id": str, "estimated_time_s": float},
    "job_error": {"job_id": str, "error": str},
    "job_cancelled": {"job_id": str},
    "model_list": {"models": list},
    "status_info": {"version": str, "queue_size": int, "active_jobs": int, "uptime_s": int},
    "pong": {},
    "error": {"message": str},
}
context = zmq.Context()
requests = context.socket(zmq.REQ)
requests.setsockopt(zmq.RCVTIMEO, 5000)  # as old clients wait
requests.setsockopt(zmq.LINGER, 0)
requests.connect(sys.argv[1])
updates = context.socket(zmq.SUB)
updates.setsockopt(zmq.RCVTIMEO, 60000)
updates.setsockopt_string(zmq.SUBSCRIBE, "")
updates.setsockopt(zmq.LINGER, 0)
updates.connect(sys.argv[2])
bad = 0


def check(what, true):
    global bad
    bad += not true
    print("ok" if true else "not ok", what, flush=True)


def exact(message, shapes):
    """Whether a message is one of 1.0's: its fields, all of them, no others, of the right types."""
    shape = shapes.get(message.get("type"))
    fields = {k: v for k, v in message.items() if k != "type"}
    return shape is not None and fields.keys() == shape.keys() and all(type(fields[k]) is t for k, t in shape.items())


def raw(data):
    requests.send(data)
    parts = requests.recv_multipart()
    assert len(parts) == 1, parts
    return msgpack.unpackb(parts[0], raw=False)


def ask(**message):
    return raw(msgpack.packb(message, use_bin_type=True))


def job(ident, **change):
    return {"type": "generate", "id": ident, "prompt": "red gem", "model": "default", "size": [32, 32], "steps": 4,
            "cfg_scale": 3.0, **change}


def follow(ident):
    """The updates of one job until the last of them."""
    seen = []
    while not seen or seen[-1]["type"] not in ("job_complete", "job_error"):
        parts = updates.recv_multipart()
        assert len(parts) == 1, "one frame, no topic"
        message = msgpack.unpackb(parts[0], raw=False)
        if message["job_id"] == ident:
            seen.append(message)
    return seen


def version1():
    time.sleep(0.2)  # a subscription takes a moment
    answer = ask(type="ping")
    check("ping is answered with pong", answer == {"type": "pong"})
    answer = ask(type="status")
    check("status_info", exact(answer, ANSWERS) and answer["version"] == "1.0.0")
    answer = ask(type="list_models")
    names = [m["name"].lower() for m in answer["models"]]
    check("model_list", exact(answer, ANSWERS) and names == sorted(names) and len(names) > 0)
    check("models have their fields", all(set(m) == {"name", "path", "model_type", "size_mb"} for m in answer["models"]))

    begun = time.monotonic()
    answer = ask(**job("v1-a", prompt="long sword", size=[1024, 1024], steps=20, cfg_scale=7.5))
    check("job_accepted at once", exact(answer, ANSWERS) and answer["job_id"] == "v1-a" and time.monotonic() - begun < 1)
    seen = follow("v1-a")
    types = [m["type"] for m in seen]
    check("every update is exactly 1.0", all(exact(m, UPDATES) for m in seen))
    check("job_started first", types[0] == "job_started" and abs(seen[0]["timestamp"] - time.time()) < 60)
    check("job_finished, then job_complete", types[-2:] == ["job_finished", "job_complete"] and seen[-2]["success"] is True)
    progress = [m for m in seen if m["type"] == "progress"]
    percent = [m["percent"] for m in progress]
    stages = [STAGES.index(m["stage"]) for m in progress]
    check("percent never falls and ends at 100", percent == sorted(percent) and percent[-1] == 100 and percent[0] < 50)
    check("stages come in order", stages == sorted(stages) and 3 in stages)
    check("steps are counted", max(m["step"] for m in progress) == 20 == progress[-1]["total_steps"])
    with open(seen[-1]["image_path"], "rb") as f:
        head = f.read(26)
    check("the picture is a PNG of 1024 x 1024", head[:8] == b"\x89PNG\r\n\x1a\n" and head[16:24] == b"\0\0\4\0\0\0\4\0")

    check("the same again is answered the same", ask(**job("v1-a", prompt="long sword", size=[1024, 1024], steps=20, cfg_scale=7.5))["type"] == "job_accepted")
    answer = ask(**job("v1-a", prompt="another"))
    check("the id with another request is an error", exact(answer, ANSWERS) and answer["type"] == "job_error")
    answer = ask(**{k: v for k, v in job("").items()})
    check("an empty id gets a fresh one", answer["type"] == "job_accepted" and len(answer["job_id"]) > 8)
    fresh = answer["job_id"]
    check("which runs too", follow(fresh)[-1]["type"] == "job_complete")
    answer = ask(**job("v1-float", steps=4.0, cfg_scale=3, lora=None, batch_size=1, unknown={"a": [1]}))
    check("4.0 is a whole number, 3 a number, null absent, unknown fields ignored", answer["type"] == "job_accepted")
    follow("v1-float")

    for ident, change, width, height, cells in [("v1-frames", {"animation_frames": 4}, 128, 32, 4),
                                                ("v1-grid", {"tileset_grid": [2, 3], "prompt": "stone wall"}, 64, 96, 6)]:
        answer = ask(**job(ident, **change))
        seen = follow(ident) if answer["type"] == "job_accepted" else [answer]
        path = seen[-1].get("image_path", "")
        check(f"{ident}: job_complete", seen[-1]["type"] == "job_complete" and all(exact(m, UPDATES) for m in seen))
        with open(path, "rb") as f:
            head = f.read(24)
        check(f"{ident}: a sheet of {width} x {height}", head[16:24] == struct.pack(">II", width, height))
        sizes = set()
        for i in range(cells):
            with open(f"{path[:-4]}_{i + 1:02}.png", "rb") as f:
                sizes.add(struct.unpack(">II", f.read(24)[16:24]))
        check(f"{ident}: and each cell in a file of its own", sizes == {(32, 32)})
    answer = ask(**job("v1-both", animation_frames=4, tileset_grid=[2, 3]))
    check("both at once is refused in words", answer["type"] == "job_error" and "--grid" in answer["error"])

    ask(**job("v1-long", steps=200, batch_size=20))
    answer = ask(type="cancel", job_id="v1-long")
    check("cancel is answered with job_cancelled", answer == {"type": "job_cancelled", "job_id": "v1-long"})
    seen = follow("v1-long")
    check("a cancelled job ends for subscribers", seen[-2]["type"] == "job_finished" and seen[-2]["success"] is False
          and all(exact(m, UPDATES) for m in seen))
    answer = ask(type="cancel", job_id="v1-long")
    check("cancel of a finished job: job_error", exact(answer, ANSWERS) and answer["type"] == "job_error")
    answer = ask(type="cancel", job_id="nobody")
    check("cancel of an unknown job: job_error", answer["type"] == "job_error" and answer["job_id"] == "nobody")
    answer = ask(**job("v1-words", prompt="xyzzy qwrtp"))
    seen = follow("v1-words")
    check("a job that fails says why", seen[-1]["type"] == "job_error" and "xyzzy" in seen[-1]["error"] and exact(seen[-1], UPDATES))

    wrong = {
        "prompt": job("w", prompt=5), "size": job("w", size="big"), "steps": job("w", steps=20.5), "id": job(7),
        "cfg_scale": job("w", cfg_scale="x"), "type": {"type": "generrate"}, "job_id": {"type": "cancel"},
    }
    for field, message in wrong.items():
        answer = ask(**message)
        check(f"a wrong {field} is named", exact(answer, ANSWERS) and answer["type"] == "error" and answer["message"].startswith(field))
    for what, data in {"not MessagePack": b"\xc1", "cut off": msgpack.packb(job("w"))[:-2], "a list": msgpack.packb([1]),
                       "nothing": b"", "text": b"hello", "deep": b"\x91" * 5000, "2 MiB": msgpack.packb(job("w", prompt="a" * 2**21)),
                       "a claim of 4 GiB": b"\xdd\xff\xff\xff\xff"}.items():
        check(f"{what}: an error", exact(raw(data), ANSWERS))
    check("and the socket stays usable", ask(type="ping") == {"type": "pong"})
    print("ok finished")


def submit(count, steps):
    for i in range(count):
        answer = ask(**job(f"s{i}", steps=steps if i == 0 else 2))
        assert answer["type"] == "job_accepted", answer
        print(answer["job_id"])


def wait(count):
    states = []
    for i in range(count):
        while True:
            answer = ask(type="job", job_id=f"s{i}")
            if answer.get("state") not in ("queued", "running"):
                break
            time.sleep(0.05)
        states.append(answer["state"] if len(answer.get("pictures", [])) == 1 else "without a picture")
    print(", ".join(f"{states.count(s)} {s}" for s in sorted(set(states))))


if len(sys.argv) > 3 and sys.argv[3] == "--submit":
    submit(int(sys.argv[4]), int(sys.argv[5]))
elif len(sys.argv) > 3 and sys.argv[3] == "--wait":
    wait(int(sys.argv[4]))
else:
    version1()
sys.exit(bad > 0)
