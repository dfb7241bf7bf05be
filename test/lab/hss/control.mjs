// SPDX-License-Identifier: BSD-2-Clause
// The HSS's control port: one JSON object per line in, one per line out.
//
//   {"cmd":"peers"}                                  names and states of the CSCFs
//   {"cmd":"counters"}                               messages by name, since the start
//   {"cmd":"show","impi":"…"} | {"cmd":"show"}       registration states
//   {"cmd":"set","impi":"…","values":{…}}            change or add a subscription
//   {"cmd":"forget","impi":"…"}                      lose a registration, as after a crash
//   {"cmd":"rtr","impi":"…","reason":0,"impus":[…]}  deregister from the network's side
//   {"cmd":"ppr","impi":"…"}                         push profile and list
//   {"cmd":"option","name":"listInNoAssignment","value":false}
//   {"cmd":"fault","request":"SAR","drop":true | "delay_ms":n | "result":5012,"times":n}
//   {"cmd":"fault","request":"SAR","times":0}        end a fault
import net from 'node:net';
import readline from 'node:readline';

function commands(hss) {
	const { subscribers, peers, cx, counters, faults } = hss;
	return {
		peers: () => peers.map((p) => ({ name: p.name, state: p.state })),
		counters: () => counters,
		show: ({ impi }) => (impi ? subscribers.impi(impi)?.summary ?? null
			: [...subscribers.byImpi.values()].map((s) => s.summary)),
		set: ({ impi, values }) => subscribers.set(impi, values).summary,
		forget({ impi }) {
			const found = subscribers.impi(impi);
			found.forget();
			return found.summary;
		},
		rtr: (command) => cx.rtr(peers, command),
		ppr: (command) => cx.ppr(peers, command),
		option({ name, value }) {
			if (!(name in cx.options))
				throw new Error(`no option ${name}`);
			cx.options[name] = value;
			return cx.options;
		},
		fault({ request, drop, delay_ms, result, experimental, times = Infinity }) {
			if (times > 0)
				faults.set(request, { drop, delay_ms, result, experimental, times });
			else
				faults.delete(request);
			return { faults: [...faults.keys()] };
		},
	};
}

async function reply(table, line) {
	try {
		const command = JSON.parse(line);
		if (!Object.hasOwn(table, command.cmd))
			throw new Error(`no command ${command.cmd}`);
		return { ok: true, value: await table[command.cmd](command) };
	} catch (error) {
		return { ok: false, error: error.message };
	}
}

/** Listens on host:port; resolves with the server when it does. */
export function listen(hss, { host, port }) {
	const table = commands(hss);
	const server = net.createServer((socket) => {
		socket.on('error', () => {});
		readline.createInterface({ input: socket }).on('line', async (line) => {
			socket.write(`${JSON.stringify(await reply(table, line))}\n`);
		});
	});
	return new Promise((resolve, reject) => {
		server.on('error', reject);
		server.listen(port, host, () => resolve(server));
	});
}

/** One command to a running HSS; resolves with its value. */
export function ask({ host, port }, command) {
	return new Promise((resolve, reject) => {
		const socket = net.connect({ host, port });
		socket.setTimeout(10000, () => socket.destroy(new Error('HSS control: no answer')));
		socket.on('error', reject);
		socket.on('connect', () => socket.write(`${JSON.stringify(command)}\n`));
		readline.createInterface({ input: socket }).once('line', (line) => {
			socket.end();
			const { ok, value, error } = JSON.parse(line);
			if (ok)
				resolve(value);
			else
				reject(new Error(error));
		}).on('error', reject);
	});
}
