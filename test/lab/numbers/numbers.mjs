// SPDX-License-Identifier: BSD-2-Clause
// The announcement numbers: node numbers.mjs --config file.json
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { dtmfPair, sequence, silence, tone } from './dsp.mjs';
import { Phone } from './phone.mjs';

const CALL_MAX_S = 300;
const READ_BACK_PAUSE_MS = 1500;

export function logLine(event, fields = {}) {
	const rest = Object.entries(fields).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
	console.log([new Date().toISOString(), 'numbers', event, ...rest].join(' '));
}

// Audible DTMF, so that ears and tests can both read it: 250 ms tone, 150 ms pause.
export function readBack(keys, done) {
	return sequence([...keys].flatMap((key) => [
		{ source: tone(dtmfPair(key), 6000), ms: 250 }, { source: silence(), ms: 150 }]), done);
}

const behaviours = {
	async echo(call) {
		await call.answer();
		if (call.rtp) call.rtp.echo = true;
	},

	async tone(call, number) {
		await call.answer({ tone_hz: number.hz ?? 440 });
	},

	// A short high tone says "speak"; keys are read back after a pause.
	async digits(call, number, log) {
		let keys = '';
		let timer;
		const read = () => {
			log('read-back', { keys });
			if (call.state !== 'ended') call.play(readBack(keys));
			keys = '';
		};
		call.on('digit', (key) => {
			keys += key;
			clearTimeout(timer);
			timer = setTimeout(read, number.pause_ms ?? READ_BACK_PAUSE_MS);
		});
		call.on('ended', () => clearTimeout(timer));
		await call.answer({ source: sequence([{ source: tone(880), ms: 200 }]) });
	},
};

export class Numbers {
	static async start(config, log = logLine) {
		const numbers = new Numbers();
		Object.assign(numbers, { config, log, phones: [] });
		for (const [i, number] of config.numbers.entries()) {
			if (!behaviours[number.does]) throw new Error(`${number.number}: no such behaviour "${number.does}"`);
			const phone = await Phone.start({ hosts: config.hosts, proxy: config.proxy, domain: config.domain,
				host: config.listen.host, port: config.listen.port && config.listen.port + i,
				expires_s: config.expires_s, impu: `sip:${number.number}@${config.domain}`, ...number });
			phone.onCall = (call) => numbers.take(call, number);
			numbers.phones.push(phone);
			if (config.register) {
				phone.stayRegistered((event, detail) => log(event, { number: number.number, detail }));
			}
		}
		return numbers;
	}

	async take(call, number) {
		const tell = (event, more) => this.log(event, { number: number.number, ...more });
		const limit = setTimeout(() => call.hangup(), (this.config.max_call_s ?? CALL_MAX_S) * 1000);
		tell('call', { from: call.from });
		call.on('ended', (why) => {
			clearTimeout(limit);
			tell('ended', { why, sent: call.rtp?.sent_n, received: call.rtp?.received_n });
		});
		await behaviours[number.does](call, number, tell);
	}

	async stop() {
		await Promise.all(this.phones.map((phone) => phone.stop()));
	}
}

async function main() {
	const { values } = parseArgs({ options: { config: { type: 'string' } } });
	if (!values.config) throw new Error('use: node numbers.mjs --config file.json');
	const numbers = await Numbers.start(JSON.parse(readFileSync(values.config, 'utf8')));
	for (const signal of ['SIGTERM', 'SIGINT']) {
		process.once(signal, () => numbers.stop().then(() => process.exit(0)));
	}
	console.log(`ready numbers ${numbers.phones.map((p) => `${p.impu}=${p.endpoint.sentBy}`).join(' ')}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	main().catch((error) => {
		console.error(`numbers: ${error.message}`);
		process.exit(1);
	});
}
