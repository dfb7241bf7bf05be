// SPDX-License-Identifier: BSD-2-Clause
// A stand-in for the signalling core in tests of the clients alone: one proxy
// with a registrar, over UDP and (where asked) over secure WebSockets. It adds
// Record-Route, keeps every message it sees, and answers as `policy` says.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { WebSocketServer } from 'ws';
import { Message, parseAddress, parseUri } from '../lab/numbers/message.mjs';

const derived = (branch) => `z9hG4bK${createHash('md5').update(branch).digest('hex')}`;

export class Edge {
	// policy: {origin, register(request, peer) -> undefined | [status, reason, fields, closeCode],
	//          request(request, peer) -> undefined | [status, reason, fields]}
	static async start({ tls, policy = {} } = {}) {
		const edge = new Edge();
		Object.assign(edge, { policy, contacts: new Map(), peers: new Set(), ways: new Map(), seen: [] });
		await edge.openUdp();
		if (tls) await edge.openWss(tls);
		return edge;
	}

	async openUdp() {
		this.udp = createSocket('udp4');
		this.udp.on('message', (data, from) => this.receive(data, this.udpPeer(from.address, from.port)));
		await new Promise((done) => { this.udp.bind(0, '127.0.0.1', done); });
		this.port = this.udp.address().port;
	}

	udpPeer(host, port) {
		return { kind: 'udp', key: `${host}:${port}`, send: (text) => this.udp.send(text, port, host) };
	}

	async openWss(tls, port = 0) {
		this.https = createServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) },
			(req, res) => res.writeHead(404).end());
		this.wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'sip' });
		this.https.on('upgrade', (req, socket, head) => {
			if (![this.policy.origin ?? req.headers.origin].flat().includes(req.headers.origin)) {
				socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
				return;
			}
			this.wss.handleUpgrade(req, socket, head, (ws) => this.join(ws));
		});
		await new Promise((done) => { this.https.listen(port, '127.0.0.1', done); });
		this.wssPort = this.https.address().port;
	}

	join(ws) {
		const peer = { kind: 'ws', ws, send: (text) => ws.readyState === 1 && ws.send(text) };
		this.peers.add(peer);
		ws.on('message', (data) => this.receive(data, peer));
		ws.on('close', () => this.peers.delete(peer));
		ws.on('error', () => {});
	}

	async closeWss() {
		for (const { ws } of this.peers) ws.terminate();
		await new Promise((done) => {
			this.https.close(done);
			this.https.closeAllConnections();
		});
	}

	async stop() {
		this.udp.close();
		if (this.https?.listening) await this.closeWss();
	}

	// Messages of a method, oldest first.
	requests(method) {
		return this.seen.filter(({ message }) => message.method === method).map(({ message }) => message);
	}

	receive(data, peer) {
		if (data.toString().trim() === '') return;
		const message = Message.parse(data);
		if (!message) throw new Error(`not SIP: ${data}`);
		this.seen.push({ message: Message.parse(data), peer });
		if (message.status) this.passResponse(message);
		else if (message.method === 'REGISTER') this.register(message, peer);
		else this.passRequest(message, peer);
	}

	reply(peer, request, [status, reason, fields = []]) {
		const answer = request.reply(status, reason, 'edge');
		for (const [name, value] of fields) answer.add(name, value);
		peer.send(answer.toString());
	}

	register(request, peer) {
		const verdict = this.policy.register?.(request, peer);
		if (verdict) {
			this.reply(peer, request, verdict);
			if (verdict[3]) setTimeout(() => peer.ws.close(verdict[3], verdict[1]), 20);
			return;
		}
		const contact = parseAddress(request.get('Contact'));
		const expires = Number(contact.params.expires ?? request.get('Expires'));
		const user = parseUri(parseAddress(request.get('To')).uri).user;
		if (expires) this.contacts.set(user, { uri: contact.uri, peer });
		else this.contacts.delete(user);
		this.reply(peer, request, [200, 'OK', [
			['Contact', request.get('Contact').replace(/;expires=\d+/, `;expires=${expires}`)],
			['Service-Route', `<sip:127.0.0.1:${this.port};lr>`]]]);
	}

	passRequest(request, peer) {
		const verdict = request.method !== 'ACK' && this.policy.request?.(request, peer);
		if (verdict) return this.reply(peer, request, verdict);
		const incoming = request.via.params.branch;
		while (request.get('Route')?.includes(`:${this.port}`)) {
			request.fields.splice(request.fields.findIndex(([n]) => n === 'Route'), 1);
		}
		const to = this.find(request.uri);
		if (!to) return request.method === 'ACK' ? undefined : this.reply(peer, request, [404, 'Not Found']);
		const branch = derived(incoming);
		this.ways.set(branch, peer);
		request.start = `${request.method} ${to.uri} SIP/2.0`;
		if (!request.toTag) request.fields.unshift(['Record-Route', `<sip:127.0.0.1:${this.port};lr>`]);
		request.fields = request.fields.filter(([n]) => n !== 'Authorization');
		request.fields.unshift(['Via', `SIP/2.0/${to.peer.kind === 'ws' ? 'WSS' : 'UDP'} 127.0.0.1:${this.port};branch=${branch}`]);
		request.body = request.octets; // which need not be any text
		return to.peer.send(request.toBuffer());
	}

	find(uri) {
		const { user, host, port } = parseUri(uri);
		const byContact = [...this.contacts.values()].find((c) => parseUri(c.uri).host === host
			&& parseUri(c.uri).user === user && parseUri(c.uri).port === port);
		if (byContact) return { ...byContact, uri };
		if (/^127\./.test(host)) return { uri, peer: this.udpPeer(host, port) };
		return this.contacts.get(user);
	}

	passResponse(response) {
		const peer = this.ways.get(response.via.params.branch);
		response.fields.splice(response.fields.findIndex(([n]) => n.toLowerCase() === 'via'), 1);
		peer?.send(response.toString());
	}
}
