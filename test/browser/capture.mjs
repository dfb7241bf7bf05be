// SPDX-License-Identifier: BSD-2-Clause
// What went over the wires between the nodes, as events: a live tshark on the
// loopback of this network namespace. SIP of the core (Mw), Diameter (Cx) and
// the gateway's control (ng); the browser's side comes from the browser itself
// (frames.mjs), for on the wire it is encrypted.
import { spawn, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import readline from 'node:readline';

const FIELDS = ['frame.time_epoch', 'ip.src', 'ip.dst', 'udp.srcport', 'udp.dstport', 'tcp.srcport', 'tcp.dstport',
	'sip.Request-Line', 'sip.Status-Line', 'sip.CSeq', 'sip.Call-ID',
	'diameter.cmd.code', 'diameter.flags.request', 'diameter.Result-Code', 'diameter.Experimental-Result-Code',
	'udp.payload', 'frame.number'];
const CX = { 300: 'UA', 301: 'SA', 302: 'LI', 303: 'MA', 304: 'RT', 305: 'PP', 257: 'CE', 280: 'DW', 282: 'DP' };
const SEPARATOR = '\x1f';

export function decodeAs({ sip, diameter }) {
	return [...sip.flatMap((p) => ['-d', `udp.port==${p},sip`, '-d', `tcp.port==${p},sip`]),
		...diameter.flatMap((p) => ['-d', `tcp.port==${p},diameter`])];
}

// {file, ports: {sip: [], diameter: [], ng: [], tls: []}, onEvent} -> {stop()}
export async function startCapture({ file, ports, onEvent }) {
	const filter = [...ports.sip, ...ports.diameter, ...ports.ng, ...(ports.tls ?? [])].map((p) => `port ${p}`).join(' or ');
	const tshark = spawn('tshark', ['-i', 'lo', '-f', filter, '-w', file, '-P', '-l', '-n', ...decodeAs(ports),
		'-o', 'tcp.desegment_tcp_streams:TRUE', '-T', 'fields', '-E', `separator=${SEPARATOR}`, '-E', 'occurrence=f',
		...FIELDS.flatMap((f) => ['-e', f])], { stdio: ['ignore', 'pipe', 'pipe'] });
	const errors = [];
	const capturing = new Promise((resolve, reject) => {
		readline.createInterface({ input: tshark.stderr }).on('line', (line) => {
			errors.push(line);
			if (/^Capturing on/.test(line)) resolve();
		});
		tshark.on('error', reject);
		tshark.on('exit', (code) => reject(new Error(`tshark ended with ${code}: ${errors.join(' | ')}`)));
	});
	let onMark = () => {};
	const mark = randomBytes(8).toString('hex');
	readline.createInterface({ input: tshark.stdout }).on('line', (line) => {
		if (line.includes(mark)) onMark();
		const event = eventOf(line.split(SEPARATOR), ports);
		if (event) onEvent(event);
	});
	await capturing;
	return {
		async stop() {
			if (tshark.exitCode !== null) return;
			const ended = once(tshark, 'exit');
			// What is on the wire before this mark is in the file behind it.
			const marked = new Promise((done) => { onMark = done; setTimeout(done, 2000).unref(); });
			const socket = createSocket('udp4');
			socket.send(Buffer.from(mark, 'hex'), ports.sip[0], '127.0.0.99', () => socket.close());
			await marked;
			tshark.kill('SIGINT');
			await ended;
		},
	};
}

function eventOf(f, ports) {
	const [time, src, dst, usport, udport, tsport, tdport, request, status, cseq, callId, code, isRequest,
		result, experimental, payload, frame] = f;
	const event = { t: Number(time) * 1000, src, dst, sport: Number(usport || tsport), dport: Number(udport || tdport), frame: Number(frame), callId };
	if (request || status) {
		const method = cseq?.split(' ')[1] ?? '';
		const [, answered, ...reason] = (status ?? '').split(' ');
		// Some write a sentence into the reason of a 100.
		const label = request ? request.split(' ')[0] : `${answered} ${answered === '100' ? 'Trying' : reason.join(' ')} (${method})`;
		return { ...event, protocol: 'sip', label, method, status: status ? Number(status.split(' ')[1]) : 0 };
	}
	if (code) {
		if (code === '280') return null;
		const name = `${CX[code] ?? code}${isRequest === 'True' || isRequest === '1' ? 'R' : 'A'}`;
		return { ...event, protocol: 'diameter', label: name + (result || experimental ? ` ${result || experimental}` : '') };
	}
	if (payload && (ports.ng.includes(event.sport) || ports.ng.includes(event.dport))) {
		const text = Buffer.from(payload, 'hex').toString('latin1');
		const command = bencoded(text, 'command');
		const answer = bencoded(text, 'result');
		if (command === 'ping' || answer === 'pong') return null;
		return { ...event, protocol: 'ng', label: `ng ${command ?? answer ?? '?'}` };
	}
	return null;
}

// The string under this key of a bencoded dictionary.
function bencoded(text, key) {
	const found = text.match(new RegExp(`${key.length}:${key}(\\d+):`));
	return found?.[1] && text.substr(found.index + found[0].length, Number(found[1]));
}

// Rows of `fields` of the packets in `file` that match `filter`.
export function readCapture(file, ports, filter, fields) {
	const text = execFileSync('tshark', ['-r', file, '-n', ...decodeAs(ports), '-Y', filter, '-T', 'fields',
		'-E', `separator=${SEPARATOR}`, '-E', 'occurrence=f', ...fields.flatMap((f) => ['-e', f])],
	{ encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'ignore'] });
	return text.split('\n').filter(Boolean).map((line) => {
		const values = line.split(SEPARATOR);
		return Object.fromEntries(fields.map((f, i) => [f, values[i]]));
	});
}

// The SIP messages of the capture as text, headers and body as on the wire.
export function sipMessages(file, ports, filter) {
	const rows = execFileSync('tshark', ['-r', file, '-n', ...decodeAs(ports), '-Y', `sip && (${filter})`, '-T', 'fields',
		'-E', `separator=${SEPARATOR}`, '-E', 'occurrence=f', '-e', 'ip.src', '-e', 'ip.dst', '-e', 'udp.payload', '-e', 'tcp.payload', '-e', 'tcp.reassembled.data'],
	{ encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'ignore'] });
	return rows.split('\n').filter(Boolean).map((line) => {
		const [src, dst, udp, tcp, reassembled] = line.split(SEPARATOR);
		return { src, dst, text: Buffer.from(udp || reassembled || tcp || '', 'hex').toString('utf8') };
	});
}
