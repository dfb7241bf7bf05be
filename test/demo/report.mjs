// SPDX-License-Identifier: BSD-2-Clause
// build/demo/report.html: one self-contained file with what the demo saw.
import { COLUMNS } from './ladder.mjs';

const esc = (s) => String(s).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1180px;padding:0 1rem;color:#1c2733;background:#fbfcfd}
h1{font-size:1.6rem}h3{font-size:1rem;margin:1.2rem 0 .4rem}h2{margin-top:2.2rem;font-size:1.2rem;border-bottom:1px solid #d5dde5}
table{border-collapse:collapse}td,th{padding:.25rem .7rem;border:1px solid #d5dde5;text-align:left;vertical-align:top}
th{background:#eef3f7}.ok{color:#0a7a3c}.bad{color:#b3261e}
pre{font:12px/1.45 ui-monospace,monospace;background:#fff;border:1px solid #d5dde5;padding:.6rem;overflow:auto;margin:0}
.two{display:grid;grid-template-columns:1fr 1fr;gap:1rem}.two>div{min-width:0}
.gone{background:#fdeceb}.came{background:#e8f6ec}img{max-width:100%;border:1px solid #d5dde5}
svg text{font:11px ui-monospace,monospace}.note{font-weight:600}`;

function ladderSvg(events) {
	const width = 140, row = 19, top = 34;
	const x = (name) => 90 + COLUMNS.indexOf(name) * width + width / 2;
	let y = top;
	const zero = events.find((e) => !e.text)?.t ?? 0;
	const rows = events.map((e) => {
		y += row;
		if (e.text) { y += 8; return `<text class="note" x="4" y="${y}">${esc(e.text)}</text>`; }
		const [a, b] = [x(e.from), x(e.to)];
		const head = b > a ? `${b - 7},${y - 4} ${b},${y} ${b - 7},${y + 4}` : `${b + 7},${y - 4} ${b},${y} ${b + 7},${y + 4}`;
		const colour = { diameter: '#8250b0', ng: '#a35a00' }[e.protocol] ?? '#1c5fa8';
		return `<text x="84" y="${y + 4}" text-anchor="end">${(e.t - zero).toFixed(1)} ms</text>`
			+ `<line x1="${a}" y1="${y}" x2="${b}" y2="${y}" stroke="${colour}"/><polygon points="${head}" fill="${colour}"/>`
			+ `<text x="${(a + b) / 2}" y="${y - 3}" text-anchor="middle">${esc(e.label)}</text>`;
	});
	const height = y + 20;
	const lines = COLUMNS.map((c) => `<text x="${x(c)}" y="16" text-anchor="middle" font-weight="600">${c}</text>`
		+ `<line x1="${x(c)}" y1="22" x2="${x(c)}" y2="${height}" stroke="#c9d3dc"/>`);
	return `<svg width="${90 + COLUMNS.length * width}" height="${height}" role="img">${lines.join('')}${rows.join('')}</svg>`;
}

// Lines of one side; those the other side has not are marked.
function sdpPane(mine, theirs, mark) {
	const other = new Set(theirs.split(/\r?\n/));
	return `<pre>${mine.trimEnd().split(/\r?\n/).map((l) => other.has(l) ? esc(l) : `<span class="${mark}">${esc(l)}</span>`).join('\n')}</pre>`;
}

function bars(bins) {
	const max = Math.max(...bins.map((b) => b.level), 1e-9);
	const w = Math.max(1, Math.floor(640 / bins.length)), h = 90;
	return `<svg width="${bins.length * w}" height="${h + 16}">${bins.map((b, i) => {
		const v = Math.max(0, b.level / max) * h;
		return `<rect x="${i * w}" y="${h - v}" width="${w}" height="${v}" fill="#1c5fa8"/>`;
	}).join('')}<text x="0" y="${h + 13}">0 Hz</text><text x="${bins.length * w}" y="${h + 13}" text-anchor="end">${Math.round(bins.at(-1).hz)} Hz</text></svg>`;
}

export function report({ started, versions, ladder, credentials, tna, mediation, heard, refusal, latency, screenshot }) {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>epcscf: a browser calls an IMS phone</title><style>${STYLE}</style>
<h1>epcscf: a browser registers with a token and calls an IMS phone</h1>
<p>${esc(started)} &middot; ${versions.map(esc).join(' &middot; ')}</p>
<h2>Every message between the nodes</h2><div style="overflow:auto">${ladderSvg(ladder)}</div>
<h2>Trusted Node Authentication on Mw</h2>
<p>${esc(credentials)} became:</p>
${tna.map(({ title, header, rows }) => `<h3>${esc(title)}</h3><pre>Authorization: ${esc(header)}</pre>
<table><tr><th>parameter</th><th>TS 24.371 table A.3.2-2</th><th>here</th><th></th></tr>${rows.map((r) => `<tr><td>${esc(r.name)}</td><td>${esc(r.table)}</td><td>${esc(r.here)}</td><td class="${r.ok ? 'ok' : 'bad'}">${r.ok ? 'as the table' : 'DIFFERS'}</td></tr>`).join('')}</table>`).join('')}
<h2>SDP: what the browser offered, what IMS got</h2>
<p>${esc(mediation.offer.summary)}</p>
<div class="two"><div>browser${sdpPane(mediation.offer.before, mediation.offer.after, 'gone')}</div><div>IMS${sdpPane(mediation.offer.after, mediation.offer.before, 'came')}</div></div>
<p>${esc(mediation.answer.summary)}</p>
<div class="two"><div>IMS${sdpPane(mediation.answer.before, mediation.answer.after, 'gone')}</div><div>browser${sdpPane(mediation.answer.after, mediation.answer.before, 'came')}</div></div>
<h2>Heard</h2>
<table><tr><th>at</th><th>sent there</th><th>loudest</th><th>level</th><th>spectrum</th></tr>${heard.map((h) => `<tr><td>${esc(h.at)}</td><td>${h.sent} Hz</td><td class="${h.ok ? 'ok' : 'bad'}">${h.hz.toFixed(1)} Hz</td><td>${h.level.toFixed(4)}</td><td>${bars(h.bins)}</td></tr>`).join('')}</table>
<h2>Another user's token</h2><p class="${refusal.ok ? 'ok' : 'bad'}">${esc(refusal.summary)}</p>
<h2>Times</h2><table><tr><th>from</th><th>to</th><th>ms</th></tr>${latency.map((l) => `<tr><td>${esc(l.from)}</td><td>${esc(l.to)}</td><td>${l.ms.toFixed(1)}</td></tr>`).join('')}</table>
<h2>The page in the call</h2><img alt="the page during the call" src="data:image/png;base64,${screenshot}">
</html>`;
}
