// SPDX-License-Identifier: BSD-2-Clause
// A throw-away CA and a server certificate under it, by the openssl program.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function makeCa(names = ['localhost'], addresses = ['127.0.0.1']) {
	const dir = mkdtempSync(join(tmpdir(), 'epcscf-ca-'));
	const file = (name) => join(dir, name);
	const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
	const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
	openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2',
		'-subj', '/CN=epcscf test CA');
	openssl('req', ...ec, '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${names[0]}`);
	writeFileSync(file('ext'), `subjectAltName=${[...names.map((n) => `DNS:${n}`),
		...addresses.map((a) => `IP:${a}`)].join(',')}\n`);
	openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key',
		'-CAcreateserial', '-out', 'server.crt', '-days', '2', '-extfile', 'ext');
	return {
		dir, caFile: file('ca.crt'), ca: readFileSync(file('ca.crt')),
		cert: file('server.crt'), key: file('server.key'),
		remove: () => rmSync(dir, { recursive: true, force: true }),
	};
}
