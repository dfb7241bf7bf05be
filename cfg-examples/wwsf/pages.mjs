// SPDX-License-Identifier: BSD-2-Clause
// The files a browser gets, read once at start, and the headers they carry.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const TYPES = {
	'.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
};

// JsSIP ships CommonJS; a browser wants one module.
function bundleJsSip() {
	const { outputFiles } = buildSync({
		stdin: { contents: "import JsSIP from 'jssip'; export default JsSIP;", resolveDir: HERE },
		bundle: true, format: 'esm', platform: 'browser', minify: true, write: false,
		target: 'es2020', legalComments: 'inline', logLevel: 'silent',
	});
	return Buffer.from(outputFiles[0].contents);
}

// Inline scripts are allowed by their hash, never by 'unsafe-inline'.
function scriptHashes(html) {
	return [...html.matchAll(/<script\b[^>]*>([^]+?)<\/script>/g)].map(([, text]) => (
		`'sha256-${createHash('sha256').update(text).digest('base64')}'`)).join(' ');
}

// A policy can name no IPv6 address (CSP 3, 2.3.1): there it is the port alone.
const nameable = (host) => host.replace(/^\[.*\]/, '*');

function policy(site, hashes) {
	const hosts = new Set([site.epcscf.url, ...Object.values(site.epcscf.plmn ?? {})].map((url) => nameable(new URL(url).host)));
	// https as well as wss: epcscf.js asks both to tell what is wrong.
	const edge = [...hosts].map((host) => `wss://${host} https://${host}`).join(' ');
	return ["default-src 'none'", `script-src 'self' ${hashes}`.trim(), "style-src 'self'",
		"img-src 'self' data:", "media-src 'self' blob: mediastream:", `connect-src 'self' ${edge}`,
		"form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"].join('; ');
}

export function commonHeaders(site, hashes = '') {
	return {
		'Content-Security-Policy': policy(site, hashes),
		'Cross-Origin-Opener-Policy': 'same-origin',
		'Cross-Origin-Resource-Policy': 'same-origin',
		'Permissions-Policy': 'microphone=(self), camera=(self), geolocation=()',
		'Referrer-Policy': 'same-origin',
		'X-Content-Type-Options': 'nosniff',
		'X-Frame-Options': 'DENY',
		...(site.hsts_s && { 'Strict-Transport-Security': `max-age=${site.hsts_s}` }),
	};
}

export function loadPages(site) {
	const pages = new Map();
	const add = (path, body) => {
		const type = TYPES[extname(path)];
		const hashes = type.startsWith('text/html') ? scriptHashes(body.toString()) : '';
		pages.set(path, { body, headers: { ...commonHeaders(site, hashes), 'Content-Type': type,
			'Cache-Control': 'no-cache',
			ETag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 20)}"` } });
	};
	for (const name of readdirSync(join(HERE, 'public'))) {
		if (TYPES[extname(name)]) add(`/${name}`, readFileSync(join(HERE, 'public', name)));
	}
	add('/jssip.js', bundleJsSip());
	pages.set('/', pages.get('/index.html'));
	return pages;
}

export function sendPage(page, req, res) {
	if (req.headers['if-none-match'] === page.headers.ETag) {
		res.writeHead(304, page.headers).end();
		return;
	}
	res.writeHead(200, { ...page.headers, 'Content-Length': page.body.length });
	res.end(req.method === 'HEAD' ? undefined : page.body);
}
