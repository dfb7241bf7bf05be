// SPDX-License-Identifier: BSD-2-Clause
// What rtpengine-iq costs, and whether it loses a command.
//
// cpu_vs_rtpengine: CPU time of rtpengine-iq for one call (offer, answer,
//   HOLD_ms with the watching that goes with it, delete) over CPU time of
//   rtpengine for the ng commands of that call: these three, and the queries.
//   rtpengine does other things too while a call is held (ICE, DTLS), so what
//   the queries cost it is the difference between held calls with and without
//   them. No call gets media here: that is when most is asked. Ways take
//   turns in slices of one run.
// forwarder_vs_rtpengine: the same of a program that hands datagrams on unseen
//   and does nothing else, without any watching: at this rate most of what a
//   process between the two costs is the system's (two datagrams in, two out,
//   asleep and woken up twice a command), and no work of its own.
// setups_per_s: call set-ups offered and answered a second, without a command
//   lost (none unanswered, none refused). Once with rtpengine itself behind it,
//   as far as that goes on this machine, and once with a responder that costs
//   next to nothing, which shows what rtpengine-iq can carry.
//
// CPU time is of /proc/PID/task/*/schedstat. Run inside test/lab/in-netns.
// Argument: where to write the figures.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { NORTH, Program, ROOT, RTPENGINE, later, startIq, startRtpengine } from '../int/iq/support/daemon.mjs';

const LOAD = path.join(ROOT, 'build/bench/bin/iq_load');
const sdpOf = (name) => ['2-offer-to-gateway.sdp', '6-answer-to-gateway.sdp'].map((f) => path.join(ROOT, 'test/golden', name, f));
const AUDIO = sdpOf('mo-audio'), VIDEO = sdpOf('mo-audio-video');
const SLICES = Number(process.env.SLICES ?? 6);
const CALLS = 200;
const PER_S = 100;
const HOLD_ms = 2000;
const GOAL_SHARE = 0.1;
const GOAL_PER_S = 1000;

const BARE = { host: '127.0.0.9', port: 2223 };

let run = 0;
function load({ host, port }, calls, perSecond, hold_ms, sdp = AUDIO) {
	return new Promise((done, failed) => {
		const program = new Program(LOAD, ['load', host, String(port), String(calls), String(perSecond), String(hold_ms), ...sdp,
			`b${process.pid}-${run++}`]);
		program.gone.then((code) => (code === 0 ? done(JSON.parse(program.text)) : failed(new Error(program.text))));
	});
}

/** CPU us a call of each of the programs while calls are led. */
async function spent(programs, target, hold_ms, sdp) {
	await later(50);
	const before = programs.map((p) => p.cpu_ns);
	const result = await load(target, CALLS, PER_S, hold_ms, sdp);
	await later(50);
	if (result.failed) throw new Error(`${result.failed} calls failed: ${JSON.stringify(result)}`);
	return programs.map((p, i) => (p.cpu_ns - before[i]) / CALLS / 1000);
}

const median = (list) => {
	const sorted = [...list].sort((a, b) => a - b);
	return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** CPU us of a call, by what it is spent on; the medians of the slices. */
async function shares(rtpengine, iq, bare, sdp) {
	const us = {};
	for (let s = -1, spoilt = 0; s < SLICES; s++) {
		let slice;
		try {
			const [commands] = await spent([rtpengine], RTPENGINE, 0, sdp);
			const [held] = await spent([rtpengine], RTPENGINE, HOLD_ms, sdp);
			const [forwarder] = await spent([bare], BARE, 0, sdp);
			const [, passing] = await spent([rtpengine, iq], NORTH, 0, sdp);
			const [watched, all] = await spent([rtpengine, iq], NORTH, HOLD_ms, sdp);
			const queries = Math.max(0, watched - held);
			slice = { commands, queries, passing, watching: all - passing, share: all / (commands + queries),
				forwarder, floor: forwarder / commands };
		} catch (error) {
			// On a machine that others keep busy, calls fail whoever is asked.
			if (++spoilt > SLICES) throw error;
			console.error(`a slice again: ${error.message}`);
			s--;
			continue;
		}
		if (s >= 0) for (const [what, value] of Object.entries(slice)) (us[what] ??= []).push(value); // the first warms up
	}
	return Object.fromEntries(Object.entries(us).map(([what, list]) => [what, median(list)]));
}

const lossless = (r) => r.failed === 0 && r.unanswered === 0 && r.errors === 0;

/** The highest of the rates at which nothing is lost. */
async function highest(target, rates, seconds) {
	let best = { offered_per_s: 0 };
	for (const rate of rates) {
		const result = { rate, ...await load(target, rate * seconds, rate, 500) };
		if (!lossless(result) || result.offered_per_s < rate * 0.98) return { best, first_bad: result };
		best = result;
	}
	return { best };
}

const row = (...cells) => console.log(`| ${cells.map((c, i) => (i ? String(c).padStart(10) : String(c).padEnd(46))).join(' | ')} |`);

async function main(out) {
	const figures = {};
	const rtpengine = await startRtpengine({ ports: [10000, 65000], args: ['--log-level=4'] });
	let iq = await startIq();
	await iq.wrote(/in service/);
	const bare = new Program(LOAD, ['forward', BARE.host, String(BARE.port), RTPENGINE.host, String(RTPENGINE.port)]);
	const us = {};
	for (const [name, sdp] of [['audio and video', VIDEO], ['audio', AUDIO]]) {
		us[name] = await shares(rtpengine, iq, bare, sdp);
		const { commands, queries, passing, watching, forwarder, floor } = us[name];
		row(`CPU of one call, ${name}`, 'us', 'share');
		row('rtpengine: offer, answer, delete', commands.toFixed(0), '');
		row(`rtpengine: queries in ${HOLD_ms / 1000} s`, queries.toFixed(0), '');
		row('a forwarder: offer, answer, delete', forwarder.toFixed(0), floor.toFixed(3));
		row('rtpengine-iq: offer, answer, delete', passing.toFixed(0), (passing / commands).toFixed(3));
		row(`rtpengine-iq: watching for ${HOLD_ms / 1000} s`, watching.toFixed(0), '');
		row('rtpengine-iq of rtpengine, all', (passing + watching).toFixed(0), us[name].share.toFixed(3));
		row('goal', '', `< ${GOAL_SHARE}`);
		console.log();
	}
	figures.cpu_vs_rtpengine = us['audio and video'].share;
	figures.cpu_vs_rtpengine_audio = us.audio.share;
	figures.forwarder_vs_rtpengine = us['audio and video'].floor;
	await bare.end();
	row('call set-ups', 'per s', 'p99 ms', 'repeated');
	const say = (name, { best, first_bad: bad }) => {
		row(`${name}: nothing lost`, best.offered_per_s.toFixed(0), best.setup_ms_p99 ?? '', best.repeated ?? '');
		if (bad) row(`${name}: first rate that fails (${bad.failed} calls)`, bad.rate, bad.setup_ms_p99, bad.repeated);
	};
	const direct = await highest(RTPENGINE, [250, 500, 1000], 4);
	say('rtpengine alone', direct);
	const through = await highest(NORTH, [250, 500, 1000], 4);
	say('rtpengine behind rtpengine-iq', through);
	await rtpengine.end('SIGKILL');
	await iq.end();
	const responder = new Program(LOAD, ['respond', RTPENGINE.host, String(RTPENGINE.port), ...AUDIO]);
	iq = await startIq();
	await iq.wrote(/in service/);
	const alone = await highest(NORTH, [1000, 2000, 4000], 4);
	say('a responder behind rtpengine-iq', alone);
	await iq.end();
	await responder.end();
	row('goal', `>= ${GOAL_PER_S}`, '', '');
	Object.assign(figures, { setups_per_s: alone.best.offered_per_s, setups_per_s_rtpengine_alone: direct.best.offered_per_s,
		setups_per_s_rtpengine: through.best.offered_per_s });

	const good = figures.cpu_vs_rtpengine < GOAL_SHARE && figures.setups_per_s >= GOAL_PER_S * 0.98;
	const figure = (name, unit, against, goal) => ({ name, value: Number(figures[name].toFixed(4)), unit, against, goal });
	if (out) writeFileSync(out, `${JSON.stringify([
		figure('cpu_vs_rtpengine', '', "rtpengine's CPU for the ng commands of a call with audio and video", GOAL_SHARE),
		figure('cpu_vs_rtpengine_audio', '', "rtpengine's CPU for the ng commands of a call with audio", null),
		figure('forwarder_vs_rtpengine', '', 'the same of a program that hands datagrams on and no more', null),
		figure('setups_per_s', '1/s', 'a responder in place of rtpengine', GOAL_PER_S),
		figure('setups_per_s_rtpengine', '1/s', 'rtpengine itself behind rtpengine-iq', null),
		figure('setups_per_s_rtpengine_alone', '1/s', 'rtpengine without rtpengine-iq', null),
	], null, '\t')}\n`);
	console.log(`cpu_vs_rtpengine ${figures.cpu_vs_rtpengine.toFixed(3)}  setups_per_s ${figures.setups_per_s.toFixed(0)}`);
	process.exitCode = good ? 0 : 1;
}

await main(process.argv[2]);
