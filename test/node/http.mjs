// SPDX-License-Identifier: BSD-2-Clause
// A small HTTPS client with a cookie jar: what a browser would do, step by step.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export class Client {
	constructor(ca) {
		this.ca = ca;
		this.jar = new Map();
	}

	cookies(url) {
		const pathOk = (c) => url.pathname === c.path
			|| url.pathname.startsWith(c.path.endsWith('/') ? c.path : `${c.path}/`);
		return [...this.jar.values()].filter((c) => c.host === url.hostname && pathOk(c))
			.map((c) => `${c.name}=${c.value}`).join('; ');
	}

	keep(url, lines) {
		for (const line of lines ?? []) {
			const [pair, ...attributes] = line.split(/;\s*/);
			const [, name, value] = /^([^=]*)=(.*)$/.exec(pair);
			const path = attributes.find((a) => /^path=/i.test(a))?.slice(5) ?? '/';
			const key = `${url.hostname} ${path} ${name}`;
			if (value === '' || attributes.some((a) => /^max-age=0/i.test(a))) this.jar.delete(key);
			else this.jar.set(key, { host: url.hostname, path, name, value, line });
		}
	}

	send(where, { method = 'GET', headers = {}, body, form, json } = {}) {
		const url = new URL(where);
		const all = { ...headers };
		let data = body;
		if (form) {
			data = new URLSearchParams(form).toString();
			all['content-type'] = 'application/x-www-form-urlencoded';
		}
		if (json) {
			data = JSON.stringify(json);
			all['content-type'] = 'application/json';
		}
		const cookie = this.cookies(url);
		if (cookie) all.cookie = cookie;
		if (data !== undefined) all['content-length'] = Buffer.byteLength(data);
		const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
		return new Promise((resolve, reject) => {
			const req = request(url, { method, headers: all, ca: this.ca, agent: false }, (res) => {
				let text = '';
				res.setEncoding('utf8');
				res.on('data', (chunk) => { text += chunk; });
				res.on('end', () => {
					this.keep(url, res.headers['set-cookie']);
					const at = res.headers.location && new URL(res.headers.location, url).href;
					resolve({ status: res.statusCode, headers: res.headers, text, location: at, url: url.href,
						json: () => JSON.parse(text) });
				});
			});
			req.setTimeout(5000, () => req.destroy(new Error('timeout')));
			req.on('error', reject);
			req.end(data);
		});
	}

	post(where, options) {
		return this.send(where, { method: 'POST', ...options });
	}

	// Follows redirects until `stop(url)` or a page.
	async follow(where, stop = () => false) {
		let answer = await this.send(where);
		const seen = [where];
		while (answer.location) {
			seen.push(answer.location);
			if (stop(answer.location)) return { ...answer, stoppedAt: answer.location, seen };
			answer = await this.send(answer.location);
		}
		return { ...answer, seen };
	}
}

export const basic = (id, secret) => ({
	authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});

// Fills in the sign-in page `page` and follows to `stop`.
export async function signIn(client, page, user, password, stop) {
	const form = /name="form" value="([^"]+)"/.exec(page.text)[1];
	const answer = await client.post(page.url, { form: { form, user, password } });
	if (!answer.location) return answer;
	if (stop?.(answer.location)) return { ...answer, stoppedAt: answer.location };
	return client.follow(answer.location, stop);
}
