// SPDX-License-Identifier: BSD-2-Clause
// A real Kamailio with tls.so and webrtc_auth, whose four UDP workers check
// tokens by the module bench_token; OpenSSL's memory is shared memory there.
// Addresses are fixed: run inside test/lab/in-netns.
import { execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const N = 4;
export const SLICE_MS = 200;
const LEAD_MS = 15; // from the order to the beginning
const PORT = 5060;

const sleep = (ms) => new Promise((r) => { setTimeout(r, ms); });
const sum = (v) => v.reduce((a, b) => a + b, 0);

// Not used: the tokens are checked under the benchmark's own.
const POLICY = `[issuer:home]
iss = https://waf.home1.net
jwks = file:/nonexistent
aud = epcscf
waf = waf@home1.net
domain = operator

[wwsf:shop]
origin = https://shop.example
issuer = home
client_id = shop
impi = *@home1.net
impu = sip:*@home1.net
`;

const script = (dir, ca, programs) => {
	const files = execFileSync('dpkg', ['-L', 'kamailio'], { encoding: 'utf8' });
	return `#!KAMAILIO
debug=1
log_stderror=yes
children=${N}
enable_tls=yes
auto_aliases=no
listen=udp:127.0.0.1:${PORT}
mpath="${dirname(files.split('\n').find((l) => l.endsWith('/modules/tm.so')))}"
loadmodule "tls.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "kex.so"
loadmodule "xhttp.so"
loadmodule "tcpops.so"
loadmodule "websocket.so"
loadmodule "${resolve(programs, '../../modules/webrtc_auth.so')}"
loadmodule "${resolve(programs, 'bench_token.so')}"
modparam("tls", "certificate", "${ca.cert}")
modparam("tls", "private_key", "${ca.key}")
modparam("webrtc_auth", "config", "${dir}/webrtc_auth.cfg")
modparam("bench_token", "dir", "${dir}")

request_route {
	bench_slice("$rU");
	$var(n) = $rc;
	sl_send_reply("200", "$var(n)");
}

event_route[xhttp:request] {
	xhttp_reply("404", "Not Found", "", "");
}
`;
};

// Four workers. One that took two of the four messages would be late for the
// second, which it says.
export class Workers {
	// programs: where bench_token.so is.
	async start(dir, ca, programs) {
		this.cfg = join(dir, 'kamailio.cfg');
		writeFileSync(join(dir, 'webrtc_auth.cfg'), POLICY);
		writeFileSync(this.cfg, script(dir, ca, programs));
		this.process = spawn('kamailio', ['-DD', '-E', '-m', '256', '-M', '16', '-f', this.cfg, '-Y', dir, '-P', join(dir, 'pid'), '-w', dir], { stdio: ['ignore', 'pipe', 'pipe'] });
		this.log = '';
		for (const s of [this.process.stdout, this.process.stderr]) s.on('data', (d) => { this.log += d; });
		this.exited = new Promise((r) => { this.process.on('exit', r); });
		this.socket = dgram.createSocket('udp4');
		this.socket.on('message', (d) => this.waiting.get(/^Call-ID: (\d+)/mi.exec(d)[1])?.(d.toString()));
		this.waiting = new Map();
		this.calls = 0;
		await new Promise((r) => { this.socket.bind(0, '127.0.0.1', r); });
		for (let i = 0; await this.#one('', '', 0, 0, 200).then(() => false, () => true); i++)
			if (i === 50) throw new Error(`Kamailio does not start\n${this.log}`);
	}

	#one(way, alg, from, until, ms = 5000) {
		const id = String(++this.calls);
		const port = this.socket.address().port;
		this.socket.send([`OPTIONS sip:${way}.${alg}.${from}.${until}@127.0.0.1 SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${id}`,
			'Max-Forwards: 9', `From: <sip:a@b>;tag=${id}`, 'To: <sip:b@b>', `Call-ID: ${id}`, 'CSeq: 1 OPTIONS', 'Content-Length: 0', '', ''].join('\r\n'), PORT, '127.0.0.1');
		return new Promise((ok, bad) => {
			const timer = setTimeout(() => bad(new Error(`no answer from a worker\n${this.log}`)), ms);
			this.waiting.set(id, (text) => {
				clearTimeout(timer);
				this.waiting.delete(id);
				ok(Number(/^SIP\/2.0 200 (-?\d+)/.exec(text)[1]));
			});
		});
	}

	async run(way, alg, from, until) {
		const got = await Promise.all(Array.from({ length: N }, () => this.#one(way, alg, from, until)));
		if (got.includes(-3)) throw new Error('OpenSSL does not use shared memory in the workers');
		if (got.includes(-5)) throw new Error(`${way} ${alg}: another verdict than it should be`);
		return got.some((n) => n <= 0) ? undefined : sum(got);
	}

	async stop() {
		this.process.kill('SIGTERM');
		await this.exited;
		this.socket.close();
	}
}

// One slice, again if a process was late.
export async function slice(who, way, alg) {
	for (let i = 0; i < 20; i++) {
		const from = process.hrtime.bigint() + BigInt(LEAD_MS * (i + 1)) * 1000000n;
		const n = await who.run(way, alg, from, from + BigInt(SLICE_MS) * 1000000n);
		if (n !== undefined) return n / (SLICE_MS / 1000);
		await sleep(20);
	}
	throw new Error(`no slice of ${way} ${alg} in twenty tries\n${who.log ?? ''}`);
}
