// SPDX-License-Identifier: BSD-2-Clause
// The calls of call.test.mjs in asynchronous mode: rtpengine-iq in front of
// rtpengine, every description held or suspended until it has answered.
process.env.EP_DEFINES = 'WITH_IQ';
await import('./call.test.mjs');
