// SPDX-License-Identifier: BSD-2-Clause
// The same token checked in four UDP workers of a real Kamailio with tls.so
// loaded (each OPENSSL_malloc there is a shm_malloc under one lock), and in
// four plain processes by bare OpenSSL: which is what the lock, and all we do
// besides the signature, cost together. The ways take turns in short slices of
// one run on the same cores; within a slice all four begin and end at the same
// moment. Figures: medians of the ratios of neighbouring slices.
// Run inside test/lab/in-netns. Arguments: the file of figures that gets ours
// added, the directory of module and program.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { makeCa } from '../../node/ca.mjs';
import { N, slice, Workers } from './kamailio.mjs';

const SLICES = 25;
const GOAL = 0.7;
const [out, dirOfPrograms] = process.argv.slice(2);

const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
const sum = (v) => v.reduce((a, b) => a + b, 0);

// Four processes for each algorithm.
class Plain {
	start(dir) {
		this.all = {};
		for (const alg of ['ES256', 'RS256'])
			this.all[alg] = Array.from({ length: N }, () => {
				const p = spawn(resolve(dirOfPrograms, 'plain'), [alg, join(dir, `${alg}.token`)], { stdio: ['pipe', 'pipe', 'inherit'] });
				return { p, lines: createInterface({ input: p.stdout })[Symbol.asyncIterator]() };
			});
	}

	async run(way, alg, from, until) {
		const got = await Promise.all(this.all[alg].map(async ({ p, lines }) => {
			p.stdin.write(`${way} ${from} ${until}\n`);
			return Number((await lines.next()).value);
		}));
		return got.some((n) => n <= 0) ? undefined : sum(got);
	}

	stop() { for (const { p } of Object.values(this.all).flat()) p.stdin.end(); }
}

const dir = mkdtempSync(join(tmpdir(), 'epcscf-bench-'));
const ca = makeCa();
const workers = new Workers(), plain = new Plain();
const figures = [];
try {
	for (const alg of ['ES256', 'RS256'])
		execFileSync(resolve(dirOfPrograms, 'plain'), [alg, join(dir, `${alg}.token`)], { input: '' });
	await workers.start(dir, ca, dirOfPrograms);
	plain.start(dir);
	const ways = [['ours in a worker', workers, 'ours'], ['EVP outside', plain, 'evp'], ['EVP in a worker', workers, 'evp'], ['ours outside', plain, 'ours']];
	console.log(`\n${N} processes at once, per second\n${'alg'.padEnd(6)}${ways.map(([w]) => w.padStart(18)).join('')}${'in_worker_vs_evp'.padStart(18)}`);
	const ratios = [];
	for (const alg of ['ES256', 'RS256']) {
		const rate = ways.map(() => []);
		for (const [, who, way] of ways) await slice(who, way, alg); // warm
		for (let s = 0; s < SLICES; s++)
			for (const [i, [, who, way]] of ways.entries()) rate[i].push(await slice(who, way, alg));
		const ratio = median(rate[0].map((r, i) => r / rate[1][i]));
		ratios.push(ratio);
		console.log(alg.padEnd(6) + rate.map((r) => median(r).toFixed(0).padStart(18)).join('') + ratio.toFixed(2).padStart(18));
		const name = alg.toLowerCase();
		figures.push({ name: `${name}_in_worker_vs_evp`, value: ratio, unit: 'ratio', against: `OpenSSL EVP_DigestVerify in ${N} processes outside`, goal: GOAL },
			{ name: `${name}_in_worker_verify`, value: median(rate[0]), unit: 'per second', against: '', goal: null },
			{ name: `${name}_evp_in_worker_vs_outside`, value: median(rate[2].map((r, i) => r / rate[1][i])), unit: 'ratio', against: `OpenSSL EVP_DigestVerify in ${N} processes outside`, goal: null });
	}
	figures.unshift({ name: 'in_worker_vs_evp', value: Math.min(...ratios), unit: 'ratio', against: `the smaller of ES256 and RS256; OpenSSL EVP_DigestVerify in ${N} processes outside`, goal: GOAL });
} finally {
	plain.stop();
	await workers.stop();
	ca.remove();
	rmSync(dir, { recursive: true, force: true });
}
const all = JSON.parse(readFileSync(out, 'utf8'));
all.push(...figures.map((f) => ({ ...f, value: Number(f.value.toFixed(3)) })));
writeFileSync(out, `[\n${all.map((f) => `  ${JSON.stringify(f)}`).join(',\n')}\n]\n`);
