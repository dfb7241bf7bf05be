// SPDX-License-Identifier: BSD-2-Clause
// One HTTPS server with the paths of all products, and their configuration for
// a Kamailio that runs already.
import https from 'node:https';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const PORT = 9450;
export const BASE = `https://127.0.0.1:${PORT}`;
export const originOf = (product) => `https://${product.name}.example`;

export async function startServer(ca, products) {
	const paths = new Map(products.flatMap((p) => Object.entries(p.paths)));
	const seen = [];
	const server = https.createServer({ key: readFileSync(ca.key), cert: readFileSync(ca.cert) }, async (req, res) => {
		let body = '';
		for await (const chunk of req) body += chunk;
		seen.push({ path: req.url, method: req.method, authorization: req.headers.authorization });
		const answer = paths.get(req.url)?.({ form: new URLSearchParams(body) });
		res.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' });
		res.end(JSON.stringify(answer ?? {}));
	});
	await new Promise((done) => { server.listen(PORT, '127.0.0.1', done); });
	return { seen, stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }) };
}

// A line of a map's table: what the key claim says, the IMPI, the IMPUs.
const tableText = (rows) => rows.map((row) => `${row.join(', ')}\n`).join('');

/** The text of the sections; writes the files they name into dir. */
export function sectionsOf(products, { dir, ca }) {
	return products.map((p) => {
		for (const [name, content] of Object.entries(p.files)) {
			writeFileSync(join(dir, name), typeof content === 'string' ? content : tableText(content), { mode: 0o600 });
		}
		const own = typeof p.config === 'function' ? p.config(dir) : p.config;
		return `${own.replace(/^(iss = .*)$/m, `$1\nca_file = ${ca.caFile}`)}
[wwsf:${p.name}]
origin = ${originOf(p)}
issuer = ${p.name}
client_id = ${p.client}
impi = *@home1.net
impu = sip:*@home1.net, tel:+1555*
`;
	}).join('\n');
}
