#!/usr/bin/env python3
"""The bundled network in PyTorch, to measure against: milliseconds per sprite and training samples per second.

    bench/torch_sprite.py sample  MODEL [--threads N] [--steps 20] [--repeat 5] [--bf16]
    bench/torch_sprite.py train   MODEL [--threads N] [--batch 64] [--repeat 5] [--bf16]
    bench/torch_sprite.py check   MODEL GOLDEN     the network's output against the golden values

Needs Debian's python3-torch and python3-numpy; with libopenblas0-openmp its matrix products are fast.
Prints one JSON object; times are the best of the repeats, wall and processor time. --bf16 is autocast with norms in f32,
which is the faster of the ways that PyTorch has on AVX512_BF16 (norms in bf16: 7 % slower). The network is described in docs/model-card.md; this is a second, independent writing of it.
"""
import argparse
import json
import math
import struct
import sys
import time

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as missing:
    print(json.dumps({"skipped": f"{missing}; apt-get install python3-torch python3-numpy libopenblas0-openmp"}))
    sys.exit(77)

DTYPES = {"F16": np.float16, "F32": np.float32, "I32": np.int32}


def read_safetensors(path):
    """Every float tensor of the file as f32, I32 as int64; other types are left out. And the metadata."""
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    meta = header.pop("__metadata__", {})
    out = {}
    for name, t in header.items():
        if t["dtype"] in DTYPES:
            begin, end = (8 + length + o for o in t["data_offsets"])
            a = np.frombuffer(data[begin:end], DTYPES[t["dtype"]]).reshape(t["shape"])
            out[name] = torch.from_numpy(a.astype(np.int64 if t["dtype"] == "I32" else np.float32))
    return out, meta


class Network:
    """Plain functions over a dictionary of weights; channels-last memory throughout."""

    def __init__(self, weights, config):
        self.w = {k: v.contiguous(memory_format=torch.channels_last) if v.dim() == 4 else v for k, v in weights.items()}
        self.levels, self.blocks = config["ch"], config["nb"]
        self.group, self.heads, self.mid = config["g"], config["heads"], config["mid"]

    def conv(self, x, name, **how):
        return F.conv2d(x, self.w[name + ".weight"], self.w[name + ".bias"], **how)

    def linear(self, x, name):
        return F.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def norm(self, x, name):
        groups = max(1, x.shape[1] // self.group)
        return F.group_norm(x.float(), groups, self.w[name + ".weight"], self.w[name + ".bias"], 1e-5)

    def residual(self, x, e, name):
        h = self.conv(F.silu(self.norm(x, name + ".n1")), name + ".c1", padding=1)
        scale, shift = self.linear(e, name + ".e")[:, :, None, None].chunk(2, 1)
        h = torch.addcmul(shift, self.norm(h, name + ".n2"), 1 + scale)
        h = self.conv(F.silu(h), name + ".c2", padding=1)
        return h + (self.conv(x, name + ".sk") if name + ".sk.weight" in self.w else x)

    def attention(self, x, tokens, mask, name):
        b, c, height, width = x.shape
        split = lambda t: t.reshape(b, -1, self.heads, c // self.heads).transpose(1, 2)
        y = self.norm(x, name + ".n").flatten(2).transpose(1, 2)
        q, k, v = self.linear(y, name + ".qkv").chunk(3, 2)
        tk, tv = self.linear(tokens, name + ".tkv").chunk(2, 2)
        k, v = split(torch.cat([k, tk], 1)), split(torch.cat([v, tv], 1))
        scores = split(q) @ k.transpose(2, 3) / math.sqrt(c // self.heads)
        bias = torch.zeros(b, 1, 1, k.shape[2], dtype=scores.dtype)
        bias[:, 0, 0, height * width :][~mask] = -30000.0
        y = ((scores + bias).float().softmax(-1).to(v.dtype) @ v).transpose(1, 2).reshape(b, height * width, c)
        return x + self.linear(y, name + ".o").transpose(1, 2).reshape(b, c, height, width)

    def __call__(self, x, t, ids):
        mask = ids != 0
        words = F.embedding(ids, self.w["emb.weight"]) * mask[..., None]
        count = mask.sum(1, keepdim=True)
        null = self.w["null"]
        pooled = torch.where(count > 0, words.sum(1) / count.clamp(min=1).sqrt(), null[None])
        tokens = torch.cat([null.expand(len(ids), 1, -1), words], 1)
        mask = torch.cat([torch.ones_like(mask[:, :1]), mask], 1)
        angle = 1000 * t[:, None] * torch.exp(-math.log(10000) * torch.arange(64) / 64)[None]
        temb = torch.cat([angle.cos(), angle.sin()], 1)
        e = F.silu(
            self.linear(F.silu(self.linear(temb, "t1")), "t2") + self.linear(F.silu(self.linear(pooled, "tx1")), "tx2")
        )
        h = self.conv(x, "inc", padding=1)
        skips, n, last = [h], 0, len(self.levels) - 1
        for level, blocks in enumerate(self.blocks):
            for _ in range(blocks):
                h = self.residual(h, e, f"down.{n}")
                n += 1
                if level == last:
                    h = self.attention(h, tokens, mask, f"down.{n}")
                    n += 1
                skips.append(h)
            if level < last:
                h = self.conv(h, f"down.{n}", stride=2)
                n += 1
                skips.append(h)
        for i in range(self.mid):
            h = self.residual(h, e, f"mid.{i}")
        n = 0
        for level in range(last, -1, -1):
            for i in range(self.blocks[level] + 1):
                h = self.residual(torch.cat([h, skips.pop()], 1), e, f"up.{n}")
                n += 1
                if level == last and i == 0:
                    h = self.attention(h, tokens, mask, f"up.{n}")
                    n += 1
            if level > 0:
                h = F.interpolate(self.conv(h, f"up.{n}.c"), scale_factor=2, mode="nearest")
                n += 1
        return self.conv(F.silu(self.norm(h, "no")), "outc", padding=1)


@torch.no_grad()
def sample(net, ids, steps, guidance):
    """One sprite by Euler's method, condition and no condition as a batch of two."""
    x = torch.randn(1, 4, 32, 32).contiguous(memory_format=torch.channels_last)
    both = torch.cat([ids, torch.zeros_like(ids)])
    for i in range(steps):
        t, after = 1 - i / steps, 1 - (i + 1) / steps
        pair = torch.cat([x, x]).contiguous(memory_format=torch.channels_last)
        cond, bare = net(pair, torch.full((2,), t), both).chunk(2)
        v = bare + guidance * (cond - bare)
        x = x + (after - t) * (x - (x - t * v).clamp(-1, 1)) / t
    return x


def timed(repeat, work):
    """The best wall and the best processor time, in milliseconds."""
    work()
    wall, used = [], []
    for _ in range(repeat):
        begin, used_before = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - begin)
        used.append(time.process_time() - used_before)
    return 1e3 * min(wall), 1e3 * min(used)


def train_step(net, optimiser, batch, bf16):
    x0 = torch.rand(batch, 4, 32, 32).mul(2).sub(1).contiguous(memory_format=torch.channels_last)
    ids = torch.randint(1, 1000, (batch, 8))
    t = torch.sigmoid(torch.randn(batch))
    eps = torch.randn_like(x0)
    xt = (1 - t)[:, None, None, None] * x0 + t[:, None, None, None] * eps
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        v = net(xt, t, ids)
    loss = (v.float() - (eps - x0)).pow(2).mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(net.w.values()), 1.0)
    optimiser.step()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=["sample", "train", "check"])
    p.add_argument("model")
    p.add_argument("golden", nargs="?")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--bf16", action="store_true")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    weights, meta = read_safetensors(a.model)
    net = Network(weights, json.loads(meta["config"]))
    out = {"torch": torch.__version__, "threads": a.threads, "mkldnn": torch.backends.mkldnn.is_available()}
    if a.what == "check":
        g, _ = read_safetensors(a.golden)
        with torch.no_grad():
            y = net(g["net.x"], g["net.t"], g["net.ids"])
        out["worst_relative"] = float((y - g["net.y"]).abs().max() / g["net.y"].abs().max())
    elif a.what == "sample":
        ids = torch.zeros(1, 8, dtype=torch.int64)
        ids[0, 0] = 100
        ids[0, 1] = 5
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=a.bf16):
            wall, used = timed(a.repeat, lambda: sample(net, ids, a.steps, 3.0))
        out.update(ms=wall, processor_ms=used)
    else:
        for w in net.w.values():
            w.requires_grad_(True)
        optimiser = torch.optim.AdamW(list(net.w.values()), lr=1e-6, betas=(0.9, 0.99), weight_decay=0.01, foreach=True)
        wall, used = timed(a.repeat, lambda: train_step(net, optimiser, a.batch, a.bf16))
        out.update(samples_per_s=1e3 * a.batch / wall, processor_ms=used / a.batch)
    print(json.dumps(out))


main()
