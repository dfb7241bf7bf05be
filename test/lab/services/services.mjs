// SPDX-License-Identifier: BSD-2-Clause
// Services behind the lab's core, each a registered user: node services.mjs --config file.json
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Phone } from '../numbers/phone.mjs';
import { behaviours } from './behaviours.mjs';

export function logLine(event, fields = {}) {
	const rest = Object.entries(fields).filter(([, v]) => v !== undefined).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
	console.log([new Date().toISOString(), 'services', event, ...rest].join(' '));
}

export class Services {
	static async start(config, log = logLine) {
		const services = new Services();
		Object.assign(services, { config, phones: [], notifiers: [] });
		for (const [i, service] of config.services.entries()) {
			const { name, does } = service;
			if (!behaviours[does]) throw new Error(`${name}: no such behaviour "${does}"`);
			const phone = await Phone.start({ hosts: config.hosts, proxy: config.proxy, domain: config.domain,
				host: config.listen.host, port: config.listen.port && config.listen.port + i,
				expires_s: config.expires_s, impu: `sip:${name}@${config.domain}`, ...service });
			phone.allow += ', SUBSCRIBE, REFER';
			const tell = (event, fields) => log(event, { service: name, ...fields });
			const notifier = behaviours[does](phone, { ...service, log: tell });
			if (notifier) services.notifiers.push(notifier);
			services.phones.push(phone);
			if (config.register) phone.stayRegistered((event, detail) => tell(event, { detail }));
		}
		return services;
	}

	async stop() {
		// Who does not answer is not waited for.
		const limit = new Promise((done) => { setTimeout(done, 300).unref(); });
		await Promise.race([Promise.all(this.notifiers.map((notifier) => notifier.stop())), limit]);
		await Promise.all(this.phones.map((phone) => phone.stop()));
	}
}

async function main() {
	const { values } = parseArgs({ options: { config: { type: 'string' } } });
	if (!values.config) throw new Error('use: node services.mjs --config file.json');
	const services = await Services.start(JSON.parse(readFileSync(values.config, 'utf8')));
	for (const signal of ['SIGTERM', 'SIGINT']) {
		process.once(signal, () => services.stop().then(() => process.exit(0)));
	}
	console.log(`ready services ${services.phones.map((p) => `${p.impu}=${p.endpoint.sentBy}`).join(' ')}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	main().catch((error) => {
		console.error(`services: ${error.message}`);
		process.exit(1);
	});
}
