// SPDX-License-Identifier: BSD-2-Clause
// The sign-in page. The interaction cookie (HttpOnly, bound to this path) and a
// form token made from the interaction's id must both fit, so no other site can
// post the form in the user's name.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const TRIES_MAX = 5;
const BODY_MAX = 4096;

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;background:#eef1f5;color:#1c2733;margin:0}
main{max-width:22rem;margin:12vh auto;background:#fff;padding:2rem;border-radius:12px;
box-shadow:0 1px 3px #0002}h1{font-size:1.3rem;margin:0 0 .25rem}p{margin:.25rem 0 1.25rem;color:#56657a}
label{display:block;margin:.75rem 0 .25rem;font-weight:600}input{box-sizing:border-box;width:100%;
font:inherit;padding:.55rem .7rem;border:1px solid #b6c0cc;border-radius:8px}
button{margin-top:1.25rem;width:100%;font:inherit;font-weight:600;padding:.65rem;border:0;
border-radius:8px;background:#0b6e4f;color:#fff;cursor:pointer}
.bad{color:#a3262a;background:#fdecec;padding:.5rem .75rem;border-radius:8px}`;

export function page(title, body) {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escape(title)}</title><style>${STYLE}</style></head><body><main>${body}</main></body></html>`;
}

function form(wafId, client, formToken, user, problem) {
	return page('Sign in', `<h1>Sign in</h1>
<p>${escape(wafId)} signs you in for ${escape(client)}.</p>
${problem ? `<p class="bad" role="alert">${escape(problem)}</p>` : ''}
<form method="post" autocomplete="on"><input type="hidden" name="form" value="${formToken}">
<label for="user">User</label>
<input id="user" name="user" value="${escape(user)}" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button></form>`);
}

function send(res, status, html) {
	res.writeHead(status, {
		'Content-Type': 'text/html; charset=utf-8',
		'Cache-Control': 'no-store',
		'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
		'Referrer-Policy': 'same-origin',
		'X-Content-Type-Options': 'nosniff',
		'X-Frame-Options': 'DENY',
	});
	res.end(html);
}

async function readForm(req) {
	let body = '';
	for await (const chunk of req) {
		body += chunk;
		if (body.length > BODY_MAX) throw new Error('form too long');
	}
	return new URLSearchParams(body);
}

export class SignIn {
	constructor(config, accounts, log) {
		Object.assign(this, { config, accounts, log });
		this.secret = randomBytes(32);
		this.tries = new Map();
	}

	path(uid) {
		return `/signin/${uid}`;
	}

	formToken(uid) {
		return createHmac('sha256', this.secret).update(uid).digest('base64url');
	}

	// Answers every request under /signin/; false: not ours.
	async handle(provider, req, res) {
		if (!req.url.startsWith('/signin/')) return false;
		let details;
		try {
			details = await provider.interactionDetails(req, res);
		} catch {
			send(res, 400, page('Sign in', '<h1>This sign-in has ended</h1><p>Go back to the page and start again.</p>'));
			return true;
		}
		if (req.method === 'POST') await this.submit(provider, details, req, res);
		else this.show(details, res, 200, '');
		return true;
	}

	show(details, res, status, problem, user = '') {
		send(res, status, form(this.config.waf_id, details.params.client_id,
			this.formToken(details.uid), user, problem));
	}

	async submit(provider, details, req, res) {
		const fields = await readForm(req).catch(() => new URLSearchParams());
		const given = Buffer.from(fields.get('form') ?? '');
		const expected = Buffer.from(this.formToken(details.uid));
		const foreign = req.headers.origin && req.headers.origin !== this.config.issuer;
		if (foreign || given.length !== expected.length || !timingSafeEqual(given, expected)) {
			this.log('signin-foreign-form');
			return this.show(details, res, 403, 'The form did not come from this page. Try again.');
		}
		const user = fields.get('user') ?? '';
		const account = this.accounts.signIn(user, fields.get('password') ?? '');
		if (!account) return this.refuse(provider, details, req, res, user);
		this.tries.delete(details.uid);
		this.log('signin', { user });
		return provider.interactionFinished(req, res, { login: { accountId: account.sub } },
			{ mergeWithLastSubmission: false });
	}

	async refuse(provider, details, req, res, user) {
		const tries = (this.tries.get(details.uid) ?? 0) + 1;
		this.tries.set(details.uid, tries);
		this.log('signin-refused', { tries });
		if (tries < TRIES_MAX) {
			return this.show(details, res, 401, 'User or password is not right.', user);
		}
		this.tries.delete(details.uid);
		return provider.interactionFinished(req, res, {
			error: 'access_denied', error_description: 'too many wrong passwords',
		}, { mergeWithLastSubmission: false });
	}
}
