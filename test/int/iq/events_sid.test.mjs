// SPDX-License-Identifier: BSD-2-Clause
// The tests of events.test.mjs with Debian unstable's rtpengine.
process.env.EP_RTPENGINE = 'sid';
await import('./events.test.mjs');
