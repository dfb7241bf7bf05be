#!/usr/bin/env node
// SPDX-License-Identifier: BSD-2-Clause
// HSS stub: answers Cx for the lab's I-CSCF and S-CSCF.
//
//   hss.mjs --config hss.json       run; prints "ready" when every peer is open
//   hss.mjs --selftest              Milenage against TS 35.208 test set 1
//
// It connects to the CSCFs' acceptors, so that no host name has to resolve.
// The applications are a list: each has an id, what it advertises in the CER,
// and answer(message, peer). Rx (PCRF) and Rf (CDF) are further entries.
import { openSync, readFileSync, writeSync } from 'node:fs';
import { Peer, avp, commandName, describe } from './diameter.mjs';
import { Subscribers } from './subscribers.mjs';
import { cx as cxApplication } from './cx.mjs';
import { listen } from './control.mjs';
import { selfTest } from './milenage.mjs';

/**
 * Writes one JSON line per message, at once: who sees an effect of an answer
 * on the wire finds the message in the log.
 */
function messageLog(file) {
	const out = openSync(file, 'a');
	return (peer, direction, message) => writeSync(out, `${JSON.stringify({
		time: new Date().toISOString(), peer: peer.name, direction,
		...describe(message) })}\n`);
}

const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** The planned misbehaviour for this request, if any; counts it down. */
function takeFault(faults, name) {
	const fault = faults.get(name);
	if (fault && --fault.times <= 0)
		faults.delete(name);
	return fault;
}

async function serve(hss, peer, message) {
	const app = hss.applications.find((a) => a.id === message.app);
	const fault = takeFault(hss.faults, commandName(message));
	if (fault?.drop)
		return;
	if (fault?.delay_ms)
		await later(fault.delay_ms);
	if (!app)
		peer.answer(message, [avp('Result-Code', 3007)]);
	else if (fault?.result)
		peer.answer(message, app.override(fault.result, fault.experimental));
	else
		peer.answer(message, app.answer(message, peer));
}

function addPeer(hss, config, log, { name, host, port }) {
	const peer = new Peer({ name, host, port, localAddress: config.address,
		identity: { host: config.host, realm: config.realm, address: config.address,
			applications: hss.applications } });
	const count = (message) => {
		const key = commandName(message);
		hss.counters[key] = (hss.counters[key] ?? 0) + 1;
	};
	peer.on('received', (message) => { count(message); log(peer, 'in', message); });
	peer.on('sent', (message) => { count(message); log(peer, 'out', message); });
	peer.on('request', (message) => serve(hss, peer, message));
	peer.on('open', () => {
		console.log(`peer ${name} open`);
		if (hss.peers.every((p) => p.state === 'open'))
			console.log('ready');
	});
	peer.on('closed', () => console.log(`peer ${name} closed`));
	hss.peers.push(peer);
}

async function run(config) {
	const subscribers = new Subscribers(config.subscribers);
	const cx = cxApplication(subscribers);
	const hss = { subscribers, cx, applications: [cx], peers: [],
		counters: {}, faults: new Map() };
	const log = messageLog(config.messages);
	for (const entry of config.peers)
		addPeer(hss, config, log, entry);
	await listen(hss, config.control);
	for (const peer of hss.peers)
		peer.start();
	const stop = async () => {
		await Promise.all(hss.peers.map((p) => p.close()));
		process.exit(0);
	};
	process.on('SIGTERM', stop);
	process.on('SIGINT', stop);
}

const [option, file] = process.argv.slice(2);
if (option === '--selftest') {
	const wrong = selfTest();
	console.log(wrong.length ? `Milenage: wrong ${wrong.join(', ')}` : 'Milenage: ok');
	process.exit(wrong.length ? 1 : 0);
} else if (option === '--config' && file) {
	await run(JSON.parse(readFileSync(file, 'utf8')));
} else {
	console.error('hss.mjs --config FILE | --selftest');
	process.exit(2);
}
