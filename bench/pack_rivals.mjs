// The rivals of bench/pack-rivals: npm's maxrects-packer (places only) and free-tex-packer-core (reading to writing).
// Usage: node pack_rivals.mjs MODULES maxrects|freetex SIZES|LIST
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const [, , modules, kind, input] = process.argv;
const say = (name, pages, used, ms) => {
    const area = pages.reduce((sum, p) => sum + p.width * p.height, 0);
    console.log(`${name.padEnd(34)} ${pages.map((p) => `${p.width}x${p.height}`).join(' ').padEnd(12)} ${(100 * used / area).toFixed(2).padStart(6)} %  ${ms.toFixed(0).padStart(6)} ms`);
};

if (kind === 'maxrects') { // by path: the package cannot be required or imported by name on Node 20
    const dist = path.resolve(modules, 'maxrects-packer/dist');
    const file = fs.readdirSync(dist).find((f) => f.endsWith('.mjs'));
    const { MaxRectsPacker } = await import(pathToFileURL(path.join(dist, file)));
    const sizes = fs.readFileSync(input, 'utf8').trim().split('\n').map((l) => l.split(' ').map(Number));
    const used = sizes.reduce((sum, [w, h]) => sum + w * h, 0);
    for (const [name, options] of [['smart', { smart: true, square: false }], ['square', { smart: true, square: true }]]) {
        let best = Infinity, pages;
        for (let run = 0; run < 5; run++) {
            const packer = new MaxRectsPacker(2048, 2048, 0, { pot: false, allowRotation: false, ...options });
            const begun = process.cpuUsage();
            packer.addArray(sizes.map(([width, height]) => ({ width, height, x: 0, y: 0 })));
            const spent = process.cpuUsage(begun);
            best = Math.min(best, (spent.user + spent.system) / 1000);
            pages = packer.bins.map((b) => ({ width: b.width, height: b.height }));
        }
        say(`maxrects-packer ${name}, places`, pages, used, best);
    }
} else {
    const require = createRequire(path.resolve(modules, 'x.js'));
    const { packAsync } = require('free-tex-packer-core');
    const files = fs.readFileSync(input, 'utf8').trim().split('\n');
    for (const packer of process.env.SLOW_RIVALS ? ['MaxRectsBin', 'OptimalPacker'] : ['MaxRectsBin']) {
        const begun = process.cpuUsage();
        const images = files.map((f) => ({ path: f, contents: fs.readFileSync(f) }));
        const result = await packAsync(images, { textureName: 'x', width: 2048, height: 2048, padding: 0, allowRotation: false, detectIdentical: false, allowTrim: true, packer, exporter: 'JsonHash' });
        const spent = process.cpuUsage(begun);
        const json = result.filter((r) => r.name.endsWith('.json')).map((r) => JSON.parse(r.buffer));
        const used = json.reduce((sum, j) => sum + Object.values(j.frames).reduce((s, f) => s + f.frame.w * f.frame.h, 0), 0);
        say(`free-tex-packer ${packer}, all`, json.map((j) => ({ width: j.meta.size.w, height: j.meta.size.h })), used, (spent.user + spent.system) / 1000);
    }
}
