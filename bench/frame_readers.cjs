// Reads animations with npm's readers and holds each frame against the sheet that spritery made of the same animation.
// Usage: node frame_readers.cjs NODE_MODULES KIND FILE SHEET.png SHOWN.json      (frame-readers calls it)
'use strict';
const fs = require('fs');
const path = require('path');
const zlib = require('zlib');
const [modules, kind, file, sheetFile, shownFile] = process.argv.slice(2);
const load = (name) => require(path.join(modules, name));
const shown = JSON.parse(fs.readFileSync(shownFile, 'utf8'));
const { width, height } = shown;
const times = shown.durations_ms;

// A small PNG reader of its own: not interlaced, 8 bits RGB(A) or a palette. Gives RGBA.
function png(bytes) {
    let at = 8, head, palette, alpha, data = [];
    while (at < bytes.length) {
        const length = bytes.readUInt32BE(at), type = bytes.toString('latin1', at + 4, at + 8);
        const body = bytes.subarray(at + 8, at + 8 + length);
        if (type === 'IHDR') head = { w: body.readUInt32BE(0), h: body.readUInt32BE(4), bits: body[8], kind: body[9] };
        if (type === 'PLTE') palette = body;
        if (type === 'tRNS') alpha = body;
        if (type === 'IDAT') data.push(body);
        at += 12 + length;
    }
    const raw = zlib.inflateSync(Buffer.concat(data));
    const samples = head.kind === 3 ? 1 : head.kind === 2 ? 3 : 4;
    const row = Math.ceil((head.w * samples * head.bits) / 8), step = Math.max(1, (samples * head.bits) >> 3);
    const out = Buffer.alloc(head.w * head.h * 4);
    let before = Buffer.alloc(row);
    for (let y = 0; y < head.h; y++) {
        const filter = raw[y * (row + 1)], line = Buffer.from(raw.subarray(y * (row + 1) + 1, (y + 1) * (row + 1)));
        for (let i = 0; i < row; i++) {
            const a = i < step ? 0 : line[i - step], b = before[i], c = i < step ? 0 : before[i - step];
            const p = a + b - c, pa = Math.abs(p - a), pb = Math.abs(p - b), pc = Math.abs(p - c);
            line[i] += [0, a, b, (a + b) >> 1, pa <= pb && pa <= pc ? a : pb <= pc ? b : c][filter];
        }
        for (let x = 0; x < head.w; x++) {
            const to = (y * head.w + x) * 4;
            if (head.kind === 3) {
                const bit = x * head.bits;
                const i = (line[bit >> 3] >> (8 - head.bits - (bit & 7))) & ((1 << head.bits) - 1);
                out.set([palette[3 * i], palette[3 * i + 1], palette[3 * i + 2], alpha && i < alpha.length ? alpha[i] : 255], to);
            } else {
                for (let k = 0; k < 4; k++) out[to + k] = k < samples ? line[x * samples + k] : 255;
            }
        }
        before = line;
    }
    return { w: head.w, h: head.h, pixels: out };
}

const truth = png(fs.readFileSync(sheetFile));
if (truth.w !== width || truth.h !== height * times.length) throw new Error('the sheet has another size');

let bad = 0;
function fail(text) {
    bad++;
    console.log(`${path.basename(file)}: ${text}`);
}

function compare(i, canvas) {
    for (let k = 0; k < width * height; k++) {
        const p = canvas.subarray(4 * k, 4 * k + 4), q = truth.pixels.subarray((i * width * height + k) * 4, (i * width * height + k) * 4 + 4);
        const same = p[3] === q[3] && (p[3] === 0 || (p[0] === q[0] && p[1] === q[1] && p[2] === q[2]));
        if (!same) return fail(`frame ${i} at ${k % width},${Math.floor(k / width)} is ${[...p]}, not ${[...q]}`);
    }
}

// Draws parts that replace what is below (or lie over it where `over`), as the files of spritery need it.
function play(parts) {
    let canvas = Buffer.alloc(width * height * 4);
    parts.forEach((part, i) => {
        const kept = Buffer.from(canvas);
        for (let y = 0; y < part.h; y++)
            for (let x = 0; x < part.w; x++) {
                const from = (y * part.w + x) * 4, to = ((part.y + y) * width + part.x + x) * 4;
                if (!part.over || part.pixels[from + 3]) part.pixels.copy(canvas, to, from, from + 4);
            }
        compare(i, canvas);
        if (Math.abs(part.ms - times[i]) >= 10) fail(`frame ${i} lasts ${part.ms} ms, not ${times[i]}`);
        if (part.dispose === 'back') canvas = kept;
        if (part.dispose === 'clear')
            for (let y = 0; y < part.h; y++) canvas.fill(0, ((part.y + y) * width + part.x) * 4, ((part.y + y) * width + part.x + part.w) * 4);
    });
    if (parts.length !== times.length) fail(`${parts.length} frames, not ${times.length}`);
}

const readers = {
    async gif(bytes) {
        const { parseGIF, decompressFrames } = load('gifuct-js');
        play(decompressFrames(parseGIF(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), true).map((f) => ({
            x: f.dims.left, y: f.dims.top, w: f.dims.width, h: f.dims.height, ms: f.delay, over: true,
            pixels: Buffer.from(f.patch), dispose: f.disposalType === 2 ? 'clear' : f.disposalType === 3 ? 'back' : 'keep',
        })));
    },
    async apng(bytes) {
        const parse = load('apng-js').default;
        const a = parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
        if (a instanceof Error) throw a;
        const parts = [];
        for (const f of a.frames) {
            const p = png(Buffer.from(await f.imageData.arrayBuffer()));
            parts.push({ x: f.left, y: f.top, w: p.w, h: p.h, ms: f.delay, over: f.blendOp === 1, pixels: p.pixels,
                         dispose: ['keep', 'clear', 'back'][f.disposeOp] });
        }
        play(parts);
    },
    async aseprite(bytes) {
        const Ase = load('ase-parser');
        const a = new Ase(bytes, path.basename(file));
        a.parse();
        if (a.width !== width || a.height !== height || a.numFrames !== times.length) fail(`${a.width}x${a.height}, ${a.numFrames} frames`);
        const background = a.layers[0].flags.background;
        const find = (f) => a.frames[f].cels.map((c) => (c.celType === 1 ? find(c.link)[0] : c));
        a.frames.forEach((f, i) => {
            const canvas = Buffer.alloc(width * height * 4);
            if (f.frameDuration !== times[i]) fail(`frame ${i} lasts ${f.frameDuration} ms, not ${times[i]}`);
            for (const c of find(i))
                for (let k = 0; k < c.w * c.h; k++) {
                    const to = ((c.ypos + Math.floor(k / c.w)) * width + c.xpos + (k % c.w)) * 4;
                    if (a.colorDepth === 32) c.rawCelData.copy(canvas, to, 4 * k, 4 * k + 4);
                    else if (c.rawCelData[k] !== a.paletteIndex || background) {
                        const { red, green, blue, alpha } = a.palette.colors[c.rawCelData[k]];
                        canvas.set([red, green, blue, alpha], to);
                    }
                }
            compare(i, canvas);
        });
        const tags = (a.tags || []).map((t) => [t.name, t.from, t.to]);
        const want = (shown.tags || []).map((t) => [t.name, t.from, t.to]);
        if (JSON.stringify(tags) !== JSON.stringify(want)) fail(`tags ${JSON.stringify(tags)}, not ${JSON.stringify(want)}`);
        const b = load('aseprite').parse ? load('aseprite').parse(bytes, { clean: true }) : load('aseprite')(bytes);
        if (!b) fail("npm's aseprite reads nothing");
    },
};

readers[kind](fs.readFileSync(file)).then(() => process.exit(bad ? 1 : 0), (e) => {
    console.log(`${path.basename(file)}: ${e.stack}`);
    process.exit(1);
});
