// SPDX-License-Identifier: BSD-2-Clause
// Is a token, or a part of one that could be used, in a file?
import fs from 'node:fs';
import path from 'node:path';

// Parts shorter than this are no secret: ory_at_, an empty JWE part.
const PART_MIN = 16;

export const bearersOf = (frames) => [...new Set(frames.filter((f) => f.sent)
	.flatMap(({ text }) => [...text.matchAll(/^(?:Proxy-)?Authorization:\s*Bearer\s+(\S+)/gim)].map(([, token]) => token)))];

/** All files below each of these; a file is itself. */
export function filesBelow(...names) {
	return names.flatMap((name) => (fs.statSync(name).isDirectory()
		? fs.readdirSync(name).flatMap((inner) => filesBelow(path.join(name, inner))) : [name]));
}

// The header of a JWT is the same in all tokens of a WAF and says nothing, but
// nobody has a reason to write it either.
const partsOf = (token) => [token, ...token.split('.')].filter((part) => part.length >= PART_MIN);

/** [{file, part}], at most one a file and token; `part` shortened. */
export function leaks(tokens, files) {
	const found = [];
	for (const file of files) {
		const bytes = fs.readFileSync(file);
		for (const token of tokens) {
			const part = partsOf(token).find((p) => bytes.includes(p));
			if (part) found.push({ file, part: `${part.slice(0, 8)}…` });
		}
	}
	return found;
}
