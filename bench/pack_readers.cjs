// Loads a sheet with an engine's own parser and compares every frame with NAME.pack.json.
// Usage: node pack_readers.cjs MODULES pixi|phaser|aseprite|css SHEET... PACK.json
'use strict';
const fs = require('fs');
const path = require('path');
const [, , modules, kind, ...files] = process.argv;
const need = (name) => require(path.resolve(modules, name));
const json = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const truth = json(files.pop());
let wrong = 0;

function same(what, got, want) {
    if (JSON.stringify(got) === JSON.stringify(want)) return;
    if (wrong++ < 5) console.log(`${what}: ${JSON.stringify(got)}, packed as ${JSON.stringify(want)}`);
}

const rect = (r) => [r.x, r.y, r.width, r.height];
const played = (tag) => {
    const list = [];
    for (let i = tag.from; i <= tag.to; i++) list.push(truth.frames[i].name);
    return list;
};

async function pixi() {
    globalThis.self = globalThis;
    globalThis.document = { createElement: () => ({ getContext: () => null, style: {} }), baseURI: '' };
    const core = need('@pixi/core');
    const { Spritesheet } = need('@pixi/spritesheet');
    const textures = {}, animations = {};
    for (const file of files) {
        const data = json(file);
        const base = new core.BaseTexture(null, { width: data.meta.size.w, height: data.meta.size.h, resolution: 1 });
        base.setSize(data.meta.size.w, data.meta.size.h);
        const sheet = new Spritesheet(base, data);
        Object.assign(textures, await sheet.parse());
        Object.assign(animations, sheet.animations);
    }
    for (const f of truth.frames) {
        const t = textures[f.name];
        const [w, h] = f.size;
        same(`${f.name} frame`, t && rect(t.frame), [...f.at, ...(f.turned ? [h, w] : [w, h])]);
        same(`${f.name} size`, t && [t.orig.width, t.orig.height], f.source);
        same(`${f.name} box`, t && t.trim && rect(t.trim), w === f.source[0] && h === f.source[1] ? t.trim && rect(t.trim) : [...f.offset, w, h]);
        same(`${f.name} turned`, t && t.rotate, f.turned ? 2 : 0);
    }
    for (const tag of truth.tags) {
        const list = animations[tag.name] || [];
        same(`animation ${tag.name}`, list.map((t) => t && t.textureCacheIds[0]), played(tag));
    }
    return Object.keys(animations).length;
}

function phaser() {
    const Frame = need('phaser/src/textures/Frame.js');
    const JSONArray = need('phaser/src/textures/parsers/JSONArray.js');
    const JSONHash = need('phaser/src/textures/parsers/JSONHash.js');
    const frames = {};
    for (const file of files) {
        const data = json(file);
        const pages = data.textures || [{ size: data.meta.size }];
        const texture = {
            source: pages.map((p) => ({ width: p.size.w, height: p.size.h })),
            customData: {},
            add(name, page, x, y, w, h) {
                if (name !== '__BASE' && frames[name]) return null;
                const f = new Frame(texture, name, page, x, y, w, h);
                if (name !== '__BASE') frames[name] = f;
                return f;
            },
        };
        pages.forEach((_, i) => (data.textures || Array.isArray(data.frames) ? JSONArray : JSONHash)(texture, i, data));
    }
    for (const f of truth.frames) {
        const g = frames[f.name];
        same(`${f.name} frame`, g && [g.cutX, g.cutY, g.cutWidth, g.cutHeight], [...f.at, ...f.size]);
        same(`${f.name} size`, g && [g.realWidth, g.realHeight], f.source);
        same(`${f.name} box`, g && [g.x, g.y], f.offset);
        same(`${f.name} turned`, g && g.rotated, !!f.turned);
        // What the renderer samples: corners in parts of the page.
        const page = truth.pages[f.page].size, [w, h] = f.turned ? [f.size[1], f.size[0]] : f.size;
        const corners = [f.at[0], f.at[1], f.at[0] + w, f.at[1] + h].map((v, i) => v / page[i % 2]);
        // Phaser 4 measures from the bottom.
        const v = g && (g.v0 > g.v1 ? [1 - g.v0, 1 - g.v1] : [g.v0, g.v1]);
        const seen = g && [Math.min(g.u0, g.u1), Math.min(...v), Math.max(g.u0, g.u1), Math.max(...v)];
        same(`${f.name} corners`, seen && seen.map((c) => c.toFixed(9)), corners.map((c) => c.toFixed(9)));
        if (g && g.customPivot)
            same(`${f.name} pivot`, [g.pivotX * f.source[0], g.pivotY * f.source[1]].map((v) => v.toFixed(6)), f.pivot.map((v) => v.toFixed(6)));
    }
    return truth.tags.length;
}

// A reader made from Aseprite's documentation of what it exports.
function aseprite() {
    const data = json(files[0]);
    const names = Array.isArray(data.frames) ? data.frames.map((f) => f.filename) : Object.keys(data.frames);
    const list = Array.isArray(data.frames) ? data.frames : Object.values(data.frames);
    same('order', names, truth.frames.map((f) => f.name));
    truth.frames.forEach((f, i) => {
        const g = list[i];
        same(`${f.name} frame`, [g.frame.x, g.frame.y, g.frame.w, g.frame.h], [...f.at, ...f.size]);
        same(`${f.name} box`, [g.spriteSourceSize.x, g.spriteSourceSize.y], f.offset);
        same(`${f.name} time`, g.duration, f.duration);
    });
    data.meta.frameTags.forEach((t, i) => same(`tag ${t.name}`, [t.name, t.from, t.to, t.direction],
        [truth.tags[i].name, truth.tags[i].from, truth.tags[i].to, truth.tags[i].direction]));
    return data.meta.frameTags.length;
}

// Every rule is read back: the element's size and what part of the page its content shows.
function css() {
    const text = fs.readFileSync(files[0], 'utf8');
    const rules = [...text.matchAll(/^\.sprite\.is-(\S+) \{ (.*) \}$/gm)];
    same('rules', rules.length, truth.frames.length);
    rules.forEach((m, i) => {
        const f = truth.frames[i], n = (m[2].match(/-?\d+px/g) || []).map((v) => parseInt(v, 10));
        const [w, h, top, right, bottom, left, x, y] = n;
        same(`${f.name} shows`, [-x, -y, w, h], [...f.at, ...f.size]);
        same(`${f.name} element`, [left + w + right, top + h + bottom, left, top], [...f.source, ...f.offset]);
    });
    const open = (text.match(/\{/g) || []).length, close = (text.match(/\}/g) || []).length;
    same('braces', open, close);
    return (text.match(/@keyframes/g) || []).length;
}

(async () => {
    const animations = await { pixi, phaser, aseprite, css }[kind]();
    console.log(`${kind.padEnd(9)} ${truth.frames.length} frames on ${truth.pages.length} pages, ${animations} animations: ${wrong ? `${wrong} WRONG` : 'all as packed'}`);
    process.exit(wrong ? 1 : 0);
})();
