// SPDX-License-Identifier: BSD-2-Clause
// The page over epcscf.js: shows what the line says, in words.
import { connect, fetchToken, RAW_AUDIO } from './epcscf.js';

const $ = (id) => document.getElementById(id);
const LOG_MAX = 200;
const SHOWN_HZ = 4000;
let line;

function note(text) {
	const item = document.createElement('li');
	const time = document.createElement('time');
	time.textContent = new Date().toLocaleTimeString([], { hour12: false });
	item.append(time, text);
	$('log').prepend(item);
	if ($('log').childElementCount > LOG_MAX) $('log').lastElementChild.remove();
}

function showStatus({ state, text, signIn, why }) {
	$('status').dataset.state = state;
	$('status').lastElementChild.textContent = text[0].toUpperCase() + text.slice(1);
	$('call').disabled = state !== 'registered';
	if (state === 'stopped') showSignedOut(text, !signIn, why === 'banned');
	note(text);
}

// Who is banned gets no button: the next try would end the same way.
function showSignedOut(text, again, banned = false) {
	$('phone').hidden = true;
	$('who').hidden = true;
	$('signed-out').hidden = false;
	$('again').hidden = !again || banned;
	$('signed-out-text').textContent = again
		? `The line is closed: ${text}.${banned ? ' Ask whoever runs this service.' : ''}`
		: 'Sign in to call and to be called in this browser.';
}

function showCall({ call, state, text }) {
	const live = state !== 'ended';
	const ringing = state === 'incoming';
	$('incoming').hidden = !ringing;
	$('caller').textContent = text;
	$('now').hidden = ringing;
	$('call-text').textContent = text[0].toUpperCase() + text.slice(1);
	$('call').hidden = live;
	$('hangup').hidden = !live || ringing;
	for (const id of ['mute', 'hold', 'camera']) $(id).hidden = state !== 'connected';
	$('answer-video').hidden = !call.offersVideo;
	$('hold').textContent = call.held ? 'Take back' : 'Hold';
	$('hold').setAttribute('aria-pressed', call.held);
	showPictures(call);
	$('clock').hidden = !call.begun;
	if (state === 'connected') draw(call);
	document.title = live ? `${text}` : 'Phone in the browser';
	note(text);
}

function showPictures(call) {
	const ours = call.state === 'ended' ? undefined : call.localVideo;
	$('pictures').hidden = call.state === 'ended' || !(ours || call.remoteVideo);
	$('ours').hidden = !ours;
	if ($('ours').srcObject?.getVideoTracks()[0] !== ours?.getVideoTracks()[0]) $('ours').srcObject = ours ?? null;
	$('camera').textContent = ours ? 'Camera off' : 'Camera on';
	$('camera').setAttribute('aria-pressed', Boolean(ours));
}

function showHints(hints) {
	$('hints').replaceChildren(...hints.map(({ number, text }) => {
		const item = document.createElement('li');
		const button = document.createElement('button');
		const label = document.createElement('b');
		button.type = 'button';
		label.textContent = number;
		button.append(label, text);
		button.onclick = () => { $('number').value = number; $('number').focus(); };
		item.append(button);
		return item;
	}));
}

function drawSpectrum(canvas, bins, binHz) {
	const pen = canvas.getContext('2d');
	const scale = devicePixelRatio;
	canvas.width = canvas.clientWidth * scale;
	canvas.height = canvas.clientHeight * scale;
	const shown = Math.min(bins.length, Math.round(SHOWN_HZ / binHz));
	pen.fillStyle = '#35c48f';
	const width = canvas.width / shown;
	for (let i = 0; i < shown; i++) {
		const height = Math.max(0, (bins[i] + 100) / 80) * canvas.height;
		pen.fillRect(i * width, canvas.height - height, Math.max(1, width - 0.5), height);
	}
	pen.fillStyle = '#9fb0c3';
	pen.font = `${12 * scale}px system-ui, sans-serif`;
	for (let hz = 1000; hz < SHOWN_HZ; hz += 1000) {
		pen.fillRect((hz / SHOWN_HZ) * canvas.width, 0, scale, canvas.height);
		pen.fillText(`${hz} Hz`, (hz / SHOWN_HZ) * canvas.width + 4 * scale, 14 * scale);
	}
}

// Runs with the call and ends with it.
function draw(call) {
	const frame = () => {
		if (call.state === 'ended') {
			$('level').style.transform = 'scaleX(0)';
			$('heard').textContent = 'Nothing to hear yet';
			$('spectrum').getContext('2d').clearRect(0, 0, $('spectrum').width, $('spectrum').height);
			return;
		}
		const heard = call.spectrum();
		if (heard) {
			const { bins, bin_hz: binHz, peak_hz: peak, peak_db: db } = heard;
			drawSpectrum($('spectrum'), bins, binHz);
			$('level').style.transform = `scaleX(${Math.min(1, Math.max(0, (db + 90) / 80))})`;
			$('heard').textContent = db > -80 ? `Strongest tone: ${Math.round(peak)} Hz` : 'Silence';
		}
		const s = Math.floor((Date.now() - call.begun) / 1000);
		$('clock').textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
		requestAnimationFrame(frame);
	};
	frame();
}

function press(tone) {
	if (line?.currentCall?.state === 'connected') line.dtmf(tone);
	else $('number').value += tone;
}

async function begin() {
	$('signed-out').hidden = true;
	try {
		let known;
		line = await connect({
			audio: $('raw').checked ? RAW_AUDIO : true,
			videoElement: $('theirs'),
			plmn: sessionStorage.getItem('plmn') ?? undefined,
			token: async (how) => {
				known = await fetchToken(how);
				note(`token for ${known.impi}, good for ${known.expires_in} s`);
				return known;
			},
		});
		window.line = line;
		line.anonymous = known.anonymous;
		$('sign-out').textContent = known.anonymous ? 'Leave' : 'Sign out';
		$('name').textContent = line.name ?? '';
		$('identity').textContent = line.identity.replace(/^sip:/, '');
		$('who').hidden = $('phone').hidden = false;
		showHints(known.hints);
		line.on('status', showStatus);
		line.on('renewed', () => note('registration renewed'));
		line.on('log', ({ text }) => note(text));
		// In a transfer there are two for a while: the new one is shown.
		line.on('call', (event) => { if ([event.call, undefined].includes(line.currentCall)) showCall(event); });
		line.on('track', (call) => showPictures(call));
		line.on('message', ({ from, type, text, octets }) => note(`${from}: ${text ?? `${octets.length} octets of ${type}`}`));
		line.on('transfer', ({ target, accept }) => {
			note(`sent on to ${target}`);
			accept();
		});
		$('call').disabled = true;
	} catch (error) {
		if (error.code === 'signed_out') {
			$('status').dataset.state = 'signed-out';
			$('status').lastElementChild.textContent = 'Not signed in';
			showSignedOut(error.message, false);
		} else showStatus({ state: 'stopped', text: error.message });
	}
}

$('pad').append(...'123456789*0#'.split('').map((tone) => {
	const button = document.createElement('button');
	button.type = 'button';
	button.textContent = tone;
	button.onclick = () => press(tone);
	return button;
}));
$('dial').onsubmit = (event) => {
	event.preventDefault();
	try {
		line.call($('number').value);
	} catch (error) {
		note(error.message);
	}
};
$('hangup').onclick = () => line.hangup();
$('answer').onclick = () => line.answer();
$('decline').onclick = () => line.hangup();
$('mute').onclick = () => {
	const call = line.currentCall;
	call.mute(!call.muted);
	$('mute').textContent = call.muted ? 'Unmute' : 'Mute';
	$('mute').setAttribute('aria-pressed', call.muted);
};
// What the other side refuses leaves the call as it was.
const change = (doing) => doing.catch((error) => note(error.message)).then(() => line.currentCall && showPictures(line.currentCall));
$('hold').onclick = () => change(line.currentCall.hold(!line.currentCall.held));
$('camera').onclick = () => change(line.currentCall.setVideo(!line.currentCall.localVideo));
$('answer-video').onclick = () => line.answer({ video: true });
$('again').onclick = begin;
$('sign-out').onclick = async () => {
	line.stop();
	await fetch('/logout', { method: 'POST' });
	showStatus({ state: 'stopped', text: 'signed out', signIn: line.anonymous ? undefined : '/login' });
};
// A call in progress takes the setting of its beginning.
$('raw').onchange = () => line?.setAudio($('raw').checked ? RAW_AUDIO : true);

// A page that was told its network keeps that over the sign-in.
const plmn = new URLSearchParams(location.search).get('plmn');
if (plmn) sessionStorage.setItem('plmn', plmn);
const problem = new URLSearchParams(location.search).get('problem');
if (problem) {
	history.replaceState(null, '', '/');
	note(`sign-in did not work: ${problem}`);
}
begin();
