// SPDX-License-Identifier: BSD-2-Clause
import { policy } from './support/policy.mjs';

policy('policy_cfg', []);
