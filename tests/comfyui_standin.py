#!/usr/bin/python3
"""A ComfyUI stand-in for tests: the real HTTP routes and WebSocket events on loopback, in the order a real server sends
them, drawing a plain sprite instead of running a network. It can be told to misbehave.

usage: comfyui_standin.py PORT_FILE [STEP_SECONDS]     serves on a free port, writes it to PORT_FILE
       comfyui_standin.py --tell PORT mode=MODE        ok, drop, silent, stall, error, oom, refuse, status500, garbage, huge,
                                                       restart, nopicture, hugepicture, slow, bare (an old server without models, LoRA loader and more,
                                                       with previews of the old kind), emptied (somebody empties its output folder),
                                                       cleared (somebody clears its history), folders (pictures in a subfolder),
                                                       oldstall (stall, and an interrupt hits whatever runs)
       comfyui_standin.py --ask PORT KEY               seed, prompts, uploads, freed, interrupted
"""
import asyncio, json, os, struct, sys, time, urllib.request, zlib

if len(sys.argv) > 1 and sys.argv[1] == "--tell":
    body = json.dumps(dict(a.split("=", 1) for a in sys.argv[3:])).encode()
    urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[2]}/standin", data=body).read()
    sys.exit(0)
if len(sys.argv) > 1 and sys.argv[1] == "--ask":
    answer = json.load(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[2]}/standin"))
    print(answer[sys.argv[3]])
    sys.exit(0)

from aiohttp import WSMsgType, web

CHECKPOINTS = ["sd_xl_base_1.0.safetensors", "juggernaut.safetensors"]
LORAS = ["pixel-art-xl.safetensors", "style/mine.safetensors"]
SAMPLERS = ["euler", "euler_ancestral", "heun", "dpmpp_2m"]
SCHEDULERS = ["normal", "karras"]


def node(required, outputs, output_node=False):
    return {"input": {"required": required}, "output": outputs, "output_node": output_node}


def classes(uploads, bare=False):
    all_of_them = {
        "CheckpointLoaderSimple": node({"ckpt_name": [CHECKPOINTS]}, ["MODEL", "CLIP", "VAE"]),
        "LoraLoader": node({"model": ["MODEL"], "clip": ["CLIP"], "lora_name": ["COMBO", {"options": LORAS}],
                            "strength_model": ["FLOAT", {}], "strength_clip": ["FLOAT", {}]}, ["MODEL", "CLIP"]),
        "CLIPTextEncode": node({"text": ["STRING", {}], "clip": ["CLIP"]}, ["CONDITIONING"]),
        "EmptyLatentImage": node({"width": ["INT", {}], "height": ["INT", {}], "batch_size": ["INT", {}]}, ["LATENT"]),
        "KSampler": node({"model": ["MODEL"], "seed": ["INT", {}], "steps": ["INT", {}], "cfg": ["FLOAT", {}],
                          "sampler_name": [SAMPLERS], "scheduler": [SCHEDULERS], "positive": ["CONDITIONING"],
                          "negative": ["CONDITIONING"], "latent_image": ["LATENT"], "denoise": ["FLOAT", {}]}, ["LATENT"]),
        "VAEDecode": node({"samples": ["LATENT"], "vae": ["VAE"]}, ["IMAGE"]),
        "VAEEncode": node({"pixels": ["IMAGE"], "vae": ["VAE"]}, ["LATENT"]),
        "RepeatLatentBatch": node({"samples": ["LATENT"], "amount": ["INT", {}]}, ["LATENT"]),
        "LoadImage": node({"image": [sorted(uploads)]}, ["IMAGE", "MASK"]),
        "SaveImage": node({"images": ["IMAGE"], "filename_prefix": ["STRING", {}]}, [], True),
        "VAELoader": node({"vae_name": [["sdxl-fix.safetensors"]]}, ["VAE"]),
    }
    if bare:
        all_of_them["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = [[]]
        all_of_them["KSampler"]["input"]["required"]["scheduler"] = [["normal"]]
        for gone in "LoraLoader", "RepeatLatentBatch", "VAELoader":
            del all_of_them[gone]
    return all_of_them


def png(width, height, pixel):
    raw = b"".join(b"\0" + bytes(c for x in range(width) for c in pixel(x, y)) for y in range(height))
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b""))


def sprite(seed, index, side=256):
    """A 32x32 shield whose colours follow from the seed, each pixel enlarged."""
    r, g, b = 40 + seed % 7 * 30, 40 + seed // 7 % 7 * 30, 40 + (seed // 49 + index) % 7 * 30
    cell = side // 32
    def pixel(x, y):
        cx, cy = x // cell - 16, y // cell - 15
        if abs(cx) > 9 - max(0, cy) // 2 or abs(cy) > 11:
            return 236, 236, 236
        if abs(cx) == 9 - max(0, cy) // 2 or abs(cy) == 11:
            return 16, 12, 20
        return (r, g, b) if (cx + cy) // 4 % 2 else (g, b, r)
    return png(side, side, pixel)


class Server:
    def __init__(self, step_seconds):
        self.step_seconds, self.mode = step_seconds, "ok"
        self.sockets, self.queue, self.running, self.history = {}, [], None, {}
        self.files, self.uploads, self.number = {}, {}, 0
        self.seed, self.prompts, self.freed, self.interrupted = "", 0, 0, 0
        self.stop, self.wake = False, asyncio.Event()
        self.last, self.last_outputs = None, {}  # the prompt that ran last: its nodes are not run again

    async def send(self, client, kind, data):
        socket = self.sockets.get(client)
        if socket is not None and not socket.closed:
            await socket.send_str(json.dumps({"type": kind, "data": data}))

    async def status(self):
        left = len(self.queue) + (self.running is not None)
        for client in list(self.sockets):
            await self.send(client, "status", {"status": {"exec_info": {"queue_remaining": left}}})

    async def work(self):
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.queue:
                job = self.running = self.queue.pop(0)
                await self.run(job)
                self.running = None
                await self.status()
                if self.mode == "cleared":
                    self.mode, self.history = "ok", {}
                    await self.send(job["client"], "executing", {"node": None, "prompt_id": job["id"]})
                if self.mode != "silent" and job["id"] in self.history:
                    await self.send(job["client"], "executing", {"node": None, "prompt_id": job["id"]})

    async def run(self, job):
        me, client, graph = job["id"], job["client"], job["graph"]
        quiet = self.mode == "silent"
        async def say(kind, data):
            if not quiet:
                await self.send(client, kind, {**data, "prompt_id": me})
        await say("execution_start", {"timestamp": int(time.time() * 1000)})
        if graph == self.last:
            await say("execution_cached", {"nodes": sorted(graph)})
            for node, output in self.last_outputs.items():
                await say("executed", {"node": node, "display_node": node, "output": output})
            self.history[me] = self.entry(job, self.last_outputs, "success", [])
            await say("execution_success", {"timestamp": int(time.time() * 1000)})
            return
        await say("execution_cached", {"nodes": []})
        sampler = next((k for k, n in graph.items() if n["class_type"] == "KSampler"), "0")
        await say("executing", {"node": sampler, "display_node": sampler})
        inputs = graph.get(sampler, {}).get("inputs", {})
        steps, seed = int(inputs.get("steps", 3)), int(inputs.get("seed", 0))
        batch = max([int(n["inputs"].get("batch_size", n["inputs"].get("amount", 1))) for n in graph.values()
                     if n["class_type"] in ("EmptyLatentImage", "RepeatLatentBatch")] or [1])
        self.stop = False
        for step in range(1, steps + 1):
            await asyncio.sleep(self.step_seconds)
            while self.mode in ("stall", "oldstall") and not self.stop:
                await asyncio.sleep(0.02)
            if self.stop:
                self.interrupted += 1
                self.history[me] = self.entry(job, {}, "error", [["execution_interrupted", {"prompt_id": me}]])
                await say("execution_interrupted", {"node_id": sampler, "node_type": "KSampler", "executed": []})
                return
            if self.mode == "drop" and step == 2 and client in self.sockets:
                await self.sockets[client].close()
            if self.mode == "restart" and step == 2:
                self.mode, self.queue = "ok", []
                if client in self.sockets:
                    await self.sockets[client].close()
                return
            if self.mode in ("error", "oom") and step == 2:
                kind = "torch.OutOfMemoryError" if self.mode == "oom" else "RuntimeError"
                failure = {"node_id": sampler, "node_type": "KSampler", "executed": [], "exception_type": kind,
                           "exception_message": "the sampler met a wall\nand more", "traceback": []}
                self.mode = "ok" if self.mode == "oom" else self.mode
                self.history[me] = self.entry(job, {}, "error", [["execution_error", failure]])
                await say("execution_error", failure)
                return
            socket = self.sockets.get(client)
            if self.mode == "garbage" and socket is not None and not socket.closed:
                await socket.send_str("{not json")
                await socket.send_str('{"type":7}')
                await socket.send_bytes(b"\0\0\0\4\xff\xff\xff\xff{}")
                await socket.send_bytes(b"\0")
            if self.mode == "huge" and step == 1 and socket is not None and not socket.closed:
                await socket.send_str('{"type":"x","data":"' + "a" * (40 << 20) + '"}')
            await say("progress", {"value": step, "max": steps, "node": sampler})
            if not quiet and socket is not None and not socket.closed:
                about = json.dumps({"node_id": sampler, "prompt_id": me, "image_type": "image/png"}).encode()
                await socket.send_bytes(struct.pack(">II", 3, len(sampler)) + sampler.encode() + b"a step")
                if self.mode == "bare":
                    await socket.send_bytes(struct.pack(">II", 1, 2) + sprite(seed, 0, 64))
                else:
                    await socket.send_bytes(struct.pack(">II", 4, len(about)) + about + sprite(seed, 0, 64))
        images = []
        save = next((k for k, n in graph.items() if n["class_type"] == "SaveImage"), None)
        for index in range(batch if save else 0):
            self.number += 1
            name = f"{graph[save]['inputs']['filename_prefix']}_{self.number:05}_.png"
            folder = "sub/a & b\u00fc" if self.mode == "folders" else ""
            self.files[(folder, name)] = sprite(seed, index)
            images.append({"filename": name, "subfolder": folder, "type": "output"})
        outputs = {save: {"images": images}} if save else {}
        self.last, self.last_outputs = graph, outputs
        if save:
            await say("executed", {"node": save, "output": outputs[save]})
        self.history[me] = self.entry(job, outputs, "success", [])
        await say("execution_success", {"timestamp": int(time.time() * 1000)})

    def entry(self, job, outputs, status, messages):
        return {"prompt": [0, job["id"], job["graph"], {}, []], "outputs": outputs,
                "status": {"status_str": status, "completed": status == "success", "messages": messages}}

    async def ws(self, request):
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        client = request.query.get("clientId", "anonymous")
        self.sockets[client] = socket
        await self.send(client, "status", {"status": {"exec_info": {"queue_remaining": len(self.queue)}}, "sid": client})
        async for message in socket:
            if message.type == WSMsgType.TEXT and json.loads(message.data).get("type") == "feature_flags":
                await self.send(client, "feature_flags", {"supports_preview_metadata": True})
        if self.sockets.get(client) is socket:
            del self.sockets[client]
        return socket

    async def post_prompt(self, request):
        if self.mode == "status500":
            return web.Response(status=500, text="500 Internal Server Error")
        body = await request.json()
        graph, errors, about = body["prompt"], {}, classes(self.uploads)
        for key, item in graph.items():
            if item["class_type"] not in about:
                return web.json_response({"error": {"type": "missing_node_type", "message": "Node not found", "details":
                                          item["class_type"], "extra_info": {}}, "node_errors": {}}, status=400)
        if self.mode == "refuse":
            errors = {"5": {"class_type": "KSampler", "dependent_outputs": [], "errors": [
                {"type": "value_bigger_than_max", "message": "Value 300 bigger than max of 100", "details": "cfg"}]}}
            return web.json_response({"error": {"type": "prompt_outputs_failed_validation", "message":
                                      "Prompt outputs failed validation", "details": ""}, "node_errors": errors}, status=400)
        sampler = next((n for n in graph.values() if n["class_type"] == "KSampler"), None)
        self.seed = str(sampler["inputs"]["seed"]) if sampler else ""
        self.prompts += 1
        if self.mode == "emptied":
            self.files = {}
        self.queue.append({"id": body["prompt_id"], "client": body.get("client_id"), "graph": graph})
        self.wake.set()
        return web.json_response({"prompt_id": body["prompt_id"], "number": self.prompts, "node_errors": errors})

    async def get_prompt(self, request):
        if self.mode == "slow":  # as while a model is loaded
            self.mode = "ok"
            time.sleep(5)
        return web.json_response({"exec_info": {"queue_remaining": len(self.queue) + (self.running is not None)}})

    async def get_queue(self, request):
        def row(job):
            return [0, job["id"], job["graph"], {}, []]
        return web.json_response({"queue_running": [row(self.running)] if self.running else [],
                                  "queue_pending": [row(j) for j in self.queue]})

    async def post_queue(self, request):
        gone = set((await request.json()).get("delete", []))
        self.queue = [j for j in self.queue if j["id"] not in gone]
        return web.Response()

    async def interrupt(self, request):
        which = None if self.mode == "oldstall" else (await request.json()).get("prompt_id")
        self.stop = self.stop or (self.running is not None and which in (None, self.running["id"]))
        return web.Response()

    async def one_history(self, request):
        me = request.match_info["id"]
        return web.json_response({me: self.history[me]} if me in self.history else {})

    async def view(self, request):
        if self.mode == "nopicture":
            return web.Response(body=b"\x89PNG\r\n\x1a\n and then nothing")
        if self.mode == "hugepicture":
            answer = web.StreamResponse()
            await answer.prepare(request)
            try:
                for _ in range(400):
                    await answer.write(b"\0" * (1 << 20))
            except ConnectionError:
                pass
            return answer
        data = self.files.get((request.query.get("subfolder", ""), request.query.get("filename", "")))
        return web.Response(body=data, content_type="image/png") if data else web.Response(status=404)

    async def upload(self, request):
        form = await request.post()
        name = form["image"].filename
        self.uploads[name] = form["image"].file.read()
        return web.json_response({"name": name, "subfolder": "", "type": "input"})

    async def object_info(self, request):
        name, about = request.match_info["name"], classes(self.uploads, self.mode == "bare")
        return web.json_response({name: about[name]} if name in about else {})

    async def free(self, request):
        self.freed += 1
        return web.Response()

    async def stats(self, request):
        return web.json_response({"system": {"os": "posix", "comfyui_version": "0.3.30" if self.mode == "bare" else "0.3.64"}, "devices": [
            {"name": "cpu", "type": "cpu", "index": None, "vram_total": 8 << 30, "vram_free": 4 << 30}]})

    async def models(self, request):
        lists = {"checkpoints": CHECKPOINTS, "loras": LORAS, "vae": []}
        return web.json_response(lists[request.match_info["folder"]]) if request.match_info["folder"] in lists \
            else web.Response(status=404)

    async def tell(self, request):
        self.mode = (await request.json())["mode"]
        return web.Response()

    async def ask(self, request):
        return web.json_response({"seed": self.seed, "prompts": self.prompts, "uploads": len(self.uploads),
                                  "freed": self.freed, "interrupted": self.interrupted})


async def main():
    server = Server(float(sys.argv[2]) if len(sys.argv) > 2 else 0.01)
    app = web.Application(client_max_size=100 << 20)
    app.add_routes([
        web.get("/ws", server.ws), web.post("/prompt", server.post_prompt), web.get("/prompt", server.get_prompt),
        web.get("/queue", server.get_queue), web.post("/queue", server.post_queue),
        web.post("/interrupt", server.interrupt), web.get("/history/{id}", server.one_history),
        web.get("/view", server.view), web.post("/upload/image", server.upload),
        web.get("/object_info/{name}", server.object_info), web.post("/free", server.free),
        web.get("/system_stats", server.stats), web.get("/models/{folder}", server.models),
        web.post("/standin", server.tell), web.get("/standin", server.ask)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    with open(sys.argv[1] + ".part", "w") as file:
        file.write(str(port))
    os.rename(sys.argv[1] + ".part", sys.argv[1])
    await server.work()


asyncio.run(main())
