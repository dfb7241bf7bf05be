// SPDX-License-Identifier: BSD-2-Clause
// The lab's certification authority and the one certificate of its host.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const DAYS = '30';

function openssl(...args) {
	execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

const keyArgs = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function makeCa(at) {
	openssl('req', '-x509', ...keyArgs, '-days', DAYS, '-subj', '/CN=epcscf lab CA',
		'-addext', 'basicConstraints=critical,CA:TRUE',
		'-addext', 'keyUsage=critical,keyCertSign,cRLSign',
		'-keyout', at('ca.key'), '-out', at('ca.pem'));
}

/** Makes what is missing in dir/tls; returns the three file names. */
export function certificates(dir, host) {
	const base = path.join(dir, 'tls');
	const at = (name) => path.join(base, name);
	mkdirSync(base, { recursive: true, mode: 0o700 });
	if (!existsSync(at('ca.pem')))
		makeCa(at);
	const names = ['DNS:localhost', 'IP:127.0.0.1',
		net.isIP(host) ? `IP:${host}` : `DNS:${host}`];
	writeFileSync(at('server.ext'), [
		`subjectAltName=${[...new Set(names)].join(',')}`,
		'basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature',
		'extendedKeyUsage=serverAuth', ''].join('\n'));
	openssl('req', ...keyArgs, '-subj', `/CN=${host}`,
		'-keyout', at('server.key'), '-out', at('server.csr'));
	openssl('x509', '-req', '-in', at('server.csr'), '-CA', at('ca.pem'),
		'-CAkey', at('ca.key'), '-CAcreateserial', '-days', DAYS,
		'-extfile', at('server.ext'), '-out', at('server.pem'));
	chmodSync(at('server.key'), 0o600);
	return { ca: at('ca.pem'), cert: at('server.pem'), key: at('server.key') };
}
